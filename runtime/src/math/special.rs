//! Exponentials, logarithms, the error function and trigonometry, beyond what [`Real`] itself has.
//!
//! A loop around them vectorises. How large their errors are stands in the table of [`crate::math`].

use super::Real;

/// What [`Real`] takes from here: each method is the function of its name.
pub trait Special: Sized {
    /// As [`expm1`].
    fn expm1(self) -> Self;
    /// As [`log1p`].
    fn log1p(self) -> Self;
    /// As [`exp2`].
    fn exp2(self) -> Self;
    /// As [`log2`].
    fn log2(self) -> Self;
    /// As [`erf`].
    fn erf(self) -> Self;
    /// As [`normal_cdf`].
    fn normal_cdf(self) -> Self;
    /// As [`normal_pdf`].
    fn normal_pdf(self) -> Self;
    /// As [`gelu`].
    fn gelu(self) -> Self;
    /// As [`gelu_tanh`].
    fn gelu_tanh(self) -> Self;
    /// As [`sin`].
    fn sin(self) -> Self;
    /// As [`cos`].
    fn cos(self) -> Self;
    /// As [`tan`].
    fn tan(self) -> Self;
    /// As [`asin`].
    fn asin(self) -> Self;
    /// As [`acos`].
    fn acos(self) -> Self;
    /// As [`atan`].
    fn atan(self) -> Self;
    /// As [`floor`].
    fn floor(self) -> Self;
    /// As [`round`].
    fn round(self) -> Self;
    /// As [`atan2`].
    fn atan2(self, x: Self) -> Self;
    /// As [`hypot`].
    fn hypot(self, other: Self) -> Self;
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($x:ident $(, $y:ident)?))*) => {$(
        $(#[$doc])*
        #[cfg_attr(not(debug_assertions), inline(always))]
        pub fn $name<T: Real>($x: T $(, $y: T)?) -> T {
            Special::$name($x $(, $y)?)
        }
    )*};
}

functions! {
    /// `eˣ - 1`, with all digits near 0.
    expm1(x)
    /// `ln(1 + x)`, with all digits near 0; `-inf` at -1, NaN below.
    log1p(x)
    /// `2ˣ`; exact for whole numbers.
    exp2(x)
    /// Logarithm to base 2; exact for powers of 2, `-inf` at zero, NaN below.
    log2(x)
    /// The error function, `2/√π ∫₀ˣ e^-t² dt`.
    erf(x)
    /// `(1 + erf(x/√2))/2`, the share of a normal distribution below `x`, with all digits in the left tail.
    normal_cdf(x)
    /// `e^(-x²/2)/√2π`, the density of a normal distribution, with all digits in the tails.
    normal_pdf(x)
    /// `x·Φ(x)`, with all digits in the left tail.
    gelu(x)
    /// `x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))`, as `x·σ(..)`, with all digits in the left tail.
    gelu_tanh(x)
    /// Sine; NaN at infinity. All digits count, however large `x` is.
    sin(x)
    /// Cosine; as [`sin`].
    cos(x)
    /// Tangent; as [`sin`].
    tan(x)
    /// Inverse sine; NaN beyond -1 and 1.
    asin(x)
    /// Inverse cosine; NaN beyond -1 and 1.
    acos(x)
    /// Inverse tangent.
    atan(x)
    /// The largest whole number that is not above `x`.
    floor(x)
    /// The nearest whole number; a half goes away from zero.
    round(x)
    /// The angle of the point `(x, y)` to the first axis, between -π and π.
    atan2(y, x)
    /// `√(x² + y²)`; neither square overflows or is lost.
    hypot(x, y)
}

macro_rules! methods {
    ($from:ident: $($name:ident)*) => {$(
        #[inline(always)]
        fn $name(self) -> Self {
            $from::$name(self)
        }
    )*};
}

macro_rules! special {
    ($float:ident, $module:ident, hypot: [$small:expr, $large:expr, $up:expr, $down:expr]) => {
        mod $module {
            pub(crate) use crate::math::kernels::$float::{exp2, expm1, log1p, log2};
            pub(crate) use crate::math::circular::$module::{cos, sin, tan};
            pub(crate) use crate::math::inverse::$module::{acos, asin, atan, atan2};
            pub(crate) use crate::math::normal::$module::{erf, gelu, gelu_tanh, normal_cdf, normal_pdf};

            /// Scaled by a power of 2, which rounds nothing.
            #[inline(always)]
            pub fn hypot(x: $float, y: $float) -> $float {
                let (x, y) = (x.abs(), y.abs());
                let larger = if x > y { x } else { y };
                let (scale, back) = if larger < $small { ($up, $down) } else { (1.0, 1.0) };
                let (scale, back) = if larger > $large { ($down, $up) } else { (scale, back) };
                let (x, y) = (x * scale, y * scale);
                (x * x + y * y).sqrt() * back
            }
        }

        impl Special for $float {
            methods!($module: expm1 log1p exp2 log2 erf normal_cdf normal_pdf gelu gelu_tanh);
            methods!($module: sin cos tan asin acos atan);
            methods!($float: floor round);
            #[inline(always)]
            fn atan2(self, x: Self) -> Self {
                $module::atan2(self, x)
            }
            #[inline(always)]
            fn hypot(self, other: Self) -> Self {
                $module::hypot(self, other)
            }
        }
    };
}

special!(f32, single, hypot: [8.9e-16, 1.2e18, 1.267_650_6e30, 7.888_609e-31]);
special!(f64, double, hypot: [1e-150, 1e150, 5.260135901548374e+210, 1.90109156629516e-211]);

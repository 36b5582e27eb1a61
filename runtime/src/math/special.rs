//! Exponentials, logarithms, the error function and trigonometry, beyond what [`Real`] itself has.
//!
//! A loop around them vectorises, but for the trigonometric functions, which are the standard library's. The largest
//! errors of the others, in units in the last place, are measured in `tests/special.rs`:
//!
//! | | promised | measured, `f32` | measured, `f64` |
//! |---|---|---|---|
//! | [`expm1`], [`log1p`], [`exp2`], [`log2`] | 2 | 1.5, 0.8, 1.0, 1.6 | 1.3, 0.8, 1.0, 1.4 |
//! | [`hypot`] | 2 | 1.2 | |
//! | [`erf`], [`normal_pdf`] | 3 | 2.6, 2.8 | 1.7, 2.6 |
//! | [`normal_cdf`] | 4 | 4.0 | 2.9 |

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
    /// Sine, by the standard library.
    sin(x)
    /// Cosine, by the standard library.
    cos(x)
    /// Tangent, by the standard library.
    tan(x)
    /// Inverse sine, by the standard library; NaN beyond -1 and 1.
    asin(x)
    /// Inverse cosine, by the standard library; NaN beyond -1 and 1.
    acos(x)
    /// Inverse tangent, by the standard library.
    atan(x)
    /// The largest whole number that is not above `x`.
    floor(x)
    /// The nearest whole number; a half goes away from zero.
    round(x)
    /// The angle of the point `(x, y)`, by the standard library.
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
    (
        $float:ident, $module:ident, mask: $mask:literal,
        exp2_range: $exp2_range:expr,
        erf: $erf:expr, tail: $tail:expr, centre: $centre:literal, cdf_max: $cdf_max:literal, density: $density:literal,
        hypot: [$small:expr, $large:expr, $up:expr, $down:expr],
    ) => {
        mod $module {
            use crate::math::kernels::$float::{BIAS, MANTISSA, SHIFTER, exp, ln, ln_parts};
            use crate::math::kernels::polynomial;
            pub(crate) use crate::math::kernels::$float::{expm1, log1p};
            use std::$float::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E, SQRT_2};

            /// `2ⁿ` for the whole `n` of a normal number.
            #[inline(always)]
            fn power(n: $float) -> $float {
                $float::from_bits((n + (SHIFTER + BIAS)).to_bits() << MANTISSA)
            }

            /// In two factors, so that a result may be subnormal.
            #[inline(always)]
            pub fn exp2(x: $float) -> $float {
                let [least, most] = $exp2_range;
                let x = if x < least { least } else { x };
                let x = if x > most { most } else { x };
                let n = (x + SHIFTER) - SHIFTER;
                let half = (0.5 * n + SHIFTER) - SHIFTER;
                exp((x - n) * LN_2) * power(half) * power(n - half)
            }

            #[inline(always)]
            pub fn log2(x: $float) -> $float {
                let (k, m) = ln_parts(x);
                let usual = x > 0.0 && x < $float::INFINITY;
                let (k, m) = if usual { (k, m) } else { (0.0, x) };
                k + ln(m) * LOG2_E
            }

            /// `e^(-c·a²)`, where `c` is a power of 2. The rounding of `a²` would cost hundreds of units in the tail,
            /// so `a` is split: the square of its first half is exact, and the rest is a small exponent.
            #[inline(always)]
            fn gaussian(a: $float, c: $float) -> $float {
                let high = $float::from_bits(a.to_bits() & !$mask);
                let rest = (a - high) * (a + high) * -c;
                let first = exp(-c * high * high);
                first + first * (rest * polynomial(rest, [1.0, 1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0]))
            }

            /// `e^(x²/2)·Φ(-x)` for `x` of at least 0; times `x + ¾` it hardly varies. After Shepherd and Laframboise,
            /// "Chebyshev approximation of (1 + 2x)exp(x²)erfc x in 0 ≤ x < ∞" (1981).
            #[inline(always)]
            fn scaled_tail(x: $float) -> $float {
                polynomial((x - $centre) / (x + $centre), $tail) / (x + 0.75)
            }

            #[inline(always)]
            pub fn erf(x: $float) -> $float {
                let a = if x.abs() > 7.0 { 7.0 } else { x.abs() };
                let far = 1.0 - 2.0 * gaussian(a, 1.0) * scaled_tail(a * SQRT_2);
                let near = a * polynomial(a * a, $erf);
                (if a < 0.75 { near } else { far }).copysign(x)
            }

            #[inline(always)]
            pub fn normal_cdf(x: $float) -> $float {
                let a = if x.abs() > $cdf_max { $cdf_max } else { x.abs() };
                let scaled = a * FRAC_1_SQRT_2;
                let far = gaussian(a, 0.5) * scaled_tail(a);
                let near = 0.5 - 0.5 * scaled * polynomial(scaled * scaled, $erf);
                let tail = if scaled < 0.4 { near } else { far };
                if x < 0.0 { tail } else { 1.0 - tail }
            }

            #[inline(always)]
            pub fn normal_pdf(x: $float) -> $float {
                let a = if x.abs() > $cdf_max { $cdf_max } else { x.abs() };
                gaussian(a, 0.5) * $density
            }

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
            methods!($module: expm1 log1p exp2 log2 erf normal_cdf normal_pdf);
            methods!($float: sin cos tan asin acos atan floor round);
            #[inline(always)]
            fn atan2(self, x: Self) -> Self {
                <$float>::atan2(self, x)
            }
            #[inline(always)]
            fn hypot(self, other: Self) -> Self {
                $module::hypot(self, other)
            }
        }
    };
}

special! {
    f32, single, mask: 0xfff,
    exp2_range: [-155.0, 129.0],
    // erf(√z)/√z for z up to 9/16: 2^-29.3.
    erf: [
            std::f32::consts::FRAC_2_SQRT_PI,
            -3.761262e-1,
            1.12833865e-1,
            -2.6835114e-2,
            5.115332e-3,
            -6.75648e-4,
        ],
    // e^(x²/2)·Φ(-x)·(x + ¾) in (x - 4)/(x + 4), for x up to 14.5: 2^-30.4.
    tail: [
            4.4845054e-1,
            -5.410405e-2,
            -1.7095214e-2,
            4.6527233e-2,
            -3.9913308e-2,
            2.0059343e-2,
            -5.134744e-3,
            -4.500799e-4,
            7.578305e-4,
            -6.037439e-5,
            -1.06703075e-4,
            -1.3667098e-5,
        ],
    centre: 4.0, cdf_max: 16.0, density: 0.398_942_3,
    hypot: [8.9e-16, 1.2e18, 1.267_650_6e30, 7.888_609e-31],
}

special! {
    f64, double, mask: 0x7ff_ffff,
    exp2_range: [-1080.0, 1025.0],
    // As above: 2^-60.1.
    erf: [
            std::f64::consts::FRAC_2_SQRT_PI,
            -0.37612638903183715,
            0.11283791670952596,
            -0.026866170644428485,
            0.005223977615420539,
            -0.0008548326188759752,
            0.00012055289567541706,
            -1.4924196305569617e-05,
            1.643068417974155e-06,
            -1.5940066854661717e-07,
            1.1472499701094691e-08,
        ],
    // As above, in (x - 5.5)/(x + 5.5), for x up to 38.7: 2^-58.6.
    tail: [
            0.4396418376570493,
            -0.05518096507060734,
            0.008441528082953596,
            0.02272969681469897,
            -0.03470730498024248,
            0.03174997671223399,
            -0.021748163382347457,
            0.011562869801483504,
            -0.00462436668464659,
            0.00120810844207448,
            -6.796792206876225e-05,
            -9.955822745578452e-05,
            4.0110773243870925e-05,
            1.6171260453271104e-07,
            -4.9790405381858615e-06,
            1.0355490827570076e-06,
            4.876411850154293e-07,
            -2.1632785528706834e-07,
            -4.698204300308878e-08,
            3.4810957431691734e-08,
            5.920554428782277e-09,
            -4.124682060528025e-09,
            -8.914089916382264e-10,
            9.915554670072073e-11,
        ],
    centre: 5.5, cdf_max: 40.0, density: 0.398_942_280_401_432_7,
    hypot: [1e-150, 1e150, 5.260135901548374e+210, 1.90109156629516e-211],
}

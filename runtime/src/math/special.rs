//! Exponentials, logarithms, the error function and trigonometry, beyond what [`Real`] itself has.
//!
//! A loop around them vectorises, but for the trigonometric functions, which are the standard library's. How large their
//! errors are stands in the table of [`crate::math`].

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

/// `2·√(2/π)·(x + 0.044715·x³)`, which is twice what `gelu_tanh` takes the hyperbolic tangent of.
const GELU_LINEAR: [f64; 2] = [1.595_769_121_605_730_8, -9.969_308_809_110_92e-17];
const GELU_CUBIC: [f64; 2] = [0.071_354_816_272_600_25, -6.175_149_918_155_315e-19];

macro_rules! special {
    (
        $float:ident, $module:ident, mask: $mask:literal,
                erf: $erf:expr, tail: [$($above:literal),* $(,)?] / [$($below:literal),* $(,)?], cdf_max: $cdf_max:literal, density: $density:literal,
        hypot: [$small:expr, $large:expr, $up:expr, $down:expr],
    ) => {
        mod $module {
            use super::{GELU_CUBIC, GELU_LINEAR};
            pub(crate) use crate::math::kernels::$float::{exp2, expm1, log1p, log2};
            use crate::math::kernels::$float::{exp_falling, sigmoid_of_sum};
            use crate::math::kernels::polynomial;
            use std::$float::consts::SQRT_2;

            /// The first half of the digits of `x`, with half of which the square is exact, and the rest.
            #[inline(always)]
            const fn halves(x: $float) -> [$float; 2] {
                let high = $float::from_bits(x.to_bits() & !$mask);
                [high, x - high]
            }

            /// `y·e^(-c·a²)`, where `c` is a power of 2. The rounding of `a²` would cost hundreds of units in the tail,
            /// so `a` is split: the square of its first half is exact, and the rest is a small exponent.
            #[inline(always)]
            fn gaussian(a: $float, c: $float, y: $float) -> $float {
                let [high, rest] = halves(a);
                exp_falling(-c * high * high, rest * (a + high) * -c, y)
            }

            /// `e^(a²/2)·Φ(-a)` for `a` of at least 0, as a rational function after Cody, "Rational Chebyshev
            /// approximations for the error function" (1969): all terms are positive, so none cancels another. The first
            /// ones are added last, which rounds once.
            #[inline(always)]
            fn scaled_tail(a: $float) -> $float {
                (0.5 + a * polynomial(a, [$($above),*])) / (1.0 + a * polynomial(a, [$($below),*]))
            }

            #[inline(always)]
            pub fn erf(x: $float) -> $float {
                let a = if x.abs() > 7.0 { 7.0 } else { x.abs() };
                let far = 1.0 - gaussian(a, 1.0, 2.0 * scaled_tail(a * SQRT_2));
                let near = a + a * polynomial(a * a, $erf);
                (if a < 0.75 { near } else { far }).copysign(x)
            }

            /// `[a, Φ(-a)]` for `a = |x|`, which is bounded where the second vanishes.
            #[inline(always)]
            fn normal_tail(x: $float) -> [$float; 2] {
                let a = if x.abs() > $cdf_max { $cdf_max } else { x.abs() };
                [a, gaussian(a, 0.5, scaled_tail(a))]
            }

            #[inline(always)]
            pub fn normal_cdf(x: $float) -> $float {
                let [_, tail] = normal_tail(x);
                if x < 0.0 { tail } else { 1.0 - tail }
            }

            #[inline(always)]
            pub fn normal_pdf(x: $float) -> $float {
                let a = if x.abs() > $cdf_max { $cdf_max } else { x.abs() };
                gaussian(a, 0.5, $density)
            }

            /// `max(x, 0) - |x|·Φ(-|x|)`.
            #[inline(always)]
            pub fn gelu(x: $float) -> $float {
                let [a, tail] = normal_tail(x);
                (if x < 0.0 { -0.0 } else { x }) - a * tail
            }

            /// A constant in halves.
            const fn split([c, rest]: [f64; 2]) -> [$float; 2] {
                let [high, _] = halves(c as $float);
                [high, ((c - high as f64) + rest) as $float]
            }

            /// `x·(c + d·x²)` for the constants of `gelu_tanh`, as a sum of two: rounded to one, it would cost whole units
            /// of the exponential. Products of halves are exact.
            #[inline(always)]
            fn gelu_exponent(x: $float) -> [$float; 2] {
                const LINEAR: [$float; 2] = split(GELU_LINEAR);
                const CUBIC: [$float; 2] = split(GELU_CUBIC);
                let [x_high, x_rest] = halves(x);
                let [square, square_rest] = halves(x_high * x_high);
                let exact = CUBIC[0] * square;
                let rest = (x_rest * (x + x_high) + square_rest) * (CUBIC[0] + CUBIC[1]);
                let rest = (rest + CUBIC[1] * square) + LINEAR[1];
                let (larger, smaller) = if exact > LINEAR[0] { (exact, LINEAR[0]) } else { (LINEAR[0], exact) };
                let slope = (larger + smaller) + rest;
                let [high, _] = halves(slope);
                let low = ((larger - high) + smaller) + rest;
                [x_high * high, x_high * low + x_rest * slope]
            }

            #[inline(always)]
            pub fn gelu_tanh(x: $float) -> $float {
                let x = if x < -30.0 { -30.0 } else { x };
                let [exponent, low] = gelu_exponent(if x > 30.0 { 30.0 } else { x });
                x * sigmoid_of_sum(exponent, low)
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
            methods!($module: expm1 log1p exp2 log2 erf normal_cdf normal_pdf gelu gelu_tanh);
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
    // erf(√z)/√z - 1 for z up to 9/16: 2^-29.3.
    erf: [
            0.128_379_17,
            -3.761262e-1,
            1.12833865e-1,
            -2.6835114e-2,
            5.115332e-3,
            -6.75648e-4,
        ],
    // e^(a²/2)·Φ(-a) for a up to 14.5: 2^-26.6.
    tail: [
            4.4161263e-1,
            1.8579231e-1,
            4.15235e-2,
            4.2561432e-3,
        ] / [
            1.6811104,
            1.2129099,
            4.7624418e-1,
            1.0408975e-1,
            1.0668464e-2,
        ],
    cdf_max: 16.0, density: 0.398_942_3,
    hypot: [8.9e-16, 1.2e18, 1.267_650_6e30, 7.888_609e-31],
}

special! {
    f64, double, mask: 0x7ff_ffff,
    // As above: 2^-60.1.
    erf: [
            0.128_379_167_095_512_57,
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
    // As above, for a up to 38.7: 2^-61.1.
    tail: [
            0.8975374462326781,
            0.7986516285189744,
            0.45799129626988183,
            0.1865483243368001,
            0.05643182961009529,
            0.012916718402318861,
            0.0022382512631795633,
            0.000288476355172935,
            2.646224549868613e-05,
            1.5670798892560578e-06,
            4.5987957756898203e-08,
        ] / [
            2.5929594532682216,
            3.1661855715885046,
            2.411714970380495,
            1.2789014409869233,
            0.4985777890445425,
            0.14693257438313634,
            0.03309265837545907,
            0.005676564365412717,
            0.0007270310751970855,
            6.644628749245051e-05,
            3.928086759014769e-06,
            1.1527471520597736e-07,
        ],
    cdf_max: 40.0, density: 0.398_942_280_401_432_7,
    hypot: [1e-150, 1e150, 5.260135901548374e+210, 1.90109156629516e-211],
}

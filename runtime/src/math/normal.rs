//! The normal distribution and what is made of it, for both types: the error function, `gelu` and `gelu_tanh`.

use super::kernels::polynomial;

/// `2·√(2/π)·(x + 0.044715·x³)`, which is twice what `gelu_tanh` takes the hyperbolic tangent of.
const GELU_LINEAR: [f64; 2] = [1.595_769_121_605_730_8, -9.969_308_809_110_92e-17];
const GELU_CUBIC: [f64; 2] = [0.071_354_816_272_600_25, -6.175_149_918_155_315e-19];

macro_rules! normal {
    (
        $float:ident, $module:ident, mask: $mask:literal,
        erf: $erf:expr, tail: $tail:expr, tail_shift: $tail_shift:literal, tail_max: $tail_max:literal, density: $density:literal,
    ) => {
        pub(super) mod $module {
            use super::{GELU_CUBIC, GELU_LINEAR, polynomial};
            use crate::math::kernels::$float::{exp_falling, product_falling, sigmoid_of_sum};
            use std::$float::consts::SQRT_2;

            /// The first half of the digits of `x`, with half of which the square is exact, and the rest.
            #[inline(always)]
            const fn halves(x: $float) -> [$float; 2] {
                let high = $float::from_bits(x.to_bits() & !$mask);
                [high, x - high]
            }

            /// `a·b` as a sum: the rounding of a square would cost hundreds of units in the tail.
            #[inline(always)]
            fn product(a: $float, b: $float) -> [$float; 2] {
                let product = a * b;
                [product, a.mul_add(b, -product)]
            }

            /// `2·(1 + a)·e^(a²/2)·Φ(-a) - 1` for `a` of at least 0: a small number, whose own rounding is next to nothing
            /// in the product. The variable, which takes the half line to an interval, is after Shepherd and Laframboise,
            /// "Chebyshev approximation of (1 + 2x)exp(x²)erfc x in 0 ≤ x < ∞" (1981).
            #[inline(always)]
            fn scaled_tail(a: $float) -> $float {
                polynomial(0.5 - a / ($tail_shift + a), $tail)
            }

            #[inline(always)]
            pub fn erf(x: $float) -> $float {
                let a = if x.abs() > 7.0 { 7.0 } else { x.abs() };
                let [exponent, low] = product(a, a);
                let wide = a * SQRT_2;
                let far = 1.0 - product_falling(exponent, -low, 1.0 / (1.0 + wide), scaled_tail(wide));
                let near = a.mul_add(polynomial(a * a, $erf), a);
                (if a < 0.75 { near } else { far }).copysign(x)
            }

            /// `|x|`, bounded where the tail beyond it vanishes.
            #[inline(always)]
            fn bounded(x: $float) -> $float {
                if x.abs() > $tail_max { $tail_max } else { x.abs() }
            }

            /// `y·Φ(-a)`.
            #[inline(always)]
            fn times_tail(y: $float, a: $float) -> $float {
                let [exponent, low] = product(0.5 * a, a);
                product_falling(exponent, -low, y / a.mul_add(2.0, 2.0), scaled_tail(a))
            }

            #[inline(always)]
            pub fn normal_cdf(x: $float) -> $float {
                let tail = times_tail(1.0, bounded(x));
                if x < 0.0 { tail } else { 1.0 - tail }
            }

            #[inline(always)]
            pub fn normal_pdf(x: $float) -> $float {
                let a = bounded(x);
                let [exponent, low] = product(0.5 * a, a);
                exp_falling(exponent, -low, $density)
            }

            /// `max(x, 0) - |x|·Φ(-|x|)`.
            #[inline(always)]
            pub fn gelu(x: $float) -> $float {
                let a = bounded(x);
                (if x.is_sign_negative() { -0.0 } else { x }) - times_tail(a, a)
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
        }
    };
}

normal! {
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
    // For a up to 14.5, of 1 plus this: 2^-25.9.
    tail: [
        -4.9627505e-02,
        3.8964576e-01,
        6.287463e-02,
        -5.351756e-01,
        -1.0179666e+00,
        -9.28304e-01,
        -2.823321e-01,
        3.080843e-01,
        2.442633e-01,
        -1.7114638e-01,
    ],
    tail_shift: 3.75, tail_max: 16.0, density: 0.398_942_3,
}

normal! {
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
    // As above, for a up to 38.7: 2^-56.1.
    tail: [
        -0.05589358698031063,
        0.38681390930610304,
        0.11199707779539775,
        -0.4576058248567116,
        -1.0303307976974778,
        -1.1479102387134708,
        -0.6403044597650159,
        0.0731195140332399,
        0.35578732246356826,
        0.09669654438381715,
        -0.1799234443893727,
        -0.08703937670723261,
        0.11163320144293502,
        0.05622069006101203,
        -0.08563701481641256,
        -0.026383581301329357,
        0.0724382146311266,
        -0.0012056998880923006,
        -0.05831950153982213,
        0.024295560655462185,
        0.03603198424632106,
        -0.03435026725089624,
        -0.007742408631511755,
        0.021750428906227137,
        -0.007808395008190411,
    ],
    tail_shift: 4.0, tail_max: 40.0, density: 0.398_942_280_401_432_7,
}

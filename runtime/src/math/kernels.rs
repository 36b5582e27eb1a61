//! `exp`, `expm1`, `ln`, `log1p`, `tanh`, `sigmoid` and `softplus` as straight lines of multiplications and additions, so that a loop
//! around them vectorises: no branches, no calls, no conversions from floating point to integers.
//!
//! No operation is contracted (`mul_add` would be a library call where a processor lacks it), so the bits are the same
//! on every instruction set. Polynomials are minimax ones (Remez exchange in 300-bit arithmetic, then rounded); the
//! figure beside each is its error relative to the function. `tests/ulp.rs` measures what becomes of them.

use super::Real;

/// `c[0] + c[1]·x + c[2]·x² + ...`
#[inline(always)]
pub(super) fn polynomial<T: Real, const K: usize>(x: T, c: [T; K]) -> T {
    let mut sum = c[K - 1];
    for &c in c[..K - 1].iter().rev() {
        sum = sum * x + c;
    }
    sum
}

macro_rules! kernels {
    (
        $float:ident, $module:ident, $uint:ident, $int:ident,
        ln2: [$ln2_hi:literal, $ln2_lo:literal],
        exp: $exp:expr, exp_range: [$exp_min:literal, $exp_max:literal],
        ln: $ln:expr, ln_1p: $ln_1p:expr,
        tanh_max: $tanh_max:literal,
    ) => {
        pub(super) mod $module {
            use super::polynomial;

            pub(crate) const MANTISSA: u32 = $float::MANTISSA_DIGITS - 1;
            pub(crate) const BIAS: $float = $float::MAX_EXP as $float - 1.0;
            /// The shift that brings the least result of `exp` into the normal range, and back.
            const UP: $float = 2.0 * MANTISSA as $float;
            const DOWN: $float = $float::EPSILON * $float::EPSILON;
            /// `ln 2` in two parts: the product of the first with an exponent is exact.
            const LN2: [$float; 2] = [$ln2_hi, $ln2_lo];
            /// `1.5·2ᵐ`: a sum with it has its unit in the last bit, so it rounds to a whole number, and the low bits
            /// of the sum are that number.
            pub(crate) const SHIFTER: $float = 1.5 / $float::EPSILON;

            /// `n` as a floating-point number; exact for the range of exponents.
            #[inline(always)]
            fn whole(n: $int) -> $float {
                $float::from_bits(SHIFTER.to_bits().wrapping_add(n as $uint)) - SHIFTER
            }

            /// `(q, p)` with `eˣ = (1 + q)·p`, where `q` is between `√½ - 1` and `√2 - 1`, and `p` is a power of two
            /// times 2ˢ; `shifter` is `SHIFTER + BIAS + s`, and `p` must be a normal number.
            #[inline(always)]
            fn exp_parts(x: $float, shifter: $float) -> ($float, $float) {
                let shifted = x * std::$module::consts::LOG2_E + shifter;
                let n = shifted - shifter;
                let f_high = x - n * LN2[0];
                let f_low = n * LN2[1];
                let f = f_high - f_low;
                // The exact part is added last, so that what rounds `f` off is not lost.
                let square = f * f;
                let q = f_high + ((0.5 * square + square * f * polynomial(f, $exp)) - f_low);
                (q, $float::from_bits(shifted.to_bits() << MANTISSA))
            }

            #[inline(always)]
            pub(crate) fn exp(x: $float) -> $float {
                let x = if $exp_max < x { $exp_max } else { x };
                let x = if $exp_min > x { $exp_min } else { x };
                // A result may be subnormal or beyond the largest power of two: the last factor takes it there.
                let small = x < 0.0;
                let shifter = if small { SHIFTER + BIAS + UP } else { SHIFTER + BIAS - 2.0 };
                let unshift = if small { DOWN } else { 4.0 };
                let (q, power) = exp_parts(x, shifter);
                (1.0 + q) * power * unshift
            }

            /// `e` to the power of minus the magnitude of `x`.
            #[inline(always)]
            fn exp_falling(x: $float) -> $float {
                let x = -x.abs();
                let x = if $exp_min > x { $exp_min } else { x };
                let (q, power) = exp_parts(x, SHIFTER + BIAS + UP);
                (1.0 + q) * power * DOWN
            }

            /// `(p - 1) + q·p`, in quarters, so that nothing overflows before the result does.
            #[inline(always)]
            pub(crate) fn expm1(x: $float) -> $float {
                let reduced = if $exp_max < x { $exp_max } else { x };
                let reduced = if -40.0 > reduced { -40.0 } else { reduced };
                let (q, quarter) = exp_parts(reduced, SHIFTER + BIAS - 2.0);
                let y = 4.0 * ((quarter - 0.25) + q * quarter);
                if x.abs() < $float::EPSILON { x } else { y }
            }

            /// `[f²/2, r]` with `ln(1 + f) = f - (f²/2 - r)`, after fdlibm's `e_log.c` (Sun Microsystems, 1993); `c`
            /// are the coefficients for the range of `f`.
            #[inline(always)]
            fn ln_1p_parts<const K: usize>(f: $float, c: [$float; K]) -> [$float; 2] {
                let s = f / (2.0 + f);
                let z = s * s;
                let half = 0.5 * f * f;
                [half, s * (half + z * polynomial(z, c))]
            }

            /// `(k, m)` with `x = 2ᵏ·m` and `m` between `√½` and `√2`, for a finite `x` above 0.
            #[inline(always)]
            pub(crate) fn ln_parts(x: $float) -> ($float, $float) {
                let subnormal = x < $float::MIN_POSITIVE;
                let scaled = if subnormal { x / $float::EPSILON } else { x };
                let scale = if subnormal { MANTISSA as $float } else { 0.0 };
                let sqrt_half = std::$module::consts::FRAC_1_SQRT_2.to_bits();
                let k = scaled.to_bits().wrapping_sub(sqrt_half) as $int >> MANTISSA;
                let m = $float::from_bits(scaled.to_bits().wrapping_sub((k << MANTISSA) as $uint));
                (whole(k) - scale, m)
            }

            #[inline(always)]
            pub(crate) fn ln(x: $float) -> $float {
                let (k, m) = ln_parts(x);
                let f = m - 1.0;
                let [half, r] = ln_1p_parts(f, $ln);
                let y = k * LN2[0] - ((half - (r + k * LN2[1])) - f);
                let y = if x < $float::INFINITY { y } else { x };
                let y = if x == 0.0 { $float::NEG_INFINITY } else { y };
                if x < 0.0 { $float::NAN } else { y }
            }

            /// The logarithm of `u = 1 + x`, and what rounding dropped from `u`; where `u` is near 1, `x` itself serves.
            #[inline(always)]
            pub(crate) fn log1p(x: $float) -> $float {
                let u = 1.0 + x;
                let (k, m) = ln_parts(u);
                let dropped = if x > 1.0 { 1.0 - (u - x) } else { x - (u - 1.0) };
                let near = k == 0.0;
                let f = if near { x } else { m - 1.0 };
                let low = if near { 0.0 } else { k * LN2[1] + dropped / u };
                let [half, r] = ln_1p_parts(f, $ln);
                let y = (k * LN2[0] - ((half - (r + low)) - f)).copysign(x);
                let y = if x < $float::INFINITY { y } else { x };
                let y = if x == -1.0 { $float::NEG_INFINITY } else { y };
                if x < -1.0 { $float::NAN } else { y }
            }

            /// `E/(2 + E)` with `E = e²ˣ - 1`, which keeps the digits of a small `x`; the function is odd.
            ///
            /// Roundings weigh by where `E` and `2 + E` lie between powers of two. Above 0.26 they weigh least with
            /// `x` positive; below, with `x` negative and `2 + E` summed apart from `E`, whose rounding it would repeat.
            #[inline(always)]
            pub(crate) fn tanh(x: $float) -> $float {
                let magnitude = x.abs();
                let magnitude = if $tanh_max < magnitude { $tanh_max } else { magnitude };
                let small = magnitude < 0.26;
                let twice = if small { -2.0 } else { 2.0 };
                let (q, power) = exp_parts(twice * magnitude, SHIFTER + BIAS);
                let rest = q * power;
                let e = (power - 1.0) + rest;
                let denominator = if small { (power + 1.0) + rest } else { 2.0 + e };
                (e / denominator).copysign(x)
            }

            /// With `e = e^-|x|` and `t = e/(1 + e)`: `1 - t` above zero, and `e - e·t` below, where the rounding of
            /// `1 + e` would cost `t` itself a whole unit.
            #[inline(always)]
            pub(crate) fn sigmoid(x: $float) -> $float {
                let e = exp_falling(x);
                let t = e / (1.0 + e);
                let whole = if x < 0.0 { e } else { 1.0 };
                whole - whole * t
            }

            /// `max(x, 0) + ln(1 + e^-|x|)`.
            #[inline(always)]
            pub(crate) fn softplus(x: $float) -> $float {
                let e = exp_falling(x);
                let [half, r] = ln_1p_parts(e, $ln_1p);
                let linear = if x > 0.0 { x } else { 0.0 };
                // In this order `e`, whose unit is the largest of the three for a small `x`, is rounded once.
                (linear - (half - r)) + e
            }
        }
    };
}

kernels! {
    f32, f32, u32, i32,
    ln2: [0.693_145_75, 1.428_606_8e-6],
    // (eᶠ - 1 - f - f²/2)/f³ for |f| up to ½ ln 2: 2^-26.1 of eᶠ - 1.
    exp: [1.6666545e-1, 4.1666403e-2, 8.366459e-3, 1.3940493e-3],
    exp_range: [-104.0, 89.0],
    // (2 atanh(√z)/√z - 2)/z for z up to (3 - 2√2)²: 2^-29.2.
    ln: [6.6666776e-1, 3.9977524e-1, 2.9872298e-1],
    // The same for z up to 1/9: 2^-26.7.
    ln_1p: [6.666641e-1, 4.0021703e-1, 2.7999046e-1, 2.8025e-1],
    tanh_max: 10.0,
}

kernels! {
    f64, f64, u64, i64,
    ln2: [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10],
    // As above: 2^-61.7.
    exp: [
        0.16666666666666677,
        0.04166666666666669,
        0.008333333333321659,
        0.001388888888887012,
        0.0001984126988609253,
        2.4801587356181502e-5,
        2.755724421645912e-6,
        2.7557245512279303e-7,
        2.5109041703972732e-8,
        2.092378099620796e-9,
    ],
    exp_range: [-746.0, 710.0],
    // As above: 2^-58.5.
    ln: [
        0.6666666666666735,
        0.3999999999941315,
        0.2857142874276262,
        0.22222198531378184,
        0.18183566661452513,
        0.15313986852638609,
        0.14796624819361487,
    ],
    // As above: 2^-58.4.
    ln_1p: [
        0.6666666666666631,
        0.4000000000015736,
        0.28571428547837885,
        0.22222223970794633,
        0.1818174388529911,
        0.15386560807728777,
        0.13300961497941266,
        0.121061852595102,
        0.08339655355249267,
        0.17019425604237387,
    ],
    tanh_max: 20.0,
}

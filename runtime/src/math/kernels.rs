//! `exp`, `exp2`, `expm1`, `ln`, `log2`, `log1p`, `tanh`, `sigmoid` and `softplus` as straight lines of multiplications and
//! additions, so that a loop around them vectorises: no branches, no calls, no conversions from floating point to integers.
//!
//! No operation is contracted (`mul_add` would be a library call where a processor lacks it), so the bits are the same
//! on every instruction set. Polynomials are minimax ones (Remez exchange in 300-bit arithmetic, then rounded); the
//! figure beside each is its error relative to the function. `tests/ulp.rs` measures what becomes of them.

use super::Real;

/// `c[0] + c[1]·x + c[2]·x² + ...`, for up to 32 coefficients.
///
/// After Estrin, "Organization of computer systems: the fixed plus variable structure computer" (1960): neighbours first,
/// then pairs. A processor has room for some sixty operations that wait, so a chain as long as Horner's starves it.
#[inline(always)]
pub(super) fn polynomial<T: Real, const K: usize>(x: T, mut c: [T; K]) -> T {
    const { assert!(K <= 32) };
    let (mut power, mut len) = (x, K);
    for _ in 0..5 {
        for i in 0..K / 2 {
            if i < len / 2 {
                c[i] = c[2 * i] + c[2 * i + 1] * power;
            }
        }
        if len % 2 == 1 {
            c[len / 2] = c[len - 1];
        }
        len = len.div_ceil(2);
        power = power * power;
    }
    c[0]
}

/// `[f²/2, r]` with `ln(1 + f) = f - (f²/2 - r)`, after fdlibm's `e_log.c` (Sun Microsystems, 1993); `c` are the
/// coefficients for the range of `f`.
#[inline(always)]
fn ln_1p_parts<T: Real, const K: usize>(f: T, c: [T; K]) -> [T; 2] {
    let s = f / (T::from_f64(2.0) + f);
    let z = s * s;
    let half = T::from_f64(0.5) * f * f;
    [half, s * (half + z * polynomial(z, c))]
}

/// `ln(1 + f) - f` with few coefficients.
#[inline(always)]
fn by_division<T: Real, const K: usize>(f: T, c: [T; K]) -> T {
    let [half, r] = ln_1p_parts(f, c);
    r - half
}

/// `ln(1 + f) - f`, which for the digits of `f32` takes less time than a division.
#[inline(always)]
fn by_polynomial<T: Real, const K: usize>(f: T, c: [T; K]) -> T {
    f * f * (f * polynomial(f, c) - T::from_f64(0.5))
}

#[inline(always)]
fn whole_single(n: i32) -> f32 {
    n as f32
}

/// `1.5·2⁵²`: a sum with it rounds to a whole number, whose low bits are those of the sum.
pub(super) const SHIFTER: f64 = 1.5 / f64::EPSILON;

/// As `n as f64` for the range of exponents; AVX2 has no such conversion.
#[inline(always)]
pub(super) fn whole_double(n: i64) -> f64 {
    f64::from_bits(SHIFTER.to_bits().wrapping_add(n as u64)) - SHIFTER
}

macro_rules! kernels {
    (
        $float:ident, $module:ident, $uint:ident, $int:ident,
        whole: $whole:ident,
        ln2: [$ln2_hi:literal, $ln2_lo:literal],
        exp: $exp:expr, exp_range: [$exp_min:literal, $exp_max:literal],
        ln: $ln_rest:ident $ln:expr, ln_1p: $ln_1p:expr,
        exp2: $exp2:expr, exp2_range: $exp2_range:expr, tanh: $tanh:expr, tanh_max: $tanh_max:literal,
    ) => {
        pub(super) mod $module {
            use super::{ln_1p_parts, polynomial, $ln_rest, $whole};

            const MANTISSA: u32 = $float::MANTISSA_DIGITS - 1;
            const BIAS: $float = $float::MAX_EXP as $float - 1.0;
            /// The shift that brings the least result of `exp` into the normal range, and back.
            const UP: $float = 2.0 * MANTISSA as $float;
            const DOWN: $float = $float::EPSILON * $float::EPSILON;
            /// `ln 2` in two parts: the product of the first with an exponent is exact.
            const LN2: [$float; 2] = [$ln2_hi, $ln2_lo];
            /// `1.5·2ᵐ`: a sum with it has its unit in the last bit, so it rounds to a whole number, and the low bits
            /// of the sum are that number.
            const SHIFTER: $float = 1.5 / $float::EPSILON;

            /// `(q, shifted)` with `eˣ = (1 + q)·2ⁿ`, where `q` is between `√½ - 1` and `√2 - 1`, and `shifted` is
            /// `shifter + n`. The exponent is `x + low`.
            #[inline(always)]
            fn exp_rest(x: $float, low: $float, shifter: $float) -> ($float, $float) {
                let shifted = x * std::$module::consts::LOG2_E + shifter;
                let n = shifted - shifter;
                let f_high = x - n * LN2[0];
                let f_low = n * LN2[1] - low;
                let f = f_high - f_low;
                // The exact part is added last, so that what rounds `f` off is not lost.
                (f_high + (f * f * polynomial(f, $exp) - f_low), shifted)
            }

            /// `(q, p)` as of [`exp_rest`], where `p` is a power of two, times 2ˢ; `shifter` is `SHIFTER + BIAS + s`, and
            /// `p` must be a normal number.
            #[inline(always)]
            fn exp_parts(x: $float, low: $float, shifter: $float) -> ($float, $float) {
                let (q, shifted) = exp_rest(x, low, shifter);
                (q, $float::from_bits(shifted.to_bits() << MANTISSA))
            }

            /// `y·2ⁿ`, where the low bits of `shifted` are `n + 2·BIAS`: in two steps, since a result may be subnormal, or
            /// beyond the largest power of two.
            #[inline(always)]
            fn scaled(y: $float, shifted: $float) -> $float {
                let half = shifted.to_bits() >> 1;
                let rest = shifted.to_bits() - half;
                y * $float::from_bits(half << MANTISSA) * $float::from_bits(rest << MANTISSA)
            }

            #[inline(always)]
            pub(crate) fn exp(x: $float) -> $float {
                let x = if $exp_max < x { $exp_max } else { x };
                let x = if $exp_min > x { $exp_min } else { x };
                let (q, shifted) = exp_rest(x, 0.0, SHIFTER + 2.0 * BIAS);
                scaled(1.0 + q, shifted)
            }

            #[inline(always)]
            pub(crate) fn exp2(x: $float) -> $float {
                let [least, most] = $exp2_range;
                let x = if most < x { most } else { x };
                let x = if least > x { least } else { x };
                let shifted = x + (SHIFTER + 2.0 * BIAS);
                let f = x - (shifted - (SHIFTER + 2.0 * BIAS));
                scaled(1.0 + f * polynomial(f, $exp2), shifted)
            }

            /// `y` times `e` to the power of `x + low`, for `x` of at most 0 and `low` beside it small.
            #[inline(always)]
            pub(crate) fn exp_falling(x: $float, low: $float, y: $float) -> $float {
                let x = if $exp_min > x { $exp_min } else { x };
                let (q, power) = exp_parts(x, low, SHIFTER + BIAS + UP);
                (y + y * q) * power * DOWN
            }

            /// `y·(1 + p)·e^(x + low)`, for an exponent as that of `exp_falling`: what is small in both
            /// factors is added up, so that their product is rounded once.
            #[inline(always)]
            pub(crate) fn product_falling(x: $float, low: $float, y: $float, p: $float) -> $float {
                let x = if $exp_min > x { $exp_min } else { x };
                let (q, power) = exp_parts(x, low, SHIFTER + BIAS + UP);
                let both = p + (q + p * q);
                (y + y * both) * power * DOWN
            }

            /// `(p - 1) + q·p`, in quarters, so that nothing overflows before the result does.
            #[inline(always)]
            pub(crate) fn expm1(x: $float) -> $float {
                let reduced = if $exp_max < x { $exp_max } else { x };
                let reduced = if -40.0 > reduced { -40.0 } else { reduced };
                let (q, quarter) = exp_parts(reduced, 0.0, SHIFTER + BIAS - 2.0);
                let y = 4.0 * ((quarter - 0.25) + q * quarter);
                if x.abs() < $float::EPSILON { x } else { y }
            }

            /// `(k, m)` with `x = 2ᵏ·m` and `m` between `√½` and `√2`, for a finite `x` above 0.
            #[inline(always)]
            fn ln_parts(x: $float) -> ($float, $float) {
                let subnormal = x < $float::MIN_POSITIVE;
                let scaled = if subnormal { x / $float::EPSILON } else { x };
                let scale = if subnormal { MANTISSA as $float } else { 0.0 };
                let sqrt_half = std::$module::consts::FRAC_1_SQRT_2.to_bits();
                let above = scaled.to_bits().wrapping_sub(sqrt_half);
                let m = $float::from_bits((above & ((1 << MANTISSA) - 1)) + sqrt_half);
                ($whole(above as $int >> MANTISSA) - scale, m)
            }

            /// As [`ln_parts`], for any `x` of at least 0, with `m - 1`: an infinite `k` makes the logarithm infinite.
            #[inline(always)]
            fn ln_limits(x: $float) -> ($float, $float) {
                let (k, m) = ln_parts(x);
                let k = if x < $float::INFINITY { k } else { x };
                (if x == 0.0 { $float::NEG_INFINITY } else { k }, m - 1.0)
            }

            #[inline(always)]
            pub(crate) fn ln(x: $float) -> $float {
                let (k, f) = ln_limits(x);
                let y = k * LN2[0] + (f + ($ln_rest(f, $ln) + k * LN2[1]));
                if x < 0.0 { $float::NAN } else { y }
            }

            #[inline(always)]
            pub(crate) fn log2(x: $float) -> $float {
                let (k, f) = ln_limits(x);
                let y = k + (f + $ln_rest(f, $ln)) * std::$module::consts::LOG2_E;
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
                let y = (k * LN2[0] + (f + ($ln_rest(f, $ln) + low))).copysign(x);
                let y = if x < $float::INFINITY { y } else { x };
                let y = if x == -1.0 { $float::NEG_INFINITY } else { y };
                if x < -1.0 { $float::NAN } else { y }
            }

            /// `1 - 2/(e²ˣ + 1)`, but near 0, where that would lose digits, an odd polynomial.
            #[inline(always)]
            pub(crate) fn tanh(x: $float) -> $float {
                let magnitude = x.abs();
                let magnitude = if $tanh_max < magnitude { $tanh_max } else { magnitude };
                let exponent = magnitude * (2.0 * std::$module::consts::LOG2_E);
                let shifted = exponent + (SHIFTER + BIAS + 1.0);
                let f = exponent - (shifted - (SHIFTER + BIAS + 1.0));
                let double = $float::from_bits(shifted.to_bits() << MANTISSA);
                let far = 1.0 - 4.0 / (double * (f * polynomial(f, $exp2)) + (double + 2.0));
                let square = x * x;
                let near = magnitude + magnitude * (square * polynomial(square, $tanh));
                (if magnitude < 0.55 { near } else { far }).copysign(x)
            }

            /// With `e = e^-|x|` and `t = e/(1 + e)`: `1 - t` above zero, and `e - e·t` below, where the rounding of
            /// `1 + e` would cost `t` itself a whole unit.
            #[inline(always)]
            fn logistic(x: $float, e: $float) -> $float {
                let t = e / (1.0 + e);
                let whole = if x < 0.0 { e } else { 1.0 };
                whole - whole * t
            }

            #[inline(always)]
            pub(crate) fn sigmoid(x: $float) -> $float {
                logistic(x, exp_falling(-x.abs(), 0.0, 1.0))
            }

            /// Of `x + low`, with `low` beside `x` small.
            #[inline(always)]
            pub(crate) fn sigmoid_of_sum(x: $float, low: $float) -> $float {
                logistic(x, exp_falling(-x.abs(), if x < 0.0 { low } else { -low }, 1.0))
            }

            /// `max(x, 0) + ln(1 + e^-|x|)`.
            #[inline(always)]
            pub(crate) fn softplus(x: $float) -> $float {
                let e = exp_falling(-x.abs(), 0.0, 1.0);
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
    whole: whole_single,
    ln2: [0.693_145_75, 1.428_606_8e-6],
    // (eᶠ - 1 - f)/f² for |f| up to ½ ln 2: 2^-28.2 of eᶠ.
    exp: [4.9999994e-1, 1.6666517e-1, 4.1668106e-2, 8.369095e-3, 1.3835239e-3],
    exp_range: [-104.0, 89.0],
    // (ln(1 + f) - f + f²/2)/f³ for f between √½ - 1 and √2 - 1: 2^-25.4 of ln(1 + f).
    ln: by_polynomial [
        3.333333e-1,
        -2.5000823e-1,
        2.0001256e-1,
        -1.6623253e-1,
        1.420094e-1,
        -1.3157077e-1,
        1.2750441e-1,
        -7.619574e-2,
    ],
    // (2 atanh(√z)/√z - 2)/z for z up to 1/9: 2^-26.7.
    ln_1p: [6.666641e-1, 4.0021703e-1, 2.7999046e-1, 2.8025e-1],
    // (2ᶠ - 1)/f for |f| up to ½: 2^-26.1 of 2ᶠ.
    exp2: [6.931472e-1, 2.4022594e-1, 5.5503663e-2, 9.6254535e-3, 1.3387741e-3, 1.3322469e-4],
    exp2_range: [-155.0, 129.0],
    // (tanh(√z)/√z - 1)/z for z up to 0.55²: 2^-29.8.
    tanh: [-3.333332e-1, 1.3332637e-1, -5.3856842e-2, 2.108824e-2, -6.295513e-3],
    tanh_max: 10.0,
}

kernels! {
    f64, f64, u64, i64,
    whole: whole_double,
    ln2: [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10],
    // As above: 2^-61.7.
    exp: [
        0.5,
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
    // (2 atanh(√z)/√z - 2)/z for z up to (3 - 2√2)²: 2^-58.5.
    ln: by_division [
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
    // As above: 2^-64.4.
    exp2: [
        std::f64::consts::LN_2,
        0.24022650695910072,
        0.05550410866482169,
        0.00961812910762833,
        0.0013333558146392634,
        0.00015403530393641126,
        1.5252733854378214e-5,
        1.3215486594690722e-6,
        1.0178051914790542e-7,
        7.05497452260325e-9,
        4.456574919640752e-10,
        2.562540883699842e-11,
    ],
    exp2_range: [-1080.0, 1025.0],
    // As above: 2^-60.7.
    tanh: [
        -0.333333333333333,
        0.13333333333326833,
        -0.05396825396387844,
        0.021869488389099665,
        -0.008863232652739502,
        0.0035920925321042273,
        -0.0014555459814918426,
        0.0005884570390255969,
        -0.00023341270409241058,
        8.336003581254469e-5,
        -1.9521007862555176e-5,
    ],
    tanh_max: 20.0,
}

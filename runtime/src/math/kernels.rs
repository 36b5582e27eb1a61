//! `exp`, `exp2`, `expm1`, `ln`, `log2`, `log1p`, `tanh`, `sigmoid` and `softplus` as straight lines of multiplications and
//! additions, so that a loop around them vectorises: no branches, no calls, no conversions from floating point to integers.
//!
//! Where a multiplication is fused with an addition it is written so, and nowhere else: the bits are the same on every
//! processor. One that cannot fuse gets them from a library call, which takes many times longer; AVX2 comes with it.
//! What counts is the number of operations, of which a processor keeps some hundred in flight, and how long a chain of
//! them is. So a power of 2 is multiplied beside the chain, and what has no logarithm is set in the bits of an exponent.
//!
//! Polynomials are minimax ones (Remez exchange in 300-bit arithmetic, then rounded one by one from the lowest
//! degree, the others fitted again each time); the figure beside each is its error relative to the function.
//! `tests/ulp.rs` measures what becomes of them.

use super::Real;

/// `c[0] + c[1]·x + c[2]·x² + ...`, for up to 32 coefficients.
///
/// After Estrin, "Organization of computer systems: the fixed plus variable structure computer" (1960): neighbours first,
/// then pairs. A processor has room for some sixty operations that wait, so a chain as long as Horner's starves it. What
/// has no neighbour joins the pair before it, which saves a power of `x`.
#[inline(always)]
pub(super) fn polynomial<T: Real, const K: usize>(x: T, mut c: [T; K]) -> T {
    const { assert!(K <= 32) };
    let mut power = x;
    for level in 0..5 {
        let pairs = K >> (level + 1);
        // With constant bounds both loops unroll.
        for i in 0..K / 2 {
            if i < pairs {
                c[i] = c[2 * i + 1].fma(power, c[2 * i]);
            }
        }
        power = power * power;
        if pairs > 0 && (K >> level) % 2 == 1 {
            c[pairs - 1] = c[2 * pairs].fma(power, c[pairs - 1]);
        }
    }
    c[0]
}

/// `(ln(1 + f) - f) + low` with few coefficients `c` for the range of `f`, after fdlibm's `e_log.c` (Sun Microsystems,
/// 1993): `ln(1 + f) = f - (f²/2 - r)`.
#[inline(always)]
fn by_division<T: Real, const K: usize>(f: T, c: [T; K], low: T) -> T {
    let s = f / (T::from_f64(2.0) + f);
    let z = s * s;
    let half = T::from_f64(0.5) * f * f;
    s.fma(z.fma(polynomial(z, c), half), low) - half
}

/// `(ln(1 + f) - f) + low`, which for the digits of `f32` takes less time than a division.
#[inline(always)]
fn by_polynomial<T: Real, const K: usize>(f: T, c: [T; K], low: T) -> T {
    (f * f).fma(f.fma(polynomial(f, c), T::from_f64(-0.5)), low)
}

/// `eᶠ - 1 = f + f²·r`. The parts that `f` is rounded from are for [`in_parts`].
#[inline(always)]
fn at_once<T: Real>(f: T, r: T, _: [T; 2]) -> T {
    (f * f).fma(r, f)
}

/// As [`at_once`], but `f` is in two parts, of which the larger is exact and added last: what `f` was rounded by is not lost.
#[inline(always)]
fn in_parts<T: Real>(f: T, r: T, [high, low]: [T; 2]) -> T {
    high + (f * f).fma(r, low)
}

/// An exponent where it stands in the bits of a number, in units of [`f32::EPSILON`].
#[inline(always)]
fn exponent_single(exponent: i32) -> f32 {
    exponent as f32
}

/// `1.5·2⁵²`: a sum with it rounds to a whole number, whose low bits are those of the sum.
pub(super) const SHIFTER: f64 = 1.5 / f64::EPSILON;

/// An exponent where it stands in the bits of a number. AVX2 cannot convert whole numbers of 64 bits.
#[inline(always)]
fn exponent_double(exponent: i64) -> f64 {
    whole_double(exponent >> (f64::MANTISSA_DIGITS - 1))
}

/// As `n as f64` for the range of exponents.
#[inline(always)]
pub(super) fn whole_double(n: i64) -> f64 {
    f64::from_bits(SHIFTER.to_bits().wrapping_add(n as u64)) - SHIFTER
}

macro_rules! kernels {
    (
        $float:ident, $module:ident, $uint:ident, $int:ident,
        exponent: $exponent:ident, unit: $unit:expr,
        ln2: [$ln2_hi:literal, $ln2_lo:literal],
        exp: $exp:expr, exp_range: [$exp_min:literal, $exp_max:literal],
        ln: $ln_rest:ident $ln:expr, atanh: $atanh:expr,
        exp2: $exp2:expr, exp2_range: $exp2_range:expr,
        tanh: $expm1_rest:ident to $tanh_max:literal,
    ) => {
        pub(super) mod $module {
            use super::{polynomial, $exponent, $ln_rest};
            use std::$module::consts::{FRAC_1_SQRT_2, LOG2_E};

            const MANTISSA: u32 = $float::MANTISSA_DIGITS - 1;
            const BIAS: $float = $float::MAX_EXP as $float - 1.0;
            /// The shift that brings the least result of `exp` into the normal range, and back.
            const UP: $float = 2.0 * MANTISSA as $float;
            const DOWN: $float = $float::EPSILON * $float::EPSILON;
            /// `ln 2` in two parts: the product of the first with an exponent is exact.
            const LN2: [$float; 2] = [$ln2_hi, $ln2_lo];
            /// The same, for exponents in units.
            const LN2_UNITS: [$float; 2] = [LN2[0] * $unit, LN2[1] * $unit];
            /// `1.5·2ᵐ`: a sum with it has its unit in the last bit, so it rounds to a whole number, and the low bits
            /// of the sum are that number.
            const SHIFTER: $float = 1.5 / $float::EPSILON;

            /// `(f, [high, low], shifted)` with `eˣ = eᶠ·2ⁿ`, where `|f|` is up to `½ ln 2`, and `shifted` is `shifter + n`; `f` is
            /// `high + low`, rounded once, and `high` is exact.
            #[inline(always)]
            fn reduced(x: $float, shifter: $float) -> ($float, [$float; 2], $float) {
                let shifted = x.mul_add(LOG2_E, shifter);
                let n = shifted - shifter;
                let high = n.mul_add(-LN2[0], x);
                (n.mul_add(-LN2[1], high), [high, n * -LN2[1]], shifted)
            }

            /// `(1 + f·u)·2ⁿ`, where the low bits of `shifted` are `n + 2·BIAS`: in two steps, since a result may be
            /// subnormal, or beyond the largest power of two.
            #[inline(always)]
            fn scaled(f: $float, u: $float, shifted: $float) -> $float {
                let half = shifted.to_bits() >> 1;
                let rest = shifted.to_bits() - half;
                let first = $float::from_bits(half << MANTISSA);
                (f * first).mul_add(u, first) * $float::from_bits(rest << MANTISSA)
            }

            #[inline(always)]
            pub(crate) fn exp(x: $float) -> $float {
                let x = if $exp_max < x { $exp_max } else { x };
                let x = if $exp_min > x { $exp_min } else { x };
                let (f, _, shifted) = reduced(x, SHIFTER + 2.0 * BIAS);
                scaled(f, f.mul_add(polynomial(f, $exp), 1.0), shifted)
            }

            #[inline(always)]
            pub(crate) fn exp2(x: $float) -> $float {
                let [least, most] = $exp2_range;
                let x = if most < x { most } else { x };
                let x = if least > x { least } else { x };
                let shifted = x + (SHIFTER + 2.0 * BIAS);
                let f = x - (shifted - (SHIFTER + 2.0 * BIAS));
                scaled(f, polynomial(f, $exp2), shifted)
            }

            /// `(q, p)` with `e^(low - a) = (1 + q)·p`, where `q` is between `√½ - 1` and `√2 - 1`, for an `a` of at least 0 and
            /// `low` beside it small, of which -0 is neutral; `p` is a power of two, which may be subnormal, or 0.
            #[inline(always)]
            fn falling(a: $float, low: $float) -> ($float, $float) {
                let a = if -$exp_min < a { -$exp_min } else { a };
                // As of `reduced`, but for the sign of `a`, which is to take no operation.
                let shifted = a.mul_add(-LOG2_E, SHIFTER + BIAS + UP);
                let n = shifted - (SHIFTER + BIAS + UP);
                let f = n.mul_add(-LN2[1], n.mul_add(-LN2[0], -a) + low);
                let power = $float::from_bits(shifted.to_bits() << MANTISSA);
                ((f * f).mul_add(polynomial(f, $exp), f), power * DOWN)
            }

            /// `y·e^(low - a)`, as of [`falling`].
            #[inline(always)]
            pub(crate) fn exp_falling(a: $float, low: $float, y: $float) -> $float {
                let (q, p) = falling(a, low);
                y.mul_add(q, y) * p
            }

            /// `y·(1 + r)·e^(low - a)`, as of [`falling`]: what is small in both factors is added up, so that their product
            /// is rounded once.
            #[inline(always)]
            pub(crate) fn product_falling(a: $float, low: $float, y: $float, r: $float) -> $float {
                let (q, p) = falling(a, low);
                y.mul_add(r.mul_add(q, q) + r, y) * p
            }

            /// `(p - 1) + q·p`, in quarters, so that nothing overflows before the result does.
            #[inline(always)]
            pub(crate) fn expm1(x: $float) -> $float {
                let bounded = if $exp_max < x { $exp_max } else { x };
                let bounded = if -40.0 > bounded { -40.0 } else { bounded };
                let (f, parts, shifted) = reduced(bounded, SHIFTER + BIAS - 2.0);
                let q = super::in_parts(f, polynomial(f, $exp), parts);
                let quarter = $float::from_bits(shifted.to_bits() << MANTISSA);
                let y = 4.0 * q.mul_add(quarter, quarter - 0.25);
                if x.abs() < $float::EPSILON { x } else { y }
            }

            /// `(k, f)` with `x = 2ᵏ·(1 + f)`, where `1 + f` is between `√½` and `√2` and `k` in units, for a finite `x` above 0.
            #[inline(always)]
            fn ln_parts(x: $float) -> ($float, $float) {
                let subnormal = x < $float::MIN_POSITIVE;
                let lift = if subnormal { (MANTISSA as $uint) << MANTISSA } else { 0 };
                let bits = (x * $float::from_bits(lift + $float::to_bits(1.0))).to_bits();
                let exponent = bits.wrapping_sub(FRAC_1_SQRT_2.to_bits()) & ($uint::MAX << MANTISSA);
                let m = $float::from_bits(bits.wrapping_sub(exponent));
                ($exponent(exponent.wrapping_sub(lift) as $int), m - 1.0)
            }

            /// As [`ln_parts`], for any `x`: a `k` that is infinite or NaN makes the logarithm so. That of an infinite `x` has
            /// no bits but in its exponent.
            #[inline(always)]
            fn ln_limits(x: $float) -> ($float, $float) {
                let (k, f) = ln_parts(x);
                let k = if x < $float::INFINITY { k } else { x };
                let negative = (x.to_bits() as $int >> ($int::BITS - 1)) as $uint;
                let k = $float::from_bits(k.to_bits() | negative);
                (if x == 0.0 { $float::NEG_INFINITY } else { k }, f)
            }

            #[inline(always)]
            pub(crate) fn ln(x: $float) -> $float {
                let (k, f) = ln_limits(x);
                k.mul_add(LN2_UNITS[0], f + $ln_rest(f, $ln, k * LN2_UNITS[1]))
            }

            #[inline(always)]
            pub(crate) fn log2(x: $float) -> $float {
                let (k, f) = ln_limits(x);
                k.mul_add($unit, (f + $ln_rest(f, $ln, 0.0)) * LOG2_E)
            }

            /// The logarithm of `u = 1 + x`, and what rounding dropped from `u`; where `u` is near 1, `x` itself serves.
            #[inline(always)]
            pub(crate) fn log1p(x: $float) -> $float {
                let u = 1.0 + x;
                let (k, f) = ln_parts(u);
                let dropped = if x > 1.0 { 1.0 - (u - x) } else { x - (u - 1.0) };
                let near = k == 0.0;
                let f = if near { x } else { f };
                let low = if near { 0.0 } else { k * LN2_UNITS[1] + dropped / u };
                let y = k.mul_add(LN2_UNITS[0], f + $ln_rest(f, $ln, low)).copysign(x);
                let y = if x < $float::INFINITY { y } else { x };
                let y = if x == -1.0 { $float::NEG_INFINITY } else { y };
                if x < -1.0 { $float::NAN } else { y }
            }

            /// With `h = (e²ˣ - 1)/2`, of which all digits count, for `|x|`: `h - h²/(h + 1)` for an `h` below 1, and
            /// `1 - 1/(h + 1)` above. So what rounding makes of the quotient counts for little where it is small.
            #[inline(always)]
            pub(crate) fn tanh(x: $float) -> $float {
                let a = if $tanh_max < x.abs() { $tanh_max } else { x.abs() };
                // As of `reduced` for `2a`, whose doubling is beside the chain: in it, it would cost a seventh of the time.
                let shifted = a.mul_add(2.0 * LOG2_E, SHIFTER + BIAS - 1.0);
                let n = shifted - (SHIFTER + BIAS - 1.0);
                let high = n.mul_add(-LN2[0], a + a);
                let f = n.mul_add(-LN2[1], high);
                let q = super::$expm1_rest(f, polynomial(f, $exp), [high, n * -LN2[1]]);
                let half = $float::from_bits(shifted.to_bits() << MANTISSA);
                let h = half.mul_add(q, half - 0.5);
                let whole = if h < 1.0 { h } else { 1.0 };
                let y = (-whole).mul_add(whole / (h + 1.0), whole);
                $float::from_bits(y.to_bits() | (x.to_bits() & $float::to_bits(-0.0)))
            }

            /// With `e = e^-|x| = (1 + q)·p` and `t = e/(1 + e)`: `1 - t` above zero, and `e - e·t` below, where the rounding of
            /// `1 + e` would cost `t` itself a whole unit.
            #[inline(always)]
            fn logistic(x: $float, (q, p): ($float, $float)) -> $float {
                let e = q.mul_add(p, p);
                let t = e / q.mul_add(p, 1.0 + p);
                let whole = if x.is_sign_negative() { e } else { 1.0 };
                (-whole).mul_add(t, whole)
            }

            #[inline(always)]
            pub(crate) fn sigmoid(x: $float) -> $float {
                logistic(x, falling(x.abs(), -0.0))
            }

            /// Of `x + low`, with `low` beside `x` small.
            #[inline(always)]
            pub(crate) fn sigmoid_of_sum(x: $float, low: $float) -> $float {
                logistic(x, falling(x.abs(), if x < 0.0 { low } else { -low }))
            }

            /// `max(x, 0) + ln(1 + e)` for `e = e^-|x|`. With `s = e/(2 + e)` the logarithm is `2·atanh(s)`, and `2·s` is `e - s·e`.
            #[inline(always)]
            pub(crate) fn softplus(x: $float) -> $float {
                let (q, p) = falling(x.abs(), -0.0);
                let e = q.mul_add(p, p);
                let s = e / q.mul_add(p, 2.0 + p);
                let z = s * s;
                let linear = if x > 0.0 { x } else { 0.0 };
                // In this order `e`, whose unit is the largest of the three for a small `x`, is rounded once.
                (-s).mul_add((-z).mul_add(polynomial(z, $atanh), e), linear) + e
            }
        }
    };
}

kernels! {
    f32, f32, u32, i32,
    exponent: exponent_single, unit: f32::EPSILON,
    ln2: [0.693_145_75, 1.428_606_8e-6],
    // (eᶠ - 1 - f)/f² for |f| up to ½ ln 2: 2^-28.2 of eᶠ.
    exp: [4.9999994e-1, 1.6666521e-1, 4.1668262e-2, 8.368675e-3, 1.3821054e-3],
    exp_range: [-104.0, 89.0],
    // (ln(1 + f) - f + f²/2)/f³ for f between √½ - 1 and √2 - 1: 2^-27.3 of ln(1 + f).
    ln: by_polynomial [
        3.333333e-1,
        -2.500082e-1,
        2.0001242e-1,
        -1.6623409e-1,
        1.4201581e-1,
        -1.3159615e-1,
        1.2762204e-1,
        -7.636401e-2,
    ],
    // (2 atanh(√z)/√z - 2)/z for z up to 1/9: 2^-27.7.
    atanh: [6.666642e-1, 4.0021437e-1, 2.800302e-1, 2.800685e-1],
    // (2ᶠ - 1)/f for |f| up to ½: 2^-26.1 of 2ᶠ.
    exp2: [6.931472e-1, 2.4022594e-1, 5.5503663e-2, 9.6254535e-3, 1.3387741e-3, 1.3322469e-4],
    exp2_range: [-155.0, 129.0],
    tanh: at_once to 10.0,
}

kernels! {
    f64, f64, u64, i64,
    exponent: exponent_double, unit: 1.0,
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
    atanh: [
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
    tanh: in_parts to 20.0,
}

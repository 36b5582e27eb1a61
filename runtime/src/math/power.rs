//! `powf`: for `f32` in `f64`; for `f64` it is the standard library's.

use super::kernels::{SHIFTER, polynomial, whole_double};

/// Logarithm to base 2 of an `x` of at least 0, to some 37 bits: exact for powers of 2.
#[inline(always)]
fn log2(x: f64) -> f64 {
    const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
    let sqrt_half = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    let above = x.to_bits().wrapping_sub(sqrt_half);
    let m = f64::from_bits((above & ((1 << MANTISSA) - 1)) + sqrt_half);
    let k = whole_double(above as i64 >> MANTISSA);
    // The odd function log₂((1 + s)/(1 - s)) for m between √½ and √2: 2^-37.8.
    let s = (m - 1.0) / (m + 1.0);
    let c = [2.8853900817901277, 0.9617966732826175, 0.5770835971015001, 0.4116719534298544, 0.3407448663141322];
    let y = k + s * polynomial(s * s, c);
    let y = if x < f64::INFINITY { y } else { x };
    if x == 0.0 { f64::NEG_INFINITY } else { y }
}

/// `2ˣ`, to some 32 bits, where that is a normal number.
#[inline(always)]
fn exp2(x: f64) -> f64 {
    let shifted = x + (SHIFTER + 1023.0);
    let f = x - (shifted - (SHIFTER + 1023.0));
    let c = [
        0.6931471838160723,
        0.24022650920804725,
        0.05550400379377521,
        0.009618056918580312,
        0.0013341947553084526,
        0.0001546136740303472,
        1.3360600581164239e-05,
    ];
    (1.0 + f * polynomial(f, c)) * f64::from_bits(shifted.to_bits() << (f64::MANTISSA_DIGITS - 1))
}

#[inline(always)]
pub(super) fn powf(x: f32, p: f32) -> f32 {
    let exponent = f64::from(p) * log2(f64::from(x.abs()));
    // Beyond these the result is 0, or infinite, as an `f32`.
    let exponent = if exponent > 300.0 { 300.0 } else { exponent };
    let power = exp2(if exponent < -300.0 { -300.0 } else { exponent }) as f32;
    // No fraction is left beyond 2²⁴, and all whole numbers are even.
    let even = p.abs() >= 16_777_216.0;
    let whole = f64::from(if even { 0.0 } else { p }) + SHIFTER;
    let fraction = !even & (whole - SHIFTER != f64::from(p));
    let negative = x.is_sign_negative() & !fraction & (whole.to_bits() & 1 == 1);
    let power = if negative { -power } else { power };
    let power = if (x < 0.0) & fraction & (x > f32::NEG_INFINITY) { f32::NAN } else { power };
    let one = (x == 1.0) | (p == 0.0) | ((x == -1.0) & (p.abs() == f32::INFINITY));
    if one { 1.0 } else { power }
}

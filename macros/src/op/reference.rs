//! Values for tests and for constant folding where the standard library has no function: slow, obvious, a few ULP.

use std::f64::consts::{FRAC_2_SQRT_PI, PI, SQRT_2};

pub fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// The larger, NaN if either is; `f64::max` would drop the NaN.
pub fn larger(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

/// Unlike `f64::clamp`, it gives the upper bound where the bounds are the wrong way round.
pub fn clamp(x: f64, lo: f64, hi: f64) -> f64 {
    -larger(-larger(x, lo), -hi)
}

/// Both branches divide by a number of at least 1, so nothing overflows.
pub fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) }
}

pub fn softplus(x: f64) -> f64 {
    larger(x, 0.0) + (-x.abs()).exp().ln_1p()
}

/// `2·√(2/π)·(x + 0.044715·x³)`.
pub fn gelu_exponent(x: f64) -> f64 {
    x * (1.595_769_121_605_730_8 + 0.071_354_812_825_534_32 * x * x)
}

pub fn erf(x: f64) -> f64 {
    if x.abs() < 1.0 { rising(x) } else { (1.0 - falling(x.abs())).copysign(x) }
}

/// The share of a normal distribution below `x`.
pub fn normal_cdf(x: f64) -> f64 {
    let scaled = x / SQRT_2;
    match scaled {
        s if s.is_nan() => s,
        s if s < -1.0 => 0.5 * falling(-s),
        s if s > 1.0 => 1.0 - 0.5 * falling(s),
        s => 0.5 * (1.0 + rising(s)),
    }
}

pub fn normal_pdf(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// `erf x = 2/√π e^-x² Σ 2ⁿ x²ⁿ⁺¹/(1·3·..·(2n + 1))`, whose terms have one sign.
fn rising(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..80 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

/// `erfc x` above 1, by Laplace's continued fraction.
fn falling(x: f64) -> f64 {
    let fraction = (1..200).rev().fold(x, |below, n| x + 0.5 * f64::from(n) / below);
    0.5 * FRAC_2_SQRT_PI * (-x * x).exp() / fraction
}

/// The runtime's `mix`: the finaliser of MurmurHash3 over a Weyl sequence, 53 bits of it.
pub fn mix(state: f64, position: f64) -> f64 {
    let mut h = (state as u64).wrapping_add((position as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    h = (h ^ (h >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    h = (h ^ (h >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    ((h ^ (h >> 33)) >> 11) as f64
}

/// The runtime's `kept`: 32 bits of a hash of position and state, against `p`.
pub fn kept(state: f64, position: f64, p: f64) -> f64 {
    let round = |x: u32| {
        let x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
        let x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
        x ^ (x >> 16)
    };
    let (state, position) = (state as u64, position as u64);
    let (low, high) = (state as u32, (state >> 32) as u32);
    truth(round(round(position as u32 ^ low) ^ high ^ (position >> 32) as u32) >= (p * 4_294_967_296.0) as u32)
}

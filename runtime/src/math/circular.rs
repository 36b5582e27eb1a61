//! `sin`, `cos` and `tan` of `f32`, which are computed in `f64`. Those of `f64` are the standard library's.
//!
//! The argument is brought to half turns as by Payne and Hanek, "Radian reduction for trigonometric functions" (1983):
//! of 1/π only those bits are taken whose product with the argument is no multiple of a whole turn. Which ones is known
//! from the exponent, so they stand in a table, and every argument costs the same, the largest too.

use super::kernels::polynomial;

/// Bits of 1/π behind the point, the first ones first.
const FRAC_1_PI: [u64; 4] =
    [0x517c_c1b7_2722_0a94, 0xfe13_abe8_fa9a_6ee0, 0x6db1_4acc_9e21_c820, 0xff28_b1d5_ef5d_e2b0];

/// By the exponent of an `f32` in its bits: 1/π without what multiplies to whole turns, as a sum of 29 bits, whose
/// product with the 24 bits of the argument is exact, and of 53.
static HALF_TURNS: [[f64; 2]; 256] = {
    let mut table = [[f64::NAN; 2]; 256];
    let mut exponent = 0;
    while exponent < 255 {
        // The last bit of the argument stands for 2ˢ; the one of 1/π that is the first to matter, for 2⁻ˢ.
        let s = exponent as i32 - 150;
        let first = if s < 1 { 1 } else { s as u32 };
        table[exponent] = [bits(first, 29), bits(first + 29, 53)];
        exponent += 1;
    }
    table
};

/// `count` bits of 1/π from the one that stands for `2^-first`.
const fn bits(first: u32, count: u32) -> f64 {
    let (word, skip) = ((first - 1) / 64, (first - 1) % 64);
    let two = (FRAC_1_PI[word as usize] as u128) << 64 | FRAC_1_PI[word as usize + 1] as u128;
    let digits = (two << skip >> (128 - count)) as u64;
    digits as f64 * power_of_two(-((first + count - 1) as i32))
}

const fn power_of_two(n: i32) -> f64 {
    f64::from_bits(((1023 + n) as u64) << 52)
}

/// `1.5·2⁵²`: a sum with it rounds to a whole number, whose low bits are those of the sum.
const SHIFTER: f64 = 1.5 / f64::EPSILON;

/// `x/π` up to an even number, as a sum whose second part is below 1/16.
#[inline(always)]
fn half_turns(x: f32) -> [f64; 2] {
    let [high, low] = HALF_TURNS[(x.to_bits() >> 23) as usize & 0xff];
    let x = f64::from(x);
    [x * high, x * low]
}

/// `±sin(π·r)` for `|r|` up to ½, with the sign of `(-1)ⁿ`, where `n` is the low bit of `whole`: 2^-27.5.
#[inline(always)]
fn sine_of(r: f64, whole: f64) -> f32 {
    let z = r * r;
    let c = [3.1415926368497487, -5.1677096788131545, 2.5500696052871734, -0.5982413164728789, 0.07755866157680988];
    let sine = r * polynomial(z, c);
    f64::from_bits(sine.to_bits() ^ whole.to_bits() << 63) as f32
}

#[inline(always)]
pub(super) fn sin(x: f32) -> f32 {
    let [high, low] = half_turns(x);
    let whole = (high + low) + SHIFTER;
    sine_of((high - (whole - SHIFTER)) + low, whole)
}

/// The sine of a quarter turn more.
#[inline(always)]
pub(super) fn cos(x: f32) -> f32 {
    let [high, low] = half_turns(x);
    let whole = (high + (low + 0.5)) + SHIFTER;
    sine_of((high - ((whole - SHIFTER) - 0.5)) + low, whole)
}

/// The quotient of sine and cosine of the rest beside a quarter turn, or its negative reciprocal: 2^-28.2.
#[inline(always)]
pub(super) fn tan(x: f32) -> f32 {
    let [high, low] = half_turns(x);
    let whole = 2.0 * (high + low) + SHIFTER;
    let r = (high - 0.5 * (whole - SHIFTER)) + low;
    let z = r * r;
    let sine = r * polynomial(z, [3.1415926433969465, -5.1677076782265425, 2.5497609029138713, -0.5890106093158746]);
    let cosine = polynomial(
        z,
        [0.9999999999438293, -4.934802158223566, 4.058706918792557, -1.3350358326755827, 0.231260299886581],
    );
    let odd = whole.to_bits() & 1 == 1;
    ((if odd { -cosine } else { sine }) / (if odd { sine } else { cosine })) as f32
}

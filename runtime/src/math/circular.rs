//! `sin`, `cos` and `tan` of any argument: that of `f32` is computed in `f64`, that of `f64` in sums.
//!
//! The argument is brought to half turns as by Payne and Hanek, "Radian reduction for trigonometric functions" (1983):
//! of 1/π only those bits are taken whose product with the argument is no multiple of a whole turn. Which ones is known
//! from the exponent, so they stand in a table, and every argument costs the same, the largest too.

use super::kernels::{SHIFTER, polynomial};

/// Bits of 1/π behind the point, the first ones first.
const FRAC_1_PI: [u64; 20] = [
    0x517c_c1b7_2722_0a94,
    0xfe13_abe8_fa9a_6ee0,
    0x6db1_4acc_9e21_c820,
    0xff28_b1d5_ef5d_e2b0,
    0xdb92_371d_2126_e970,
    0x0324_9775_04e8_c90e,
    0x7f0e_f58e_5894_d39f,
    0x7441_1afa_975d_a242,
    0x74ce_3813_5a2f_bf20,
    0x9cc8_eb1c_c1a9_9cfa,
    0x4e42_2fc5_defc_941d,
    0x8ffc_4bff_ef02_cc07,
    0xf797_88c5_ad05_368f,
    0xb69b_3f67_93e5_84db,
    0xa7a3_1fb3_4f2f_f516,
    0xba93_dd63_f5f2_f8bd,
    0x9e83_9cfb_c529_4975,
    0x35fd_afd8_8fc6_ae84,
    0x2b01_9823_7e3d_b5d5,
    0xf867_de10_4d7a_1b0e,
];

/// `count` bits of 1/π from the one that stands for `2^-first`, as a whole number.
const fn bits(first: u32, count: u32) -> i64 {
    let (word, skip) = ((first - 1) / 64, (first - 1) % 64);
    let two = (FRAC_1_PI[word as usize] as u128) << 64 | FRAC_1_PI[word as usize + 1] as u128;
    (two << skip >> (128 - count)) as i64
}

/// The first bit of 1/π that matters to an argument whose last bit stands for `2ˢ`: that for `2⁻ˢ`.
const fn first_bit(s: i32) -> u32 {
    if s < 1 { 1 } else { s as u32 }
}

const fn power_of_two(n: i32) -> f64 {
    f64::from_bits(((1023 + n) as u64) << 52)
}

/// `-y` where the low bit of `n` is set.
#[inline(always)]
fn negated_if_odd(y: f64, n: u64) -> f64 {
    f64::from_bits(y.to_bits() ^ n << 63)
}

pub(super) mod single {
    use super::{SHIFTER, bits, first_bit, negated_if_odd, polynomial, power_of_two};

    /// By the exponent of an `f32` in its bits: 1/π without what multiplies to whole turns, as a sum of 29 bits, whose
    /// product with the 24 bits of the argument is exact, and of 53. It is no `static`: what another crate stores might
    /// change that, for all that its compiler knows, and a loop with it would not vectorise.
    const HALF_TURNS: [[f64; 2]; 256] = {
        let mut table = [[f64::NAN; 2]; 256];
        let mut exponent = 0;
        while exponent < 255 {
            let first = first_bit(exponent as i32 - 150);
            let high = bits(first, 29) as f64 * power_of_two(-(first as i32 + 28));
            table[exponent] = [high, bits(first + 29, 53) as f64 * power_of_two(-(first as i32 + 81))];
            exponent += 1;
        }
        table
    };

    /// `x/π` up to an even number, as a sum whose second part is below 1/16.
    #[inline(always)]
    fn half_turns(x: f32) -> [f64; 2] {
        let [high, low] = HALF_TURNS[(x.to_bits() >> 23) as usize & 0xff];
        let x = f64::from(x);
        [x * high, x * low]
    }

    /// `sin(π·r)` for `|r|` up to ½, with the sign of `(-1)ⁿ`, where `n` is the low bit of `whole`: 2^-27.5.
    #[inline(always)]
    fn sine_of(r: f64, whole: f64) -> f32 {
        let z = r * r;
        let c = [3.1415926368497487, -5.1677096788131545, 2.5500696052871734, -0.5982413164728789, 0.07755866157680988];
        negated_if_odd(r * polynomial(z, c), whole.to_bits()) as f32
    }

    #[inline(always)]
    pub(crate) fn sin(x: f32) -> f32 {
        let [high, low] = half_turns(x);
        let whole = (high + low) + SHIFTER;
        sine_of((high - (whole - SHIFTER)) + low, whole)
    }

    /// The sine of a quarter turn more.
    #[inline(always)]
    pub(crate) fn cos(x: f32) -> f32 {
        let [high, low] = half_turns(x);
        let whole = (high + (low + 0.5)) + SHIFTER;
        sine_of((high - ((whole - SHIFTER) - 0.5)) + low, whole)
    }

    /// The quotient of sine and cosine of the rest beside a quarter turn, or its negative reciprocal: 2^-28.2.
    #[inline(always)]
    pub(crate) fn tan(x: f32) -> f32 {
        let [high, low] = half_turns(x);
        let whole = 2.0 * (high + low) + SHIFTER;
        let r = (high - 0.5 * (whole - SHIFTER)) + low;
        let z = r * r;
        let sine =
            r * polynomial(z, [3.1415926433969465, -5.1677076782265425, 2.5497609029138713, -0.5890106093158746]);
        let cosine = polynomial(
            z,
            [0.9999999999438293, -4.934802158223566, 4.058706918792557, -1.3350358326755827, 0.231260299886581],
        );
        let odd = whole.to_bits() & 1 == 1;
        ((if odd { -cosine } else { sine }) / (if odd { sine } else { cosine })) as f32
    }
}

pub(super) mod double {
    use super::{SHIFTER, bits, first_bit, negated_if_odd, polynomial, power_of_two};
    use std::f64::consts::PI;

    /// What rounding dropped from π.
    const PI_LOW: f64 = 1.2246467991473532e-16;

    /// By the exponent of an `f64` without its last three bits: 1/π without what multiplies to whole turns, times the
    /// power of two that comes last, in reverse. The parts have 25 bits, the sixth one 53, and each is the nearest to what
    /// is left: then sums of two products of a part with a half of the argument are exact. It is no `static`, as above.
    const HALF_TURNS: [[f64; 7]; 256] = {
        let mut table = [[0.0; 7]; 256];
        let mut exponent = 0;
        while exponent < 256 {
            let first = first_bit(8 * exponent as i32 - 1075);
            let (mut part, mut rounded_up) = (0, 0);
            while part < 5 {
                let from = first + 25 * part as u32;
                let next = bits(from + 25, 1);
                let digits = bits(from, 25) + next - (rounded_up << 25);
                table[exponent][part] = digits as f64 * power_of_two(-(25 * part as i32 + 24));
                rounded_up = next;
                part += 1;
            }
            table[exponent][5] = (bits(first + 125, 53) - (rounded_up << 53)) as f64 * power_of_two(-177);
            table[exponent][6] = power_of_two(-(first as i32));
            exponent += 1;
        }
        table
    };

    /// `a + b`, and what rounding drops from it: Knuth, "The art of computer programming", volume 2 (1969).
    #[inline(always)]
    fn two_sum(a: f64, b: f64) -> [f64; 2] {
        let sum = a + b;
        let rest = sum - a;
        [sum, (a - (sum - rest)) + (b - rest)]
    }

    /// `(r, n)` with `x/π = r + n/2` up to an even number, where the sum `r` is up to ¼ and the low bits of `n` those of the
    /// whole number: with all digits of `r`, also of the `x` whose sine is the least, 2^-61.
    #[inline(always)]
    fn quarter_turns(x: f64) -> ([f64; 2], u64) {
        /// A sum with it rounds to a multiple of 2¹¹.
        const WRAP: f64 = 2048.0 * SHIFTER;
        let [c0, c1, c2, c3, c4, c5, scale] = HALF_TURNS[(x.to_bits() >> 55) as usize & 0xff];
        let x = x * scale;
        let high = f64::from_bits(x.to_bits() & !0x7ff_ffff);
        let low = x - high;
        let first = high * c0;
        let second = low * c0 + high * c1;
        let first = first - ((first + WRAP) - WRAP);
        let second = second - ((second + WRAP) - WRAP);
        let third = low * c1 + high * c2;
        let fourth = low * c2 + high * c3;
        let fifth = low * c3 + high * c4;
        let last = low * c4 + x * c5;
        let shifted = 2.0 * (first + (second + third)) + SHIFTER;
        let [sum, dropped2] = two_sum(first - 0.5 * (shifted - SHIFTER), second);
        let [sum, dropped3] = two_sum(sum, third);
        let [sum, dropped4] = two_sum(sum, fourth);
        let [sum, dropped5] = two_sum(sum, fifth);
        let rest = ((dropped2 + dropped3) + (dropped4 + dropped5)) + last;
        let r = sum + rest;
        ([r, (sum - r) + rest], shifted.to_bits())
    }

    /// `sin(π·r)` and `cos(π·r)` for a sum `r` up to ¼: 2^-58.1 and 2^-64.6.
    #[inline(always)]
    fn sine_and_cosine([r, low]: [f64; 2]) -> [f64; 2] {
        let z = r * r;
        let sine = [
            -5.167712780049954,
            2.5501640398732652,
            -0.5992645289321118,
            0.08214586894865643,
            -0.007370018308977415,
            0.00046151442646208315,
        ];
        let cosine = [
            -4.934802200544679,
            4.058712126416745,
            -1.3352627688517122,
            0.23533063018157394,
            -0.025806885435644945,
            0.0019294632275945157,
            -0.00010355601548982022,
        ];
        [r * PI + (r * (PI_LOW + z * polynomial(z, sine)) + low * PI), 1.0 + z * polynomial(z, cosine)]
    }

    /// `y`, but `x` itself where its cube is nothing beside it, and its parts may be no numbers.
    #[inline(always)]
    fn unless_tiny(x: f64, y: f64) -> f64 {
        if x.abs() < 1e-9 { x } else { y }
    }

    #[inline(always)]
    pub(crate) fn sin(x: f64) -> f64 {
        let (r, n) = quarter_turns(x);
        let [sine, cosine] = sine_and_cosine(r);
        unless_tiny(x, negated_if_odd(if n & 1 == 1 { cosine } else { sine }, n >> 1))
    }

    #[inline(always)]
    pub(crate) fn cos(x: f64) -> f64 {
        let (r, n) = quarter_turns(x);
        let [sine, cosine] = sine_and_cosine(r);
        negated_if_odd(if n & 1 == 1 { sine } else { cosine }, (n + 1) >> 1)
    }

    #[inline(always)]
    pub(crate) fn tan(x: f64) -> f64 {
        let (r, n) = quarter_turns(x);
        let [sine, cosine] = sine_and_cosine(r);
        let odd = n & 1 == 1;
        unless_tiny(x, (if odd { -cosine } else { sine }) / (if odd { sine } else { cosine }))
    }
}

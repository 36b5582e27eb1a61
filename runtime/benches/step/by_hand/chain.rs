//! W5 in one loop: each element is read once, goes forward and back, and is written once.

use crate::data::matrix;
use crate::derived::{RATE_OF_W5, Step};
use pullback::math::{exp, log1p, recip, sigmoid, sqrt, tanh};
use pullback::simd::{Pass, simd};

/// The sums that are kept apart, so that no addition waits for another.
const LANES: usize = 64;

struct Chain<'a> {
    a: &'a mut [f32],
    b: &'a mut [f32],
    c: &'a mut [f32],
    rate: f32,
}

/// The last value of the chain, and what `a`, `b` and `c` become.
#[inline(always)]
fn element(a: f32, b: f32, c: f32, rate: f32) -> (f32, [f32; 3]) {
    let (gate, wave) = (sigmoid(a), tanh(b));
    let grown = exp(0.5 * (gate * wave + c));
    let (log, root) = (log1p(grown), recip(sqrt(1.0 + c * c)));
    let scaled = log * b * root;
    let e = exp(scaled);
    let soft = log1p(e);
    let y = tanh(soft * a);
    let d = 1.0 - y * y;
    let d_scaled = d * a * (e / (1.0 + e));
    let d_log = d_scaled * root;
    let d_mixed = d_log * b * (grown / (1.0 + grown)) * 0.5;
    let d_a = d * soft + d_mixed * wave * gate * (1.0 - gate);
    let d_b = d_log * log + d_mixed * gate * (1.0 - wave * wave);
    let d_c = d_mixed - d_scaled * scaled * root * root * c;
    (y, [a - rate * d_a, b - rate * d_b, c - rate * d_c])
}

impl Pass for Chain<'_> {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        let mut total = 0.0_f64;
        let tiles = self.a.chunks_mut(64 * LANES).zip(self.b.chunks_mut(64 * LANES)).zip(self.c.chunks_mut(64 * LANES));
        for ((a, b), c) in tiles {
            let mut sums = [0.0; LANES];
            let lanes = a.as_chunks_mut::<LANES>().0.iter_mut();
            let lanes = lanes.zip(b.as_chunks_mut::<LANES>().0).zip(c.as_chunks_mut::<LANES>().0);
            for ((a, b), c) in lanes {
                for l in 0..LANES {
                    let (y, [new_a, new_b, new_c]) = element(a[l], b[l], c[l], self.rate);
                    sums[l] += y;
                    (a[l], b[l], c[l]) = (new_a, new_b, new_c);
                }
            }
            total += f64::from(sums.iter().sum::<f32>());
        }
        total as f32
    }
}

pub fn w5() -> Step {
    let [mut a, mut b, mut c] = [500, 501, 502].map(|seed| matrix(seed, [1024, 1024], 1.0).into_raw_vec_and_offset().0);
    let len = a.len() as f32;
    let rate = RATE_OF_W5 as f32 / len;
    Box::new(move || simd(Chain { a: &mut a, b: &mut b, c: &mut c, rate }) / len)
}

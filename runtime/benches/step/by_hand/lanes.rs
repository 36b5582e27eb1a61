//! W2 and W9 in tiles of rows that stay in the first-level cache: each feature of a tile is a few vectors, whose lanes
//! are rows, so that every operation is one over whole vectors, and weights are numbers that all lanes share.

// Loops that count, over arrays of vectors: what an iterator calls might not be inlined, and compiled for the oldest
// processor then.
#![allow(clippy::needless_range_loop)]

use super::tiny::rows;
use crate::data::{layer, matrix};
use crate::derived::{RATE, Step};
use pulp::{Arch, Simd, WithSimd};

/// The vectors of a feature, so that as many sums don't wait for one another.
const V: usize = 2;

/// The facts about a house, and the width of the hidden layer.
const D: usize = 13;

/// Features of a tile of rows.
type Tile<S, const F: usize> = [[<S as Simd>::f32s; V]; F];

/// Weights, or their gradients.
#[derive(Clone)]
struct Net {
    w1: [[f32; D]; D],
    b1: [f32; D],
    w2: [f32; D],
    b2: f32,
}

struct Pass<'a> {
    net: &'a Net,
    x: &'a [f32],
    y: &'a [f32],
    gradients: &'a mut Net,
}

/// `e` to the power of a number between -87 and 88, with the coefficients of Cephes.
#[inline(always)]
fn exp<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let c = |x: f32| s.splat_f32s(x);
    let x = s.min_f32s(s.max_f32s(x, c(-87.3)), c(88.3));
    let shifted = s.mul_add_e_f32s(x, c(std::f32::consts::LOG2_E), c(12_582_912.0));
    let n = s.sub_f32s(shifted, c(12_582_912.0));
    let f = s.mul_add_e_f32s(n, c(-0.693_359_4), x);
    let f = s.mul_add_e_f32s(n, c(2.121_944_4e-4), f);
    let mut p = c(1.987_569_1e-4);
    for k in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = s.mul_add_e_f32s(p, f, c(k));
    }
    let y = s.mul_add_e_f32s(p, s.mul_f32s(f, f), s.add_f32s(f, c(1.0)));
    let bits = s.wrapping_dyn_shl_u32s(s.transmute_u32s_f32s(shifted), s.splat_u32s(23));
    s.mul_f32s(y, s.transmute_f32s_u32s(s.add_u32s(bits, s.splat_u32s(0x3f80_0000))))
}

#[inline(always)]
fn sigmoid<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let one = s.splat_f32s(1.0);
    s.div_f32s(one, s.add_f32s(one, exp(s, s.sub_f32s(s.splat_f32s(0.0), x))))
}

/// The features of `live` rows from the first of `x` on, transposed; rows beyond them are zeros.
#[inline(always)]
fn load<S: Simd, const F: usize>(s: S, x: &[f32], live: usize) -> Tile<S, F> {
    let mut tile = [[s.splat_f32s(0.0); V]; F];
    for (row, x) in x.chunks_exact(F).take(live).enumerate() {
        for f in 0..F {
            let lanes: &mut [f32] = pulp::bytemuck::cast_slice_mut(&mut tile[f][..]);
            lanes[row] = x[f];
        }
    }
    tile
}

impl WithSimd for Pass<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> f32 {
        let Self { net, x, y, gradients } = self;
        let c = |x: f32| s.splat_f32s(x);
        let (mut d_w1, mut d_b1, mut d_w2, mut d_b2) = ([[c(0.0); D]; D], [c(0.0); D], [c(0.0); D], c(0.0));
        let (mut total, scale) = (0.0_f64, 1.0 / y.len() as f32);
        let height = V * S::F32_LANES;
        for (x, y) in x.chunks(height * D).zip(y.chunks(height)) {
            let live = y.len();
            let (x, y): (Tile<S, D>, Tile<S, 1>) = (load(s, x, live), load(s, y, live));
            let mut hidden = [[c(0.0); V]; D];
            let mut price = [c(net.b2); V];
            for j in 0..D {
                let mut z = [c(net.b1[j]); V];
                for k in 0..D {
                    for v in 0..V {
                        z[v] = s.mul_add_e_f32s(x[k][v], c(net.w1[k][j]), z[v]);
                    }
                }
                for v in 0..V {
                    hidden[j][v] = sigmoid(s, z[v]);
                    price[v] = s.mul_add_e_f32s(hidden[j][v], c(net.w2[j]), price[v]);
                }
            }
            let (mut loss, mut d_price) = (c(0.0), [c(0.0); V]);
            for v in 0..V {
                let rows = s.mask_between_m32s(0, live.saturating_sub(v * S::F32_LANES) as u32).mask();
                let error = s.select_f32s(rows, s.sub_f32s(price[v], y[0][v]), c(0.0));
                loss = s.mul_add_e_f32s(error, error, loss);
                d_price[v] = s.mul_f32s(error, c(2.0 * scale));
                d_b2 = s.add_f32s(d_b2, d_price[v]);
            }
            // A tile at a time, as a million squares in one sum would lose half of their digits.
            total += f64::from(s.reduce_sum_f32s(loss));
            for j in 0..D {
                let mut d_z = [c(0.0); V];
                for v in 0..V {
                    let h = hidden[j][v];
                    d_w2[j] = s.mul_add_e_f32s(h, d_price[v], d_w2[j]);
                    let slope = s.mul_f32s(h, s.sub_f32s(c(1.0), h));
                    d_z[v] = s.mul_f32s(s.mul_f32s(d_price[v], c(net.w2[j])), slope);
                    d_b1[j] = s.add_f32s(d_b1[j], d_z[v]);
                }
                for k in 0..D {
                    for v in 0..V {
                        d_w1[k][j] = s.mul_add_e_f32s(x[k][v], d_z[v], d_w1[k][j]);
                    }
                }
            }
        }
        for j in 0..D {
            for k in 0..D {
                gradients.w1[k][j] = s.reduce_sum_f32s(d_w1[k][j]);
            }
            gradients.b1[j] = s.reduce_sum_f32s(d_b1[j]);
            gradients.w2[j] = s.reduce_sum_f32s(d_w2[j]);
        }
        gradients.b2 = s.reduce_sum_f32s(d_b2);
        scale * total as f32
    }
}

impl Net {
    fn new(seed: u64) -> Self {
        let ((w1, b1), (w2, b2)) = (layer(seed, 0, [D, D]), layer(seed, 1, [D, 1]));
        let (b1, w2) = (std::array::from_fn(|j| b1[j]), std::array::from_fn(|j| w2[[j, 0]]));
        Self { w1: rows(&w1), b1, w2, b2: b2[0] }
    }

    fn descend(&mut self, gradients: &Self) {
        let rate = RATE as f32;
        for (row, d_row) in self.w1.iter_mut().zip(&gradients.w1) {
            row.iter_mut().zip(d_row).for_each(|(w, d)| *w -= rate * d);
        }
        self.b1.iter_mut().zip(&gradients.b1).for_each(|(b, d)| *b -= rate * d);
        self.w2.iter_mut().zip(&gradients.w2).for_each(|(w, d)| *w -= rate * d);
        self.b2 -= rate * gradients.b2;
    }
}

pub fn w2() -> Step {
    let [x, y] = [matrix(200, [23, D], 1.0), matrix(201, [23, 1], 1.0)].map(|m| m.into_raw_vec_and_offset().0);
    let mut net = Net::new(2);
    let mut gradients = net.clone();
    Box::new(move || {
        let loss = Arch::new().dispatch(Pass { net: &net, x: &x, y: &y, gradients: &mut gradients });
        net.descend(&gradients);
        loss
    })
}

/// The gradient alone.
pub fn w9() -> Step {
    const HOUSES: usize = 1_000_000;
    let [x, y] = [matrix(900, [HOUSES, D], 1.0), matrix(901, [HOUSES, 1], 1.0)].map(|m| m.into_raw_vec_and_offset().0);
    let net = Net::new(9);
    let mut gradients = net.clone();
    Box::new(move || Arch::new().dispatch(Pass { net: &net, x: &x, y: &y, gradients: &mut gradients }))
}

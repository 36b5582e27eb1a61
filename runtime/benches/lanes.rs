//! `cargo bench -p pullback --bench lanes`: the gradient of W2's network over tiles of rows in lanes, in the form that
//! emitted code may take: one plain statement, or loop, for each operation, products by the runtime, and gradients that
//! are added up tile by tile, so that memory does not grow with the batch.

// Loops as they are emitted.
#![allow(clippy::needless_range_loop)]

use pullback::emitted::*;
use std::hint::black_box;
use std::time::Instant;

/// Features of a tile.
#[repr(align(64))]
struct Tile<const F: usize, const HEIGHT: usize>([[f32; HEIGHT]; F]);

impl<const F: usize, const HEIGHT: usize> Tile<F, HEIGHT> {
    #[inline(always)]
    fn zeros() -> Self {
        Self([[0.0; HEIGHT]; F])
    }
}

struct Step<'a, const HEIGHT: usize> {
    x: &'a [f32],
    y: &'a [f32],
    w1: &'a [f32],
    b1: &'a [f32; 13],
    w2: &'a [f32; 13],
    b2: f32,
    d_w1: &'a mut [f32],
    d_b1: &'a mut [f32; 13],
    d_w2: &'a mut [f32; 13],
    d_b2: &'a mut f32,
}

impl<const HEIGHT: usize> Pass for Step<'_, HEIGHT> {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        let Self { x, y, w1, b1, w2, b2, d_w1, d_b1, d_w2, d_b2 } = self;
        let over_n = 1.0 / y.len() as f32;
        let (mut total, mut d_b2_lanes) = ([0.0; SUM_LANES], [0.0; SUM_LANES]);
        let (mut d_b1_lanes, mut d_w2_lanes) = ([[0.0; SUM_LANES]; 13], [[0.0; SUM_LANES]; 13]);
        let Tile(x_tile) = &mut Tile::<13, HEIGHT>::zeros();
        let Tile(hidden) = &mut Tile::<13, HEIGHT>::zeros();
        let Tile(d_z) = &mut Tile::<13, HEIGHT>::zeros();
        let Tile([d_price]) = &mut Tile::<1, HEIGHT>::zeros();
        d_w1.fill(0.0);
        for (x, y) in x.chunks(13 * HEIGHT).zip(y.chunks(HEIGHT)) {
            to_lanes(x_tile, x);
            // z = x·w1
            matmul_tn(hidden.as_flattened_mut(), w1, x_tile.as_flattened(), [13, 13, HEIGHT]);
            // hidden = σ(z + b1), price = hidden·w2 + b2
            let price = &mut *d_price;
            price.fill(b2);
            for j in 0..13 {
                for r in 0..HEIGHT {
                    hidden[j][r] = sigmoid(hidden[j][r] + b1[j]);
                }
            }
            for j in 0..13 {
                for r in 0..HEIGHT {
                    price[r] += hidden[j][r] * w2[j];
                }
            }
            // error = price - y, and nothing where there is no row
            for r in 0..y.len() {
                price[r] -= y[r];
            }
            price[y.len()..].fill(0.0);
            // total = Σ error²
            add_products(&mut total, price, price);
            // d_price = 2·error/N, d_b2 = Σ d_price
            for error in &mut *price {
                *error *= 2.0 * over_n;
            }
            add_rows(&mut d_b2_lanes, d_price);
            for j in 0..13 {
                // d_w2 = hiddenᵀ·d_price
                add_products(&mut d_w2_lanes[j], &hidden[j], d_price);
                // d_z = d_price·w2ᵀ·hidden·(1 - hidden)
                for r in 0..HEIGHT {
                    d_z[j][r] = d_price[r] * w2[j] * (hidden[j][r] * (1.0 - hidden[j][r]));
                }
                // d_b1 = Σ d_z
                add_rows(&mut d_b1_lanes[j], &d_z[j]);
            }
            // d_w1 = xᵀ·d_z
            matmul_nt_add(d_w1, x_tile.as_flattened(), d_z.as_flattened(), [13, HEIGHT, 13]);
        }
        for j in 0..13 {
            d_b1[j] = sum(&d_b1_lanes[j]);
            d_w2[j] = sum(&d_w2_lanes[j]);
        }
        *d_b2 = sum(&d_b2_lanes);
        sum(&total) * over_n
    }
}

fn wavy(len: usize, frequency: f32) -> Vec<f32> {
    (0..len).map(|i| (i as f32 * frequency).sin()).collect()
}

fn measure<const HEIGHT: usize>(rows: usize) {
    let (x, y, w1) = (wavy(13 * rows, 0.7), wavy(rows, 0.3), wavy(169, 0.9));
    let b1: [f32; 13] = wavy(13, 1.1).try_into().expect("thirteen");
    let w2: [f32; 13] = wavy(13, 1.3).try_into().expect("thirteen");
    let (mut d_w1, mut d_b1, mut d_w2, mut d_b2) = (vec![0.0; 169], [0.0; 13], [0.0; 13], 0.0);
    let (repeat, mut best, mut loss) = ((20_000 / rows).max(1), f64::INFINITY, 0.0);
    for _ in 0..(2_000_000 / (rows * repeat)).max(8) {
        let start = Instant::now();
        for _ in 0..repeat {
            let (d_w1, d_b1, d_w2, d_b2) = (&mut d_w1[..], &mut d_b1, &mut d_w2, &mut d_b2);
            let (x, w1) = (black_box(&x[..]), &w1[..]);
            loss = simd(Step::<HEIGHT> { x, y: &y, w1, b1: &b1, w2: &w2, b2: 0.1, d_w1, d_b1, d_w2, d_b2 });
        }
        best = best.min(start.elapsed().as_secs_f64() / repeat as f64);
    }
    let (micros, nanos) = (1e6 * best, 1e9 * best / rows as f64);
    println!(
        "{rows:8} rows in tiles of {HEIGHT:3}: {micros:10.3} us, {nanos:6.2} ns a row, loss {loss:.6}, {:.6}",
        d_w1[17]
    );
}

fn main() {
    measure::<32>(23);
    measure::<64>(1000);
    measure::<128>(1000);
    measure::<64>(1_000_000);
    measure::<128>(1_000_000);
}

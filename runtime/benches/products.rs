//! `cargo bench -p pullback --bench products [-- W4]`: products of the shapes of networks, and skinny ones, beside
//! `matrixmultiply`; then a grid of shapes in each of the ways that a product can be computed, which the cost model of
//! `linalg` chooses between, and how far its choice is from the best.

use pullback::emitted::*;
use pullback::linalg::ways::{Way, choice, multiply};
use std::hint::black_box;
use std::time::Instant;

type Product = for<'o> fn(&'o mut [f32], &[f32], &[f32], [usize; 3]) -> &'o mut [f32];

/// Where a product stands in a training step, its dimensions, and whether its operands are transposed.
const SHAPES: [(&str, [usize; 3], &str); 40] = [
    ("square", [32, 32, 32], "nn"),
    ("square", [64, 64, 64], "nn"),
    ("square", [128, 128, 128], "nn"),
    ("square", [256, 256, 256], "nn"),
    ("square", [512, 512, 512], "nn"),
    ("square", [512, 512, 512], "nt"),
    ("square", [512, 512, 512], "tn"),
    ("square", [512, 512, 512], "tt"),
    ("square", [1024, 1024, 1024], "nn"),
    ("W2", [23, 13, 13], "nn"),
    ("W2", [13, 23, 13], "tn"),
    ("W2", [23, 13, 1], "nn"),
    ("W2", [23, 1, 13], "nt"),
    ("W3", [60, 784, 89], "nn"),
    ("W3", [784, 60, 89], "tn"),
    ("W3", [60, 89, 10], "nn"),
    ("W3", [60, 10, 89], "nt"),
    ("W3", [89, 60, 10], "tn"),
    ("W4", [128, 784, 512], "nn"),
    ("W4", [784, 128, 512], "tn"),
    ("W4", [128, 512, 512], "nn"),
    ("W4", [128, 512, 512], "nt"),
    ("W4", [512, 128, 512], "tn"),
    ("W4", [128, 512, 10], "nn"),
    ("W6", [512, 1024, 2048], "nn"),
    ("W6", [512, 2048, 1024], "nt"),
    ("W6", [1024, 512, 2048], "tn"),
    ("W8", [32, 62, 512], "nn"),
    ("W8", [32, 128, 512], "nn"),
    ("W8", [32, 512, 128], "nt"),
    ("skinny", [1, 784, 512], "nn"),
    ("skinny", [1, 784, 512], "nt"),
    ("skinny", [784, 1, 512], "nn"),
    ("skinny", [4, 512, 512], "nn"),
    ("skinny", [512, 512, 1], "nn"),
    ("skinny", [512, 512, 3], "nn"),
    ("skinny", [512, 512, 3], "tn"),
    ("skinny", [512, 512, 5], "nn"),
    ("skinny", [512, 512, 8], "nt"),
    ("skinny", [512, 512, 10], "tn"),
];

fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i as f32).sin()).collect()
}

fn flags(name: &str) -> [bool; 2] {
    [name.starts_with('t'), name.ends_with('t')]
}

/// The fastest of many rounds of each, turn by turn, in nanoseconds a call.
fn fastest<const K: usize>(multiplications: usize, calls: [&mut dyn FnMut(); K]) -> [f64; K] {
    let (repeat, rounds) =
        ((1_000_000 / multiplications).clamp(1, 1000), (1_000_000_000 / multiplications).clamp(5, 60));
    let (mut best, mut calls) = ([f64::INFINITY; K], calls);
    for _ in 0..rounds {
        for (best, call) in best.iter_mut().zip(&mut calls) {
            let start = Instant::now();
            (0..repeat).for_each(|_| call());
            *best = best.min(start.elapsed().as_nanos() as f64 / repeat as f64);
        }
    }
    best
}

fn beside_matrixmultiply(at: &str, dims: [usize; 3], name: &str) {
    let [m, k, n] = dims;
    let [ta, tb] = flags(name);
    let product: Product = match (ta, tb) {
        (false, false) => matmul,
        (false, true) => matmul_nt,
        (true, false) => matmul_tn,
        (true, true) => matmul_tt,
    };
    let (a, b, mut ours, mut theirs) = (numbers(m * k), numbers(k * n), vec![0.0; m * n], vec![0.0; m * n]);
    let a_strides = if ta { [1, m as isize] } else { [k as isize, 1] };
    let b_strides = if tb { [1, k as isize] } else { [n as isize, 1] };
    let times = fastest(
        m * k * n,
        [
            &mut || _ = product(&mut ours, black_box(&a), black_box(&b), black_box(dims)),
            // SAFETY: the slices hold the elements of the dimensions, with these strides.
            &mut || unsafe {
                let (a, b, out) = (a.as_ptr(), b.as_ptr(), theirs.as_mut_ptr());
                let ([ra, ca], [rb, cb]) = (a_strides, b_strides);
                matrixmultiply::sgemm(m, k, n, 1.0, a, ra, ca, b, rb, cb, 0.0, out, n as isize, 1);
            },
        ],
    );
    let [our_rate, their_rate] = times.map(|ns| 2.0 * (m * k * n) as f64 / ns);
    let shape = format!("{m} x {k} x {n} {name}");
    println!("{at:7} {shape:22} {:11.0} ns {our_rate:7.1} GFLOP/s   matrixmultiply {their_rate:7.1}", times[0]);
}

/// The time of the way that is chosen, relative to the fastest.
fn regret(dims: [usize; 3], name: &str) -> f64 {
    let [m, k, n] = dims;
    let (a, b, mut out) = (numbers(m * k), numbers(k * n), vec![0.0; m * n]);
    let times = Way::ALL.map(|way| {
        let call = &mut || multiply(black_box(way), &mut out, &a, &b, black_box(dims), flags(name));
        if !call() {
            return f64::INFINITY;
        }
        fastest(m * k * n, [&mut || _ = call()])[0]
    });
    let best = times.into_iter().fold(f64::INFINITY, f64::min);
    let chosen = choice(dims, flags(name));
    let regret = times[Way::ALL.iter().position(|&way| way == chosen).expect("one of all")] / best;
    if regret > 1.15 {
        println!("  {m} x {k} x {n} {name}: {chosen:?} takes {regret:.2} of the best; {times:.0?}");
    }
    regret
}

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| argument != "--bench");
    for (at, dims, name) in SHAPES.iter().filter(|(at, ..)| wanted.as_deref().is_none_or(|w| w == *at)) {
        beside_matrixmultiply(at, *dims, name);
    }
    if wanted.is_some() {
        return;
    }
    println!("\nchoices that cost more than 15 %, of {:?}:", Way::ALL);
    let sizes = [1, 2, 3, 5, 8, 13, 24, 64, 200];
    let mut regrets = Vec::new();
    for (m, k, n) in sizes.iter().flat_map(|&m| sizes.iter().flat_map(move |&k| sizes.map(move |n| (m, k, n)))) {
        regrets.extend(["nn", "nt", "tn"].map(|name| regret([m, k, n], name)));
    }
    let good = regrets.iter().filter(|&&regret| regret <= 1.15).count();
    println!("{good} of {} within 15 % of the best", regrets.len());
}

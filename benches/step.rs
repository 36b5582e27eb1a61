//! `cargo bench --bench step`: one step of the 13-13-1 network on 23 houses (forward, loss, backward, update), as the macro
//! derives it and as one writes it by hand with ndarray; medians of both in one run, turn by turn, and their ratio.

use ndarray::{Array1, Array2, Axis};
use pullback::network;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::hint::black_box;
use std::time::Instant;

include!("../tests/expanded/housing.in.rs");

const ROWS: usize = 23;
const RATE: f32 = 1e-3;
/// Steps between two looks at the clock, and how often it is looked at.
const STEPS: usize = 200;
const TURNS: usize = 301;

/// The step of a person with ndarray and a pencil.
fn by_hand(x: &Array2<f32>, y: &Array2<f32>, p: &mut housing::Params) -> f32 {
    let hidden = (x.dot(&p.w1) + &p.b1).mapv(|z| 1.0 / (1.0 + (-z).exp()));
    let error = hidden.dot(&p.w2) + &p.b2 - y;
    let d_price = &error * (2.0 / error.len() as f32);
    let d_w2 = hidden.t().dot(&d_price);
    let d_z = d_price.dot(&p.w2.t()) * &hidden * hidden.mapv(|h| 1.0 - h);
    let d_w1 = x.t().dot(&d_z);
    p.w1.scaled_add(-RATE, &d_w1);
    p.b1.scaled_add(-RATE, &d_z.sum_axis(Axis(0)));
    p.w2.scaled_add(-RATE, &d_w2);
    p.b2.scaled_add(-RATE, &d_price.sum_axis(Axis(0)));
    error.mapv(|e| e * e).mean().expect("there are houses")
}

fn derived(x: &Array2<f32>, y: &Array2<f32>, p: &mut housing::Params, workspace: &mut housing::Workspace) -> f32 {
    let (loss, g) = housing::value_and_grad_into(x, y, p, workspace);
    p.w1.scaled_add(-RATE, &g.w1);
    p.b1.scaled_add(-RATE, &g.b1);
    p.w2.scaled_add(-RATE, &g.w2);
    p.b2.scaled_add(-RATE, &g.b2);
    loss
}

/// Microseconds a step.
fn clock(mut step: impl FnMut() -> f32) -> f64 {
    let start = Instant::now();
    for _ in 0..STEPS {
        black_box(step());
    }
    start.elapsed().as_secs_f64() * 1e6 / STEPS as f64
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let x = Array2::from_shape_fn((ROWS, 13), |(i, j)| ((7 * i + 3 * j) as f32).sin());
    let y = Array1::from_shape_fn(ROWS, |i| (i as f32).cos()).insert_axis(Axis(1));
    let start = housing::Params::init(&mut StdRng::seed_from_u64(1));
    let (mut ours, mut hands, mut workspace) = (start.clone(), start, housing::Workspace::default());
    let first = [derived(&x, &y, &mut ours, &mut workspace), by_hand(&x, &y, &mut hands)];
    assert!((first[0] - first[1]).abs() < 1e-6 * first[1].abs(), "both compute the same loss: {first:?}");
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        a.push(clock(|| derived(&x, &y, &mut ours, &mut workspace)));
        b.push(clock(|| by_hand(&x, &y, &mut hands)));
    }
    let allocations = allocation_counter::measure(|| _ = derived(&x, &y, &mut ours, &mut workspace)).count_total;
    let by_hand_allocations = allocation_counter::measure(|| _ = by_hand(&x, &y, &mut hands)).count_total;
    let (a, b) = (median(&mut a), median(&mut b));
    println!("derived by #[network]    {a:8.3} us a step, {allocations} allocations");
    println!("by hand with ndarray     {b:8.3} us a step, {by_hand_allocations} allocations");
    println!("ratio                    {:8.2}", b / a);
}

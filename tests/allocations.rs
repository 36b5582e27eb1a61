//! A step allocates nothing once its workspace has grown, whatever layout its inputs come in.

use ndarray::{Array2, ShapeBuilder, s};
use pullback::network;
use pullback::optim::{Adam, AdamConfig};
use rand::SeedableRng;
use rand::rngs::StdRng;

#[path = "../runtime/benches/step/data.rs"]
mod data;
#[path = "../runtime/benches/step/derived.rs"]
mod derived;
#[path = "../runtime/benches/step/networks.rs"]
mod networks;

include!("expanded/housing.in.rs");

fn wavy(rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((7 * i + 3 * j) as f32).sin())
}

fn allocations(work: impl FnMut()) -> u64 {
    allocation_counter::measure(work).count_total
}

#[test]
fn a_step_of_housing_allocates_nothing_in_steady_state() {
    let mut params = housing::Params::init(&mut StdRng::seed_from_u64(1));
    let (x, y, mut workspace) = (wavy(23, 13), wavy(23, 1), housing::Workspace::default());
    let mut optimiser = Adam::new(AdamConfig::default());
    let mut step = || {
        let (_, gradients) = housing::value_and_grad_into(&x, &y, &params, &mut workspace);
        optimiser.step(&mut params, gradients);
    };
    assert!(allocations(&mut step) > 0, "the first step makes the workspace grow");
    assert_eq!(allocations(&mut step), 0);
}

#[test]
fn other_layouts_are_copied_into_the_workspace() {
    let params = housing::Params::init(&mut StdRng::seed_from_u64(1));
    let mut fortran = Array2::zeros((23, 13).f());
    fortran.assign(&wavy(23, 13));
    let (y, mut workspace) = (wavy(46, 1), housing::Workspace::default());
    let mut step = || {
        housing::value_and_grad_into(&fortran, y.slice(s![..;-2, ..]), &params, &mut workspace);
    };
    step();
    assert_eq!(allocations(&mut step), 0);
}

#[test]
fn a_smaller_batch_reuses_the_workspace() {
    let params = housing::Params::init(&mut StdRng::seed_from_u64(1));
    let (x, y, mut workspace) = (wavy(23, 13), wavy(23, 1), housing::Workspace::default());
    let mut step = |rows: usize| {
        let (x, y) = (x.slice(s![..rows, ..]), y.slice(s![..rows, ..]));
        housing::value_and_grad_into(x, y, &params, &mut workspace);
    };
    step(23);
    let few = allocations(|| (0..23).for_each(&mut step));
    assert_eq!(few, 0);
}

#[test]
fn a_step_of_every_workload_of_the_benchmark_allocates_nothing_in_steady_state() {
    use derived::{w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15};
    let makes = [w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15];
    for (at, make) in makes.into_iter().enumerate() {
        let mut step = make();
        step();
        assert_eq!(allocations(|| _ = step()), 0, "W{}", at + 1);
    }
}

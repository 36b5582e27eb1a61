//! Loops that are computed again on the way back, as emitted code: the same gradients with less memory, for any number of
//! turns.

use ndarray::{Array, Array2, Array3, Dimension, ShapeBuilder};
use pullback::network;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

#[network(f64)]
fn whole(x: Input<T, N, F>, h0: Input<N, H>, w: Param<F, H>, u: Param<H, H>, b: Param<H>) -> Output {
    let mut h = h0;
    let mut c = h0;
    for t in 0..T {
        let z = x.at(t).dot(w) + h.dot(u) + b;
        c = c * sigmoid(z) + tanh(z);
        h = tanh(c) * z;
    }
    sum(square(h)) + sum(c)
}

#[network(f64, checkpoint = 5)]
fn cut(x: Input<T, N, F>, h0: Input<N, H>, w: Param<F, H>, u: Param<H, H>, b: Param<H>) -> Output {
    let mut h = h0;
    let mut c = h0;
    for t in 0..T {
        let z = x.at(t).dot(w) + h.dot(u) + b;
        c = c * sigmoid(z) + tanh(z);
        h = tanh(c) * z;
    }
    sum(square(h)) + sum(c)
}

#[network(f64)]
fn block<const W: usize>(x: Input<N, W>, w: Param<W, W>) -> Output<N, W> {
    x + tanh(x.dot(w))
}

#[network(f64)]
fn stack(x: Input<N, W>, blocks: [block; 12]) -> Output {
    sum(square(blocks(x)))
}

#[network(f64, checkpoint = 4)]
fn stack_cut(x: Input<N, W>, blocks: [block; 12]) -> Output {
    sum(square(blocks(x)))
}

fn random<D: Dimension>(shape: impl ShapeBuilder<Dim = D>, seed: u64) -> Array<f64, D> {
    let mut rng = StdRng::seed_from_u64(seed);
    Array::from_shape_simple_fn(shape, || rng.random_range(-1.0..1.0))
}

fn data(turns: usize) -> (Array3<f64>, Array2<f64>) {
    (random((turns, 3, 2), 1), random((3, 4), 2))
}

fn is_close<D: Dimension>(a: &Array<f64, D>, b: &Array<f64, D>) -> bool {
    a.shape() == b.shape() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + b.abs()))
}

#[test]
fn gradients_are_those_of_the_whole_loop() {
    for turns in [0, 1, 4, 5, 17, 100] {
        let (x, h0) = data(turns);
        let params = whole::Params::init(&mut StdRng::seed_from_u64(3), 2, 4);
        let same = cut::Params { w: params.w.clone(), u: params.u.clone(), b: params.b.clone() };
        let (value, expected) = whole::value_and_grad(&x, &h0, &params);
        let (_, saved) = cut::forward(&x, &h0, &same);
        for gradients in [cut::value_and_grad(&x, &h0, &same).1, cut::backward(&x, &h0, &same, &saved, 1.0)] {
            assert!(is_close(&gradients.w, &expected.w), "{turns} turns");
            assert!(is_close(&gradients.u, &expected.u) && is_close(&gradients.b, &expected.b), "{turns} turns");
        }
        assert!((cut::value_and_grad(&x, &h0, &same).0 - value).abs() < 1e-9);
    }
}

#[test]
fn less_is_kept() {
    let (x, h0) = data(100);
    let params = whole::Params::init(&mut StdRng::seed_from_u64(3), 2, 4);
    let same = cut::Params { w: params.w.clone(), u: params.u.clone(), b: params.b.clone() };
    let (all, few) = (whole::forward(&x, &h0, &params).1.bytes(), cut::forward(&x, &h0, &same).1.bytes());
    assert!(10 * few < all, "{all} bytes, then {few}");
    let mut workspace = cut::Workspace::default();
    let mut step = || _ = cut::value_and_grad_into(&x, &h0, &same, &mut workspace);
    step();
    assert_eq!(allocation_counter::measure(step).count_total, 0);
}

#[test]
fn a_stack_keeps_what_some_of_its_networks_take() {
    let x = random((5, 3), 1);
    let params = stack::Params::init(&mut StdRng::seed_from_u64(3), 3);
    let same = stack_cut::Params { blocks: params.blocks.clone() };
    let (_, expected) = stack::value_and_grad(&x, &params);
    let (_, gradients) = stack_cut::value_and_grad(&x, &same);
    assert!((0..12).all(|k| is_close(&gradients.blocks[k].w, &expected.blocks[k].w)));
    assert!(3 * stack_cut::forward(&x, &same).1.bytes() < stack::forward(&x, &params).1.bytes());
}

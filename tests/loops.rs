//! Loops as emitted code: the same values and gradients as the steps written one after another, with one body for any number
//! of turns.

use ndarray::{Array, Array2, Array3, Dimension, ShapeBuilder};
use pullback::{ParamSet, network};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn random<D: Dimension>(shape: impl ShapeBuilder<Dim = D>, seed: u64) -> Array<f64, D> {
    let mut rng = StdRng::seed_from_u64(seed);
    Array::from_shape_simple_fn(shape, || rng.random_range(-1.0..1.0))
}

/// A long short-term memory over `T` steps (Hochreiter and Schmidhuber, 1997), and what each step says.
#[network(f64)]
fn lstm(
    x: Input<T, N, F>,
    y: Input<T, N, K>,
    h0: Input<N, H>,
    w: Param<F, { 4 * H }>,
    u: Param<H, { 4 * H }>,
    b: Param<{ 4 * H }>,
    v: Param<H, K>,
) -> Output {
    let mut h = h0;
    let mut c = h0;
    let hs = for t in 0..T {
        let z = x.at(t).dot(w) + h.dot(u) + b;
        let i = sigmoid(slice(z, axis = 1, end = H));
        let f = sigmoid(slice(z, axis = 1, start = H, end = 2 * H));
        let g = tanh(slice(z, axis = 1, start = 2 * H, end = 3 * H));
        let o = sigmoid(slice(z, axis = 1, start = 3 * H));
        c = f * c + i * g;
        h = o * tanh(c);
        h
    };
    mse(hs.dot(v), y)
}

/// The same for two steps, without a loop.
#[network(f64)]
fn unrolled(
    x: Input<2, N, F>,
    y: Input<2, N, K>,
    h0: Input<N, H>,
    w: Param<F, { 4 * H }>,
    u: Param<H, { 4 * H }>,
    b: Param<{ 4 * H }>,
    v: Param<H, K>,
) -> Output {
    let z = x.at(0).dot(w) + h0.dot(u) + b;
    let i = sigmoid(slice(z, axis = 1, end = H));
    let f = sigmoid(slice(z, axis = 1, start = H, end = 2 * H));
    let g = tanh(slice(z, axis = 1, start = 2 * H, end = 3 * H));
    let o = sigmoid(slice(z, axis = 1, start = 3 * H));
    let c = f * h0 + i * g;
    let h = o * tanh(c);
    let z = x.at(1).dot(w) + h.dot(u) + b;
    let i = sigmoid(slice(z, axis = 1, end = H));
    let f = sigmoid(slice(z, axis = 1, start = H, end = 2 * H));
    let g = tanh(slice(z, axis = 1, start = 2 * H, end = 3 * H));
    let o = sigmoid(slice(z, axis = 1, start = 3 * H));
    let c = f * c + i * g;
    let last = o * tanh(c);
    mse(stack(h, last).dot(v), y)
}

fn params() -> (lstm::Params, unrolled::Params) {
    let mut looped = lstm::Params::zeros(3, 4, 2);
    let mut flat = unrolled::Params::zeros(3, 4, 2);
    for k in 0..looped.count() {
        let values = random(looped.array(k).raw_dim(), k as u64);
        looped.array_mut(k).assign(&values);
        flat.array_mut(k).assign(&values);
    }
    (looped, flat)
}

fn data(steps: usize) -> (Array3<f64>, Array3<f64>, Array2<f64>) {
    (random((steps, 5, 3), 11), random((steps, 5, 2), 12), random((5, 4), 13))
}

#[test]
fn a_loop_is_its_steps_one_after_another() {
    let (looped, flat) = params();
    let (x, y, h0) = data(2);
    let (value, gradients) = lstm::value_and_grad(&x, &y, &h0, &looped);
    let (expected, wanted) = unrolled::value_and_grad(&x, &y, &h0, &flat);
    assert!((value - expected).abs() < 1e-14, "{value} in place of {expected}");
    for k in 0..gradients.count() {
        let difference = (&gradients.array(k) - &wanted.array(k)).mapv(f64::abs);
        assert!(difference.iter().all(|d| *d < 1e-13), "{}: {difference}", gradients.path(k));
    }
}

#[test]
fn the_gradients_of_many_turns_agree_with_differences() {
    let (mut looped, _) = params();
    let (x, y, h0) = data(25);
    let (_, gradients) = lstm::value_and_grad(&x, &y, &h0, &looped);
    let (_, saved) = lstm::forward(&x, &y, &h0, &looped);
    assert_eq!(lstm::backward(&x, &y, &h0, &looped, &saved, 1.0), gradients);
    for k in 0..looped.count() {
        let at: Vec<usize> = looped.array(k).shape().iter().map(|n| n / 2).collect();
        let mut value = |by: f64| {
            looped.array_mut(k)[&at[..]] += by;
            let value = lstm(&x, &y, &h0, &looped);
            looped.array_mut(k)[&at[..]] -= by;
            value
        };
        let numeric = (value(1e-5) - value(-1e-5)) / 2e-5;
        let derived = gradients.array(k)[&at[..]];
        assert!((numeric - derived).abs() < 1e-8, "{}: {derived} in place of {numeric}", gradients.path(k));
    }
}

#[test]
fn no_turns_leave_what_was_carried() {
    let (looped, _) = params();
    let (x, y, h0) = data(0);
    let (value, gradients) = lstm::value_and_grad(&x, &y, &h0, &looped);
    assert!(value.is_nan() && gradients.w.iter().all(|g| *g == 0.0));
}

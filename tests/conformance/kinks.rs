//! The conventions at kinks: relu'(0) = 0, abs'(0) = 0, ties split evenly. The cases pass any subgradient, and with a
//! wide tolerance; what the project promises is one of them, exactly.
use ndarray::{Array1, arr1};
use pullback::network;

#[network(f64, wrt(x))]
pub fn rectified(x: Input<N>) -> Output<N> {
    relu(x)
}

#[network(f64, wrt(x))]
pub fn magnitude(x: Input<N>) -> Output<N> {
    x.abs()
}

#[network(f64, wrt(x, y))]
pub fn larger(x: Input<N>, y: Input<N>) -> Output<N> {
    max(x, y)
}

#[network(f64, wrt(x, y))]
pub fn smaller(x: Input<N>, y: Input<N>) -> Output<N> {
    min(x, y)
}

fn around_zero() -> Array1<f64> {
    arr1(&[-1.0, -1e-30, -0.0, 0.0, 1e-30, 1.0])
}

fn twos() -> Array1<f64> {
    Array1::from_elem(6, 2.0)
}

#[test]
fn relu_is_flat_at_zero() {
    let (x, params) = (around_zero(), rectified::Params {});
    let (_, saved) = rectified::forward(&x, &params);
    assert_eq!(rectified::backward(&x, &params, &saved, &twos()).x, arr1(&[0.0, 0.0, 0.0, 0.0, 2.0, 2.0]));
}

#[test]
fn abs_is_flat_at_zero() {
    let (x, params) = (around_zero(), magnitude::Params {});
    let (_, saved) = magnitude::forward(&x, &params);
    assert_eq!(magnitude::backward(&x, &params, &saved, &twos()).x, arr1(&[-2.0, -2.0, 0.0, 0.0, 2.0, 2.0]));
}

#[test]
fn ties_are_split_evenly() {
    let (x, y) = (around_zero(), arr1(&[-1.0, 0.0, 0.0, -0.0, 0.0, 3.0]));
    let (larger_params, smaller_params) = (larger::Params {}, smaller::Params {});
    let (_, saved) = larger::forward(&x, &y, &larger_params);
    let of_larger = larger::backward(&x, &y, &larger_params, &saved, &twos());
    assert_eq!(of_larger.x, arr1(&[1.0, 0.0, 1.0, 1.0, 2.0, 0.0]));
    assert_eq!(of_larger.y, arr1(&[1.0, 2.0, 1.0, 1.0, 0.0, 2.0]));
    let (_, saved) = smaller::forward(&x, &y, &smaller_params);
    let of_smaller = smaller::backward(&x, &y, &smaller_params, &saved, &twos());
    assert_eq!((of_smaller.x, of_smaller.y), (of_larger.y, of_larger.x));
}

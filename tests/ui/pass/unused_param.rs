// The gradient of an unused parameter is zero, of its shape.
#![deny(warnings)]

use pullback::network;

#[network]
fn f(x: Input<N>, w: Param<N, 2>) -> Output {
    sum(x)
}

fn main() {
    let x = pullback::ndarray::arr1(&[1.0, 2.0]);
    let params = f::Params { w: pullback::ndarray::arr2(&[[1.0, 1.0], [1.0, 1.0]]) };
    let (value, gradients) = f::value_and_grad(&x, &params);
    assert_eq!((value, gradients.w), (3.0, pullback::ndarray::Array2::zeros((2, 2))));
}

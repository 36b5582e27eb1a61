// Whoever uses a network with a mistake in its shapes gets no errors of their own.
use pullback::network;

use pullback::ndarray::{Array1, Array2};

#[network(wrt(x))]
fn f(x: Input<N, 3>, w: Param<4>) -> Output<N> {
    x.dot(w)
}

pub fn step(x: &Array2<f32>, params: &f::Params) -> Array1<f32> {
    let (y, saved) = f::forward(x, params);
    let gradients = f::backward(x, params, &saved, &y);
    gradients.w
}

fn main() {}

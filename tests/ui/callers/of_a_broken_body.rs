// Whoever uses a network with a mistake in its body gets no errors of their own.
use pullback::network;

use pullback::ndarray::Array2;

#[network]
fn f(x: Input<N, K>, w: Param<K>) -> Output {
    sum(x * w) % 2
}

pub fn step(x: &Array2<f32>, params: &f::Params) -> (f32, f::Gradients) {
    let y: f32 = f(x, params);
    let (value, gradients) = f::value_and_grad(x, params);
    (y + value + params.w[0], gradients)
}

fn main() {}

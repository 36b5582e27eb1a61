//! What is passed has the shape that the bound generics say.
use pullback::network;

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[network]
fn f(x: Input<N, 3>, layer: dense<4, 4>) -> Output<N, 4> {
    let h = tanh(x);
    layer(h)
}

fn main() {}

//! A group has one size, which its first call says.
use pullback::network;

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[network]
fn f(x: Input<N, 3>, y: Input<N, 4>, layer: dense) -> Output {
    sum(layer(x)) + sum(layer(y))
}

fn main() {}

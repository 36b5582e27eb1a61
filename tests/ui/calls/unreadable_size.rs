//! A size of a group that no axis of its parameters decides.
use pullback::network;

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[network]
fn f(x: Input<N, 3>, layer: dense<3, { H / 2 }>) -> Output {
    sum(layer(x))
}

fn main() {}

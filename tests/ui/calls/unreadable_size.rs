//! A size that stands alone in no parameter of a group.
use pullback::network;

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[network]
fn f(x: Input<N, 3>, layer: dense<3, { 2 * H }>) -> Output {
    sum(layer(x))
}

fn main() {}

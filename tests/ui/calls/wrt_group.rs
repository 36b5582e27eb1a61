//! The gradients of a group need not be asked for.
use pullback::network;

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[network(wrt(layer))]
fn f(x: Input<N, 3>, layer: dense<3, 4>) -> Output<N, 4> {
    layer(x)
}

fn main() {}

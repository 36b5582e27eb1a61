//! What is passed has as many axes as the network says.
use pullback::network;

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[network]
fn f(x: Input<3>, layer: dense<3, 4>) -> Output<4> {
    layer(x)
}

fn main() {}

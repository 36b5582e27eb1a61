//! A network with parameters needs a place for them.
use pullback::network;

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[network]
fn f(x: Input<N, 3>) -> Output<N, 4> {
    dense(x)
}

fn main() {}

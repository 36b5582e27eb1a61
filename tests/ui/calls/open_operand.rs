//! A size that no call decides is no other size.
use pullback::network;

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[network]
fn f(x: Input<N, 13>, hidden: dense) -> Output<N, 13> {
    let h: Output<N, 13> = x + hidden(x);
    h
}

fn main() {}

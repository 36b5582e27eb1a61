//! A size that no call decides is none that is declared.
use pullback::network;

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[network]
fn f(x: Input<N, 13>, hidden: dense, price: dense) -> Output<N, 1> {
    price(sigmoid(hidden(x)))
}

fn main() {}

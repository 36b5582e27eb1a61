//! The mistake is told once, where it stands.
use pullback::network;

#[network]
fn dense(x: Input<N, I>, w: Param<O, I>) -> Output<N, O> {
    x.dot(w)
}

#[network]
fn f(x: Input<N, 3>, layer: dense) -> Output {
    sum(layer(x))
}

#[network]
fn g(x: Input<N, 3>, inner: f) -> Output {
    inner(x)
}

fn main() {}

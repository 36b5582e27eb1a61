//! The mistake is told once, where it stands.
use pullback::network;

#[network]
fn dense(x: Input<N, I>, w: Param<I, O>) -> Output<N, O> {
    match 1 { _ => x.dot(w) }
}

#[network]
fn f(x: Input<N, 3>, layer: dense) -> Output {
    sum(layer(x))
}

fn main() {}

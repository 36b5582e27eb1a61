//! A vector has no fans.
use pullback::network;

#[network]
fn f(x: Input<N, I>, #[init(he)] b: Param<I>) -> Output<N, I> {
    x + b
}

fn main() {}

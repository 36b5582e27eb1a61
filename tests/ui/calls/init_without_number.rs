//! An initialiser without its number.
use pullback::network;

#[network]
fn f(x: Input<N, I>, #[init(normal)] w: Param<I, O>) -> Output<N, O> {
    x.dot(w)
}

fn main() {}

//! An initialiser that does not exist.
use pullback::network;

#[network]
fn f(x: Input<N, I>, #[init(orthogonl)] w: Param<I, O>) -> Output<N, O> {
    x.dot(w)
}

fn main() {}

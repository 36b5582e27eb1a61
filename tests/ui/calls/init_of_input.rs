//! Only parameters are initialised.
use pullback::network;

#[network]
fn f(#[init(he)] x: Input<N, I>, w: Param<I, O>) -> Output<N, O> {
    x.dot(w)
}

fn main() {}

//! A network without const generics binds none.
use pullback::network;

#[network]
fn plain(x: Input<N, I>, w: Param<I, O>) -> Output<N, O> {
    x.dot(w)
}

#[network]
fn f(x: Input<N, 3>, layer: plain<3, 4>) -> Output<N, 4> {
    layer(x)
}

fn main() {}

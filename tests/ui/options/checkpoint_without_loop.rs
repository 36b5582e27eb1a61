//! Only loops are computed in segments.
use pullback::network;

#[network(checkpoint = 5)]
fn f(x: Input<N>, w: Param) -> Output {
    sum(x * w)
}

fn main() {}

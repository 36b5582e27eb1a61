//! A mask is data: `select` takes an element of one or the other.
use pullback::network;

#[network]
fn f(x: Input<N>, m: Mask<N>) -> Output<N> {
    if m { x } else { -x }
}

fn main() {}

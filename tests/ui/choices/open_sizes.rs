//! Of two names, none is known to be the greater.
use pullback::network;

#[network]
fn f(x: Input<N, K>) -> Output<N, K> {
    if N < K { x } else { -x }
}

fn main() {}

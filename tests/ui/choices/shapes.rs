//! Both branches on a flag have one shape.
use pullback::network;

#[network]
fn f(x: Input<N, K>, flag: Mask) -> Output<N, K> {
    if flag { x } else { sum(x, axis = 1) }
}

fn main() {}

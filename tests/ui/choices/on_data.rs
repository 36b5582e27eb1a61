// `if` has no derivative.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    if sum(x) > 0.0 { x } else { -x }
}

fn main() {}

// A range is no argument: the operation is named.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    x.slice(0..2)
}

fn main() {}

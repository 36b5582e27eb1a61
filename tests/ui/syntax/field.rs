// A value has no fields.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    x.shape
}

fn main() {}

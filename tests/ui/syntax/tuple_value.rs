// A tuple stands only as the result.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let pair = (x, w);
    x
}

fn main() {}

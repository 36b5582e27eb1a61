// A surplus argument is underlined.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    sigmoid(x, w)
}

fn main() {}

// The nearest operation is suggested.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    x.dott(w) + b
}

fn main() {}

// The nearest name is suggested.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    sigmoid(x.dot(w2) + b)
}

fn main() {}

// A statement that does nothing is a mistake.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    sigmoid(w);
    tanh(x)
}

fn main() {}

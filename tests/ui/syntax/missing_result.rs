// A model ends with a value.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let h = tanh(x);
}

fn main() {}

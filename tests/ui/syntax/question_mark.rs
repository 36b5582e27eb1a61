// No operation can fail, so there is no `?`.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    tanh(x)?
}

fn main() {}

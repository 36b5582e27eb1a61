// A loop is no part of a model.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    for _ in 0..n {
        tanh(x);
    }
    x
}

fn main() {}

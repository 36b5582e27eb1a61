// Brackets behind a value are no part of a model.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    x[0]
}

fn main() {}

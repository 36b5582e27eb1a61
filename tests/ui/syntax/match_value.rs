// `match` is no part of a model.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    match x {
        y => y,
    }
}

fn main() {}

// `^` is no power in Rust.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    x ^ 2
}

fn main() {}

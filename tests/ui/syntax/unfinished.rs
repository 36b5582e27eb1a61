// rustc reports what is no Rust, and nobody else does.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    x.dot(w) +
}

fn main() {}

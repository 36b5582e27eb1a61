// The options of the operation are listed.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let h = sum(x, axes = 1);
    x.dot(w) + b
}

fn main() {}

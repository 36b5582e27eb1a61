// A binding is immutable.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let mut h = x.dot(w);
    h
}

fn main() {}

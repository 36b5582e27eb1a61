// The last expression is the result, without `return`.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    return x.dot(w);
}

fn main() {}

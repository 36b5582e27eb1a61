// A `;` after the result loses it.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    x.dot(w) + b;
}

fn main() {}

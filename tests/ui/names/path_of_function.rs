// An operation is a plain name.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    f64::exp(x)
}

fn main() {}

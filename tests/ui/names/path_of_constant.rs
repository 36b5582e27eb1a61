// A value is a plain name.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    std::f64::consts::PI * x
}

fn main() {}

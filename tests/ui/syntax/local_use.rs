// An item stands outside of the model.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    use std::f64::consts::PI;
    PI * x
}

fn main() {}

// An item stands outside of the model.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    const K: f64 = 0.5;
    K * x
}

fn main() {}

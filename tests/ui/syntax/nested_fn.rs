// An item stands outside of the model.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    fn g(v: f32) -> f32 {
        v
    }
    g(x)
}

fn main() {}

// An operation has no type arguments.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    sum::<f64>(x)
}

fn main() {}

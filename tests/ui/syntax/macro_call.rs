// A macro cannot be called in a model.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    println!("{}", x);
    x
}

fn main() {}

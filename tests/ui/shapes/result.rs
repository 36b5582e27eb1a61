// The result has the declared shape.
use pullback::network;

#[network]
fn f(x: Input<N, K>) -> Output<K, N> {
    x
}

fn main() {}

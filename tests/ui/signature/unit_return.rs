// A model returns an array or a scalar.
use pullback::network;

#[network]
fn f(x: Input<N>) -> () {
    x
}

fn main() {}

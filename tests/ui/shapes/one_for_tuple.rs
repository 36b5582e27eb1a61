// A model that declares two results returns two.
use pullback::network;

#[network]
fn f(x: Input<N>) -> (Output<N>, Output<N>) {
    x
}

fn main() {}

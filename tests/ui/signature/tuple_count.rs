// As many values are returned as are declared.
use pullback::network;

#[network]
fn f(x: Input<N>) -> (Output<N>, Output<N>) {
    (x, x, x)
}

fn main() {}

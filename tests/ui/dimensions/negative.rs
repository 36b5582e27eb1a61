// No dimension is negative.
use pullback::network;

#[network]
fn f(x: Input<N, -1>) -> Output<N> {
    x
}

fn main() {}

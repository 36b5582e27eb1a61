// Argument names are distinct.
use pullback::network;

#[network]
fn f(x: Input<N>, x: Param<N>) -> Output<N> {
    x
}

fn main() {}

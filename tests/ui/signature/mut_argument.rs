// An argument is immutable.
use pullback::network;

#[network]
fn f(mut x: Input<N>) -> Output<N> {
    x
}

fn main() {}

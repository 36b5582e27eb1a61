// A dimension's name says which axis only where it occurs once.
use pullback::network;

#[network]
fn f(x: Input<N, N>) -> Output<N> {
    sum(x, axis = N)
}

fn main() {}

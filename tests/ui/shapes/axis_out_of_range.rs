// An axis is one of the value's.
use pullback::network;

#[network]
fn f(x: Input<N, K>) -> Output<N> {
    sum(x, axis = 2)
}

fn main() {}

// An axis is a whole number.
use pullback::network;

#[network]
fn f(x: Input<N, K>) -> Output<N> {
    sum(x, axis = 0.5)
}

fn main() {}

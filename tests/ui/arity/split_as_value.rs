// Several values are no value.
use pullback::network;

#[network]
fn f(x: Input<N, 4>) -> Output<N, 2> {
    tanh(split(x, parts = 2, axis = 1))
}

fn main() {}

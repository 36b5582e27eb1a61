//! Operations give one value.
use pullback::network;

#[network]
fn f(x: Input<N>) -> Output<N> {
    let (a, b) = tanh(x);
    a + b
}

fn main() {}

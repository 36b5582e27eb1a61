// A model may have the name of an operation.
#![deny(warnings)]

use pullback::network;

#[network]
fn tanh(x: Input<N>, w: Param<N>) -> Output<N> {
    tanh(x) * w
}

fn main() {}

// A model may do nothing.
#![deny(warnings)]

use pullback::network;

#[network(wrt(x))]
fn f(x: Input<N>) -> Output<N> {
    x
}

fn main() {}

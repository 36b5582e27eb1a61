// Superfluous semicolons, parentheses and blocks mean nothing.
#![deny(warnings)]

use pullback::network;

#[network]
fn f(x: Input<N>) -> ((Output<N>)) {
    /// The hidden layer.
    let h = (({ x }));;
    {
        h
    }
}

fn main() {}

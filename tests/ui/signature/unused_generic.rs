// A generic dimension occurs in an argument.
use pullback::network;

#[network]
fn f<const N: usize>(x: Input<A, B>) -> Output<A, B> {
    x
}

fn main() {}

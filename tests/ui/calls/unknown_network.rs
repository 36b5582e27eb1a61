//! A name that is near nothing is left to rustc.
use pullback::network;

#[network]
fn f(x: Input<N, 3>) -> Output<N, 3> {
    quantise(x)
}

fn main() {}

//! A function that is no network.
use pullback::network;

fn quantise(x: f32) -> f32 {
    x
}

#[network]
fn f(x: Input<N, 3>) -> Output<N, 3> {
    quantise(quantise(x))
}

fn main() {}

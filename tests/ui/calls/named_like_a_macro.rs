//! Rust has a macro of this name.
use pullback::network;

#[network]
fn f(x: Input<N>, model: vec) -> Output<N> {
    model(x)
}

fn main() {}

//! A network that is made of itself.
use pullback::network;

#[network]
fn f(x: Input<N>, inner: f) -> Output<N> {
    inner(x)
}

fn main() {}

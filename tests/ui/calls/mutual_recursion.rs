//! Two networks that are made of each other.
use pullback::network;

#[network]
fn ping(x: Input<N>, inner: pong) -> Output<N> {
    inner(x)
}

#[network]
fn pong(x: Input<N>, inner: ping) -> Output<N> {
    inner(x)
}

fn main() {}

//! A network that calls itself.
use pullback::network;

#[network]
fn f(x: Input<N>) -> Output<N> {
    self::f(x)
}

fn main() {}

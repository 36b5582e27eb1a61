//! A tuple is taken apart with `let`.
use pullback::network;

#[network]
fn pair(x: Input<N>) -> (Output<N>, Output<N>) {
    (x, tanh(x))
}

#[network]
fn f(x: Input<N>) -> Output<N> {
    self::pair(x) + x
}

fn main() {}

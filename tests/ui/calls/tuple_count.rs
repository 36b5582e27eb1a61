//! A tuple has as many values as its network returns.
use pullback::network;

#[network]
fn pair(x: Input<N>) -> (Output<N>, Output<N>) {
    (x, tanh(x))
}

#[network]
fn f(x: Input<N>) -> Output<N> {
    let (a, b, c) = self::pair(x);
    a + b + c
}

fn main() {}

// Two sizes have the same half.
use pullback::network;

#[network]
fn f(x: Input<N>, w: Param<N, {H / 2}>) -> Output<N> {
    x
}

#[network]
fn g(x: Input<N, {A * K}>) -> Output<N> {
    sum(x, axis = 1)
}

fn main() {}

// A dimension is divided by a number alone.
use pullback::network;

#[network]
fn f(x: Input<N, M, {N / M}>) -> Output<N, M> {
    sum(x, axis = 2)
}

#[network]
fn g(x: Input<N>, y: Input<{N / 0}>) -> Output<N> {
    x
}

fn main() {}

// Dimensions are polynomials.
use pullback::network;

#[network]
fn f(x: Input<N, {N / 2}>) -> Output<N> {
    x
}

fn main() {}

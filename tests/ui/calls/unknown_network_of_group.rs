//! A type that is near no kind is left to rustc.
use pullback::network;

#[network]
fn f(x: Input<N, 3>, layer: dens<3, 4>) -> Output<N, 4> {
    layer(x)
}

fn main() {}

//! A path that leads nowhere is left to rustc.
use pullback::network;

#[network]
fn f(x: Input<N, 3>) -> Output<N, 3> {
    self::layers::dense(x)
}

fn main() {}

// Whole numbers are numbers, and a half is a half.
#![deny(warnings)]

use pullback::network;

#[network]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    1 / 2 * x + 2.0f32 * w - 0x10 + 1e-3 - 1_000.5 * x.powi(2)
}

fn main() {}

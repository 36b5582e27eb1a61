// An axis is counted from the end where it is negative, and may go by its name.
#![deny(warnings)]

use pullback::network;

#[network]
fn f(x: Input<N, K>) -> (Output<N>, Output<N>, Output<N, 1>) {
    (sum_axis(x, -1), x.sum_axis(Axis(1)), sum(x, axis = K, keepdims = true))
}

fn main() {}

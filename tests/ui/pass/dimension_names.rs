// A dimension may have the name of an argument, or of anything else.
#![deny(warnings)]

use pullback::network;

#[network]
fn f(N: Input<N, i>, i: Param<i, len>, len: Param<len>) -> Output<N, len> {
    N.dot(i) + len
}

fn main() {}

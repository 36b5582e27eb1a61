// Other attributes stay on the function.
#![deny(warnings)]

use pullback::network;

/// Documentation.
#[network]
#[inline(never)]
#[allow(clippy::needless_pass_by_value)]
#[must_use]
pub fn f(x: Input<N>) -> Output<N> {
    tanh(x)
}

fn main() {}

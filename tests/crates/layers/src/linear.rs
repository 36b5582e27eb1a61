//! Networks with parameters.

use pullback::network;

/// One layer of neurons: a weighted sum and a bias.
#[network]
pub fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

/// A layer and what it squares to.
#[network]
pub fn pair<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>) -> (Output<N, O>, Output<N, O>) {
    let z = x.dot(w);
    (z, square(z))
}

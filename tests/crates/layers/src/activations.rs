//! Networks without parameters.

use pullback::network;

/// Between a line and its positive part.
#[network]
pub fn swish(x: Input<N, H>) -> Output<N, H> {
    let gate = sigmoid(x);
    x * gate
}

/// The sign, through which a gradient goes straight where the number is small.
#[network(gradient(x = select(abs(x) < 1, dy, 0)))]
pub fn hard_sign(x: Input<N, K>) -> Output<N, K> {
    sign(x)
}

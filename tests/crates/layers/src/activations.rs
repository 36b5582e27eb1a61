//! Networks without parameters.

use pullback::network;

/// Between a line and its positive part.
#[network]
pub fn swish(x: Input<N, H>) -> Output<N, H> {
    let gate = sigmoid(x);
    x * gate
}

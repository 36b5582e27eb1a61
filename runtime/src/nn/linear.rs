//! Weighted sums, and what is made of a few of them.

use crate::network;

/// A layer of neurons: `y = x·w + b`.
///
/// `w [I, O]` starts as Glorot's uniform distribution, `b [O]` as zeros.
#[network]
pub fn dense<const I: usize, const O: usize>(
    x: Input<N, I>,
    #[init(glorot)] w: Param<I, O>,
    b: Param<O>,
) -> Output<N, O> {
    x.dot(w) + b
}

/// Two layers with a rectifier between them: `y = relu(x·w₁ + b₁)·w₂ + b₂`.
///
/// The hidden layer starts as He's distribution, which the rectifier asks for; the other one as [`dense`].
#[network]
pub fn mlp<const I: usize, const H: usize, const O: usize>(
    x: Input<N, I>,
    hidden: rectified<I, H>,
    out: dense<H, O>,
) -> Output<N, O> {
    out(hidden(x))
}

/// A layer in front of a rectifier: `y = relu(x·w + b)`; `w [I, O]` starts as He's distribution, `b [O]` as zeros.
#[network]
pub fn rectified<const I: usize, const O: usize>(
    x: Input<N, I>,
    #[init(he)] w: Param<I, O>,
    b: Param<O>,
) -> Output<N, O> {
    relu(x.dot(w) + b)
}

/// A gated linear unit: `y = (x·w₁ + b₁) · σ(x·w₂ + b₂)`, both layers as [`dense`].
///
/// Source: Dauphin, Fan, Auli & Grangier, "Language Modeling with Gated Convolutional Networks", ICML 2017.
#[network]
pub fn glu<const I: usize, const O: usize>(x: Input<N, I>, value: dense<I, O>, gate: dense<I, O>) -> Output<N, O> {
    value(x) * sigmoid(gate(x))
}

//! Weighted sums, and what is made of a few of them.

use crate::network;

/// A layer of neurons: `y = x·w + b`.
///
/// `w [I, O]` starts as Glorot's uniform distribution, `b [O]` as zeros.
#[network(part)]
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
#[network(part)]
pub fn mlp<const I: usize, const H: usize, const O: usize>(
    x: Input<N, I>,
    hidden: rectified<I, H>,
    out: dense<H, O>,
) -> Output<N, O> {
    out(hidden(x))
}

/// A layer in front of a rectifier: `y = relu(x·w + b)`; `w [I, O]` starts as He's distribution, `b [O]` as zeros.
#[network(part)]
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
#[network(part)]
pub fn glu<const I: usize, const O: usize>(x: Input<N, I>, value: dense<I, O>, gate: dense<I, O>) -> Output<N, O> {
    value(x) * sigmoid(gate(x))
}

/// Half of the elements become 0 in training, and the others twice as large: `y = x · m`, where every element of `m` is 0
/// or 2 with even chances. In inference, `y = x`.
///
/// There are no parameters. `m` is a function of the seed, of the call and of the element's position: one seed gives one
/// mask, there and back; every call in a network, every turn of a loop and every network of a stack has a mask of its own.
/// Other shares than a half, and arrays of other ranks, are the operation's: `dropout(x, seed, p = 0.1)`.
///
/// Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 2014, inverted as in
/// PyTorch.
#[network(part)]
pub fn dropout(x: Input<N, H>, seed: Random) -> Output<N, H> {
    dropout(x, seed, p = 0.5)
}

/// A [`rectified`] layer and [`dropout`] behind it: `y = relu(x·w + b) · m`; `w [I, O]` starts as He's distribution, `b [O]`
/// as zeros.
#[network(part)]
pub fn dropped<const I: usize, const O: usize>(x: Input<N, I>, seed: Random, layer: rectified<I, O>) -> Output<N, O> {
    self::dropout(layer(x), seed)
}

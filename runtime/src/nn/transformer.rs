//! Attention over one sequence, a row a position, and the block around it.

use super::linear::dense;
use super::norm::layer_norm;
use crate::network;

/// A vector for each symbol: row `tokens[i]` of `table`.
///
/// `table [V, D]` starts as a normal distribution with a standard deviation of 0.02.
#[network]
pub fn embedding<const V: usize, const D: usize>(
    tokens: Index<T>,
    #[init(normal(0.02))] table: Param<V, D>,
) -> Output<T, D> {
    gather(table, tokens)
}

/// Attention of a sequence to itself, with one head: `y = softmax(q·kᵀ / √D)·v·w + b`, where `q`, `k` and `v` are layers
/// of `x`; all four layers as [`dense`].
///
/// Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, equation 1.
#[network]
pub fn self_attention<const D: usize>(
    x: Input<T, D>,
    query: dense<D, D>,
    key: dense<D, D>,
    value: dense<D, D>,
    out: dense<D, D>,
) -> Output<T, D> {
    out(attention(query(x), key(x), value(x)))
}

/// Two layers with a `gelu` between them, both as [`dense`].
#[network]
pub fn feed_forward<const D: usize, const H: usize>(
    x: Input<T, D>,
    up: dense<D, H>,
    down: dense<H, D>,
) -> Output<T, D> {
    down(gelu(up(x)))
}

/// Attention and two layers, each behind a normalisation and beside a path that leaves `x` as it is:
/// `a = x + attention(norm₁(x))`, `y = a + forward(norm₂(a))`.
///
/// Source: Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020 (Pre-LN).
#[network]
pub fn transformer_block<const D: usize, const H: usize>(
    x: Input<T, D>,
    before: layer_norm<D>,
    attention: self_attention<D>,
    between: layer_norm<D>,
    forward: feed_forward<D, H>,
) -> Output<T, D> {
    let a = x + attention(before(x));
    a + forward(between(a))
}

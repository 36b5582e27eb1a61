//! Attention over sequences, a row a position, and the block around it.

use super::linear::dense;
use super::norm::layer_norm;
use crate::network;

/// A vector for each symbol: row `tokens[i]` of `table`.
///
/// `table [V, D]` starts as a normal distribution with a standard deviation of 0.02.
#[network(part)]
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
#[network(part)]
pub fn self_attention<const D: usize>(
    x: Input<T, D>,
    query: dense<D, D>,
    key: dense<D, D>,
    value: dense<D, D>,
    out: dense<D, D>,
) -> Output<T, D> {
    out(attention(query(x), key(x), value(x)))
}

/// A layer of neurons for each of `A` heads: `y = x·w + b`, where every position of every head has `K` numbers.
///
/// `w [D, A·K]` starts as Glorot's uniform distribution, `b [A, K]` as zeros.
#[network(part)]
pub fn heads<const D: usize, const A: usize, const K: usize>(
    x: Input<N, T, D>,
    #[init(glorot)] w: Param<D, { A * K }>,
    #[init(zeros)] b: Param<A, K>,
) -> Output<N, A, T, K> {
    permute(reshape(x.dot(w), [N, T, A, K]) + b, [0, 2, 1, 3])
}

/// Attention of each of `N` sequences to itself, with `A` heads of `K` numbers: `y = [softmax(qₐ·kₐᵀ / √K)·vₐ]·w + b`, where
/// `[..]` joins the heads.
///
/// `q`, `k` and `v` are [`heads`] of `x`, the last layer is [`dense`].
///
/// Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.2.
#[network(part)]
pub fn multi_head_attention<const D: usize, const A: usize, const K: usize>(
    x: Input<N, T, D>,
    query: heads<D, A, K>,
    key: heads<D, A, K>,
    value: heads<D, A, K>,
    out: dense<{ A * K }, D>,
) -> Output<N, T, D> {
    let seen = attention(query(x), key(x), value(x));
    let joined = reshape(permute(seen, [0, 2, 1, 3]), [N * T, -1]);
    reshape(out(joined), [N, T, D])
}

/// As [`multi_head_attention`], where no position sees a later one: `y = [softmax(qₐ·kₐᵀ / √K + m)·vₐ]·w + b`, with
/// `mᵢⱼ = −∞` for `j > i`, else 0.
///
/// `query`, `key` and `value` are [`heads`] of `x`: `w [D, A·K]` from Glorot's uniform distribution, `b [A, K]` zeros; `out` is
/// [`dense`]: `w [A·K, D]`, `b [D]`.
///
/// Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.3.
#[network(part)]
pub fn causal_attention<const D: usize, const A: usize, const K: usize>(
    x: Input<N, T, D>,
    query: heads<D, A, K>,
    key: heads<D, A, K>,
    value: heads<D, A, K>,
    out: dense<{ A * K }, D>,
) -> Output<N, T, D> {
    let seen = attention(query(x), key(x), value(x), causal = true);
    let joined = reshape(permute(seen, [0, 2, 1, 3]), [N * T, -1]);
    reshape(out(joined), [N, T, D])
}

/// Two layers with a `gelu` between them, both as [`dense`].
#[network(part)]
pub fn feed_forward<const D: usize, const H: usize>(
    x: Input<T, D>,
    up: dense<D, H>,
    down: dense<H, D>,
) -> Output<T, D> {
    down(gelu(up(x)))
}

/// Attention and two layers, each behind a normalisation and beside a path that leaves `x` as it is:
/// `a = x + attention(norm₁(x))`, `y = a + forward(norm₂(a))`, for each of `N` sequences.
///
/// There are `A` heads of `K` numbers, and `H` neurons between the two layers.
///
/// Source: Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020 (Pre-LN).
#[network(part)]
pub fn transformer_block<const D: usize, const A: usize, const K: usize, const H: usize>(
    x: Input<N, T, D>,
    before: layer_norm<D>,
    attention: multi_head_attention<D, A, K>,
    between: layer_norm<D>,
    forward: feed_forward<D, H>,
) -> Output<N, T, D> {
    let rows = reshape(x, [N * T, D]);
    let seen = attention(reshape(before(rows), [N, T, D]));
    let a = rows + reshape(seen, [N * T, D]);
    reshape(a + forward(between(a)), [N, T, D])
}

/// As [`transformer_block`], with [`causal_attention`]: what language models are made of.
///
/// Its parameters are those of [`layer_norm`], [`causal_attention`], [`layer_norm`] and [`feed_forward`], and start as theirs.
///
/// Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (GPT-2), 2019, section 2.3.
#[network(part)]
pub fn causal_block<const D: usize, const A: usize, const K: usize, const H: usize>(
    x: Input<N, T, D>,
    before: layer_norm<D>,
    attention: causal_attention<D, A, K>,
    between: layer_norm<D>,
    forward: feed_forward<D, H>,
) -> Output<N, T, D> {
    let rows = reshape(x, [N * T, D]);
    let seen = attention(reshape(before(rows), [N, T, D]));
    let a = rows + reshape(seen, [N * T, D]);
    reshape(a + forward(between(a)), [N, T, D])
}

/// As [`causal_block`], with a tenth of the elements dropped in training where a path joins the one that leaves `x` as it is:
/// `a = x + m₁ · attention(norm₁(x))`, `y = a + m₂ · forward(norm₂(a))`, where every element of `m₁` and `m₂` is 0 with a
/// chance of 0.1, else 1 / 0.9. In inference, they are 1.
///
/// In a stack, `blocks(x, seed)`, every block has masks of its own.
///
/// Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 5.4, "residual dropout".
#[network(part)]
pub fn dropped_causal_block<const D: usize, const A: usize, const K: usize, const H: usize>(
    x: Input<N, T, D>,
    seed: Random,
    before: layer_norm<D>,
    attention: causal_attention<D, A, K>,
    between: layer_norm<D>,
    forward: feed_forward<D, H>,
) -> Output<N, T, D> {
    let rows = reshape(x, [N * T, D]);
    let seen = attention(reshape(before(rows), [N, T, D]));
    let a = rows + dropout(reshape(seen, [N * T, D]), seed, p = 0.1);
    reshape(a + dropout(forward(between(a)), seed, p = 0.1), [N, T, D])
}

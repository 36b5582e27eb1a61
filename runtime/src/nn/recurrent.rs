//! Recurrent networks: cells, from an input and a state to the next state, and the sequences that they make.

use crate::network;

/// What every gate computes: `y = x·w + h·u + b`.
///
/// `w [I, H]` starts as Glorot's uniform distribution, `u [H, H]` orthogonal, which neither shrinks nor grows a state from
/// step to step, `b [H]` as zeros.
#[network(part)]
pub fn gate<const I: usize, const H: usize>(
    x: Input<N, I>,
    h: Input<N, H>,
    w: Param<I, H>,
    #[init(orthogonal)] u: Param<H, H>,
    b: Param<H>,
) -> Output<N, H> {
    x.dot(w) + h.dot(u) + b
}

/// As [`gate`], but `b` starts as ones, so that an LSTM remembers before it has learned to.
///
/// Source: Jozefowicz, Zaremba & Sutskever, "An Empirical Exploration of Recurrent Network Architectures", ICML 2015.
#[network(part)]
pub fn forget_gate<const I: usize, const H: usize>(
    x: Input<N, I>,
    h: Input<N, H>,
    w: Param<I, H>,
    #[init(orthogonal)] u: Param<H, H>,
    #[init(ones)] b: Param<H>,
) -> Output<N, H> {
    x.dot(w) + h.dot(u) + b
}

/// Elman's cell: `h' = tanh(x·w + h·u + b)`, with the parameters of [`gate`].
#[network(part)]
pub fn rnn_cell<const I: usize, const H: usize>(x: Input<N, I>, h: Input<N, H>, state: gate<I, H>) -> Output<N, H> {
    tanh(state(x, h))
}

/// A gated recurrent unit: the next `h`.
///
/// ```text
/// r = σ(reset(x, h))      z = σ(update(x, h))
/// n = tanh(x·w + b + r · (h·u + c))
/// h' = (1 − z) · n + z · h
/// ```
///
/// The gates are [`gate`]s; `w [I, H]`, `u [H, H]` start as theirs, `b [H]` and `c [H]` as zeros. The reset gate stands
/// behind the product with `h`, as in cuDNN, PyTorch and Keras (`reset_after`).
///
/// Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation",
/// EMNLP 2014.
#[network(part)]
pub fn gru_cell<const I: usize, const H: usize>(
    x: Input<N, I>,
    h: Input<N, H>,
    reset: gate<I, H>,
    update: gate<I, H>,
    w: Param<I, H>,
    #[init(orthogonal)] u: Param<H, H>,
    b: Param<H>,
    c: Param<H>,
) -> Output<N, H> {
    let r = sigmoid(reset(x, h));
    let z = sigmoid(update(x, h));
    let n = tanh(x.dot(w) + b + r * (h.dot(u) + c));
    (1 - z) * n + z * h
}

/// A cell of long short-term memory: the next `h` and the next `c`.
///
/// ```text
/// i = σ(input(x, h))    f = σ(forget(x, h))    g = tanh(candidate(x, h))    o = σ(output(x, h))
/// c' = f · c + i · g
/// h' = o · tanh(c')
/// ```
///
/// The gates are [`gate`]s, but for a [`forget_gate`].
///
/// Source: Hochreiter & Schmidhuber, "Long Short-Term Memory", 1997, with the forget gate of Gers, Schmidhuber & Cummins,
/// "Learning to Forget", 2000.
#[network(part)]
pub fn lstm_cell<const I: usize, const H: usize>(
    x: Input<N, I>,
    h: Input<N, H>,
    c: Input<N, H>,
    input: gate<I, H>,
    forget: forget_gate<I, H>,
    candidate: gate<I, H>,
    output: gate<I, H>,
) -> (Output<N, H>, Output<N, H>) {
    let i = sigmoid(input(x, h));
    let f = sigmoid(forget(x, h));
    let g = tanh(candidate(x, h));
    let o = sigmoid(output(x, h));
    let c = f * c + i * g;
    (o * tanh(c), c)
}

/// Elman's network: [`rnn_cell`] at each of `T` steps, from the state `h` on; the state after each step, and the last one.
///
/// ```text
/// hₜ = cell(xₜ, hₜ₋₁)
/// ```
#[network(part)]
pub fn rnn<const I: usize, const H: usize>(
    x: Input<T, N, I>,
    h: Input<N, H>,
    cell: rnn_cell<I, H>,
) -> (Output<T, N, H>, Output<N, H>) {
    let mut h = h;
    let states = for t in 0..T {
        h = cell(x.at(t), h);
        h
    };
    (states, h)
}

/// [`gru_cell`] at each of `T` steps, from the state `h` on; the state after each step, and the last one.
#[network(part)]
pub fn gru<const I: usize, const H: usize>(
    x: Input<T, N, I>,
    h: Input<N, H>,
    cell: gru_cell<I, H>,
) -> (Output<T, N, H>, Output<N, H>) {
    let mut h = h;
    let states = for t in 0..T {
        h = cell(x.at(t), h);
        h
    };
    (states, h)
}

/// [`lstm_cell`] at each of `T` steps, from the states `h` and `c` on; `h` after each step, and the last `h` and `c`, from
/// which another sequence may go on.
#[network(part)]
pub fn lstm<const I: usize, const H: usize>(
    x: Input<T, N, I>,
    h: Input<N, H>,
    c: Input<N, H>,
    cell: lstm_cell<I, H>,
) -> (Output<T, N, H>, Output<N, H>, Output<N, H>) {
    let mut h = h;
    let mut c = c;
    let states = for t in 0..T {
        (h, c) = cell(x.at(t), h, c);
        h
    };
    (states, h, c)
}

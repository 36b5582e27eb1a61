//! A network learns to write: an LSTM with a state of 128 numbers reads "Pride and Prejudice" symbol by symbol, guesses
//! each time what comes next, and shows what it would write itself as it learns.
//!
//! ```text
//! cargo run --release --example novel
//! ```
//!
//! It uses one core. With that to itself, text that it has not seen is a surprise of 1.53 nats a symbol after ten seconds (the
//! logarithm of the number of symbols is 4.3), and of 1.36 after 45.

mod corpus;
mod write;

use corpus::{Corpus, Streams};
use ndarray::Array2;
use pullback::network;
use pullback::nn::{dense, embedding, lstm_cell};
use pullback::optim::{Adam, AdamConfig};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use std::time::Instant;

/// Decides the first weights and what is written.
const SEED: u64 = 1;
/// Sequences that are read side by side.
const BATCH: usize = 32;
/// Through how many symbols a gradient goes back.
const STEPS: usize = 25;
const EPOCHS: usize = 8;
const LEARNING_RATE: f64 = 4e-3;
/// Where it goes on by itself: the first words of the novel.
const START: &str = "It is a truth universally acknowledged, that ";

/// One step: scores for the symbol that comes after `symbol`, and what is remembered from now on.
#[network]
pub fn writer<const V: usize>(
    symbol: Index<N>,
    h: Input<N, 128>,
    c: Input<N, 128>,
    symbols: embedding<V, 64>,
    cell: lstm_cell<64, 128>,
    scores: dense<128, V>,
) -> (Output<N, V>, Output<N, 128>, Output<N, 128>) {
    let (h, c) = cell(symbols(symbol), h, c);
    (scores(h), h, c)
}

/// How many nats a symbol of `T` steps is a surprise, a column a sequence, and what is remembered at their end.
#[network]
pub fn surprise(
    text: Index<T, N>,
    next: Index<T, N>,
    h: Input<N, 128>,
    c: Input<N, 128>,
    model: writer<V>,
) -> (Output, Output<N, 128>, Output<N, 128>) {
    let mut h = h;
    let mut c = c;
    let scores = for t in 0..T {
        let (scores, later_h, later_c) = model(text.at(t), h, c);
        h = later_h;
        c = later_c;
        scores
    };
    (softmax_cross_entropy(scores, next), h, c)
}

fn main() {
    let corpus = Corpus::bundled();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut params = surprise::Params::init(&mut rng, corpus.alphabet.len());
    let (to_learn, held_out) = corpus.split();
    let (learned, kept, different) = (to_learn.len(), held_out.len(), corpus.alphabet.len());
    println!("{learned} symbols to learn from, {kept} held out, {different} different ones\n");
    let streams = Streams::new(to_learn, BATCH);
    let mut opt = Adam::new(AdamConfig { lr: LEARNING_RATE, ..Default::default() });
    let start = Instant::now();
    for epoch in 1..=EPOCHS {
        opt.set_lr(LEARNING_RATE / (1.0 + 0.5 * (epoch - 1) as f64));
        let loss = read(&streams, &mut params, &mut opt);
        let seconds = start.elapsed().as_secs_f32();
        let surprised = measured(held_out, &params);
        println!("epoch {epoch}, {seconds:.1} s: {loss:.3} nats a symbol, {surprised:.3} on held-out text");
        println!("  {START}{}\n", write::text(&corpus, &params.model, START, 180, &mut rng));
    }
}

/// Learns from the whole text once; the mean surprise on the way.
fn read(streams: &Streams, params: &mut surprise::Params, opt: &mut Adam) -> f32 {
    let none = Array2::zeros((BATCH, 128));
    let (mut h, mut c) = (none.clone(), none.clone());
    let mut losses = Vec::new();
    for (text, next) in streams.parts(STEPS) {
        let ((loss, later_h, later_c), saved) = surprise::forward(&text, &next, &h, &c, params);
        let gradients = surprise::backward(&text, &next, &h, &c, params, &saved, (1.0, &none, &none));
        opt.step(params, &gradients);
        (h, c) = (later_h, later_c);
        losses.push(loss);
    }
    losses.iter().sum::<f32>() / losses.len() as f32
}

/// The mean surprise, without learning.
fn measured(text: &[usize], params: &surprise::Params) -> f32 {
    let none = Array2::zeros((BATCH, 128));
    let (mut h, mut c) = (none.clone(), none);
    let mut losses = Vec::new();
    for (text, next) in Streams::new(text, BATCH).parts(STEPS) {
        let (loss, later_h, later_c) = surprise(&text, &next, &h, &c, params);
        (h, c) = (later_h, later_c);
        losses.push(loss);
    }
    losses.iter().sum::<f32>() / losses.len() as f32
}

//! Writing: a symbol is drawn, read by the network as if it had stood in the novel, and so on.

use crate::corpus::Corpus;
use crate::writer;
use ndarray::{Array1, Array2};
use rand::{Rng, RngExt};

/// Below 1, likely symbols become likelier than the network says.
const TEMPERATURE: f32 = 0.7;

/// What the network writes after it has read `start`, on one line.
pub fn text(corpus: &Corpus, model: &writer::Params, start: &str, length: usize, rng: &mut impl Rng) -> String {
    let (mut h, mut c) = (Array2::zeros((1, 128)), Array2::zeros((1, 128)));
    let mut written = String::new();
    let mut scores = Array2::zeros((1, corpus.alphabet.len()));
    let mut ahead = corpus.encode(start);
    for _ in 0..length {
        for symbol in ahead.drain(..) {
            (scores, h, c) = writer(&Array1::from_elem(1, symbol), &h, &c, model);
        }
        let drawn = draw(scores.as_slice().expect("a row"), rng);
        written.push(corpus.alphabet[drawn]);
        ahead.push(drawn);
    }
    written.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A place with the probability that its score gives it.
fn draw(scores: &[f32], rng: &mut impl Rng) -> usize {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights = scores.iter().map(|score| ((score - most) / TEMPERATURE).exp());
    let mut left = rng.random::<f32>() * weights.clone().sum::<f32>();
    let drawn = weights.into_iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    drawn.unwrap_or(scores.len() - 1)
}

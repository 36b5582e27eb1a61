//! The novel as numbers: each symbol is its place in an alphabet, and a text is cut into sequences to be read side by side.

use ndarray::Array2;
use std::collections::BTreeSet;

const NOVEL: &str = include_str!("../data/pride_and_prejudice.txt");
/// One part of the text in as many is held out: the end of the novel.
const HELD_OUT: usize = 20;

pub struct Corpus {
    pub alphabet: Vec<char>,
    symbols: Vec<usize>,
}

impl Corpus {
    pub fn bundled() -> Self {
        let alphabet: Vec<char> = NOVEL.chars().collect::<BTreeSet<char>>().into_iter().collect();
        let mut corpus = Self { alphabet, symbols: Vec::new() };
        corpus.symbols = corpus.encode(NOVEL);
        corpus
    }

    /// The places of the symbols of `text`.
    ///
    /// # Panics
    /// Where the novel has no such symbol.
    pub fn encode(&self, text: &str) -> Vec<usize> {
        text.chars().map(|symbol| self.alphabet.binary_search(&symbol).expect("a symbol of the novel")).collect()
    }

    /// The text to learn from, and the text held out.
    pub fn split(&self) -> (&[usize], &[usize]) {
        self.symbols.split_at(self.symbols.len() - self.symbols.len() / HELD_OUT)
    }
}

/// A text in sequences of equal length, a column each, which go on from one part to the next.
pub struct Streams {
    symbols: Array2<usize>,
}

impl Streams {
    pub fn new(text: &[usize], count: usize) -> Self {
        let length = text.len() / count;
        Self { symbols: Array2::from_shape_fn((length, count), |(t, n)| text[n * length + t]) }
    }

    /// Every part of `steps` symbols, and the symbols that come after them.
    pub fn parts(&self, steps: usize) -> impl Iterator<Item = (Array2<usize>, Array2<usize>)> {
        let part = move |from: usize| self.symbols.slice(ndarray::s![from..from + steps, ..]).to_owned();
        let starts = (0..self.symbols.nrows() - 1).step_by(steps);
        let whole = starts.take_while(move |from| from + steps < self.symbols.nrows());
        whole.map(move |from| (part(from), part(from + 1)))
    }
}

//! What goes wrong in a user's model: messages with a place, gathered within a phase and reported between phases.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;

/// The first and the last token of a piece of source. Stable Rust joins no spans, but underlines from one to the other.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub start: Span,
    pub end: Span,
}

impl Place {
    /// The place of a whole syntax tree; `otherwise` where it has no tokens.
    pub fn of(tokens: &impl ToTokens, otherwise: Span) -> Self {
        let mut tokens = tokens.to_token_stream().into_iter();
        let start = tokens.next().map_or(otherwise, |t| t.span());
        let end = tokens.last().map_or(start, |t| t.span());
        Place { start, end }
    }

    /// From the start of `self` to the end of `other`.
    pub fn to(self, other: Place) -> Self {
        Place { start: self.start, end: other.end }
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Place { start: span, end: span }
    }
}

/// The findings of one phase.
#[derive(Debug, Default)]
pub struct Errors(Vec<syn::Error>);

impl Errors {
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a finding; the phase goes on.
    pub fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// Ends the phase: its value, where nothing was found.
    pub fn finish<T>(self, value: T) -> syn::Result<T> {
        match self.0.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        }) {
            None => Ok(value),
            Some(errors) => Err(errors),
        }
    }
}

/// A message about a piece of the user's source.
pub fn error(place: impl Into<Place>, message: impl std::fmt::Display) -> syn::Error {
    let Place { start, end } = place.into();
    let ends = [Ident::new("start", start), Ident::new("end", end)];
    let tokens: TokenStream = ends.iter().map(ToTokens::to_token_stream).collect();
    syn::Error::new_spanned(tokens, message)
}

/// What to say of a network in itself.
pub fn recursion(name: &str) -> String {
    let why = "each call is written out where it stands, which would never end";
    let help = "repeat networks with a stack, as in `blocks: [block; 6]`, or steps with `for t in 0..T`";
    format!("`{name}` is this model: a model cannot call itself, for {why}\n  help: {help}")
}

/// The candidate that `word` most likely meant, if any is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| (edit_distance(word, c), c))
        .filter(|(distance, c)| is_near(*distance, c.chars().count().max(word.chars().count())))
        .min_by_key(|(distance, c)| (*distance, c.len(), *c))
        .map(|(_, c)| c)
}

/// Whether `word` is most likely one of `candidates` with a slip: one letter in four may differ.
pub fn is_slip<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> bool {
    let letters = |c: &str| c.chars().count().max(word.chars().count());
    candidates.into_iter().any(|c| edit_distance(word, c) <= (letters(c) / 4).max(1) && letters(c) > 1)
}

/// A third of the letters may differ, but not all of them: `N` is nowhere near `M`.
fn is_near(distance: usize, letters: usize) -> bool {
    distance <= letters.div_ceil(3) && distance < letters
}

/// Levenshtein's distance with transpositions of neighbours (optimal string alignment).
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let differs = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + differs);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

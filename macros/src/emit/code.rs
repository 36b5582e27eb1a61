//! Small pieces of Rust: identifiers, sizes, and expressions with no more parentheses than they need.

use crate::ir::dim::{Dim, Factor};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote};

/// What is no name in any edition, as the reference lists it, but for what cannot be written raw either.
#[rustfmt::skip]
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// An identifier, raw where the name is a keyword.
pub fn ident(name: &str) -> Ident {
    match KEYWORDS.contains(&name) {
        true => Ident::new_raw(name, Span::call_site()),
        false => Ident::new(name, Span::call_site()),
    }
}

/// A dimension as a `usize` expression over the names of dimensions, with its binding strength.
pub fn size(dim: &Dim) -> Code {
    let terms = dim.terms();
    let one = |(coefficient, names): &(i64, &[Factor])| {
        let number = Literal::usize_unsuffixed(coefficient.unsigned_abs() as usize);
        let names = names.iter().map(|factor| match factor {
            Factor::Name(name) => Code::atom(ident(name)),
            Factor::Quotient(of, by) => size(of).infix("/", Code::atom(Literal::usize_unsuffixed(*by as usize))),
        });
        let number = (coefficient.abs() != 1 || names.len() == 0).then(|| Code::atom(number));
        names.chain(number).reduce(|a, b| a.infix("*", b)).expect("a number or a name")
    };
    // Terms with a minus come last, so that no partial sum of a `usize` falls below zero.
    let (plus, minus): (Vec<_>, Vec<_>) = terms.iter().partition(|(c, _)| *c >= 0);
    let sum = plus.into_iter().map(one).reduce(|a, b| a.infix("+", b));
    let sum = sum.unwrap_or_else(|| Code::atom(Literal::usize_unsuffixed(0)));
    minus.into_iter().map(one).fold(sum, |a, b| a.infix("-", b))
}

/// `[N, 13]` as an array of `usize`.
pub fn sizes(shape: &[Dim]) -> TokenStream {
    let dims = shape.iter().map(size);
    quote!([#(#dims),*])
}

/// An expression that knows how strongly it binds.
#[derive(Clone, Debug)]
pub struct Code {
    tokens: TokenStream,
    bond: Bond,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Bond {
    Compare,
    Sum,
    Product,
    Cast,
    Prefix,
    Atom,
}

impl Code {
    /// A name, a literal, a call: anything that needs no parentheses anywhere.
    pub fn atom(tokens: impl ToTokens) -> Self {
        Code { tokens: tokens.to_token_stream(), bond: Bond::Atom }
    }

    pub fn prefix(sign: &str, operand: Code) -> Self {
        let operand = operand.at_least(Bond::Prefix);
        let sign = punctuation(sign);
        Code { tokens: quote!(#sign #operand), bond: Bond::Prefix }
    }

    pub fn cast(self, to: &Ident) -> Self {
        let operand = self.at_least(Bond::Cast);
        Code { tokens: quote!(#operand as #to), bond: Bond::Cast }
    }

    pub fn infix(self, sign: &str, other: Code) -> Self {
        let (bond, left, right) = match sign {
            "+" => (Bond::Sum, Bond::Sum, Bond::Sum),
            "-" => (Bond::Sum, Bond::Sum, Bond::Product),
            "*" => (Bond::Product, Bond::Product, Bond::Product),
            "/" => (Bond::Product, Bond::Product, Bond::Cast),
            _ => (Bond::Compare, Bond::Sum, Bond::Sum),
        };
        // Floating-point sums and products are not associative: the right operand keeps its own grouping.
        let regroups = matches!(sign, "+" | "*") && other.bond == bond;
        // `a as f32 < b` would read as generic arguments.
        let a =
            if self.bond == Bond::Cast && bond == Bond::Compare { self.parenthesised() } else { self.at_least(left) };
        let b = if regroups { other.parenthesised() } else { other.at_least(right) };
        let sign = punctuation(sign);
        Code { tokens: quote!(#a #sign #b), bond }
    }

    fn at_least(self, bond: Bond) -> TokenStream {
        if self.bond < bond { self.parenthesised() } else { self.tokens }
    }

    fn parenthesised(self) -> TokenStream {
        let tokens = self.tokens;
        quote!((#tokens))
    }
}

impl ToTokens for Code {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

fn punctuation(sign: &str) -> TokenStream {
    sign.parse().expect("an operator of Rust")
}

/// Documentation lines, one attribute each.
pub fn docs<'a>(lines: impl IntoIterator<Item = &'a str>) -> TokenStream {
    let lines = lines.into_iter().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

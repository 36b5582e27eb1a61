//! Whatever stands in the place of a model, the compiler neither panics nor hangs nor overflows a stack of 2 MB: it gives
//! items, or at least one error.
//!
//! `PULLBACK_MUTATIONS=1000000 RUST_BACKTRACE=0 cargo test --release -p pullback-macros no_mutation -- --nocapture` runs
//! more mutations than an ordinary run, some 20,000 a minute; `PULLBACK_SEED=17` starts at another one, so that a long run
//! can be made in parts. All failures are shown at the end, one of a kind, each with its seed and its source.

use super::clock::worked;
use super::count;
use super::interpret::Random;
use super::linking::{answered, definitions};
use super::properties::from_environment;
use super::random::grow;
use crate::ir::model::Model;
use crate::link::needs;
use crate::parse::Failure;
use crate::{lower, parse, pipeline};
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

const MUTATIONS: usize = 2_000;
const STACK: usize = 2 << 20;
/// What rustc and rust-analyzer give to a macro.
const WHOLE_STACK: usize = 8 << 20;
/// How long a source may take: a second, or more where the compiler itself is hardly optimised.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 });

/// Good models, each with its options.
const CORPUS: &[(&str, &str)] = &[
    (
        "",
        "fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> { x.dot(w) + b }",
    ),
    ("f64", "pub fn loss(x: Input<N, 13>, w: Param<13, 1>, y: Input<N, 1>) -> Output { mse(sigmoid(x.dot(w)), y) }"),
    (
        "wrt(x)",
        "/// Doc.\npub(crate) fn norm(x: Input<N, K>, g: Param<K>) -> Output<N, K> {
        let d = x - mean(x, axis = K, keepdims = true);
        d / sqrt(mean(square(d), axis = 1, keepdims = true) + 1e-3) * g
    }",
    ),
    (
        "f32, wrt(x, y)",
        "fn two(x: Input<N, {2 * H}>, y: Input<H>) -> (Output<N, {2 * H}>, Output<H>) {
        let h: Output<N, {2 * H}> = tanh(x); (h * 2 + x.powi(3), max(y, 0) - -y)
    }",
    ),
    (
        "crate = ::pullback",
        "fn entropy(z: Param<N, K>, l: Index<N>, m: Mask<N>) -> Output {
        let z = select(insert_axis(m, axis = 1), z, 0.5f32 * &z);
        softmax_cross_entropy(z, l) + { let a = z.sum_axis(Axis(0)); a.dot(*&a) }
    }",
    ),
    (
        "f64",
        "fn net(x: Input<N, 3>, first: dense<3>, #[init(normal(0.1))] b: Param<M>, m: layers::mlp<M>) -> Output {
        let h = relu(first(x)); sum(m(h)) + sum(b)
    }",
    ),
    (
        "wrt(x)",
        "fn net(x: Input<N, M>, first: dense, m: layers::mlp<M>) -> Output { sum(m(x), axis = 0).dot(sum(first(x), 0)) }",
    ),
    ("gradient(x = select(abs(x) < 1, dy, 0 * y))", "fn hard(x: Input<N, K>) -> Output<N, K> { sign(x) }"),
    ("", "fn scalar(r#type: Param, d_x: Param<1>) -> Output { (r#type / 2 + sum(d_x)).exp() }"),
];

/// Tokens that are put in the place of others.
const WORDS: &[&str] = &[
    "x",
    "N",
    "H",
    "Input",
    "Param",
    "Output",
    "Index",
    "Mask",
    "fn",
    "let",
    "mut",
    "if",
    "else",
    "match",
    "for",
    "in",
    "loop",
    "self",
    "Self",
    "crate",
    "super",
    "pub",
    "const",
    "async",
    "unsafe",
    "impl",
    "dyn",
    "as",
    "move",
    "return",
    "ref",
    "true",
    "axis",
    "keepdims",
    "sum",
    "dot",
    "exp",
    "wrt",
    "f64",
    "r#fn",
    "r#type",
    "_",
    "é",
    "usize",
    "where",
    "0",
    "1",
    "-1",
    "1.5",
    "1e999",
    "0x10",
    "99999999999999999999",
    "1u8",
    "'a'",
    "\"text\"",
    "b\"x\"",
    "2147483648",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "!",
    "&",
    "|",
    "=",
    "==",
    "<",
    ">",
    "<=",
    "->",
    "=>",
    ".",
    "..",
    ",",
    ";",
    ":",
    "::",
    "#",
    "$",
    "?",
    "@",
    "'a",
    "()",
    "{}",
    "[]",
    "(x)",
    "{ x }",
    "<N>",
    "{N - 1}",
    "{0 * N}",
    "{N * N * N}",
    "&&",
    "**",
    "let y = x;",
    "|x| x",
    "x!()",
    "#[doc = \"\"]",
    "Axis(9)",
    "axis = 5",
    "if x { y } else { z }",
    ".t()",
    "[0, 1]",
];

fn parsed(source: &str) -> TokenStream {
    source.parse().unwrap_or_else(|e| panic!("{e} in {source}"))
}

/// The tokens with number `at` of them, as they are reached, replaced by what `change` makes of it.
fn changed(tokens: TokenStream, at: usize, change: &mut dyn FnMut(TokenTree) -> Vec<TokenTree>) -> TokenStream {
    let mut next = 0;
    let mut result = Vec::new();
    for token in tokens {
        let (own, size) = (next, 1 + if let TokenTree::Group(g) = &token { count(&g.stream()) } else { 0 });
        next += size;
        match token {
            token if own == at => result.extend(change(token)),
            TokenTree::Group(g) if (own + 1..own + size).contains(&at) => {
                result.push(group(g.delimiter(), changed(g.stream(), at - own - 1, change)));
            }
            token => result.push(token),
        }
    }
    result.into_iter().collect()
}

fn group(delimiter: Delimiter, tokens: TokenStream) -> TokenTree {
    TokenTree::Group(Group::new(delimiter, tokens))
}

fn token_at(tokens: &TokenStream, at: usize) -> Option<TokenTree> {
    let mut found = None;
    changed(tokens.clone(), at, &mut |t| {
        found = Some(t.clone());
        vec![t]
    });
    found
}

fn delimiter(random: &mut Random) -> Delimiter {
    [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None][random.below(4)]
}

/// A literal or a name, slightly other.
fn altered(token: TokenTree, random: &mut Random) -> Vec<TokenTree> {
    match token {
        TokenTree::Literal(_) => {
            let value = [0.0, 1.0, 1e-300, 1e300, 3.5, 7.0][random.below(6)];
            let suffixed = random.below(2) == 0;
            vec![if suffixed { Literal::f64_suffixed(value) } else { Literal::i64_unsuffixed(value as i64) }.into()]
        }
        TokenTree::Ident(name) => {
            let mut text = name.to_string().trim_start_matches("r#").to_string();
            if random.below(2) == 0 {
                text.push('s')
            } else {
                _ = text.pop()
            }
            let legal = syn::parse_str::<Ident>(&text).is_ok();
            vec![if legal { Ident::new(&text, Span::call_site()) } else { name }.into()]
        }
        TokenTree::Punct(p) => {
            let signs: Vec<char> = "+-*/%^!&|=<>@.,;:#$?~'".chars().filter(|c| *c != '\'').collect();
            let sign = signs[random.below(signs.len())];
            let spacing = if random.below(2) == 0 { Spacing::Alone } else { p.spacing() };
            vec![Punct::new(sign, spacing).into()]
        }
        TokenTree::Group(g) => vec![group(delimiter(random), g.stream())],
    }
}

/// One change to the tokens.
fn mutated(tokens: TokenStream, random: &mut Random) -> TokenStream {
    let all = count(&tokens);
    if all == 0 {
        return parsed(WORDS[random.below(WORDS.len())]);
    }
    let (at, other) = (random.below(all), random.below(all));
    let choice = random.below(9);
    let word = parsed(WORDS[random.below(WORDS.len())]);
    let elsewhere = token_at(&tokens, other);
    let flattened = random.below(2) == 0;
    let mut change = |token: TokenTree| -> Vec<TokenTree> {
        match (choice, token) {
            (0, TokenTree::Group(g)) if flattened => g.stream().into_iter().collect(),
            (0, _) => Vec::new(),
            (1, token) => vec![token.clone(), token],
            (2, _) => word.clone().into_iter().collect(),
            (3, token) => word.clone().into_iter().chain([token]).collect(),
            (4, token) => [token].into_iter().chain(word.clone()).collect(),
            (5, token) => vec![group(delimiter(random), token.into())],
            (6, _) => elsewhere.clone().into_iter().collect(),
            (_, token) => altered(token, random),
        }
    };
    changed(tokens, at, &mut change)
}

/// A source of the corpus, or a random model, with a few changes to it or to its options.
fn source(seed: u64) -> (TokenStream, TokenStream) {
    let mut random = Random::new(seed.wrapping_add(0xF0));
    let at = random.below(CORPUS.len() + 2);
    let (mut options, mut item) = match CORPUS.get(at) {
        Some((options, item)) => (parsed(options), parsed(item)),
        None => {
            let model = grow::model(seed % 100);
            (parsed(&model.options()), parsed(&model.text()))
        }
    };
    for _ in 0..1 + random.below(4) {
        if random.below(8) == 0 {
            options = mutated(options, &mut random);
        } else {
            item = mutated(item, &mut random);
        }
    }
    (options, item)
}

/// What the compiler answers to a source: how long that took, and whether it is a model to the parser; or what is wrong
/// with the answer. Every network that the source names is the one whose definitions are `other`. Whether the answer is
/// Rust is asked of a refusal only if `is_read`: it takes as long as all else.
fn answer(
    (options, item): &(TokenStream, TokenStream),
    other: &TokenStream,
    is_read: bool,
) -> Result<(Duration, bool), String> {
    let start = worked();
    let whole = || answered(pipeline::network(options.clone(), item.clone()), &|_| other.clone());
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let tokens = whole();
        (tokens, worked() - start, parse::parse(options.clone(), item.clone()))
    }));
    let (tokens, took, parsed) = unwound.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string())).unwrap_or_default()
    })?;
    if took > LONGEST {
        return Err(format!("it took {took:?}"));
    }
    let accepted = parsed.is_ok();
    if refused(parsed).is_some_and(|refused| refused != names(&tokens, "compile_error")) {
        return Err(format!("a refusal without an error, or an error without a refusal:\n{tokens}"));
    }
    if accepted || is_read {
        syn::parse2::<syn::File>(tokens.clone()).map_err(|e| format!("{e} in its answer\n{tokens}"))?;
    }
    Ok((took, accepted))
}

/// The definitions of the network that stands for every network that a source names.
fn other() -> TokenStream {
    const OTHER: &str = "fn other<const K: usize>(x: Input<N, K>, w: Param<K, H>) -> Output<N, H> { tanh(x.dot(w)) }";
    definitions(&pipeline::network(TokenStream::new(), parsed(OTHER)))
}

/// Whether the compiler has something to object to, which rustc has not refused before; unknown where that is up to the
/// networks that the model names.
fn refused(parsed: Result<Model, Failure>) -> Option<bool> {
    match parsed {
        Ok(model) => match needs(&model) {
            Ok(paths) if paths.is_empty() => Some(lower::lower(&model).is_err()),
            Ok(_) => None,
            Err(_) => Some(true),
        },
        Err(failure) => Some(failure.error.is_some()),
    }
}

/// Whether this name stands anywhere in the tokens.
fn names(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(g) => names(&g.stream(), name),
        TokenTree::Ident(found) => found == name,
        _ => false,
    })
}

fn in_a_stack_of(size: usize, work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(size).spawn(work).expect("a thread");
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

#[test]
fn no_mutation_makes_it_panic_or_hang() {
    in_a_stack_of(STACK, || {
        let (count, first) = (from_environment("PULLBACK_MUTATIONS", MUTATIONS), from_environment("PULLBACK_SEED", 0));
        let (mut accepted, mut slowest, mut found) = (0, (Duration::ZERO, 0), BTreeMap::new());
        let mut definitions = TokenStream::new();
        for (k, seed) in (first as u64..).take(count).enumerate() {
            if k % 64 == 0 {
                // Else the text of every source that was ever read would stay in memory, for the sake of its places.
                proc_macro2::extra::invalidate_current_thread_spans();
                definitions = other();
            }
            let source = source(seed);
            match answer(&source, &definitions, seed % 8 == 0) {
                Ok((took, model)) => {
                    accepted += usize::from(model);
                    slowest = slowest.max((took, seed));
                }
                Err(what) => {
                    let kind: String = what.chars().filter(|c| !c.is_ascii_digit()).take(40).collect();
                    let (options, item) = source;
                    found.entry(kind).or_insert(format!("seed {seed}\n#[network({options})]\n{item}\n{what}"));
                }
            }
        }
        println!("{count} mutations from {first}, of which {accepted} are still models to the parser");
        println!("the slowest answer is that to {}, after {:?}", slowest.1, slowest.0);
        let found: Vec<String> = found.into_values().collect();
        assert!(found.is_empty(), "{}", found.join("\n\n"));
        let enough = count < MUTATIONS || (count / 50..count / 2).contains(&accepted);
        assert!(enough, "{accepted} of {count} are models");
    });
}

/// `fn f(x: Param<N>) -> Output<N>` with this body.
fn model(body: &str) -> TokenStream {
    parsed(&format!("fn f(x: Param<N>, w: Param<N>) -> Output<N> {{ {body} }}"))
}

/// How many tokens are emitted for a body that is accepted, and how long that takes.
fn emitted(body: &str) -> (usize, Duration) {
    let start = Instant::now();
    let tokens = pipeline::network(TokenStream::new(), model(body));
    let took = start.elapsed();
    assert!(!tokens.to_string().contains("compile_error"), "{tokens}");
    (count(&tokens), took)
}

fn nested(times: usize) -> String {
    (0..times).fold("x".to_string(), |inner, k| format!("{}({inner})", ["tanh", "sin", "abs"][k % 3]))
}

#[test]
fn three_hundred_calls_may_be_nested() {
    in_a_stack_of(WHOLE_STACK, || assert!(emitted(&nested(300)).0 > 0));
}

#[test]
fn sums_may_have_four_hundred_terms() {
    let terms: Vec<String> = (0..400).map(|k| format!("{}.5 * x", k % 7)).collect();
    in_a_stack_of(WHOLE_STACK, move || assert!(emitted(&terms.join(" + ")).0 > 0));
}

#[test]
fn nesting_without_end_is_refused() {
    for body in [nested(1_000), "(".repeat(1_000) + "x" + &")".repeat(1_000), "-".repeat(100_000) + "x"] {
        in_a_stack_of(WHOLE_STACK, move || {
            let answer = pipeline::network(TokenStream::new(), model(&body)).to_string();
            assert!(answer.contains("compile_error"), "{answer}");
        });
    }
}

#[test]
fn chained_squarings_stay_linear() {
    let chain = |times: usize| emitted(&("let x = x * x;".repeat(times) + "x"));
    let ((twenty, _), (forty, took)) = (chain(20), chain(40));
    println!("40 squarings: {forty} tokens in {took:?}");
    assert!(forty < 2 * twenty + 100, "{twenty} tokens for 20 squarings, {forty} for 40");
}

#[test]
fn two_hundred_layers_are_expanded_in_time() {
    let layer = "let x = tanh(x * w + 0.5 * x) - x / (2 + abs(w));";
    let ((hundred, half), (tokens, took)) = (emitted(&(layer.repeat(100) + "x")), emitted(&(layer.repeat(200) + "x")));
    println!("100 layers: {hundred} tokens in {half:?}; 200 layers: {tokens} tokens in {took:?}");
    assert!(took < Duration::from_secs(60) && tokens < 2 * hundred + 1000);
}

//! Texts broken in one place: derivatives, definitions and identities of the table, and what rules in Rust write.

use super::suite::{Test, composites, promises, quickest_first, suite};
use super::{CALLS, Outcome, Score, fails, is_asked_for};
use crate::op::{self, Derivative, Meaning, Op, rule};
use crate::tests::{properties, table};
use quote::ToTokens;
use std::cell::{Cell, LazyCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use syn::visit::Visit;
use syn::{BinOp, Expr, UnOp};

/// A rule that stands in place of the table's, in this thread.
#[derive(Clone, Copy)]
struct Mutant {
    owner: &'static str,
    part: usize,
    text: &'static str,
}

/// Owner and part of a text.
type Spot = (String, usize);

thread_local! {
    static MUTANT: Cell<Option<Mutant>> = const { Cell::new(None) };
    /// The texts that were applied, while that is of interest.
    static READ: RefCell<Option<BTreeSet<Spot>>> = const { RefCell::new(None) };
}

/// What the compiler reads instead of `text`.
pub fn current(owner: &str, part: usize, text: &'static str) -> &'static str {
    // An identity is read long before it is applied, if ever.
    if part != rule::RIGHT_SIDE {
        read(owner, part);
    }
    match MUTANT.get() {
        Some(mutant) if (mutant.owner, mutant.part) == (owner, part) => mutant.text,
        _ => text,
    }
}

/// An identity was applied.
pub fn note(identity: &str) {
    read(identity, rule::RIGHT_SIDE);
}

fn read(owner: &str, part: usize) {
    READ.with_borrow_mut(|read| {
        if let Some(read) = read {
            read.insert((owner.to_string(), part));
        }
    });
}

// --- mutating ---

/// Every expression that differs from `expr` in one place.
fn mutants(expr: &Expr, names: &[&str]) -> Vec<Expr> {
    let mut found = here(expr, names);
    match expr {
        Expr::Binary(e) => {
            within(&e.left, names, &mut found, |new| Expr::Binary(syn::ExprBinary { left: new, ..e.clone() }));
            within(&e.right, names, &mut found, |new| Expr::Binary(syn::ExprBinary { right: new, ..e.clone() }));
        }
        Expr::Unary(e) => {
            within(&e.expr, names, &mut found, |new| Expr::Unary(syn::ExprUnary { expr: new, ..e.clone() }));
        }
        Expr::Paren(e) => {
            within(&e.expr, names, &mut found, |new| Expr::Paren(syn::ExprParen { expr: new, ..e.clone() }));
        }
        Expr::Call(e) => {
            for (k, argument) in e.args.iter().enumerate().filter(|(_, a)| !matches!(a, Expr::Assign(_))) {
                within(argument, names, &mut found, |new| {
                    let mut call = e.clone();
                    call.args[k] = *new;
                    Expr::Call(call)
                });
            }
        }
        Expr::Block(e) => blocks(e, names, &mut found),
        _ => {}
    }
    found
}

fn within(part: &Expr, names: &[&str], found: &mut Vec<Expr>, whole: impl Fn(Box<Expr>) -> Expr) {
    found.extend(mutants(part, names).into_iter().map(|new| whole(Box::new(new))));
}

/// The values of `let`s, and the result.
fn blocks(block: &syn::ExprBlock, names: &[&str], found: &mut Vec<Expr>) {
    for (k, statement) in block.block.stmts.iter().enumerate() {
        let changed = |new: Expr| {
            let mut block = block.clone();
            match &mut block.block.stmts[k] {
                syn::Stmt::Local(local) => *local.init.as_mut().expect("a `let` has a value").expr = new,
                syn::Stmt::Expr(result, _) => *result = new,
                _ => unreachable!("a rule has `let`s and a result"),
            }
            Expr::Block(block)
        };
        let value = match statement {
            syn::Stmt::Local(local) => &local.init.as_ref().expect("a `let` has a value").expr,
            syn::Stmt::Expr(result, _) => result,
            _ => unreachable!("a rule has `let`s and a result"),
        };
        found.extend(mutants(value, names).into_iter().map(changed));
    }
}

/// The mutants of the outermost operation.
fn here(expr: &Expr, names: &[&str]) -> Vec<Expr> {
    let parsed = |text: String| syn::parse_str::<Expr>(&text).expect("a mutant is an expression");
    match expr {
        Expr::Binary(e) => {
            let other = |op: &str| {
                let (left, right) = (e.left.to_token_stream(), e.right.to_token_stream());
                parsed(format!("({left}) {op} ({right})"))
            };
            let sides = [(*e.left).clone(), (*e.right).clone()];
            match e.op {
                BinOp::Add(_) => [vec![other("-")], sides.to_vec()].concat(),
                BinOp::Sub(_) => [vec![other("+")], sides.to_vec()].concat(),
                BinOp::Mul(_) => [vec![other("/")], sides.to_vec()].concat(),
                BinOp::Div(_) => vec![other("*"), sides[0].clone()],
                BinOp::Gt(_) => vec![other(">="), other("<")],
                BinOp::Lt(_) => vec![other("<="), other(">")],
                BinOp::Ge(_) => vec![other(">"), other("<")],
                BinOp::Le(_) => vec![other("<"), other(">")],
                BinOp::Eq(_) => vec![other("!=")],
                BinOp::Ne(_) => vec![other("==")],
                _ => Vec::new(),
            }
        }
        Expr::Unary(e) if matches!(e.op, UnOp::Neg(_)) => vec![(*e.expr).clone()],
        Expr::Lit(_) => vec![parsed(format!("({} + 1)", expr.to_token_stream()))],
        Expr::Path(path) => names
            .iter()
            .filter(|name| !path.path.is_ident(name))
            .map(|name| parsed(name.to_string()))
            .chain([parsed(format!("(-{})", expr.to_token_stream()))])
            .collect(),
        Expr::Call(call) if call.func.to_token_stream().to_string() == "select" => {
            let mut swapped = call.clone();
            (swapped.args[1], swapped.args[2]) = (call.args[2].clone(), call.args[1].clone());
            vec![Expr::Call(swapped), call.args[1].clone(), call.args[2].clone()]
        }
        Expr::Call(call) if call.args.len() == 1 => vec![call.args[0].clone()],
        _ => Vec::new(),
    }
}

/// Those of a text that can still be read, in which wrong operands come from `names`.
fn of_text(owner: &'static str, part: usize, text: &'static str, names: &[&str]) -> Vec<Mutant> {
    let expr: Expr = syn::parse_str(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let texts = mutants(&expr, names).into_iter().map(|m| m.to_token_stream().to_string());
    let texts = texts.filter(|t| crate::parse::parse_expr(t).is_ok());
    texts.map(|t| Mutant { owner, part, text: Box::leak(t.into_boxed_str()) }).collect()
}

type Candidate = (Mutant, Box<dyn Fn()>);

/// All of the table, each with the quickest test that may notice it.
fn of_table() -> Vec<Candidate> {
    let mut all: Vec<Candidate> = Vec::new();
    for op in op::all() {
        let mut add = |part: usize, text: &'static str, names: &[&str]| {
            let mutants = of_text(op.name, part, text, names).into_iter();
            all.extend(mutants.map(|m| -> Candidate { (m, Box::new(move || table::check_derivative(op))) }));
        };
        // What `dot` states is for people.
        if op.family != op::Family::Linear && op.family != op::Family::Shape {
            let names = [op.args, &["y"]].concat();
            derivatives(op).for_each(|(k, text)| add(k, text, &names));
        }
        if let Meaning::Composite { text, .. } = op.meaning {
            add(rule::DEFINITION, text, op.args);
        }
    }
    for identity in op::identities() {
        let names: Vec<&str> = ["a", "b", "x"].into_iter().filter(|n| identity.from.contains(n)).collect();
        let mutants = of_text(identity.name, rule::RIGHT_SIDE, identity.to, &names).into_iter();
        all.extend(mutants.map(|m| -> Candidate { (m, Box::new(move || table::check_identity(identity))) }));
    }
    all
}

/// The texts of an operation's derivatives, by argument.
fn derivatives(op: &Op) -> impl Iterator<Item = (usize, &'static str)> {
    let texts = match op.derivative {
        Derivative::Partials(texts) | Derivative::Pullback(texts) => texts,
        Derivative::Inner | Derivative::None => &[],
    };
    texts.iter().copied().enumerate().filter(|(_, text)| !text.is_empty())
}

/// All of the texts that rules in Rust write while the suite runs, but for those of the table.
fn of_rules(read: &BTreeMap<Spot, Vec<usize>>) -> Vec<Candidate> {
    let mut known: BTreeSet<&str> = op::all().flat_map(|op| derivatives(op).map(|(_, text)| text)).collect();
    known.extend(op::identities().map(|identity| identity.to));
    let written = read.keys().filter(|(text, part)| *part == rule::WRITTEN && !known.contains(text.as_str()));
    let written = written.map(|(text, _)| -> &'static str { Box::leak(text.clone().into_boxed_str()) });
    let mutants = written.flat_map(|text| {
        let mut free = Free::default();
        free.visit_expr(&syn::parse_str(text).expect("it was written"));
        let names: Vec<&str> = free.names.iter().filter(|n| !free.bound.contains(*n)).map(String::as_str).collect();
        of_text(text, rule::WRITTEN, text, &names)
    });
    mutants.map(|m| -> Candidate { (m, Box::new(|| {})) }).collect()
}

/// The names in an expression, and those that it binds itself.
#[derive(Default)]
struct Free {
    names: BTreeSet<String>,
    bound: BTreeSet<String>,
}

impl<'a> Visit<'a> for Free {
    fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
        call.args.iter().filter(|a| !matches!(a, Expr::Assign(_))).for_each(|a| self.visit_expr(a));
    }

    fn visit_expr_path(&mut self, path: &'a syn::ExprPath) {
        self.names.extend(path.path.get_ident().map(|name| name.to_string()));
    }

    fn visit_pat_ident(&mut self, pat: &'a syn::PatIdent) {
        self.bound.insert(pat.ident.to_string());
    }
}

// --- noticing ---

/// Runs `work` with a mutant in its place.
fn with<T>(mutant: Mutant, work: impl FnOnce() -> T) -> T {
    MUTANT.set(Some(mutant));
    let result = work();
    MUTANT.set(None);
    result
}

/// The texts that a test applies.
fn read_by(test: &dyn Fn()) -> BTreeSet<Spot> {
    READ.set(Some(BTreeSet::new()));
    test();
    READ.take().unwrap_or_default()
}

/// Whether a mutant of the table gives what the rule gives, to the bit, at every point that is tried.
fn means_the_same(mutant: Mutant) -> bool {
    let op = op::all().find(|op| op.name == mutant.owner);
    let identity = op::identities().find(|identity| identity.name == mutant.owner);
    let bits = || -> Option<Vec<u64>> {
        let of_identity = || identity.map(table::right_side);
        let arrays = op.map(table::values_and_gradients).or_else(of_identity)?;
        Some(arrays.iter().flat_map(|a| a.data.iter().map(|v| v.to_bits())).collect())
    };
    let Ok(Some(right)) = catch_unwind(AssertUnwindSafe(bits)) else { return false };
    let wrong = with(mutant, || catch_unwind(AssertUnwindSafe(bits)));
    wrong.is_ok_and(|wrong| wrong == Some(right))
}

/// Runs each mutant against its quickest test, then against those of the suite that apply its text.
fn run<'m>(
    mutants: impl Iterator<Item = &'m Candidate>,
    suite: &[Test],
    read: &LazyCell<BTreeMap<Spot, Vec<usize>>, impl FnOnce() -> BTreeMap<Spot, Vec<usize>>>,
    least: usize,
) {
    let mut score = Score::default();
    for (mutant, first) in mutants {
        let noticed_by_any = || {
            let mut tests = read.get(&(mutant.owner.to_string(), mutant.part)).into_iter().flatten();
            with(*mutant, || tests.any(|&k| fails(&*suite[k].body)))
        };
        let outcome = match with(*mutant, || fails(first)) {
            true => Outcome::Noticed,
            false if means_the_same(*mutant) => Outcome::Same,
            false if noticed_by_any() => Outcome::Noticed,
            false => Outcome::Survives,
        };
        score.add(outcome, format_args!("{}, part {}: {}", mutant.owner, mutant.part, mutant.text));
    }
    score.finish("broken texts", least);
}

#[test]
fn a_sample_of_broken_texts_is_noticed() {
    let suite: Vec<Test> = promises().into_iter().chain(composites()).collect();
    run(of_table().iter().step_by(97), &suite, &LazyCell::new(|| quickest_first(&suite, read_by)), 95);
}

#[test]
#[ignore = "every mutant of every text: some minutes"]
fn broken_texts_are_noticed() {
    let models = properties::from_environment("PULLBACK_MODELS", 60) as u64;
    let callable: Vec<&str> = op::all().map(|op| op.name).collect();
    let suite = suite(models, CALLS, &callable);
    let read = LazyCell::new(|| quickest_first(&suite, read_by));
    let mutants = of_table().into_iter().chain(of_rules(&read)).collect::<Vec<_>>();
    let asked = mutants.iter().filter(|(mutant, _)| is_asked_for(mutant.owner));
    run(asked.step_by(properties::from_environment("PULLBACK_STEP", 1)), &suite, &read, 95);
}

//! Does the suite notice a wrong rule? Every text of the table, derivatives, definitions and identities alike, is broken
//! in every way that is tried here (a sign, a missing term, a wrong operand, another operator), one at a time, and the
//! in-process suite is run on it:
//!
//! ```text
//! cargo test --release -p pullback-macros mutations -- --ignored --nocapture
//! ```
//!
//! prints the survivors and the score; `PULLBACK_STEP=10` takes every tenth. A mutant of an operation's rule that gives the
//! same bits as the rule wherever it is tried means the same, and is no survivor. Rules that have no text are broken in
//! [`built`].

pub mod built;

use super::{middle, operations, properties, stability, table};
use crate::op::{self, Derivative, Meaning, rule};
use quote::ToTokens;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use syn::{BinOp, Expr, UnOp};

/// A rule that stands in place of the table's, in this thread.
#[derive(Clone, Copy)]
struct Mutant {
    owner: &'static str,
    part: usize,
    text: &'static str,
}

thread_local! {
    static MUTANT: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// What the compiler reads instead of `text`.
pub fn current(owner: &str, part: usize, text: &'static str) -> &'static str {
    match MUTANT.get() {
        Some(mutant) if (mutant.owner, mutant.part) == (owner, part) => mutant.text,
        _ => text,
    }
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

/// All of the table, each with the quickest test that may notice it.
fn all() -> Vec<(Mutant, Box<dyn Fn()>)> {
    let mut all: Vec<(Mutant, Box<dyn Fn()>)> = Vec::new();
    for op in op::all() {
        let mut names = op.args.to_vec();
        names.push("y");
        let mut add = |part: usize, text: &'static str, names: &[&str], suspects: fn(&'static op::Op)| {
            all.extend(
                of_text(op.name, part, text, names)
                    .into_iter()
                    .map(|m| -> (Mutant, Box<dyn Fn()>) { (m, Box::new(move || suspects(op))) }),
            );
        };
        // What `dot` states is for people.
        if let Derivative::Partials(texts) | Derivative::Pullback(texts) = op.derivative
            && op.family != op::Family::Linear
            && op.family != op::Family::Shape
        {
            texts
                .iter()
                .enumerate()
                .filter(|(_, t)| !t.is_empty())
                .for_each(|(k, text)| add(k, text, &names, table::check_derivative));
        }
        if let Meaning::Composite { text, .. } = op.meaning {
            add(rule::DEFINITION, text, op.args, table::check_derivative);
        }
    }
    for identity in op::identities() {
        let names: Vec<&str> = ["a", "b", "x"].into_iter().filter(|n| identity.from.contains(n)).collect();
        let mutants = of_text(identity.name, rule::RIGHT_SIDE, identity.to, &names);
        all.extend(
            mutants
                .into_iter()
                .map(|m| -> (Mutant, Box<dyn Fn()>) { (m, Box::new(move || table::check_identity(identity))) }),
        );
    }
    all
}

// --- noticing ---

const QUICK: [&[fn()]; 2] = [&middle::CONVENTIONS, &stability::ALL];

const SLOW: [fn(); 5] = [
    table::every_second_derivative_agrees_with_finite_differences,
    middle::second_derivatives_are_right,
    middle::every_phase_keeps_values_and_gradients_are_right,
    operations::operations_with_options_agree_with_finite_differences,
    || properties::models_hold(0, 60),
];

/// Whether any test fails, the quickest first.
fn noticed(mutant: Mutant, first: &dyn Fn()) -> bool {
    MUTANT.set(Some(mutant));
    let fails = |test: &dyn Fn()| catch_unwind(AssertUnwindSafe(test)).is_err();
    let caught =
        fails(first) || QUICK.iter().copied().flatten().any(|test| fails(test)) || SLOW.iter().any(|test| fails(test));
    MUTANT.set(None);
    caught
}

/// Whether a mutant of an operation's rule gives what the rule gives, to the bit, at every point that is tried.
fn means_the_same(mutant: Mutant) -> bool {
    let Some(op) = op::all().find(|op| op.name == mutant.owner) else { return false };
    let bits = || -> Vec<u64> {
        table::values_and_gradients(op).iter().flat_map(|a| a.data.iter().map(|v| v.to_bits())).collect()
    };
    let right = bits();
    MUTANT.set(Some(mutant));
    let wrong = catch_unwind(AssertUnwindSafe(bits));
    MUTANT.set(None);
    wrong.is_ok_and(|wrong| wrong == right)
}

/// Runs every `step`th mutant; the least share that must be noticed is in hundredths.
fn run(step: usize, least: usize) {
    let mutants = all();
    let chosen: Vec<_> = mutants.iter().step_by(step).collect();
    let survives = |(mutant, test): &&&(Mutant, Box<dyn Fn()>)| {
        let survives = !noticed(*mutant, test);
        let same = survives && means_the_same(*mutant);
        if survives {
            let how = if same { "means the same" } else { "survives" };
            println!("{how}: {}, part {}: {}", mutant.owner, mutant.part, mutant.text);
        }
        survives && !same
    };
    let survivors = chosen.iter().filter(survives).count();
    let (count, noticed) = (chosen.len(), chosen.len() - survivors);
    println!("{noticed} of {count} mutants are noticed, {:.1} %", 100.0 * noticed as f64 / count as f64);
    assert!(100 * noticed >= least * count, "too many survive");
}

#[test]
fn a_sample_of_broken_rules_is_noticed() {
    run(97, 95);
}

#[test]
#[ignore = "every mutant of every rule: half an hour"]
fn broken_rules_are_noticed() {
    run(properties::from_environment("PULLBACK_STEP", 1), 95);
}

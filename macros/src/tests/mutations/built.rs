//! Rules that are built in Rust code have no text to break. What such a rule has made is broken instead, wherever it is
//! applied, in one way at a time: the result or one of its operands is negated, left out, exchanged with its neighbour, or
//! combined by another fold.

use super::suite::{Test, models, promises, quickest_first, suite};
use super::{CALLS, Outcome, Score, fails, is_asked_for};
use crate::ir::graph::{Dtype, Fold, Graph, Id, Kind};
use crate::op::{self, Meaning};
use crate::simplify::structure::{AFTER, BEFORE};
use crate::tests::properties;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What is done to a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum How {
    /// The other sign, or truth; of a constant, the number above it.
    Negated,
    /// Its argument alone.
    Only(usize),
    /// Its last two arguments the other way around.
    Exchanged,
    /// A maximum in place of a sum, a sum in place of others.
    Folded,
}

/// The result of a rule, or an operand of it, and what is done to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Fault {
    operand: Option<usize>,
    how: How,
}

enum Watch {
    Nothing,
    /// All faults that could be made, of the rules that are here.
    Record(BTreeMap<&'static str, BTreeSet<Fault>>),
    Break(&'static str, Fault),
}

thread_local! {
    static WATCH: RefCell<Watch> = const { RefCell::new(Watch::Nothing) };
}

/// What stands in place of the node that a rule has made of a graph that had `before` nodes.
pub fn applied(rule: &str, graph: &mut Graph, before: usize, made: Id) -> Id {
    let name = rule.split(" =").next().unwrap_or(rule);
    WATCH.with_borrow_mut(|watch| match watch {
        Watch::Record(found) => {
            if let Some(found) = found.get_mut(name) {
                let mut copy = graph.clone();
                let missing = all_faults(graph, made).into_iter().filter(|fault| !found.contains(fault));
                let possible: Vec<Fault> = missing.filter(|f| f.made(&mut copy, before, made).is_some()).collect();
                found.extend(possible);
            }
            made
        }
        Watch::Break(broken, fault) if *broken == name => fault.made(graph, before, made).unwrap_or(made),
        _ => made,
    })
}

fn all_faults(graph: &Graph, made: Id) -> Vec<Fault> {
    let hows = [How::Negated, How::Only(0), How::Only(1), How::Only(2), How::Exchanged, How::Folded];
    let operands = (0..graph.node(made).args.len().min(3)).map(Some);
    std::iter::once(None).chain(operands).flat_map(|operand| hows.map(|how| Fault { operand, how })).collect()
}

impl Fault {
    fn made(self, graph: &mut Graph, before: usize, id: Id) -> Option<Id> {
        let Some(position) = self.operand else { return self.how.made(graph, before, id) };
        let node = graph.node(id).clone();
        let mut args = node.args;
        if id.index() < before {
            return None;
        }
        args[position] = self.how.made(graph, before, *args.get(position)?)?;
        Some(graph.add(node.kind, args, node.shape, node.dtype))
    }
}

impl How {
    /// The node that stands in place of `id`; nothing where that makes no difference, or no sense, and where only another
    /// model would have it: a node that was there `before` the rule can be negated, but is not the rule's to change.
    fn made(self, graph: &mut Graph, before: usize, id: Id) -> Option<Id> {
        let node = graph.node(id).clone();
        match (self, &node.kind) {
            (How::Negated, _) => negated(graph, id),
            _ if id.index() < before => None,
            (How::Only(position), Kind::Map(_)) => {
                let alike = |arg: &Id| graph.node(*arg).dtype == node.dtype && *arg != id;
                node.args.get(position).copied().filter(alike)
            }
            (How::Exchanged, Kind::Map(op))
                if !matches!(*op, "add" | "mul" | "max" | "min" | "eq" | "ne" | "and" | "or") =>
            {
                let mut args = node.args;
                let [.., a, b] = &mut args[..] else { return None };
                std::mem::swap(a, b);
                let comparable = graph.node(*a).dtype == graph.node(*b).dtype && a != b;
                comparable.then(|| graph.add(node.kind, args, node.shape, node.dtype))
            }
            (How::Folded, Kind::Reduce { fold, axes }) => {
                let fold = if *fold == Fold::Sum { Fold::Max } else { Fold::Sum };
                Some(graph.reduce(fold, node.args[0], axes.clone()))
            }
            _ => None,
        }
    }
}

/// A negation is not negated: it would be by the same rule for ever.
fn negated(graph: &mut Graph, id: Id) -> Option<Id> {
    let mut inner = graph.node(id).clone();
    while let Kind::Broadcast { .. } = inner.kind {
        inner = graph.node(inner.args[0]).clone();
    }
    let shape = graph.shape(id).clone();
    match (graph.as_constant(id), graph.node(id).dtype) {
        (Some(number), _) => {
            let next = graph.constant(number + 1.0);
            Some(graph.broadcast_to(next, &shape))
        }
        (_, Dtype::Real) if inner.kind != Kind::Map("neg") => Some(graph.map("neg", vec![id], Dtype::Real)),
        (_, Dtype::Mask) if inner.kind != Kind::Map("not") => Some(graph.map("not", vec![id], Dtype::Mask)),
        _ => None,
    }
}

/// The rules of the reverse pass that no text states.
const WAYS_BACK: [&str; 26] = [
    "dot: d_a",
    "dot: d_b",
    "t: d_x",
    "reshape: d_x",
    "slice: d_x",
    "pad: d_x",
    "concat: d_x",
    "gather: d_x",
    "scatter: d_x",
    "windows: d_x",
    "overlap: d_x",
    "cumsum: d_x",
    "broadcast: d_x",
    "given: d_x",
    "loop: kept",
    "loop: start of a sum",
    "loop: d_carried",
    "loop: d_same",
    "loop: d_scanned",
    "loop: given back",
    "untaken: mask",
    "untaken: where_reached",
    "untaken: where_any_is_reached",
    "untaken: where_sum_is_reached",
    "untaken: largest",
    "untaken: operand",
];

fn rules() -> Vec<&'static str> {
    let identities = BEFORE.iter().chain(AFTER).map(|identity| identity.name);
    let built = op::all().filter(|op| matches!(op.meaning, Meaning::Built(_))).map(|op| op.name);
    let all: BTreeSet<&str> = WAYS_BACK.into_iter().chain(identities).chain(built).collect();
    all.into_iter().collect()
}

fn fails_with(rule: &'static str, fault: Fault, test: &dyn Fn()) -> bool {
    WATCH.set(Watch::Break(rule, fault));
    let failed = fails(test);
    WATCH.set(Watch::Nothing);
    failed
}

/// The faults that a test would meet, of each of the `rules`.
fn met_by(rules: &[&'static str], test: &dyn Fn()) -> BTreeSet<(&'static str, Fault)> {
    WATCH.set(Watch::Record(rules.iter().map(|rule| (*rule, BTreeSet::new())).collect()));
    test();
    let Watch::Record(found) = WATCH.replace(Watch::Nothing) else { unreachable!("no test sets a watch") };
    found.into_iter().flat_map(|(rule, faults)| faults.into_iter().map(move |fault| (rule, fault))).collect()
}

/// Breaks the rules in so many ways each at most.
fn run(rules: &[&'static str], suite: &[Test], ways: usize, least: usize) {
    let met = quickest_first(suite, |test| met_by(rules, test));
    let mut score = Score::default();
    for rule in rules {
        let faults: Vec<_> = met.iter().filter(|((of, _), _)| of == rule).collect();
        if faults.is_empty() {
            score.add(Outcome::Survives, format_args!("{rule}, which is never applied"));
        }
        for ((_, fault), tests) in faults.into_iter().take(ways) {
            let noticed = tests.iter().any(|&k| fails_with(rule, *fault, &*suite[k].body));
            let outcome = if noticed { Outcome::Noticed } else { Outcome::Survives };
            let names: Vec<&str> = tests.iter().map(|&k| suite[k].name.as_str()).collect();
            score.add(outcome, format_args!("{rule}, {fault:?}, in {} tests: {}", tests.len(), names.join("; ")));
        }
    }
    score.finish("faults of built rules", least);
}

#[test]
fn a_sample_of_faults_is_noticed() {
    let called = rules().into_iter().filter(|rule| op::callable(rule).is_some());
    let rules: Vec<&str> = called.step_by(9).collect();
    let suite: Vec<Test> = promises().into_iter().chain(models(10, 8, &rules)).collect();
    run(&rules, &suite, 1, 80);
}

#[test]
#[ignore = "every fault of every rule: some minutes"]
fn faults_of_built_rules_are_noticed() {
    let step = properties::from_environment("PULLBACK_STEP", 1);
    let rules: Vec<&str> = rules().into_iter().filter(|rule| is_asked_for(rule)).step_by(step).collect();
    let models = properties::from_environment("PULLBACK_MODELS", 60) as u64;
    run(&rules, &suite(models, CALLS, &rules), usize::MAX, 95);
}

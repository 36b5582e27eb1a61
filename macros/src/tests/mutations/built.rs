//! Rules that are built in Rust code have no text to break. What such a rule has made is broken instead, wherever it is
//! applied, in one way at a time: the result or one of its operands is negated, left out, exchanged with its neighbour, or
//! combined by another fold.

use super::{QUICK, SLOW};
use crate::ir::graph::{Dtype, Fold, Graph, Id, Kind};
use crate::op::{self, Meaning};
use crate::simplify::structure::{AFTER, BEFORE};
use crate::tests::properties;
use crate::tests::random::{called, grow};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

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
    /// All faults that could be made, by rule.
    Record(BTreeMap<String, BTreeSet<Fault>>),
    Break(String, Fault),
}

thread_local! {
    static WATCH: RefCell<Watch> = const { RefCell::new(Watch::Nothing) };
}

/// What stands in place of the node that a rule has made.
pub fn applied(rule: &str, graph: &mut Graph, made: Id) -> Id {
    let name = rule.split(" =").next().unwrap_or(rule);
    WATCH.with_borrow_mut(|watch| match watch {
        Watch::Record(found) => {
            let possible = all_faults(graph, made).into_iter().filter(|f| f.made(&mut graph.clone(), made).is_some());
            found.entry(name.to_string()).or_default().extend(possible);
            made
        }
        Watch::Break(broken, fault) if broken == name => fault.made(graph, made).unwrap_or(made),
        _ => made,
    })
}

fn all_faults(graph: &Graph, made: Id) -> Vec<Fault> {
    let hows = [How::Negated, How::Only(0), How::Only(1), How::Only(2), How::Exchanged, How::Folded];
    let operands = (0..graph.node(made).args.len().min(3)).map(Some);
    std::iter::once(None).chain(operands).flat_map(|operand| hows.map(|how| Fault { operand, how })).collect()
}

impl Fault {
    fn made(self, graph: &mut Graph, id: Id) -> Option<Id> {
        let Some(position) = self.operand else { return self.how.made(graph, id) };
        let node = graph.node(id).clone();
        let mut args = node.args;
        args[position] = self.how.made(graph, *args.get(position)?)?;
        Some(graph.add(node.kind, args, node.shape, node.dtype))
    }
}

impl How {
    /// The node that stands in place of `id`; nothing where that makes no difference, or no sense.
    fn made(self, graph: &mut Graph, id: Id) -> Option<Id> {
        let node = graph.node(id).clone();
        match (self, &node.kind) {
            (How::Negated, _) => negated(graph, id),
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

/// How many random models call an operation whose rules are broken.
const CALLS: usize = 3;

type Test = (String, Box<dyn Fn()>);

/// The suite: random models one by one, the first and those that call the operations among `rules`; then the other tests.
fn suite(rules: &[&str], models: u64) -> Vec<Test> {
    let mut seeds: BTreeSet<u64> = (0..models).collect();
    let mut missing: Vec<&str> = rules.iter().flat_map(|rule| [*rule; CALLS]).collect();
    for seed in 0..2000 {
        let found = called(&grow::model(seed)).into_iter().filter_map(|op| missing.iter().position(|m| *m == op));
        found.collect::<BTreeSet<usize>>().into_iter().rev().for_each(|at| {
            missing.remove(at);
            seeds.insert(seed);
        });
    }
    let model = |seed| -> Test { (format!("model {seed}"), Box::new(move || properties::models_hold(seed, 1))) };
    let tests = QUICK.iter().copied().flatten().chain(&SLOW[..SLOW.len() - 1]);
    let named = |(k, test): (usize, &'static fn())| -> Test { (format!("test {k}"), Box::new(test)) };
    seeds.into_iter().map(model).chain(tests.enumerate().map(named)).collect()
}

/// Which tests apply a rule so that a fault is possible, for every rule and fault.
fn reached(suite: &[Test]) -> BTreeMap<String, BTreeMap<Fault, Vec<usize>>> {
    let mut all: BTreeMap<String, BTreeMap<Fault, Vec<usize>>> = BTreeMap::new();
    for (number, (name, test)) in suite.iter().enumerate() {
        WATCH.set(Watch::Record(BTreeMap::new()));
        test();
        let Watch::Record(found) = WATCH.replace(Watch::Nothing) else { unreachable!("{name} sets no watch") };
        for (rule, faults) in found {
            let of_rule = all.entry(rule).or_default();
            faults.into_iter().for_each(|fault| of_rule.entry(fault).or_default().push(number));
        }
    }
    all
}

fn fails(rule: &str, fault: Fault, test: &dyn Fn()) -> bool {
    WATCH.set(Watch::Break(rule.to_string(), fault));
    let failed = catch_unwind(AssertUnwindSafe(test)).is_err();
    WATCH.set(Watch::Nothing);
    failed
}

/// Breaks every `step`th rule in so many ways at most; the least share that must be noticed is in hundredths.
fn run(step: usize, ways: usize, models: u64, least: usize) {
    let rules: Vec<&str> = rules().into_iter().step_by(step).collect();
    let suite = suite(&rules, models);
    let reached = reached(&suite);
    let (mut count, mut noticed) = (0, 0);
    for rule in rules {
        let Some(faults) = reached.get(rule) else {
            println!("never applied: {rule}");
            count += 1;
            continue;
        };
        for (&fault, tests) in faults.iter().take(ways) {
            count += 1;
            let found = tests.iter().any(|&number| fails(rule, fault, &*suite[number].1));
            noticed += usize::from(found);
            if !found {
                println!("survives: {rule}, {fault:?}, in {} tests", tests.len());
            }
        }
    }
    println!("{noticed} of {count} faults are noticed, {:.1} %", 100.0 * noticed as f64 / count as f64);
    assert!(100 * noticed >= least * count, "too many survive");
}

#[test]
fn a_sample_of_faults_is_noticed() {
    run(13, 1, 10, 80);
}

#[test]
#[ignore = "every fault of every rule: some minutes"]
fn faults_of_built_rules_are_noticed() {
    let models = properties::from_environment("PULLBACK_MODELS", 100);
    run(properties::from_environment("PULLBACK_STEP", 1), usize::MAX, models as u64, 95);
}

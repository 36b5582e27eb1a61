//! The suite that has to notice a broken rule, in small parts: each is about one operation, identity, case or model.

use crate::op::{self, Identity, Op};
use crate::tests::random::{called, grow};
use crate::tests::{conformance, edges, middle, operations, properties, stability, table};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

pub struct Test {
    pub name: String,
    pub body: Box<dyn Fn()>,
}

fn test(name: String, body: impl Fn() + 'static) -> Test {
    Test { name, body: Box::new(body) }
}

/// All parts, with so many random models, and so many `calls` of each of the `operations` in others.
pub fn suite(count: u64, calls: usize, operations: &[&str]) -> Vec<Test> {
    [promises(), table(), composites(), sources(), models(count, calls, operations)].into_iter().flatten().collect()
}

/// What is promised at kinks and edges.
pub fn promises() -> Vec<Test> {
    let all = middle::CONVENTIONS.iter().chain(&stability::ALL).chain(&edges::ALL).enumerate();
    all.map(|(k, promise)| test(format!("promise {k}"), promise)).collect()
}

fn table() -> Vec<Test> {
    let first = |op: &'static Op| test(format!("derivative of {}", op.name), move || table::check_derivative(op));
    let second =
        |op: &'static Op| test(format!("second derivative of {}", op.name), move || table::check_second_derivative(op));
    let identity = |i: &'static Identity| test(format!("identity {}", i.name), move || table::check_identity(i));
    let operations = table::differentiable().flat_map(|op| [first(op), second(op)]);
    operations.chain(op::identities().map(identity)).collect()
}

/// Models of several operations each.
pub fn composites() -> Vec<Test> {
    let models = middle::MODELS.iter().map(|source| test(source.to_string(), || middle::check(source, middle::SIZES)));
    models.chain(middle::SMOOTH.iter().map(|value| test(format!("{value}, twice"), || middle::twice(value)))).collect()
}

/// Models of operations with options, and the conformance cases.
fn sources() -> Vec<Test> {
    let mut all = vec![test("a smoothed label".into(), operations::a_smoothed_label_is_a_distribution)];
    for models in [operations::MODELS, operations::IN_TRAINING, operations::LOOPS] {
        all.extend((0..models.len()).map(|k| test(models[k].1.to_string(), move || operations::check(models, k))));
    }
    for models in [operations::MODELS, operations::LOOPS] {
        let twice = |k: usize| test(format!("{}, twice", models[k].1), move || operations::check_twice(models, k));
        all.extend((0..models.len()).map(twice));
    }
    let case = |(id, form): (&'static str, _)| test(format!("case {id}"), move || conformance::check(id, form));
    all.extend(conformance::networks().map(case));
    all
}

/// The first random models, and so many `calls` of each of the `operations` in others.
pub fn models(count: u64, calls: usize, operations: &[&str]) -> Vec<Test> {
    let mut seeds: BTreeSet<u64> = (0..count).collect();
    let mut missing: Vec<&str> = operations.iter().flat_map(|op| vec![*op; calls]).collect();
    for seed in 0..4000 {
        if missing.is_empty() {
            break;
        }
        let found = called(&grow::model(seed)).into_iter().filter_map(|op| missing.iter().position(|m| *m == op));
        found.collect::<BTreeSet<usize>>().into_iter().rev().for_each(|at| {
            missing.remove(at);
            seeds.insert(seed);
        });
    }
    let model = |seed: u64| test(format!("model {seed}"), move || properties::models_hold(seed, 1));
    seeds.into_iter().map(model).collect()
}

/// For each of what `record` finds while a test runs, the tests that it was found in, the quickest first.
pub fn quickest_first<K: Ord>(suite: &[Test], record: impl Fn(&dyn Fn()) -> BTreeSet<K>) -> BTreeMap<K, Vec<usize>> {
    let mut found: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    let mut times = Vec::new();
    for (k, test) in suite.iter().enumerate() {
        let start = Instant::now();
        record(&*test.body).into_iter().for_each(|key| found.entry(key).or_default().push(k));
        times.push(start.elapsed());
    }
    found.values_mut().for_each(|tests| tests.sort_by_key(|&k| times[k]));
    found
}

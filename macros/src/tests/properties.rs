//! For every random model: no phase changes its value, its gradients agree with finite differences, and each emitted
//! program computes what its graph does, in memory that is really shared. The gradients of every eighth are derived once
//! more, as the outputs of a network of their own.
//!
//! An ordinary run takes 2,000 models; a longer one is
//!
//! ```text
//! PULLBACK_MODELS=10000 cargo test --release -p pullback-macros properties::every_phase -- --nocapture
//! ```
//!
//! and `PULLBACK_SEED=17` starts at another one. A failure names its seed and the smallest model that still fails in the same
//! way.

use super::derived;
use super::execute::execute;
use super::interpret::{Array, Random, Sizes, run};
use super::random::{Model, grow, oracle, shrink::shrink};
use crate::differentiate::Seed;
use crate::emit::{Compiled, Passes};
use crate::fuse::fuse;
use crate::ir::graph::{Dtype, Goal, Graph, Source};
use crate::ir::model::Role;
use crate::sample::sample;
use crate::tile::tile_anyway;
use crate::{ir, lower, parse, partition, pipeline, simplify, verify};
use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

const MODELS: usize = 2000;
/// Between two ways to compute the same, relative to the largest element.
const EXACT: f64 = 1e-9;
/// Between a gradient and a difference.
const DERIVED: f64 = 1e-6;
/// Of so many models one is derived twice.
const TWICE: u64 = 8;

/// A number from the environment.
pub fn from_environment(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// A model with what stands for it at run time.
pub struct Case<'m> {
    pub model: &'m Model,
    pub sizes: Sizes,
    pub arguments: Vec<Array>,
    seed: u64,
}

/// What does not hold, and the evidence.
pub struct Failure {
    claim: String,
    evidence: String,
}

impl Failure {
    /// The same of something else.
    fn about(self, what: &str) -> Self {
        Failure { claim: format!("{what}: {}", self.claim), ..self }
    }
}

#[derive(Default, Debug)]
struct Tally {
    /// Derivatives compared with differences.
    slopes: usize,
    /// Second derivatives compared with differences of the first.
    second: usize,
    /// Those left out: a kink, or a jump, is too near.
    kinks: usize,
    /// Values left out: the least change of an argument changes them much.
    jumps: usize,
    /// Models with a value that is not finite: their gradients are not compared.
    singular: usize,
    /// Models whose steps were cut into tiles of rows.
    tiled: usize,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.slopes += other.slopes;
        self.second += other.second;
        self.kinks += other.kinks;
        self.jumps += other.jumps;
        self.singular += other.singular;
        self.tiled += other.tiled;
    }
}

impl<'m> Case<'m> {
    pub fn new(model: &'m Model, seed: u64) -> Self {
        let mut random = Random::new(seed.wrapping_add(0xD1CE));
        let empty = random.below(16) == 0;
        let mut size = || if empty && random.below(3) == 0 { 0 } else { [1, 1, 2, 2, 3, 3, 4, 5][random.below(8)] };
        let mut sizes: Sizes = model.dimensions().into_iter().map(|name| (name, size())).collect();
        // A label is one of some classes.
        let labels = model.arguments.iter().filter(|a| a.role == Role::Index);
        labels.flat_map(|a| a.classes.names()).for_each(|name| {
            sizes.entry(name.to_string()).and_modify(|size| *size = (*size).max(1));
        });
        Case { model, arguments: model.draw(&sizes, seed), sizes, seed }
    }

    pub fn parsed(&self) -> Result<ir::model::Model, Failure> {
        let (options, item) =
            (self.model.options().parse().expect("tokens"), self.model.text().parse().expect("tokens"));
        parse::parse(options, item)
            .map_err(|f| failure("it is parsed", format!("{:?}", f.error.map(|e| e.to_string()))))
    }

    pub fn lowered(&self, model: &ir::model::Model) -> Result<Graph, Failure> {
        let graph = lower::lower(model).map_err(|e| failure("it is lowered", e))?;
        verified("lower", simplify::resolve(&graph, true), false)
    }

    fn run(&self, graph: &Graph, more: &[Array]) -> Vec<Array> {
        run(graph, &self.sizes, &[self.arguments.clone(), more.to_vec()].concat())
    }

    /// Arguments of which no element is quite the same.
    fn nudged(&self, by: f64) -> Vec<Array> {
        let mut random = Random::new(self.seed.wrapping_add(0x0FF));
        let real = |k: usize| matches!(self.model.arguments[k].role, Role::Input | Role::Param);
        let mut nudge = |x: f64| x + x * by * random.within(-1.0, 1.0);
        let nudged = self.arguments.iter().enumerate().map(|(k, a)| match real(k) {
            true => Array { shape: a.shape.clone(), data: a.data.iter().map(|x| nudge(*x)).collect() },
            false => a.clone(),
        });
        nudged.collect()
    }
}

fn failure(claim: &str, evidence: impl ToString) -> Failure {
    Failure { claim: claim.into(), evidence: evidence.to_string() }
}

fn verified(phase: &str, graph: Graph, expanded: bool) -> Result<Graph, Failure> {
    verify::graph(&graph, expanded).map_err(|e| failure(&format!("what `{phase}` makes is well formed"), e))?;
    Ok(graph)
}

// --- comparison ---

/// The first array and element that differ; of an empty array's sum or maximum, what is not finite is not compared.
fn difference_of(got: &[Array], want: &[Array]) -> Option<String> {
    if got.len() != want.len() {
        return Some(format!("{} results in place of {}", got.len(), want.len()));
    }
    got.iter().zip(want).enumerate().find_map(|(k, (g, w))| {
        if g.shape != w.shape {
            return Some(format!("result {k} is {:?} in place of {:?}", g.shape, w.shape));
        }
        let largest = w.data.iter().filter(|v| v.is_finite()).fold(1.0f64, |m, v| m.max(v.abs()));
        let wrong = |(g, w): (&f64, &f64)| w.is_finite() && (g - w).abs().partial_cmp(&(EXACT * largest)) != LESS;
        let at = g.data.iter().zip(&w.data).position(wrong)?;
        Some(format!("element {at} of result {k} is {} in place of {}\n{g:?}\n{w:?}", g.data[at], w.data[at]))
    })
}

const LESS: Option<std::cmp::Ordering> = Some(std::cmp::Ordering::Less);

/// Fails where results differ, unless `reference` jumps at this very point.
fn agree(
    claim: &str,
    case: &Case,
    tally: &mut Tally,
    got: &[Array],
    want: &[Array],
    reference: impl Fn(&[Array]) -> Vec<Array>,
) -> Result<(), Failure> {
    let Some(difference) = difference_of(got, want) else { return Ok(()) };
    let far = |near: &[Array], at: &[Array]| {
        near.iter().zip(at).flat_map(|(a, b)| a.data.iter().zip(&b.data)).any(|(a, b)| (a - b).abs() > 1e-7)
    };
    // No argument may move what stands at a jump.
    let roughly = |by: f64| oracle::roughly(case.model, &case.sizes, &case.arguments, by);
    let jumps = (1..4)
        .map(|n| 1e-12 * f64::from(n))
        .any(|by| far(&reference(&case.nudged(by)), want) || far(&roughly(by), &roughly(0.0)));
    if jumps {
        tally.jumps += 1;
        return Ok(());
    }
    Err(failure(claim, difference))
}

// --- gradients ---

fn wanted(case: &Case) -> Vec<usize> {
    let arguments = case.model.arguments.iter().enumerate();
    let params = arguments.clone().filter(|(_, a)| a.role == Role::Param).map(|(k, _)| k);
    let of = |name: &String| case.model.arguments.iter().position(|a| a.name == *name).expect("an argument");
    params.chain(case.model.wrt.iter().map(of)).collect()
}

/// Cotangents away from 0.
fn cotangents(case: &Case, outputs: &[Array]) -> Vec<Array> {
    let mut random = Random::new(case.seed.wrapping_add(0xC0));
    let mut one = || (0.3 + 0.7 * random.within(0.0, 1.0)) * if random.below(2) == 0 { 1.0 } else { -1.0 };
    outputs.iter().map(|y| Array::filled(y.shape.clone(), |_| one())).collect()
}

/// A graph at a point, and what each element of its outputs counts.
struct Weighted<'a> {
    graph: &'a Graph,
    sizes: &'a Sizes,
    arguments: &'a [Array],
    weights: &'a [Array],
}

impl Weighted<'_> {
    /// `Σ weights · outputs`.
    fn total(&self, arguments: &[Array]) -> f64 {
        let outputs = run(self.graph, self.sizes, arguments);
        outputs.iter().zip(self.weights).flat_map(|(y, w)| y.data.iter().zip(&w.data)).map(|(y, w)| y * w).sum()
    }

    /// The derivative of the total along `direction` of argument `k`, by central differences of fourth order at ever
    /// smaller steps; `None` where no two of them agree.
    fn slope(&self, k: usize, direction: &Array) -> Option<f64> {
        let total = |by: f64| {
            let mut moved = self.arguments.to_vec();
            moved[k].data.iter_mut().zip(&direction.data).for_each(|(x, d)| *x += by * d);
            self.total(&moved)
        };
        let central = |h: f64| (8.0 * (total(h) - total(-h)) - (total(2.0 * h) - total(-2.0 * h))) / (12.0 * h);
        let mut last = central(2e-3);
        for step in [3e-4, 4e-5, 5e-6] {
            let next = central(step);
            if (next - last).abs() <= 0.1 * DERIVED * scale(next) {
                return Some(last);
            }
            last = next;
        }
        None
    }

    /// Compares the gradients of these arguments with differences, each in a random direction: how many agree, and how
    /// many cannot be compared.
    fn gradients_agree(&self, seed: u64, wanted: &[usize], gradients: &[Array]) -> Result<(usize, usize), Failure> {
        let mut random = Random::new(seed.wrapping_add(0xD1));
        let (mut slopes, mut kinks) = (0, 0);
        for (gradient, &k) in gradients.iter().zip(wanted) {
            let direction = random.array(gradient.shape.clone(), -1.0, 1.0);
            let derived: f64 = gradient.data.iter().zip(&direction.data).map(|(g, d)| g * d).sum();
            match self.slope(k, &direction) {
                None => kinks += 1,
                Some(numeric) if (derived - numeric).abs() <= DERIVED * scale(numeric) => slopes += 1,
                Some(numeric) => {
                    let name = &self.graph.arguments[k].name;
                    let text =
                        format!("the gradient of `{name}` gives {derived}, the difference {numeric}\n{gradient:?}");
                    return Err(failure("gradients agree with differences", text));
                }
            }
        }
        Ok((slopes, kinks))
    }
}

/// What a tolerance is relative to.
fn scale(slope: f64) -> f64 {
    slope.abs().max(0.01)
}

/// The gradients as the outputs of a network of their own, whose arguments are the model's and the cotangents.
fn gradients_of(joint: &Graph) -> Graph {
    let mut graph = joint.clone();
    graph.roots.retain(|r| matches!(r.goal, Goal::Gradient(_)) && r.node.is_some());
    graph.roots.iter_mut().enumerate().for_each(|(k, root)| root.goal = Goal::Output(k));
    graph.arguments.iter_mut().for_each(|a| {
        if let Source::Cotangent(_) = a.source {
            a.source = Source::User(Role::Param);
        }
    });
    graph.rebuild(|new, node, args| new.like(node, args))
}

/// The gradients, as they were derived and as they were simplified, are derived by everything that they depend on.
fn derive_again(
    case: &Case,
    tally: &mut Tally,
    joint: &Graph,
    simple: &Graph,
    weights: &[Array],
) -> Result<(), Failure> {
    let gradient = gradients_of(joint);
    let plain = verified("expand", simplify::expand(&gradient), true)?;
    let arguments = [&case.arguments, weights].concat();
    let outputs = run(&plain, &case.sizes, &arguments);
    let cotangents =
        (case.arguments.len()..gradient.arguments.len()).filter(|k| gradient.arguments[*k].dtype == Dtype::Real);
    let wanted: Vec<usize> = wanted(case).into_iter().chain(cotangents).collect();
    let again = self::cotangents(case, &outputs);
    // What was a composite has to be found again first: the derivative of a norm at 0 is not that of its root.
    let second = |gradient: &Graph, moved: &[Array]| {
        let stable = verified("stabilise", simplify::stabilise(gradient).0, false)?;
        let second = verified("differentiate", derived(&stable, &wanted, Seed::Argument), false)?;
        let second = verified("simplify", simplify::simplify(&second), true)?;
        Ok(run(&second, &case.sizes, &[moved, &again].concat()).split_off(outputs.len()))
    };
    let got = second(&gradient, &arguments)?;
    let at = Weighted { graph: &plain, sizes: &case.sizes, arguments: &arguments, weights: &again };
    let (slopes, kinks) = at.gradients_agree(case.seed, &wanted, &got).map_err(|f| f.about("the second derivative"))?;
    (tally.second, tally.kinks) = (tally.second + slopes, tally.kinks + kinks);
    let reference = |moved: &[Array]| second(&gradient, &[moved, weights].concat()).unwrap_or_default();
    let from_simple = second(&gradients_of(simple), &arguments)?;
    agree("a simplified gradient has the same derivative", case, tally, &from_simple, &got, reference)
}

// --- the phases ---

/// All claims about one model.
fn check(case: &Case) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let model = case.parsed()?;
    let lowered = case.lowered(&model)?;
    let plain = verified("expand", simplify::expand(&lowered), true)?;
    let value = |arguments: &[Array]| run(&plain, &case.sizes, arguments);
    // Behind the outputs stand the states after a step.
    let outputs = value(&case.arguments);
    let (meant, finite) = oracle::evaluate(case.model, &case.sizes, &case.arguments);
    let by_definition = |arguments: &[Array]| oracle::evaluate(case.model, &case.sizes, arguments).0;
    let values = &outputs[..meant.len()];
    agree("the lowered graph computes what the model says", case, &mut tally, values, &meant, by_definition)?;
    let stable = verified("stabilise", simplify::stabilise(&lowered).0, false)?;
    let got = case.run(&verified("expand", simplify::expand(&stable), true)?, &[]);
    agree("`stabilise` keeps the value", case, &mut tally, &got, &outputs, value)?;
    let got = case.run(&verified("simplify", simplify::simplify(&stable), true)?, &[]);
    agree("`simplify` keeps the value", case, &mut tally, &got, &outputs, value)?;

    // Where a value on the way is infinite or NaN, a difference says nothing about a gradient.
    if !finite {
        return Ok(Tally { singular: 1, ..tally });
    }

    let weights = cotangents(case, values);
    let joint = verified("differentiate", derived(&stable, &wanted(case), Seed::Argument), false)?;
    let derived = verified("expand", simplify::expand(&joint), true)?;
    let weighted = |arguments: &[Array], weights: &[Array]| run(&derived, &case.sizes, &[arguments, weights].concat());
    let results = |arguments: &[Array]| weighted(arguments, &weights);
    let all = results(&case.arguments);
    agree("`differentiate` keeps the value", case, &mut tally, &all[..outputs.len()], &outputs, value)?;
    let at = Weighted { graph: &plain, sizes: &case.sizes, arguments: &case.arguments, weights: &weights };
    let (slopes, kinks) = at.gradients_agree(case.seed, &wanted(case), &all[outputs.len()..])?;
    (tally.slopes, tally.kinks) = (slopes, kinks);

    let simple = verified("simplify", simplify::simplify(&joint), true)?;
    agree("`simplify` keeps gradients", case, &mut tally, &case.run(&simple, &weights), &all, results)?;
    if case.seed.is_multiple_of(TWICE) {
        derive_again(case, &mut tally, &joint, &simple, &weights)?;
    }
    let (forward, backward) = partition::partition(&simple);
    let (forward, backward) = (verified("forward", forward, true)?, verified("backward", backward, true)?);
    let kept = case.run(&forward, &[]);
    agree("forward gives the value", case, &mut tally, &kept[..outputs.len()], &outputs, value)?;
    let more = [&weights, &kept[outputs.len()..]].concat();
    let gradients = |arguments: &[Array]| results(arguments).split_off(outputs.len());
    let got = case.run(&backward, &more);
    agree("backward gives the gradients", case, &mut tally, &got, &all[outputs.len()..], gradients)?;
    programs(
        case,
        &mut tally,
        (&stable, &pipeline::compile(&model).map_err(|e| failure("it compiles", e))?),
        &all,
        &weights,
        weighted,
    )?;
    Ok(tally)
}

/// The programs of all passes, executed.
fn programs(
    case: &Case,
    tally: &mut Tally,
    (stable, passes): (&Graph, &Passes),
    all: &[Array],
    weights: &[Array],
    weighted: impl Fn(&[Array], &[Array]) -> Vec<Array>,
) -> Result<(), Failure> {
    let results = |arguments: &[Array]| weighted(arguments, weights);
    let outputs = all.len() - wanted(case).len();
    let run = |pass: &Compiled, more: &[Array]| {
        execute(&pass.program, &case.sizes, &[case.arguments.clone(), more.to_vec()].concat())
    };
    let value = |arguments: &[Array]| results(arguments)[..outputs].to_vec();
    let gradients = |arguments: &[Array]| results(arguments).split_off(outputs);
    let infer = run(&passes.infer, &[]);
    let meant = |arguments: &[Array]| oracle::infer(case.model, &case.sizes, arguments);
    agree("the program of inference gives the value", case, tally, &infer, &meant(&case.arguments), meant)?;
    let kept = run(&passes.forward, &[]);
    agree("the program of forward gives the value", case, tally, &kept[..outputs], &all[..outputs], value)?;
    let more = [weights, &kept[outputs..]].concat();
    let got = run(&passes.backward, &more);
    agree("the program of backward gives the gradients", case, tally, &got, &all[outputs..], gradients)?;
    if let Some(step) = &passes.step {
        // Of several outputs the first one is the loss.
        let seed = |(k, w): (usize, &Array)| Array::filled(w.shape.clone(), |_| if k == 0 { 1.0 } else { 0.0 });
        let seeds: Vec<Array> = weights.iter().enumerate().map(seed).collect();
        let of_loss = |arguments: &[Array]| weighted(arguments, &seeds);
        let (got, wanted) = (run(step, &[]), of_loss(&case.arguments));
        agree("the program of a step gives value and gradients", case, tally, &got, &wanted, of_loss)?;
        let graph = verified("differentiate", pipeline::tidy(&derived(stable, &self::wanted(case), Seed::One)), true)?;
        if let Some(tiled) = tile_anyway(&graph) {
            let (_, program) = fuse(&sample(&verified("tile", tiled, true)?), &HashSet::new());
            let got = execute(&program, &case.sizes, &case.arguments);
            agree("the program of a step in tiles does too", case, tally, &got, &wanted, of_loss)?;
            tally.tiled += 1;
        }
    }
    Ok(())
}

/// As [`check`]; a panic is a failure as well.
fn verdict(model: &Model, seed: u64) -> Result<Tally, Failure> {
    let run = catch_unwind(AssertUnwindSafe(|| check(&Case::new(model, seed))));
    run.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string())).unwrap_or_default();
        let claim =
            format!("nothing panics: {}", text.lines().next().unwrap_or_default().chars().take(60).collect::<String>());
        Err(failure(&claim, text))
    })
}

/// A claim without what differs from model to model.
fn kind(failure: &Failure) -> String {
    failure.claim.chars().take_while(|c| !c.is_ascii_digit() && *c != '%').collect()
}

/// The report on a model that fails, made as small as possible.
fn report(model: &Model, seed: u64, found: &Failure) -> String {
    let smallest = shrink(model, |m| verdict(m, seed).is_err_and(|f| kind(&f) == kind(found)));
    let Failure { claim, evidence } = verdict(&smallest, seed).expect_err("it fails");
    let sizes = Case::new(&smallest, seed).sizes;
    let (options, text) = (smallest.options(), smallest.text());
    format!("seed {seed}: not so: {claim}\n#[network({options})]\n{text}\n{sizes:?}\n{evidence}\n")
}

/// All claims about these random models.
pub fn models_hold(first: u64, count: usize) {
    for seed in (first..).take(count) {
        verdict(&grow::model(seed), seed).unwrap_or_else(|f| panic!("{}: {}", f.claim, f.evidence));
    }
}

#[test]
fn every_phase_keeps_values_and_gradients_are_right() {
    let (count, first) = (from_environment("PULLBACK_MODELS", MODELS), from_environment("PULLBACK_SEED", 0));
    let mut total = Tally::default();
    let mut found: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for seed in (first as u64..).take(count) {
        let model = grow::model(seed);
        match verdict(&model, seed) {
            Ok(tally) => total.add(tally),
            Err(failure) => {
                found.entry(kind(&failure)).or_insert_with(|| (0, report(&model, seed, &failure))).0 += 1;
            }
        }
    }
    println!("{count} models: {total:?}");
    let reports: Vec<String> = found.values().map(|(times, report)| format!("{times} times, first {report}")).collect();
    assert!(reports.is_empty(), "{}", reports.join("\n"));
    assert!(
        total.kinks * 20 <= total.slopes
            && (total.jumps + total.singular) * 20 <= count
            && (total.tiled * 20 >= count || count < 100),
        "too little is compared: {total:?}"
    );
}

/// The gradients of a random model, multiplied by `factor`, against differences.
fn scaled_gradients_agree(seed: u64, factor: f64) -> bool {
    let model = grow::model(seed);
    let case = Case::new(&model, seed);
    let plain = |graph: &Graph| simplify::expand(graph);
    let Ok(lowered) = case.parsed().and_then(|m| case.lowered(&m)) else { return true };
    let outputs = case.run(&plain(&lowered), &[]);
    let weights = cotangents(&case, &outputs[..model.outputs.len()]);
    let joint = plain(&derived(&lowered, &wanted(&case), Seed::Argument));
    let gradients = case.run(&joint, &weights).split_off(outputs.len());
    let scaled = |g: Array| Array { data: g.data.iter().map(|v| v * factor).collect(), ..g };
    let scaled: Vec<Array> = gradients.into_iter().map(scaled).collect();
    let lowered = plain(&lowered);
    let at = Weighted { graph: &lowered, sizes: &case.sizes, arguments: &case.arguments, weights: &weights };
    at.gradients_agree(case.seed, &wanted(&case), &scaled).is_ok()
}

#[test]
fn gradients_that_are_off_by_a_thousandth_are_noticed() {
    let right = (0..100).filter(|seed| scaled_gradients_agree(*seed, 1.0)).count();
    let wrong = (0..100).filter(|seed| scaled_gradients_agree(*seed, 1.001)).count();
    assert!(right >= 95 && wrong <= 40, "{right} of 100 agree, and {wrong} when they are wrong");
}

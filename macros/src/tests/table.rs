//! The whole table at once: every derivative against finite differences, in every pattern of broadcasting, and every
//! identity on random points.

use super::derived;
use super::interpret::{Array, Random, close, difference, run, sizes};
use crate::differentiate::Seed;
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Argument, Dtype, Goal, Graph, Id, Root, Source};
use crate::ir::model::{Expr, ExprKind, Role};
use crate::op::apply::{Settings, apply};
use crate::op::rule::{self, Bindings};
use crate::op::{self, Derivative, Family, Identity, Last, Op, Takes};
use crate::{simplify, verify};

/// `[N, 13]` out of numbers and names.
fn shape(dims: &[&str]) -> Shape {
    dims.iter().map(|d| d.parse().map_or_else(|_| Dim::name(*d), Dim::number)).collect()
}

fn argument(name: &str, shape: Shape, dtype: Dtype) -> Argument {
    Argument { name: name.to_string(), source: Source::User(Role::Param), shape, dtype }
}

/// Shapes of two arguments, in each way that they may broadcast.
const PATTERNS: [[&[&str]; 2]; 7] = [
    [&["N", "K"], &["N", "K"]],
    [&["N", "K"], &["K"]],
    [&["K"], &["N", "K"]],
    [&["N", "1"], &["N", "K"]],
    [&["N", "1"], &["1", "K"]],
    [&[], &["N", "K"]],
    [&["N", "K"], &[]],
];

/// A number of the domain, away from the kinks.
fn sample(op: &Op, position: usize, random: &mut Random) -> f64 {
    let (low, high) = op.domain[position];
    loop {
        let value = random.within(low, high);
        if op.kinks.iter().all(|k| (value - k).abs() > 0.01) {
            return value;
        }
    }
}

/// The graph of `op` on arguments of these shapes, constants written out, and where its arguments are.
fn graph_of(op: &'static Op, shapes: &[Shape], random: &mut Random) -> (Graph, Vec<Array>) {
    let masked = matches!(op.meaning, op::Meaning::Map { takes: Takes::MaskFirst, .. });
    let free = op.args.len() - usize::from(op.last != Last::Array);
    let dtype = |k: usize| if masked && k == 0 { Dtype::Mask } else { Dtype::Real };
    // A loss takes single numbers beside its arrays.
    let single = |k: usize| op.family == Family::Composite && op.defaults.iter().any(|(name, _)| *name == op.args[k]);
    let shape = |k: usize| if single(k) { Shape::new() } else { shapes[k % shapes.len()].clone() };
    let arguments = (0..free).map(|k| argument(op.args[k], shape(k), dtype(k))).collect();
    let mut graph = Graph::new(arguments);
    let mut ids: Vec<Id> = (0..free).map(|k| graph.argument(k)).collect();
    if op.last != Last::Array {
        let value = sample(op, free, random);
        let value = if op.last == Last::Whole { value.round() } else { value };
        ids.push(graph.constant(value));
    }
    let node = apply(&mut graph, op, &ids, &Settings::default()).unwrap_or_else(|m| panic!("{}: {m:?}", op.name));
    graph.roots.push(Root { goal: Goal::Output(0), node: Some(node) });
    let known = sizes(&[("N", 3), ("K", 2)]);
    let arrays = graph.arguments.iter().enumerate().map(|(k, a)| {
        let shape = super::interpret::shape_of(&a.shape, &known);
        Array::filled(shape, |_| match a.dtype {
            Dtype::Real => sample(op, k.min(op.domain.len() - 1), random),
            _ => random.below(2) as f64,
        })
    });
    let arrays = arrays.collect();
    (graph, arrays)
}

/// What takes options has models of its own, in `operations`.
pub fn differentiable() -> impl Iterator<Item = &'static Op> {
    let with_options = |op: &Op| match op.family {
        Family::Shape => op.name != "t",
        Family::Windows | Family::Normalisation | Family::Random => true,
        _ => op.name == "einsum",
    };
    op::all().filter(move |op| !matches!(op.derivative, Derivative::None) && !with_options(op))
}

fn patterns(op: &Op) -> Vec<Vec<Shape>> {
    match op.family {
        Family::Linear => {
            [[&["N", "K"][..], &["K", "N"]], [&["N", "K"], &["K"]], [&["N"], &["N", "K"]], [&["K"], &["K"]]]
                .map(|pair| pair.map(shape).to_vec())
                .to_vec()
        }
        // A loss does not broadcast.
        Family::Composite => vec![vec![shape(&["N", "K"])], vec![shape(&["K"])]],
        _ => PATTERNS.iter().map(|pair| pair.map(shape).to_vec()).collect(),
    }
}

#[test]
fn every_derivative_agrees_with_finite_differences() {
    differentiable().for_each(check_derivative);
}

/// The derivative of one operation, in every pattern of broadcasting.
pub fn check_derivative(op: &'static Op) {
    let known = sizes(&[("N", 3), ("K", 2)]);
    if differentiable().all(|o| o.name != op.name) {
        return;
    }
    for shapes in patterns(op) {
        let mut random = Random::new(op.name.bytes().map(u64::from).sum());
        let (graph, arguments) = graph_of(op, &shapes, &mut random);
        let plain = simplify::expand(&graph);
        let output = run(&plain, &known, &arguments).remove(0);
        let weights = random.array(output.shape, -1.0, 1.0);
        let wanted: Vec<usize> = (0..arguments.len()).filter(|&k| graph.arguments[k].dtype == Dtype::Real).collect();
        let joint = derived(&graph, &wanted, Seed::Argument);
        for joint in [simplify::expand(&joint), simplify::simplify(&joint)] {
            verify::graph(&joint, true).unwrap_or_else(|e| panic!("{}: {e}", op.name));
            let all = [arguments.clone(), vec![weights.clone()]].concat();
            let gradients = run(&joint, &known, &all);
            for (gradient, &k) in gradients[1..].iter().zip(&wanted) {
                let numeric = difference(&plain, &known, &arguments, std::slice::from_ref(&weights), k);
                let what = format!("{} of {shapes:?}, argument {k}\n{joint}", op.name);
                assert!(close(gradient, &numeric, 1e-6), "{what}\n{gradient:?}\n{numeric:?}");
            }
        }
    }
}

/// Small, large, of both signs, whole, 0, and what is no number.
fn anywhere(random: &mut Random) -> f64 {
    let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e300, -1e300, 1e-310];
    match random.below(5) {
        4 => special[random.below(special.len())],
        0 => random.within(-1.0, 1.0),
        1 => random.within(-60.0, 60.0),
        2 => random.within(-3.0, 3.0).round(),
        _ => random.within(-1.0, 1.0) * 10f64.powf(random.within(-6.0, 4.0)),
    }
}

/// Value and gradients of an operation at points from all over the line. The sign of a gradient's zero means nothing, nor that
/// of NaN.
pub fn values_and_gradients(op: &'static Op) -> Vec<Array> {
    let known = sizes(&[("N", 3), ("K", 2)]);
    let mut random = Random::new(1);
    let (graph, arguments) = graph_of(op, &patterns(op)[0], &mut random);
    let wanted: Vec<usize> = (0..arguments.len()).filter(|&k| graph.arguments[k].dtype == Dtype::Real).collect();
    let joint = simplify::expand(&derived(&graph, &wanted, Seed::Argument));
    let at = |random: &mut Random, a: &Array, real: bool| match real {
        true => Array::filled(a.shape.clone(), |_| anywhere(random)),
        false => Array::filled(a.shape.clone(), |_| random.below(2) as f64),
    };
    let mut found = Vec::new();
    for _ in 0..200 {
        let mut given: Vec<Array> =
            arguments.iter().enumerate().map(|(k, a)| at(&mut random, a, wanted.contains(&k))).collect();
        let output = run(&simplify::expand(&graph), &known, &given).remove(0);
        given.push(random.array(output.shape, -1.0, 1.0));
        let mut results = run(&joint, &known, &given);
        results[1..].iter_mut().flat_map(|a| &mut a.data).for_each(|v| *v += 0.0);
        results.iter_mut().flat_map(|a| &mut a.data).filter(|v| v.is_nan()).for_each(|v| *v = f64::NAN);
        found.extend(results);
    }
    found
}

/// The gradient as a graph of its own, derived once more: by every argument and by the cotangent.
#[test]
fn every_second_derivative_agrees_with_finite_differences() {
    differentiable().for_each(check_second_derivative);
}

pub fn check_second_derivative(op: &'static Op) {
    let known = sizes(&[("N", 3), ("K", 2)]);
    let mut random = Random::new(op.name.bytes().map(u64::from).sum());
    let (graph, arguments) = graph_of(op, &patterns(op)[0], &mut random);
    let real = |g: &Graph| (0..g.arguments.len()).filter(|&k| g.arguments[k].dtype == Dtype::Real).collect::<Vec<_>>();
    let joint = simplify::expand(&derived(&graph, &real(&graph), Seed::Argument));
    for root in joint.roots.iter().skip(1).filter(|r| r.node.is_some()) {
        let mut gradient = joint.clone();
        gradient.roots = vec![Root { goal: Goal::Output(0), node: root.node }];
        // The cotangent is an argument like the others now.
        gradient.arguments.iter_mut().for_each(|a| a.source = Source::User(Role::Param));
        let output = run(&simplify::expand(&graph), &known, &arguments).remove(0);
        let given = [arguments.clone(), vec![random.array(output.shape, 0.5, 1.5)]].concat();
        let weights = random.array(run(&gradient, &known, &given).remove(0).shape, -1.0, 1.0);
        let second = simplify::simplify(&derived(&gradient, &real(&gradient), Seed::Argument));
        let got = run(&second, &known, &[given.clone(), vec![weights.clone()]].concat());
        for (got, k) in got[1..].iter().zip(real(&gradient)) {
            let numeric = difference(&gradient, &known, &given, std::slice::from_ref(&weights), k);
            assert!(close(got, &numeric, 1e-5), "{}, argument {k}\n{got:?}\n{numeric:?}\n{second}", op.name);
        }
    }
}

/// The names of an expression, in order.
fn names(expr: &Expr, found: &mut Vec<String>) {
    match &expr.kind {
        ExprKind::Name(name) if !found.contains(name) => found.push(name.clone()),
        ExprKind::Call(call) => call.arguments.iter().for_each(|a| names(a, found)),
        _ => {}
    }
}

/// Both sides of an identity over names of one shape, as the outputs of one graph.
fn sides(identity: &Identity) -> Graph {
    let to = rule::current(identity.name, rule::RIGHT_SIDE, identity.to);
    let [from, to] = [identity.from, to].map(rule::parse);
    let mut found = Vec::new();
    names(&from, &mut found);
    let dtype = |name: &str| if name == "m" { Dtype::Mask } else { Dtype::Real };
    let arguments = found.iter().map(|n| argument(n, shape(&["N", "K"]), dtype(n))).collect();
    let mut graph = Graph::new(arguments);
    let ids: Vec<Id> = (0..found.len()).map(|k| graph.argument(k)).collect();
    let names: Vec<&str> = found.iter().map(String::as_str).collect();
    let bindings = Bindings::new(&names, &ids).over(&[1]);
    let left = rule::instantiate(&mut graph, &from, &bindings);
    let right = rule::instantiate(&mut graph, &to, &bindings);
    let common = graph.shape(left).clone();
    let right = graph.broadcast_to(right, &common);
    graph.roots = [left, right].map(|node| Root { goal: Goal::Output(0), node: Some(node) }).to_vec();
    graph
}

#[test]
fn every_identity_holds() {
    op::identities().for_each(check_identity);
}

/// Both sides of one identity, at random points.
pub fn check_identity(identity: &Identity) {
    let known = sizes(&[("N", 5), ("K", 4)]);
    let graph = simplify::expand(&sides(identity));
    let mut random = Random::new(identity.name.bytes().map(u64::from).sum());
    for _ in 0..5 {
        let value = |a: &Argument| match a.dtype {
            Dtype::Real => random.array(vec![5, 4], -2.0, 2.0),
            _ => Array::filled(vec![5, 4], |_| random.below(2) as f64),
        };
        let arguments: Vec<Array> = graph.arguments.iter().map(value).collect();
        let sides = run(&graph, &known, &arguments);
        assert!(close(&sides[0], &sides[1], 1e-12), "{}: {sides:?}", identity.name);
        assert!(sides[0].data.iter().any(|v| v.is_finite()), "{} says nothing here", identity.name);
    }
}

/// The right side of an identity at points from all over the line.
pub fn right_side(identity: &Identity) -> Vec<Array> {
    let known = sizes(&[("N", 5), ("K", 4)]);
    let graph = simplify::expand(&sides(identity));
    let mut random = Random::new(1);
    let given = |random: &mut Random, a: &Argument| match a.dtype {
        Dtype::Real => Array::filled(vec![5, 4], |_| anywhere(random)),
        _ => Array::filled(vec![5, 4], |_| random.below(2) as f64),
    };
    let mut points = || graph.arguments.iter().map(|a| given(&mut random, a)).collect::<Vec<_>>();
    (0..200).map(|_| run(&graph, &known, &points()).remove(1)).collect()
}

#[test]
fn every_entry_is_complete() {
    for op in op::all() {
        assert!(op.doc.ends_with('.') && !op.math.is_empty(), "{}", op.name);
        assert!(
            op.args.iter().all(|a| *a != "dy" && (*a != "y" || matches!(op.derivative, Derivative::Inner))),
            "{}",
            op.name
        );
        let same_name = op::all().filter(|o| o.name == op.name || o.aliases.contains(&op.name)).count();
        assert_eq!(same_name, 1, "{}", op.name);
    }
}

#[test]
fn every_rule_of_an_entry_can_be_read() {
    for op in op::all() {
        if let Derivative::Partials(texts) | Derivative::Pullback(texts) = op.derivative {
            assert!(texts.len() <= op.args.len(), "{}", op.name);
            texts.iter().filter(|t| !t.is_empty()).for_each(|t| drop(rule::parse(t)));
        }
    }
}

//! Operations with their options, on real shapes: every one that has a model here is derived, and agrees with finite
//! differences, in the graph before and after simplification and in the programs that are emitted.

use super::derived;
use super::execute::execute;
use super::interpret::{Array, Random, close, difference, run, shape_of, sizes};
use crate::differentiate::Seed;
use crate::ir::graph::{Dtype, Goal, Graph, Source};
use crate::ir::model::Role;
use crate::op::{self, Family};
use crate::{lower, parse, pipeline, simplify};

/// Signature and body; an index is below 3.
pub const MODELS: &[(&str, &str)] = &[
    ("x: Param<N, 3, 4> -> Output<4, N, 3>", "permute(x, [2, 0, 1])"),
    ("x: Param<N, 3, 4> -> Output<N, 4, 3>", "tanh(permute(x, axes = [0, 2, 1])) * permute(x, [0, -1, 1])"),
    ("x: Param<N, 1, 4> -> Output<N, 4>", "squeeze(x) * x.squeeze(axis = 1)"),
    ("x: Param<N, 3, 4> -> Output<N, 12>", "reshape(x, [N, 12]) + x.reshape((N, -1))"),
    ("x: Param<N, 3, 4> -> Output<{3 * N}, 4>", "let y = exp(x); y.reshape([-1, 4])"),
    ("x: Param<N, 3, 4> -> Output<{12 * N}>", "flatten(x)"),
    ("x: Param<N, 3, 4> -> Output<N, 12>", "flatten(sin(x), axis = 1)"),
    ("x: Param<3> -> Output<N, 3>; n: Input<N>", "broadcast_to(x, [N, 3]) * insert_axis(n, axis = 1)"),
    ("x: Param<N, 4> -> Output<N, 2>", "slice(x, axis = 1, start = 1, end = 3) * slice(tanh(x), 1, -2)"),
    ("x: Param<N, 5> -> Output<N, 2>", "x.slice(axis = 1, start = 1, step = 2)"),
    ("x: Param<N, 3> -> Output<{N - 1}, 3>", "x.slice(0, 1) - slice(x, end = -1)"),
    ("x: Param<N, 4> -> Output<N, 2>", "let (a, b) = split(x, parts = 2, axis = 1); exp(a) * b"),
    ("x: Param<4, N> -> Output<N>", "let (a, b) = split(tanh(x), sizes = [1, 3]); squeeze(a, 0) * sum(b, axis = 0)"),
    ("x: Param<{2 * N}>, y: Input<N> -> Output<N>", "let (a, _) = x.split(2); a * y"),
    ("x: Param<N, 4> -> Output<N>", "x.at(2, axis = 1) * sum(x.at(-1))"),
    ("x: Param<N, 4> -> Output<N, 4>", "flip(x, axis = 1) * flip(x)"),
    ("x: Param<N, 4> -> Output<N, 7>", "square(pad(x, before = 1, after = 2, axis = 1))"),
    ("x: Param<N, 4> -> Output<N, 6>", "pad(x, 1, 1, axis = 1, value = 2.5) * pad(x, 0, 2, axis = 1)"),
    ("x: Param<N, 4>, y: Param<N, 2> -> Output<N, 8>", "tanh(concat(x, y * 2, slice(x, 1, 0, 2), axis = 1))"),
    ("x: Param<N, 4>, y: Param<N, 4> -> Output<{2 * N}, 4>", "concat([x, exp(y)])"),
    ("x: Param<N, 4>, y: Param<N, 4> -> Output<N, 2, 4>", "stack(x, y, axis = 1) * stack([y, x], axis = 1)"),
    ("x: Param<3, 4>, i: Index<N> -> Output<N, 4>", "square(gather(x, i))"),
    ("x: Param<N, 3, 2>, i: Index<4> -> Output<N, 4, 2>", "tanh(x.gather(i, axis = 1))"),
    ("table: Param<3, 2>, i: Index<N, 4> -> Output<N, 4, 2>", "square(embedding(i, table))"),
    ("x: Param<N, 3>, i: Index<N> -> Output<N>", "sum(x * one_hot(i, classes = 3), axis = 1)"),
    ("x: Param<N, 3>, w: Param<3, 2> -> Output<N, 2>", "gather(w, argmax(x)) + gather(w, argmin(x, axis = 1))"),
    ("x: Param<N, 4> -> Output<N, 4>", "square(cumsum(x)) + cumsum(x, axis = 0)"),
    ("x: Param<N, 2, 4>, w: Param<4, 3> -> Output<N, 2, 3>", "x.dot(w)"),
    ("x: Param<N, 2, 4>, w: Param<4> -> Output<N, 2>", "x.dot(w)"),
    ("x: Param<N, 2, 4>, w: Param<N, 4, 3> -> Output<N, 2, 3>", "tanh(matmul(x, w))"),
    ("x: Param<N, 2, 4>, w: Param<4, 3> -> Output<N, 2, 3>", "matmul(exp(x), w)"),
    ("x: Param<2, 4>, w: Param<N, 4, 3> -> Output<N, 2, 3>", "matmul(x, w)"),
    ("x: Param<N, 1, 2, 4>, w: Param<5, 4, 3> -> Output<N, 5, 2, 3>", "matmul(x, w)"),
    ("x: Param<4>, w: Param<N, 4, 3> -> Output<N, 3>", "matmul(x, w)"),
    ("x: Param<N, 2, 4>, w: Param<N, 3, 4> -> Output<N, 2, 3>", "matmul(x, permute(w, [0, 2, 1]))"),
    ("x: Param<N>, y: Param<4> -> Output<N, 4>", "outer(x, y) * outer(tanh(x), y)"),
    ("x: Param<N, 2, 3>, y: Param<N, 4, 3> -> Output<N, 4, 2>", "einsum(\"bij,bkj->bki\", x, y)"),
    ("x: Param<N, 2, 3>, y: Param<3, 4>, z: Param<4> -> Output<2, N>", "einsum(\"bij,jk,k->ib\", x, y, z)"),
    ("x: Param<N, 2, 3> -> Output<3, N>", "einsum(\"bij->jb\", square(x))"),
    ("x: Param<N, 2, 3>, y: Param<2, N> -> Output<3>", "einsum(\"bij,ib->j\", x, y)"),
    ("x: Param<5, 6>, w: Param<2, 3> -> Output<4, 4>", "conv2d(x, w)"),
    ("x: Param<N, 2, 5, 4>, w: Param<3, 2, 2, 3> -> Output<N, 3, 4, 2>", "tanh(conv2d(x, w))"),
    (
        "x: Param<N, 2, 5, 6>, w: Param<4, 1, 3, 2> -> Output<N, 4, 3, 3>",
        "conv2d(x, w, stride = 2, padding = [1, 0], groups = 2)",
    ),
    ("x: Param<N, 1, 6, 6>, w: Param<2, 1, 2, 2> -> Output<N, 2, 4, 4>", "conv2d(tanh(x), w, dilation = 2)"),
    ("x: Param<N, 2, L>, w: Param<3, 2, 3> -> Output<N, 3, L>", "conv1d(x, w, padding = 1)"),
    ("x: Param<7>, w: Param<3> -> Output<3>", "conv1d(x, w, stride = 2)"),
    (
        "x: Param<N, 2, 3, 2>, w: Param<2, 3, 2, 3> -> Output<N, 3, 6, 5>",
        "conv_transpose2d(x, w, stride = 2, output_padding = [0, 0])",
    ),
    (
        "x: Param<N, 4, 2, 2>, w: Param<4, 1, 3, 3> -> Output<N, 2, 4, 4>",
        "conv_transpose2d(x, w, stride = 2, padding = 1, output_padding = 1, groups = 2)",
    ),
    ("x: Param<N, 2, 4, 6> -> Output<N, 2, 2, 3>", "max_pool(x, size = 2)"),
    ("x: Param<N, 2, 5, 5> -> Output<N, 2, 3, 3>", "max_pool(tanh(x), size = 3, stride = 2, padding = 1)"),
    (
        "x: Param<N, 2, 4, 6> -> Output<N, 2, 3, 3>",
        "avg_pool(x, size = [2, 4], stride = 1) * avg_pool(square(x), size = [2, 4], stride = 1)",
    ),
    ("x: Param<N, 2, 6> -> Output<N, 2, 3>", "avg_pool(x, 2)"),
    ("x: Param<N, 3, 4, 2> -> Output<N, 3>", "global_avg_pool(exp(x))"),
    ("x: Param<N, 4>, g: Param<4>, b: Param<4> -> Output<N, 4>", "layer_norm(x, g, b)"),
    ("x: Param<N, 3, 4> -> Output<N, 3, 4>", "layer_norm(x, axis = [1, 2], eps = 0.01)"),
    ("x: Param<N, 4>, g: Param<4> -> Output<N, 4>", "rms_norm(x, g)"),
    ("x: Param<N, 4, 2>, g: Param<4>, b: Param<4> -> Output<N, 4, 2>", "group_norm(x, g, b, groups = 2)"),
    ("q: Param<N, 3, 4>, k: Param<N, 2, 4>, v: Param<N, 2, 5> -> Output<N, 3, 5>", "attention(q, k, v)"),
    ("q: Param<3, 4>, k: Param<3, 4>, v: Param<3, 2> -> Output<3, 2>", "attention(q, k, v, causal = true)"),
    (
        "q: Param<N, 2, 3, 4>, k: Param<N, 2, 3, 4>, v: Param<N, 2, 3, 4>, m: Input<3, 3> -> Output<N, 2, 3, 4>",
        "attention(q, k, v, mask = m)",
    ),
    (
        "q: Param<3, 4>, k: Param<2, 4>, v: Param<2, 5>, m: Param<3, 2> -> Output<3, 5>",
        "attention(q, k, v, mask = m < 2) + attention(q, k, v, mask = 2 * m)",
    ),
    ("x: Param<N, 4>, b: Param<4> -> Output<N, 4>", "layer_norm(x, shift = 2 * b, axis = 1)"),
    ("z: Param<N, 3>, y: Index<N> -> Output", "softmax_cross_entropy(z, y, smoothing = 0.1)"),
    ("z: Param<N, 3>, y: Param<N, 3> -> Output", "softmax_cross_entropy(z, y, smoothing = 0.25)"),
];

/// What is one thing in training and another in inference.
pub static IN_TRAINING: &[(&str, &str)] = &[
    ("x: Param<N, 4>, s: Random -> Output<N, 4>", "dropout(tanh(x), s)"),
    ("x: Param<N, 3, 4>, s: Random -> Output<N, 3, 4>", "x.dropout(s, 0.2) * dropout(x, s, p = 0.3)"),
    ("x: Param, s: Random -> Output", "dropout(exp(x), s, p = 0.01) + x"),
    (
        "x: Param<N, 3, 2>, g: Param<3>, b: Param<3>, m: State<3>, v: State<3> -> Output<N, 3, 2>",
        "batch_norm(tanh(x), g, b, m, v)",
    ),
    (
        "x: Param<N, 4>, g: Param<4>, b: Param<4>, m: Input<4>, v: Input<4> -> Output<N, 4>",
        "batch_norm(x, g, b, m, v, momentum = 0.2, eps = 0.01)",
    ),
    (
        "x: Param<L, N>, w: Param<N, N>, s: Random -> Output<N>",
        "let mut h = x.at(0); for t in 0..L { h = dropout(tanh(h.dot(w) + x.at(t)), s, p = 0.3); } h",
    ),
];

/// Loops: what is carried, what is scanned, what is stacked.
pub const LOOPS: &[(&str, &str)] = &[
    ("x: Param<3, N> -> Output<N>", "let mut h = x.at(0); for t in 0..3 { h = tanh(h + x.at(t)); } h"),
    (
        "x: Param<L, N>, w: Param<N, N> -> Output<N>",
        "let h = sum(x, axis = 0); for t in 0..L { h = sin(h.dot(w)) * x.at(t); } h",
    ),
    (
        "x: Param<N, L> -> Output<L, N>",
        "let h = x.at(0, axis = 1); for t in 0..L { h = h * 0.5 + square(gather(x, t, axis = 1)); h }",
    ),
    (
        "x: Param<L, N>, a: Param -> Output",
        "let s = 0 * a; let ys = for t in 0..L { s = s * a + sum(x.at(t)); s * s }; sum(ys) + s",
    ),
    (
        "x: Param<L, N>, w: Param<N, N> -> Output<L, N>",
        "let s = sum(w, axis = 0); for t in 0..L { s = s + x.at(t).dot(w); s * s }",
    ),
    ("x: Param<L, N>, w: Param<N> -> Output<L, N>", "let ys = for t in 0..L { tanh(x.at(t) * w) }; ys * ys"),
    (
        "x: Param<L, N>, w: Param<N> -> Output<N>",
        "let mut h = w; let mut c = tanh(w); for t in 0..L { let old = h; h = c; c = old; h = h * x.at(t); c = c + h; } h + c",
    ),
    (
        "x: Param<3, L, N> -> Output<N>",
        "let mut h = x.at(0).at(0); for i in 0..3 { let row = x.at(i); for t in 0..L { h = sin(h + row.at(t)); } } h",
    ),
    (
        "x: Param<L, N>, i: Index<L>, w: Param<3, N> -> Output<L, N>",
        "let h = w.at(0); for t in 0..L { let z = gather(w, i.at(t)) * h; h = cos(z) + x.at(t); z }",
    ),
    (
        "x: Param<L, N, 2>, w: Param<2, 4>, u: Param<4, 4>, b: Param<4> -> Output<N, 4>",
        "let h = broadcast_to(b * 0, [N, 4]); for t in 0..L { let z = x.at(t).dot(w) + h.dot(u) + b; h = tanh(z); } h",
    ),
];

/// `fn model(x: ..) -> .. { .. }`; what stands after `;` are further arguments.
fn source(signature: &str, body: &str) -> String {
    let (arguments, result) = signature.split_once(" -> ").expect("a signature has a result");
    let (result, more) = result.split_once("; ").map_or((result, String::new()), |(r, m)| (r, format!(", {m}")));
    format!("fn model({arguments}{more}) -> {result} {{ {body} }}")
}

fn lowered(source: &str) -> (crate::ir::model::Model, Graph) {
    let model = parse::parse("f64".parse().unwrap(), source.parse().unwrap());
    let model = model.unwrap_or_else(|f| panic!("{source}: {:?}", f.error.map(|e| e.to_string())));
    let graph = lower::lower(&model).unwrap_or_else(|e| panic!("{source}: {e}"));
    (model, simplify::resolve(&graph, true))
}

fn arguments(graph: &Graph, known: &super::interpret::Sizes, seed: u64) -> Vec<Array> {
    let mut random = Random::new(seed + 1);
    let arrays = graph.arguments.iter().map(|a| {
        let shape = shape_of(&a.shape, known);
        Array::filled(shape, |_| match a.dtype {
            Dtype::Real if a.source == Source::User(Role::State) => random.within(0.5, 2.0),
            Dtype::Real => random.within(-2.0, 2.0),
            Dtype::Index => random.below(3) as f64,
            Dtype::Mask => random.below(2) as f64,
            Dtype::Seed => random.below(1 << 50) as f64,
        })
    });
    arrays.collect()
}

#[test]
fn operations_with_options_agree_with_finite_differences() {
    agree(MODELS);
}

#[test]
fn loops_agree_with_finite_differences() {
    agree(LOOPS);
}

/// In inference it is another function.
fn differs_in_inference(models: &[(&str, &str)]) -> bool {
    std::ptr::eq(models, IN_TRAINING)
}

#[test]
fn training_agrees_with_finite_differences() {
    agree(IN_TRAINING);
}

#[test]
fn masks_are_drawn_again_and_inference_draws_none() {
    for (signature, body) in IN_TRAINING.iter().filter(|(_, body)| body.contains("dropout")) {
        let passes = pipeline::compile(&lowered(&source(signature, body)).0).expect("a model of this list is right");
        let seeded = |graph: &Graph| graph.ids().any(|id| graph.node(id).dtype == Dtype::Seed);
        assert!(!seeded(&passes.infer.graph) && seeded(&passes.forward.graph), "{body}");
        let kept = passes.backward.graph.arguments.iter().filter(|a| a.source == Source::Saved);
        assert!(kept.clone().all(|a| a.dtype == Dtype::Real), "{body}");
    }
}

fn agree(models: &[(&str, &str)]) {
    (0..models.len()).for_each(|k| check(models, k));
}

/// One of a list: gradients agree with differences, and programs with graphs.
pub fn check(models: &[(&str, &str)], k: usize) {
    let (seed, (signature, body)) = (k as u64, models[k]);
    let source = source(signature, body);
    let (model, graph) = lowered(&source);
    for known in [sizes(&[("N", 3), ("L", 5)]), sizes(&[("N", 1), ("L", 4)])] {
        let given = arguments(&graph, &known, seed);
        let plain = simplify::expand(&graph);
        let output = run(&plain, &known, &given).remove(0);
        assert!(output.data.iter().any(|v| *v != 0.0) || output.data.is_empty(), "{source}: {output:?}");
        let weights = Random::new(seed).array(output.shape.clone(), -1.0, 1.0);
        let wanted: Vec<usize> = (0..given.len()).filter(|&k| model.arguments[k].role == Role::Param).collect();
        let joint = simplify::expand(&derived(&graph, &wanted, Seed::Argument));
        let states = graph.roots.iter().filter(|r| matches!(r.goal, Goal::State(_))).count();
        let mut gradients = run(&joint, &known, &[given.clone(), vec![weights.clone()]].concat());
        gradients.drain(..1 + states);
        for (gradient, &k) in gradients.iter().zip(&wanted) {
            let numeric = difference(&plain, &known, &given, std::slice::from_ref(&weights), k);
            assert!(close(gradient, &numeric, 1e-6), "{source}, argument {k}\n{gradient:?}\n{numeric:?}\n{joint}");
        }
        let passes = pipeline::compile(&model).unwrap_or_else(|e| panic!("{source}: {e}"));
        let inferred = execute(&passes.infer.program, &known, &given);
        assert!(
            differs_in_inference(models) || close(&inferred[0], &output, 1e-12),
            "{source}\n{inferred:?}\n{output:?}\n{}",
            passes.infer.program
        );
        let forward = execute(&passes.forward.program, &known, &given);
        assert!(close(&forward[0], &output, 1e-12), "{source}\n{}", passes.forward.program);
        let saved = forward[1 + states..].to_vec();
        let back = execute(&passes.backward.program, &known, &[given.clone(), vec![weights.clone()], saved].concat());
        for (got, want) in back.iter().zip(&gradients) {
            assert!(close(got, want, 1e-9), "{source}\n{got:?}\n{want:?}\n{}", passes.backward.program);
        }
    }
}

/// The gradients of one of a list, as a graph of their own, derived by all that is wanted and by the cotangent.
pub fn check_twice(models: &[(&str, &str)], k: usize) {
    let (seed, (signature, body)) = (k as u64, models[k]);
    let source = source(signature, body);
    let (model, graph) = lowered(&source);
    let known = sizes(&[("N", 2), ("L", 4)]);
    let given = arguments(&graph, &known, seed);
    let output = run(&simplify::expand(&graph), &known, &given).remove(0);
    let given = [given, vec![Random::new(seed).array(output.shape, -1.0, 1.0)]].concat();
    let wanted: Vec<usize> = (0..given.len() - 1).filter(|&k| model.arguments[k].role == Role::Param).collect();
    let mut gradient = simplify::expand(&derived(&graph, &wanted, Seed::Argument));
    gradient.roots.retain(|root| matches!(root.goal, Goal::Gradient(_)) && root.node.is_some());
    gradient.roots.iter_mut().enumerate().for_each(|(k, root)| root.goal = Goal::Output(k));
    gradient.arguments.last_mut().expect("a cotangent").source = Source::User(Role::Param);
    let wanted = [wanted, vec![given.len() - 1]].concat();
    let outputs = run(&gradient, &known, &given);
    let mut random = Random::new(seed + 1);
    let weights: Vec<Array> = outputs.iter().map(|y| random.array(y.shape.clone(), -1.0, 1.0)).collect();
    let second = derived(&simplify::stabilise(&gradient).0, &wanted, Seed::Argument);
    for second in [simplify::expand(&second), simplify::simplify(&second)] {
        let got = run(&second, &known, &[given.clone(), weights.clone()].concat()).split_off(outputs.len());
        for (got, &k) in got.iter().zip(&wanted) {
            let numeric = difference(&gradient, &known, &given, &weights, k);
            assert!(close(got, &numeric, 1e-5), "{source}, argument {k}\n{got:?}\n{numeric:?}\n{second}");
        }
    }
}

#[test]
fn second_derivatives_of_operations_with_options_agree_with_finite_differences() {
    (0..MODELS.len()).for_each(|k| check_twice(MODELS, k));
}

#[test]
fn second_derivatives_of_loops_agree_with_finite_differences() {
    (0..LOOPS.len()).for_each(|k| check_twice(LOOPS, k));
}

/// PyTorch's definition: the label's weight is `1 - s`, and `s / K` more goes to each of `K` classes, the label among them.
#[test]
pub fn a_smoothed_label_is_a_distribution() {
    let signature = "z: Param<N, 4>, y: Index<N> -> (Output, Output)";
    let body = "let t = 0.7 * one_hot(y, classes = 4) + 0.3 / 4;
        (softmax_cross_entropy(z, y, smoothing = 0.3), softmax_cross_entropy(z, t))";
    let (_, graph) = lowered(&source(signature, body));
    let known = sizes(&[("N", 5)]);
    let values = run(&simplify::expand(&graph), &known, &arguments(&graph, &known, 1));
    assert!(close(&values[0], &values[1], 1e-14), "{values:?}");
}

#[test]
fn every_operation_that_takes_options_has_a_model() {
    let families = [Family::Shape, Family::Linear, Family::Windows, Family::Normalisation, Family::Random];
    for op in op::all().filter(|op| families.contains(&op.family)) {
        let called = |body: &str| body.contains(&format!("{}(", op.name));
        let tested =
            MODELS.iter().chain(IN_TRAINING).any(|(_, body)| called(body)) || ["t", "insert_axis"].contains(&op.name);
        assert!(tested, "no model calls `{}`", op.name);
    }
}

//! The phases from the model to the graphs of forward and backward: derivatives agree with finite differences, and no
//! phase changes a value.

use super::derived;
use super::interpret::{Array, Random, Sizes, close, difference, run, shape_of, sizes};
use crate::differentiate::Seed;
use crate::ir::graph::{Dtype, Goal, Graph, Kind, Source};
use crate::ir::model::{ExprKind, Model};
use crate::{lower, parse, partition, simplify, verify};

pub fn model(source: &str) -> Model {
    parse::parse(Default::default(), source.parse().expect("tokens"))
        .unwrap_or_else(|failure| panic!("{source}\n{:?}", failure.error.map(|e| e.to_string())))
}

pub fn lowered(source: &str) -> Graph {
    let graph = lower::lower(&model(source)).unwrap_or_else(|e| panic!("{source}\n{e}"));
    verified(graph, false)
}

fn verified(graph: Graph, expanded: bool) -> Graph {
    verify::graph(&graph, expanded).unwrap_or_else(|e| panic!("{e}"));
    graph
}

/// The messages that lowering gives.
fn messages(source: &str) -> Vec<String> {
    match lower::lower(&model(source)) {
        Ok(graph) => panic!("{source} was accepted:\n{graph}"),
        Err(errors) => errors.into_iter().map(|e| e.to_string()).collect(),
    }
}

fn message(source: &str) -> String {
    let mut all = messages(source);
    assert_eq!(all.len(), 1, "{source}: {all:#?}");
    all.remove(0)
}

fn random_arguments(graph: &Graph, sizes: &Sizes, random: &mut Random) -> Vec<Array> {
    let arguments = graph.arguments.iter().filter(|a| matches!(a.source, Source::User(_)));
    let value = |a: &crate::ir::graph::Argument| {
        let shape = shape_of(&a.shape, sizes);
        match a.dtype {
            Dtype::Real => random.array(shape, 0.3, 1.7),
            Dtype::Index | Dtype::Mask | Dtype::Seed => Array::filled(shape, |_| random.below(2) as f64),
        }
    };
    arguments.map(value).collect()
}

/// Runs every phase on a model and compares: values after each, gradients with finite differences.
pub fn check(source: &str, dims: &[(&str, usize)]) {
    let sizes = sizes(dims);
    let graph = lowered(source);
    let mut random = Random::new(7);
    let arguments = random_arguments(&graph, &sizes, &mut random);
    let plain = verified(simplify::expand(&graph), true);
    let outputs = run(&plain, &sizes, &arguments);
    let (stable, _) = simplify::stabilise(&graph);
    let stable = verified(stable, false);
    let same = |got: &[Array], want: &[Array], what: &str| {
        for (g, w) in got.iter().zip(want) {
            assert!(close(g, w, 1e-9), "{what} of {source}\n{g:?}\n{w:?}");
        }
    };
    same(&run(&simplify::expand(&stable), &sizes, &arguments), &outputs, "stabilise");

    let wanted: Vec<usize> = (0..graph.arguments.len()).filter(|&k| graph.arguments[k].dtype == Dtype::Real).collect();
    let joint = verified(derived(&stable, &wanted, Seed::Argument), false);
    let weights: Vec<Array> = outputs.iter().map(|y| random.array(y.shape.clone(), -1.0, 1.0)).collect();
    let all = [arguments.clone(), weights.clone()].concat();
    let both = run(&verified(simplify::expand(&joint), true), &sizes, &all);
    same(&both, &outputs, "differentiate");
    for (gradient, &k) in both[outputs.len()..].iter().zip(&wanted) {
        let numeric = difference(&plain, &sizes, &arguments, &weights, k);
        assert!(close(gradient, &numeric, 1e-6), "gradient {k} of {source}\n{gradient:?}\n{numeric:?}\n{joint}");
    }
    let simple = verified(simplify::simplify(&joint), true);
    let simplified = run(&simple, &sizes, &all);
    same(&simplified, &both, "simplify");
    for (a, b) in simplified.iter().zip(&both) {
        assert!(close(a, b, 1e-9), "simplify of {source}\n{a:?}\n{b:?}\n{joint}\n{simple}");
    }

    let (forward, backward) = partition::partition(&simple);
    let (forward, backward) = (verified(forward, true), verified(backward, true));
    let kept = run(&forward, &sizes, &arguments);
    same(&kept[..outputs.len()], &outputs, "forward");
    let all = [all, kept[outputs.len()..].to_vec()].concat();
    let gradients = run(&backward, &sizes, &all);
    for (a, b) in gradients.iter().zip(&both[outputs.len()..]) {
        assert!(close(a, b, 1e-9), "backward of {source}\n{a:?}\n{b:?}\n{forward}\n{backward}");
    }
    if outputs.len() == 1 && outputs[0].shape.is_empty() {
        let one = simplify::simplify(&derived(&stable, &wanted, Seed::One));
        let one = run(&verified(one, true), &sizes, &arguments);
        for (a, b) in one[1..].iter().zip(&gradients) {
            let scaled =
                Array { shape: b.shape.clone(), data: b.data.iter().map(|v| v / weights[0].data[0]).collect() };
            assert!(close(a, &scaled, 1e-9), "seed 1 of {source}");
        }
    }
}

pub const SIZES: &[(&str, usize)] = &[("N", 3), ("K", 4), ("H", 2), ("I", 4), ("O", 2)];

pub const MODELS: &[&str] = &[
    "fn dense(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> { sigmoid(x.dot(w) + b) }",
    "fn square(x: Input<N, N>) -> Output<N, N> { x.dot(x.t()) + x.t().dot(x) }",
    "fn loss(x: Input<N, I>, w: Param<I, O>, b: Param<O>, y: Input<N, O>) -> Output { mse(tanh(x.dot(w) + b), y) }",
    "fn vectors(x: Input<N, K>, v: Param<K>, u: Param<N>) -> Output { u.dot(x.dot(v)) + sum(u.dot(x) * v) }",
    "fn attention(q: Input<N, K>, k: Input<N, K>, v: Input<N, H>) -> Output<N, H> { softmax(q.dot(k.t()) * 0.5, 1).dot(v) }",
    "fn norm(x: Input<N, K>, g: Param<K>) -> Output<N, K> {
        let d = x - mean(x, axis = K, keepdims = true);
        d / sqrt(mean(square(d), axis = 1, keepdims = true) + 0.001) * g
    }",
    "fn entropy(x: Input<N, K>, w: Param<K, H>, labels: Index<N>) -> Output { softmax_cross_entropy(x.dot(w), labels) }",
    "fn row(z: Param<K>, label: Index) -> Output { softmax_cross_entropy(z, label) }",
    "fn soft(z: Param<N, K>, y: Input<N, K>) -> Output { softmax_cross_entropy(z, y) }",
    "fn by_hand(x: Param<N, K>, y: Input<N, K>) -> Output { -mean(sum_axis(y * ln(softmax(x, 1)), 1)) }",
    "fn hand(x: Param<N, K>) -> Output<N, K> { x.exp() / x.exp().sum_axis(Axis(0)) }",
    "fn lse(x: Param<N, K>) -> Output<N> { ln(sum(exp(x), axis = 1)) + logsumexp(x, axis = K) * logsumexp(x) }",
    "fn root(x: Param<N, K>) -> Output<N, K> { x / sqrt(sum(square(x), axis = 1, keepdims = true)) }",
    "fn dist(x: Param<N, K>) -> Output { x.norm() * sum(norm(x, axis = 0)) }",
    "fn two(x: Param<N, K>, c: Param<N, K>) -> (Output<N, K>, Output<K>) {
        let h = tanh(x) * c;
        (h + x, max(h, axis = 0) - min(x, axis = 0))
    }",
    "fn powers(x: Param<N>) -> Output<N> { x.powi(3) + powf(x, 1.5) - x.powi(-2) + x.powi(2) * x.powi(0) + x.pow2() }",
    "fn masks(x: Param<N, K>, y: Param<K>) -> Output<N, K> { select(x > y, exp(x) * x, ln(x) / y) * relu(x - 1) }",
    "fn equal(q: Param, x: Param<N, K>) -> Output<N> { norm(broadcast_to(q, [N, 3]), axis = 1) + norm(broadcast_to(q - 3, [K, N]), axis = 0) * x.norm() }",
    "fn wide(x: Param<N, 1>, y: Param<1, K>) -> Output<N, K> { x / y + x * y - y }",
    "fn outer(a: Param<N, K>, b: Param<K, H>) -> Output { sum(a.dot(b)) + mean(dot(a * 2, b + 1)) }",
    "fn spread(b: Param<K>, w: Param<K, H>) -> Output<H> { (b + 0.5).dot(w * w) }",
    "fn turned(x: Param<N, K>, w: Param<K, H>, b: Param<N>) -> Output<H, N> { (x.dot(w)).t() + b.t() + sum((w * w).t(), axis = 1, keepdims = true) * sum((x.t() * b).t(), axis = 1) }",
    "fn bias(x: Param<N, K>, b: Param<K>, c: Param) -> Output { sum(x + b) + mean(b * 2 + x * c) + sum(x.powi(0) * 2 - c) }",
    "fn twice(x: Param<N, K>) -> Output { sum(sum(x * x, axis = 0)) * max(max(x, axis = 0)) }",
    "fn column(b: Param<K>) -> Output<K> { max(insert_axis(b * b, axis = 1), axis = 1) - sum_axis(insert_axis(b, 0), 0) }",
    "fn ext(x: Param<N, K>, y: Param<N, K>) -> Output { max(x) + reduce_min(y) + sum(max(x, y) * min(x, y)) }",
    "fn shadow(x: Param<N>) -> Output<N> { let x = x * x; let y = { let x = x + 1; x * x }; x + y }",
    "fn unused(x: Param<N>, w: Param<K>) -> Output<N> { let dead = ln(w); abs(x - 1) }",
    "fn same(x: Param<N>) -> Output<N> { x }",
    "fn keep(x: Param<N, K>) -> Output<N, K> { x - max_axis_keep(x, 1) * softplus(mean_axis_keep(x, 0)) }",
    "fn gate(x: Param<N>, h: Param<N>) -> Output<N> { let z = sigmoid(x); (1 - z) * h + z * x + (1.0 - sigmoid(h)) }",
    "fn learned(x: Param<N, K>, a: Param, b: Param<K>) -> Output<N, K> {
        leaky_relu(x - 1, a) + elu(1 - x, b) + leaky_relu(-x) + elu(x, alpha = 2) + clamp(x, lo = 1) + clamp(x, b, a + 2)
    }",
    "fn tails(x: Param<N, K>) -> Output<N, K> { gelu(x) + gelu_tanh(-x) * silu(x) + mish(x) / selu(-x) - softsign(x) }",
    "fn powers_of(x: Param<N, K>, p: Param<K>) -> Output<N, K> { pow(x, p) * hypot(x, p) + atan2(p, x) - x.log1p() }",
    "fn spread_of(x: Param<N, K>) -> Output<N> {
        std(x, axis = K) * var(x) + var_axis(x, 1) - prod(x, axis = 1) + sum(x.std(axis = 0, ddof = 0.5))
    }",
    "fn losses(p: Param<N, K>, y: Param<N, K>, d: Param) -> Output {
        mae(p, y) + huber(p, y) + huber(p * 3, y, d) + hinge(p, y) + cosine(p, y) + kl_divergence(log_softmax(p), softmax(y))
    }",
    "fn odds(z: Param<N, K>, y: Input<N, K>, labels: Index<N>) -> Output {
        bce_with_logits(z, y * 0.5) + binary_cross_entropy(sigmoid(z), y * 0.5) + nll(log_softmax(z), labels) + nll(z, y)
    }",
    "fn logic(m: Mask<N>, x: Param<N>) -> Output<N> { select(or(and(m, x > 1), not(x < 0.5)), x * x, floor(x) * x) }",
    "fn mask(m: Mask<N>, x: Param<N>) -> Output<N> { select(m, x * x, -x) - ln(sigmoid(x)) + ln(1 + exp(x)) }",
];

#[test]
fn every_phase_keeps_values_and_gradients_are_right() {
    for source in MODELS {
        check(source, SIZES);
    }
}

#[test]
fn sizes_of_one_are_axes_like_others() {
    for source in MODELS {
        check(source, &[("N", 1), ("K", 3), ("H", 1), ("I", 1), ("O", 1)]);
    }
}

pub const SMOOTH: [&str; 4] = [
    "sum(tanh(x * w) * x.powi(3)) + logsumexp(x)",
    "sum(gelu(x) * silu(w) + elu(w - 1) * pow(x, w)) + std(x * w)",
    "prod(x) * sum(mish(w) + log1p(x) * erf(w)) + bce_with_logits(x, w)",
    "sum(square(conv1d(tanh(x), sin(w), padding = 1)))",
];

#[test]
fn second_derivatives_are_right() {
    SMOOTH.into_iter().for_each(twice);
}

#[test]
fn a_norm_of_equal_elements_is_flat_when_its_gradient_is_derived() {
    for value in ["std(broadcast_to(q, [N, 3]), axis = 1)", "norm(broadcast_to(q - 1.5, [2, N]), axis = 0)"] {
        let graph = lowered(&format!("fn f(q: Param, n: Input<N>) -> Output<N> {{ n * {value} }}"));
        let mut gradient = simplify::simplify(&derived(&graph, &[0], Seed::Argument));
        gradient.roots = vec![crate::ir::graph::Root { goal: Goal::Output(0), node: gradient.roots[1].node }];
        let second = simplify::simplify(&derived(&simplify::stabilise(&gradient).0, &[0, 1, 2], Seed::Argument));
        let arrays = [vec![1.5], vec![1.0; 2], vec![1.0; 2], vec![1.0]];
        let arrays = arrays.into_iter().zip([vec![], vec![2], vec![2], vec![]]);
        let arrays: Vec<Array> = arrays.map(|(data, shape)| Array { shape, data }).collect();
        let got = run(&second, &sizes(&[("N", 2)]), &arrays);
        assert!(got.iter().flat_map(|a| &a.data).all(|v| *v == 0.0), "{value}: {got:?}\n{gradient}\n{second}");
    }
}

/// Derives `value` twice, and compares the second time with differences of the first.
pub fn twice(value: &str) {
    let graph = lowered(&format!("fn f(x: Param<N>, w: Param<N>) -> Output {{ {value} }}"));
    let first = derived(&graph, &[0], Seed::One);
    let mut gradient = simplify::expand(&first);
    gradient.roots = vec![crate::ir::graph::Root { goal: Goal::Output(0), node: gradient.roots[1].node }];
    let second = simplify::simplify(&derived(&gradient, &[0, 1], Seed::Argument));
    let (sizes, mut random) = (sizes(SIZES), Random::new(3));
    let arguments = random_arguments(&graph, &sizes, &mut random);
    let weights = random.array(vec![3], -1.0, 1.0);
    let got = run(&second, &sizes, &[arguments.clone(), vec![weights.clone()]].concat());
    for k in 0..2 {
        let numeric = difference(&gradient, &sizes, &arguments, std::slice::from_ref(&weights), k);
        assert!(close(&got[k + 1], &numeric, 1e-6), "{value} {:?} {numeric:?}", got[k + 1]);
    }
}

fn evaluated(source: &str, arguments: &[Vec<f64>]) -> Vec<Array> {
    let (graph, _) = simplify::stabilise(&lowered(source));
    let wanted: Vec<usize> = (0..graph.arguments.len()).filter(|&k| graph.arguments[k].dtype == Dtype::Real).collect();
    let joint = simplify::simplify(&derived(&graph, &wanted, Seed::Argument));
    let sizes = sizes(&[("N", arguments[0].len())]);
    let arrays = arguments.iter().map(|data| Array { shape: vec![data.len()], data: data.clone() });
    run(&joint, &sizes, &arrays.collect::<Vec<_>>())
}

/// What is promised at kinks, ties and zeros.
pub const CONVENTIONS: [fn(); 6] = [
    kinks_follow_the_conventions,
    every_kink_has_its_convention,
    elements_that_tie_for_an_extremum_share_its_gradient,
    an_identity_for_zero_does_not_touch_minus_zero,
    a_branch_not_taken_sends_no_nan_back,
    what_the_author_gives_goes_back,
];

#[test]
fn kinks_follow_the_conventions() {
    let ones = vec![1.0; 3];
    let x = vec![-1.0, 0.0, 2.0];
    let relu = evaluated("fn f(x: Param<N>) -> Output<N> { relu(x) }", &[x.clone(), ones.clone()]);
    assert_eq!(relu[1].data, [0.0, 0.0, 1.0]);
    let max0 = evaluated("fn f(x: Param<N>) -> Output<N> { max(x, 0) }", &[x.clone(), ones.clone()]);
    assert_eq!(max0[1].data, [0.0, 0.0, 1.0]);
    let abs = evaluated("fn f(x: Param<N>) -> Output<N> { sqrt(x * x) }", &[x.clone(), ones.clone()]);
    assert_eq!(abs[1].data, [-1.0, 0.0, 1.0]);
    for op in ["max(x, y)", "min(x, y)"] {
        let source = format!("fn f(x: Param<N>, y: Param<N>) -> Output<N> {{ {op} }}");
        let tie = evaluated(&source, &[x.clone(), x.clone(), ones.clone()]);
        assert_eq!((tie[1].data.as_slice(), tie[2].data.as_slice()), (&[0.5; 3][..], &[0.5; 3][..]), "{op}");
    }
}

#[test]
fn every_kink_has_its_convention() {
    // One number stands for all elements, so its cotangent is their number.
    let at = |value: &str, x: &[f64]| {
        let source = format!("fn f(x: Param<N>) -> Output<N> {{ {value} + x * 0 }}");
        evaluated(&source, &[x.to_vec(), vec![1.0; x.len()]]).remove(1).data
    };
    let infinite = f64::INFINITY;
    assert_eq!(at("leaky_relu(x)", &[0.0]), [0.01]);
    assert_eq!(at("elu(x, 0.5)", &[0.0, -1e4, 1e4]), [0.5, 0.0, 1.0]);
    assert_eq!(at("selu(x)", &[0.0]), [1.7580993408473768]);
    assert_eq!(at("clamp(x, -1, 1)", &[-1.0, 0.0, 1.0]), [0.0, 1.0, 0.0]);
    assert_eq!(at("hard_tanh(x) + hard_sigmoid(x * 3)", &[-1.0, 1.0]), [0.0, 0.0]);
    assert_eq!(at("floor(x) + round(x) + stop_gradient(x * x)", &[1.0, 0.5]), [0.0, 0.0]);
    assert_eq!(at("hypot(x, x) + atan2(x, x)", &[0.0]), [0.0]);
    assert_eq!(at("pow(x, 0) + pow(x, x * 0 + 2)", &[0.0, -3.0]), [0.0, -6.0]);
    assert_eq!(at("pow(0 * x, x) + pow(0 * x - 2, x)", &[3.0]), [0.0]);
    assert_eq!(at("std(x)", &[2.0, 2.0]), [0.0, 0.0]);
    assert_eq!(at("prod(x)", &[2.0, 0.0, 3.0]), [0.0, 18.0, 0.0]);
    assert_eq!(at("prod(x)", &[2.0, 0.0, 0.0]), [0.0, 0.0, 0.0]);
    assert_eq!(at("mae(x, x)", &[2.0, 1.0]), [0.0, 0.0]);
    assert_eq!(at("cosine(x, x)", &[0.0, 0.0]), [0.0, 0.0]);
    assert_eq!(at("binary_cross_entropy(x, stop_gradient(x))", &[0.0, 1.0]), [1.0, -1.0]);
    for op in ["gelu", "gelu_tanh", "silu", "mish"] {
        let derivative = evaluated(
            &format!("fn f(x: Param<N>) -> Output<N> {{ {op}(x) }}"),
            &[vec![-infinite, infinite, -1e300, 1e300], vec![1.0; 4]],
        );
        assert_eq!(derivative[1].data, [0.0, 1.0, 0.0, 1.0], "{op}");
    }
}

#[test]
fn elements_that_tie_for_an_extremum_share_its_gradient() {
    for op in ["max(x)", "-min(-x)", "sum(max(insert_axis(x, axis = 1), axis = 0))"] {
        let got = evaluated(
            &format!("fn f(x: Param<N>) -> Output<N> {{ {op} + x * 0 }}"),
            &[vec![2.0, 1.0, 2.0], vec![1.0; 3]],
        );
        assert_eq!(got[1].data, [1.5, 0.0, 1.5], "{op}");
    }
}

#[test]
fn an_identity_for_zero_does_not_touch_minus_zero() {
    let got = evaluated("fn f(x: Param<N>) -> Output<N> { x - (-0.0) }", &[vec![-0.0], vec![1.0]]);
    assert!(got[0].data[0].is_sign_positive());
}

#[test]
fn what_the_author_gives_goes_back() {
    let item = "fn f(x: Input<N>) -> Output<N> { sign(x) }".parse().expect("tokens");
    let options = "gradient(x = select(abs(x) < 1, dy * (2 + y), 5 * y))".parse().expect("tokens");
    let model = parse::parse(options, item).expect("a model");
    let graph = lower::lower(&model).expect("it fits");
    let joint = simplify::simplify(&derived(&graph, &[0], Seed::Argument));
    let arrays = [vec![-2.0, -0.5, 0.5], vec![1.0, 1.0, 10.0]].map(|data| Array { shape: vec![3], data });
    let got = run(&joint, &sizes(&[("N", 3)]), &arrays);
    assert_eq!((&got[0].data, &got[1].data), (&vec![-1.0, -1.0, 1.0], &vec![-5.0, 1.0, 30.0]));
}

#[test]
fn a_gate_that_is_used_twice_is_computed_once() {
    let graph = lowered("fn f(x: Param<N>, h: Param<N>) -> Output<N> { let z = sigmoid(x); (1 - z) * h + z * x }");
    let (stable, fired) = simplify::stabilise(&graph);
    assert!(fired.is_empty() && stable.len() == graph.len(), "{fired:?}\n{stable}");
}

#[test]
fn a_branch_not_taken_sends_no_nan_back() {
    for branch in ["exp(x)", "exp(x) * exp(x)", "-exp(exp(x))", "tanh(exp(x) / sqrt(x - x))", "ln(-abs(x)) * 3"] {
        let source = format!("fn f(x: Param<N>) -> Output<N> {{ select(x > 0, x, 0 - select(x > -9, {branch}, x)) }}");
        let got = evaluated(&source, &[vec![1e4, 2e4], vec![1.0, 1.0]]);
        assert_eq!(got[1].data, [1.0, 1.0], "{branch}");
    }
}

#[test]
fn stability_rewrites_are_reported() {
    let source =
        "fn f(x: Param<N, K>) -> Output<N, K> { ln(softmax(x, axis = K)) + ln(sigmoid(x)) + (1 - sigmoid(x * 2)) }";
    let (_, fired) = simplify::stabilise(&lowered(source));
    assert_eq!(fired.len(), 3, "{fired:?}");
}

#[test]
fn unused_parameters_have_no_gradient_at_all() {
    let joint = derived(&lowered("fn f(x: Param<N>, w: Param<K>) -> Output<N> { x }"), &[0, 1], Seed::Argument);
    assert!(joint.roots[1].node.is_some() && joint.roots[2].node.is_none());
}

#[test]
fn nothing_is_derived_that_no_wanted_argument_needs() {
    let source = "fn f(x: Input<N, K>, w: Param<K, H>) -> Output<N, H> { tanh(exp(x).dot(w)) }";
    let joint = simplify::simplify(&derived(&lowered(source), &[1], Seed::Argument));
    let contractions = joint.ids().filter(|&id| matches!(joint.node(id).kind, Kind::Contract(_))).count();
    assert_eq!(contractions, 2, "{joint}");
}

#[test]
fn forty_squarings_stay_forty_nodes() {
    let lets: String = (0..40).map(|_| "let x = x * x;\n").collect();
    let graph = lowered(&format!("fn f(x: Param<N>) -> Output<N> {{ {lets} x }}"));
    assert_eq!(graph.len(), 41);
    let joint = simplify::simplify(&derived(&graph, &[0], Seed::Argument));
    assert!(joint.len() < 300, "{}", joint.len());
}

/// The body of `source` with its result put `times` times into the place of the result's last argument.
fn nested(source: &str, times: usize) -> Model {
    let mut model = model(source);
    let once = model.body.result.clone();
    for _ in 1..times {
        let mut outer = once.clone();
        let ExprKind::Call(call) = &mut outer.kind else { panic!("{source} calls nothing") };
        *call.arguments.last_mut().expect("an argument") = model.body.result;
        model.body.result = outer;
    }
    model
}

/// Parsing has a stack of its own size; this is the small one of a test.
#[test]
fn deep_models_do_not_overflow_the_stack() {
    for body in ["tanh(x)", "w * w + x"] {
        let model = nested(&format!("fn f(w: Param<N>, x: Param<N>) -> Output<N> {{ {body} }}"), 400);
        let graph = lower::lower(&model).unwrap_or_else(|e| panic!("{e}"));
        let joint = simplify::simplify(&derived(&simplify::stabilise(&graph).0, &[0, 1], Seed::Argument));
        let (_, backward) = partition::partition(&joint);
        assert!(backward.roots[1].node.is_some());
    }
}

#[test]
fn gradients_are_derived_once_and_cheaply() {
    let source = "fn f(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> { sigmoid(x.dot(w) + b) }";
    let (forward, backward) =
        partition::partition(&simplify::simplify(&derived(&lowered(source), &[1, 2], Seed::Argument)));
    let saved: Vec<&str> =
        backward.arguments.iter().filter(|a| a.source == Source::Saved).map(|a| a.name.as_str()).collect();
    assert_eq!(saved, ["sigmoid"], "{forward}\n{backward}");
}

/// The names of what is kept, and of the operations that backward computes.
fn kept(source: &str) -> (Vec<String>, Vec<String>) {
    let graph = lowered(source);
    let wanted: Vec<usize> = (0..graph.arguments.len()).collect();
    let (_, backward) = partition::partition(&simplify::simplify(&derived(&graph, &wanted, Seed::Argument)));
    let saved = backward.arguments.iter().filter(|a| a.source == Source::Saved).map(|a| a.name.clone()).collect();
    (saved, backward.ids().map(|id| backward.node(id).kind.to_string()).collect())
}

#[test]
fn a_mean_is_kept_rather_than_what_it_was_taken_from() {
    let body =
        "let d = x - mean(x, axis = 1, keepdims = true); d / sqrt(mean(square(d), axis = 1, keepdims = true) + 0.1)";
    let (saved, computed) = kept(&format!("fn f(x: Param<N, K>) -> Output<N, K> {{ {body} }}"));
    assert_eq!(saved, ["total_x", "sqrt"]);
    assert_eq!(computed.iter().filter(|kind| *kind == "sqrt").count(), 0);
}

#[test]
fn arguments_and_cheap_steps_from_them_are_never_kept() {
    let (saved, _) = kept("fn f(x: Param<N>, y: Param<N>) -> Output<N> { square(x * y + x) * (x - y) }");
    assert_eq!(saved, [""; 0]);
}

#[test]
fn mistakes_are_named_in_the_authors_words() {
    let cases: &[(&str, &[&str])] = &[
        (
            "(x: Input<N, 13>, w: Param<12, 13>) -> Output<N, 13> { x.dot(w) }",
            &["`dot` needs equal inner dimensions: `x` is [N, 13] but `w` is [12, 13]", "`.t()`"],
        ),
        (
            "(x: Input<2, 3>, b: Param<2>) -> Output<2, 3> { x + b }",
            &["cannot broadcast `x` [2, 3] with `b` [2]", "keepdims"],
        ),
        ("(x: Input<N>, y: Input<M>) -> Output<N> { x * y }", &["`N` and `M` are different sizes; use one name"]),
        ("(x: Input<N, 1>, y: Input<N>) -> Output { mse(x, y) }", &["equal shapes", "`x` is [N, 1] but `y` is [N]"]),
        ("(x: Input<N>) -> Output<N> { sigmod(x) }", &["unknown operation `sigmod`", "`sigmoid`"]),
        ("(x: Input<N>) -> Output<N> { sigmoid(xs) }", &["cannot find `xs`", "`x`"]),
        (
            "(x: Input<N>) -> Output<N> { let y = h + x; let h = x * x; sigmoid(y) }",
            &["cannot find `h`: it is bound later"],
        ),
        ("(x: Input<N>) -> Output<N> { sigmoid(x, x) }", &["`sigmoid` takes 1 argument but 2 were given"]),
        ("(x: Input<N>) -> Output<N> { x.dot() }", &["`dot` takes 1 argument"]),
        ("(x: Input<N>) -> Output<N> { f(x) }", &["`f`", "cannot call itself"]),
        ("(x: Input<N>) -> Output { sum(x, axes = 0) }", &["no option `axes`", "`axis`"]),
        ("(x: Input<N>) -> Output<N> { tanh(x, axis = 0) }", &["`tanh` takes no options"]),
        ("(x: Input<N>) -> Output { sum(x, axis = 1) }", &["no axis 1"]),
        ("(x: Input<N, N>) -> Output<N> { sum(x, axis = N) }", &["several axes"]),
        ("(x: Input<N, K>) -> Output<N> { sum(x, axis = M) }", &["no axis", "`M`"]),
        ("(x: Input<N, K>) -> Output<N> { sum_axis(x) }", &["needs an axis"]),
        ("(x: Input<N, K>) -> Output<N, 2> { x }", &["[N, K]", "[N, 2]"]),
        ("(x: Input<N>) -> Output<N> { x > 0 }", &["must be numbers"]),
        ("(x: Input<N>) -> Output<N> { (x > 0) * x }", &["`mul` takes numbers", "a mask"]),
        ("(x: Input<N>, n: Param<N>) -> Output<N> { powi(x, n) }", &["powi(x, n)", "written out"]),
        ("(x: Input<N>) -> Output<N> { powi(x, 1.5) }", &["whole power", "`powf`"]),
        ("(x: Input<N>) -> Output<N> { elu(x, 1, 2) }", &["`elu` takes 1 to 2 arguments but 3 were given"]),
        ("(x: Input<N>) -> Output<N> { elu(x, slope = 1) }", &["`elu` has no option `slope`; it takes `alpha`"]),
        ("(x: Input<N>) -> Output<N> { elu(x, 1, alpha = 1) }", &["`alpha` is given twice"]),
        ("(x: Input<N>, a: Param) -> Output<N> { elu(x, alpha = a) }", &["`alpha` takes a number"]),
        ("(x: Input<N>) -> Output { var(x, ddof = N) }", &["`ddof` takes a number"]),
        (
            "(x: Input<N>) -> Output<N> { select(and(x, x > 0), x, x) }",
            &["`and` takes a mask", "compare `x` with a number"],
        ),
        (
            "(x: Input<N>, d: Param<N>) -> Output { huber(x, x, d) }",
            &["`huber` takes a single number here", "`d` is [N]"],
        ),
        ("(x: Input<N, 1>, y: Input<N>) -> Output { huber(x, y) }", &["equal shapes", "`x` is [N, 1] but `y` is [N]"]),
        ("(x: Input, y: Input) -> Output { cosine(x, y) }", &["`cosine` takes rows", "single number"]),
        (
            "(x: Input<N>) -> Output<N> { let y = x.dot(x).dot(x); let z = y + 1; z }",
            &["`dot` takes matrices and vectors"],
        ),
    ];
    for (rest, wanted) in cases {
        let got = message(&format!("fn f{rest}"));
        for part in *wanted {
            assert!(got.contains(part), "{rest}\n{got}\nlacks {part}");
        }
    }
}

#[test]
fn two_mistakes_give_two_messages() {
    assert_eq!(messages("fn f(x: Input<N>) -> Output<N> { let a = y + x; let b = sigmod(x); a * b }").len(), 2);
}

//! What networks promise at the edge of arithmetic: no NaN from branches that were not taken, infinite masks in softmax,
//! roots at 0, and rewrites that are reported and can be declined.

use super::interpret::{Array, run, sizes};
use super::middle::{lowered, model};
use crate::differentiate::Seed;
use crate::ir::graph::Dtype;
use crate::{pipeline, simplify};

pub const ALL: [fn(); 8] = [
    a_branch_not_taken_sends_no_nan_back_through_anything,
    a_branch_not_taken_may_be_spread_and_turned,
    a_nan_that_was_taken_stays,
    infinite_masks_are_exact_in_softmax,
    sums_of_exponentials_neither_overflow_nor_vanish,
    a_row_of_nothing_but_minus_infinity_has_no_softmax,
    roots_and_norms_are_flat_at_zero,
    a_variance_keeps_its_digits_far_from_zero,
];

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// The output and the gradients of all real arguments, for a cotangent of ones; every array is `N` or `N, K` with `N = 2`.
pub fn derived(source: &str, arguments: &[&[f64]]) -> Vec<Vec<f64>> {
    let (graph, _) = simplify::stabilise(&lowered(source));
    let wanted: Vec<usize> = (0..graph.arguments.len()).filter(|&k| graph.arguments[k].dtype == Dtype::Real).collect();
    let joint = simplify::simplify(&super::derived(&graph, &wanted, Seed::Argument));
    let sizes = sizes(&[("N", 2), ("K", 3)]);
    let shape_of = |k: usize| super::interpret::shape_of(&joint.arguments[k].shape, &sizes);
    let mut arrays: Vec<Array> =
        arguments.iter().enumerate().map(|(k, data)| Array { shape: shape_of(k), data: data.to_vec() }).collect();
    arrays.push(Array::filled(shape_of(arguments.len()), |_| 1.0));
    run(&joint, &sizes, &arrays).into_iter().map(|a| a.data).collect()
}

/// Equal, where NaN equals NaN.
#[track_caller]
pub fn same(got: &[f64], want: &[f64]) {
    let equal = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() < 1e-12;
    assert!(got.len() == want.len() && got.iter().zip(want).all(equal), "{got:?}, not {want:?}");
}

#[test]
fn a_branch_not_taken_sends_no_nan_back_through_anything() {
    // Row 1 is not taken, and all that it computes is infinite or NaN.
    let taken: &[f64] = &[1.0, 0.0];
    let x: &[f64] = &[0.1, 0.2, 0.3, 1e4, 2e4, -1.0];
    let rows = [
        "sum(exp(x), axis = 1)",
        "mean(ln(x), axis = 1)",
        "max(exp(x) * x, axis = 1)",
        "prod(exp(x), axis = 1)",
        "norm(exp(x), axis = 1)",
        "logsumexp(ln(x), axis = 1)",
        "var(exp(x), axis = 1)",
        "sum(softmax(exp(x), axis = 1) * x, axis = 1)",
        "sum(log_softmax(ln(x), axis = 1), axis = 1)",
        "exp(x).dot(v)",
        "exp(x).dot(exp(v)) + ln(x).dot(v) * 2",
        "sum(exp(x) * v, axis = 1)",
        "sum(exp(exp(x) * v), axis = 1)",
    ];
    for row in rows {
        let source =
            |chosen: &str| format!("fn f(m: Input<N>, x: Param<N, K>, v: Param<K>) -> Output<N> {{ {chosen} }}");
        let v: &[f64] = &[0.5, -0.5, 0.25];
        let got = derived(&source(&format!("select(m > 0, {row}, 7)")), &[taken, x, v]);
        // The same with harmless values in the row that is not taken.
        let want = derived(&source(&format!("select(m > 0, {row}, 7)")), &[taken, &[0.1, 0.2, 0.3, 0.1, 0.2, 0.3], v]);
        assert!(got.iter().flatten().all(|g| g.is_finite()), "{row}: {got:?}");
        got.iter().zip(&want).for_each(|(g, w)| same(g, w));
    }
}

#[test]
fn a_branch_not_taken_may_be_spread_and_turned() {
    let source = "fn f(m: Input<N, K>, x: Param<N>, w: Param<K>) -> Output<N, K> {
        select(m > 0, t(t(exp(insert_axis(x, axis = 1) * w))), w)
    }";
    let got = derived(source, &[&[1.0, 1.0, 1.0, 0.0, 0.0, 0.0], &[0.0, 1e4], &[1.0, 2.0, 3.0]]);
    same(&got[2], &[6.0, 0.0]);
    same(&got[3], &[1.0, 1.0, 1.0]);
}

#[test]
fn a_nan_that_was_taken_stays() {
    let got = derived("fn f(x: Param<N>) -> Output<N> { select(x > 0, ln(x), sqrt(x)) }", &[&[1.0, -1.0]]);
    same(&got[0], &[0.0, NAN]);
    same(&got[1], &[1.0, NAN]);
    let relu = derived("fn f(x: Param<N>) -> Output<N> { relu(x) }", &[&[NAN, -INF]]);
    same(&relu[0], &[NAN, 0.0]);
}

#[test]
fn infinite_masks_are_exact_in_softmax() {
    let of = |op: &str| format!("fn f(x: Param<N, K>) -> Output<N, K> {{ {op}(x + 0, axis = 1) }}");
    let x: &[f64] = &[0.0, -INF, 0.0, 1.0, 1.0, -INF];
    let soft = derived(&of("softmax"), &[x]);
    same(&soft[0], &[0.5, 0.0, 0.5, 0.5, 0.5, 0.0]);
    same(&soft[1], &[0.0; 6]);
    let log = derived(&of("log_softmax"), &[x]);
    same(&log[0], &[0.5_f64.ln(), -INF, 0.5_f64.ln(), 0.5_f64.ln(), 0.5_f64.ln(), -INF]);
    same(&log[1], &[-0.5, 1.0, -0.5, -0.5, -0.5, 1.0]);
    let sum = derived("fn f(x: Param<N, K>) -> Output<N> { logsumexp(x, axis = 1) }", &[x]);
    same(&sum[0], &[2.0_f64.ln(), 1.0 + 2.0_f64.ln()]);
    same(&sum[1], &[0.5, 0.0, 0.5, 0.5, 0.5, 0.0]);
}

#[test]
fn sums_of_exponentials_neither_overflow_nor_vanish() {
    let x: &[f64] = &[1000.0, 1000.0, 999.0, -1000.0, -999.0, -1000.0];
    let of = |op: &str| format!("fn f(x: Param<N, K>) -> Output<N, K> {{ insert_axis({op}(x, axis = 1), 1) + 0 * x }}");
    let (high, low) = (2.0 + f64::exp(-1.0), 2.0 * f64::exp(-1.0) + 1.0);
    let rows = [1.0 / high, 1.0 / high, f64::exp(-1.0) / high, f64::exp(-1.0) / low, 1.0 / low, f64::exp(-1.0) / low];
    let sum = derived(&of("logsumexp"), &[x]);
    same(&sum[0], &[[1000.0 + high.ln(); 3], [-999.0 + low.ln(); 3]].concat());
    same(&sum[1], &rows.map(|share| 3.0 * share));
    let soft = derived("fn f(x: Param<N, K>) -> Output<N, K> { softmax(x, axis = 1) }", &[x]);
    same(&soft[0], &rows);
    let log = derived("fn f(x: Param<N, K>) -> Output<N, K> { log_softmax(x, axis = 1) }", &[x]);
    same(&log[0], &rows.map(f64::ln));
    same(&log[1], &rows.map(|share| 1.0 - 3.0 * share));
}

#[test]
fn a_row_of_nothing_but_minus_infinity_has_no_softmax() {
    let x: &[f64] = &[-INF, -INF, -INF, 0.0, 0.0, -INF];
    let soft = derived("fn f(x: Param<N, K>) -> Output<N, K> { softmax(x, axis = 1) }", &[x]);
    same(&soft[0], &[NAN, NAN, NAN, 0.5, 0.5, 0.0]);
    let sum = derived("fn f(x: Param<N, K>) -> Output<N> { logsumexp(x, axis = 1) }", &[x]);
    same(&sum[0], &[-INF, 2.0_f64.ln()]);
    same(&sum[1], &[0.0, 0.0, 0.0, 0.5, 0.5, 0.0]);
}

#[test]
fn roots_and_norms_are_flat_at_zero() {
    let x: &[f64] = &[0.0, 0.0, 0.0, 3.0, 4.0, 0.0];
    for norm in ["norm(x, axis = 1)", "sqrt(sum(square(x), axis = 1))", "sqrt(sum(x * x, axis = 1))"] {
        let got = derived(&format!("fn f(x: Param<N, K>) -> Output<N> {{ {norm} }}"), &[x]);
        same(&got[0], &[0.0, 5.0]);
        same(&got[1], &[0.0, 0.0, 0.0, 0.6, 0.8, 0.0]);
    }
    let std = derived("fn f(x: Param<N, K>) -> Output<N> { std(x, axis = 1) }", &[&[2.0, 2.0, 2.0, -1.0, 0.0, 1.0]]);
    same(&std[1][..3], &[0.0; 3]);
    same(&derived("fn f(x: Param<N>) -> Output<N> { sqrt(x) }", &[&[0.0, 4.0]])[1], &[INF, 0.25]);
}

#[test]
fn a_variance_keeps_its_digits_far_from_zero() {
    let far = 1e9;
    let got = derived(
        "fn f(x: Param<N, K>) -> Output<N> { var(x, axis = 1) }",
        &[&[far, far + 1.0, far + 2.0, far, far, far]],
    );
    same(&got[0], &[2.0 / 3.0, 0.0]);
}

#[test]
fn rewrites_are_reported_where_the_network_is_and_can_be_declined() {
    let explanation = |options: &str| {
        let item = "fn f(x: Param<N, K>) -> Output<N, K> { let s = softmax(x, axis = K); ln(s) }";
        pipeline::network(options.parse().expect("tokens"), item.parse().expect("tokens")).to_string()
    };
    let (told, declined) = (explanation(""), explanation("stabilise = false"));
    assert!(
        told.contains("Rewritten for stability:\n- ln-softmax: ln(softmax(x, axis = axis)) => log_softmax"),
        "{told}"
    );
    assert!(declined.contains("EXPLANATION") && !declined.contains("ln-softmax"), "{declined}");
    let wrong = explanation("stabilise = 1");
    assert!(wrong.contains("`stabilise` is true or false"), "{wrong}");
    assert!(model("fn f(x: Param) -> Output { x }").options.stabilise);
}

#[test]
fn reductions_of_nothing_have_their_neutral_element() {
    let reduced = |op: &str| {
        let graph = simplify::expand(&lowered(&format!("fn f(x: Param<N, M>) -> Output<N> {{ {op}(x, axis = 1) }}")));
        let nothing = Array { shape: vec![1, 0], data: Vec::new() };
        run(&graph, &sizes(&[("N", 1), ("M", 0)]), &[nothing]).remove(0).data
    };
    same(&["sum", "prod", "mean", "max", "min"].map(|op| reduced(op)[0]), &[0.0, 1.0, NAN, -INF, INF]);
}

#[test]
fn powers_of_negative_numbers_need_whole_exponents() {
    let of = |power: &str| derived(&format!("fn f(x: Param<N>) -> Output<N> {{ {power} }}"), &[&[-2.0, 3.0]]);
    for cube in ["powi(x, 3)", "powf(x, 3.0)", "pow(x, 3)"] {
        let got = of(cube);
        same(&got[0], &[-8.0, 27.0]);
        same(&got[1], &[12.0, 27.0]);
    }
    same(&of("powi(x, -1)")[0], &[-0.5, 1.0 / 3.0]);
    same(&of("powf(x, 0.5)")[0], &[NAN, 3.0_f64.sqrt()]);
}

//! The suite itself on trial: it accepts networks that are right, and rejects one for every way of being wrong.
use crate::compare::Array;
use crate::run::run;
use crate::surface::{Fused, Gradients, Passes, Surface, Values, view};
use ndarray::{ArrayD, Ix1, arr0};
use std::panic::catch_unwind;

/// `op_add_same`, written by hand: `x + y`.
const ADD: Surface<f64> = Surface {
    name: "add",
    infer: sum,
    passes: |values, cotangents| passes(values, cotangents, |_, element| element),
    fused: None,
};

fn sum(values: &Values<f64>) -> Array {
    &values.0["x"] + &values.0["y"]
}

/// Both passes of [`ADD`], with a fault in each element of the gradients that goes by the number of the backward pass.
fn passes(values: &Values<f64>, cotangents: &[ArrayD<f64>], fault: fn(usize, f64) -> f64) -> Passes {
    let faulty = |pass: usize, d: &ArrayD<f64>| d.mapv(|element| fault(pass, element));
    let gradients = cotangents.iter().enumerate();
    let gradients = gradients.map(|(pass, d)| Gradients::from([("x", faulty(pass, d)), ("y", faulty(pass, d))]));
    Passes { output: sum(values), gradients: gradients.collect() }
}

/// `op_dot_vv`, written by hand: `x.dot(y)`.
const DOT: Surface<f64> = Surface {
    name: "dot",
    infer: |values| arr0(product(values)).into_dyn(),
    passes: |values, cotangents| {
        let gradients = cotangents.iter().map(|d| product_gradients(values, d[[]])).collect();
        Passes { output: arr0(product(values)).into_dyn(), gradients }
    },
    fused: Some(|values| fused(values, [0.0; 3])),
};

fn product(values: &Values<f64>) -> f64 {
    let [x, y] = ["x", "y"].map(|name| values.view::<Ix1>(name));
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn product_gradients(values: &Values<f64>, d: f64) -> Gradients {
    Gradients::from([("x", d * &values.0["y"]), ("y", d * &values.0["x"])])
}

/// The three fused calls of [`DOT`], with a fault in the value of each.
fn fused(values: &Values<f64>, faults: [f64; 3]) -> Fused {
    faults.map(|fault| (product(values) + fault, product_gradients(values, 1.0))).to_vec()
}

/// The message of the panic that `network` gives as the one network of `case`; empty if it passes.
fn verdict(case: &str, network: Surface<f64>) -> String {
    let panic = catch_unwind(|| run(case, &[network])).err();
    panic.map(|panic| *panic.downcast::<String>().expect("a report")).unwrap_or_default()
}

fn next_up(value: f64) -> f64 {
    f64::from_bits(value.to_bits() + 1)
}

#[test]
fn networks_that_are_right_pass() {
    assert_eq!(verdict("op_add_same", ADD), "");
    assert_eq!(verdict("op_dot_vv", DOT), "");
}

#[test]
fn a_wrong_output_is_found() {
    let report = verdict("op_add_same", Surface { infer: |values| sum(values) + 1e-12, ..ADD });
    assert!(report.contains("plain call: output[0, 0]: got"), "{report}");
    let bad: fn(&Values<f64>, &[ArrayD<f64>]) -> Passes =
        |values, cotangents| Passes { output: -sum(values), ..passes(values, cotangents, |_, d| d) };
    let report = verdict("op_add_same", Surface { passes: bad, ..ADD });
    assert!(report.contains("forward and backward: output[2, 3]: got"), "{report}");
}

#[test]
fn a_wrong_gradient_is_found() {
    let bad = |values: &_, cotangents: &[_]| passes(values, cotangents, |_, d| if d > 1.0 { -d } else { d });
    let report = verdict("op_add_same", Surface { passes: bad, ..ADD });
    assert!(report.contains("forward and backward: d x["), "{report}");
    assert!(report.contains("forward and backward: d y["), "{report}");
}

#[test]
fn a_gradient_that_is_missing_or_has_another_shape_is_found() {
    let missing: fn(&Values<f64>, &[ArrayD<f64>]) -> Passes = |values, cotangents| {
        let mut passes = passes(values, cotangents, |_, d| d);
        passes.gradients.iter_mut().for_each(|gradients| drop(gradients.remove("y")));
        passes
    };
    let report = verdict("op_add_same", Surface { passes: missing, ..ADD });
    assert!(report.contains("no d y"), "{report}");
    let flat: fn(&Values<f64>, &[ArrayD<f64>]) -> Passes = |values, cotangents| {
        let mut passes = passes(values, cotangents, |_, d| d);
        let reshape = |gradient: &mut Array| *gradient = gradient.to_shape(vec![4, 3]).expect("as many").to_owned();
        passes.gradients.iter_mut().for_each(|gradients| gradients.values_mut().for_each(reshape));
        passes
    };
    let report = verdict("op_add_same", Surface { passes: flat, ..ADD });
    assert!(report.contains("d x: got shape [4, 3], want [3, 4]"), "{report}");
}

#[test]
fn bits_that_change_with_the_layout_are_found() {
    let output: fn(&Values<f64>, &[ArrayD<f64>]) -> Passes = |values, cotangents| {
        let output = sum(values).mapv(|sum| if values.0["x"].is_standard_layout() { sum } else { next_up(sum) });
        Passes { output, ..passes(values, cotangents, |_, d| d) }
    };
    let report = verdict("op_add_same", Surface { passes: output, ..ADD });
    assert!(report.contains("bits of the first layout: output[0, 0]"), "{report}");
}

#[test]
fn a_pass_that_cannot_be_repeated_is_found() {
    let bad =
        |values: &_, cotangents: &[_]| passes(values, cotangents, |pass, d| if pass == 1 { next_up(d) } else { d });
    let report = verdict("op_add_same", Surface { passes: bad, ..ADD });
    assert!(report.contains("backward a second time: d x[0, 0]"), "{report}");
}

#[test]
fn gradients_that_do_not_double_are_found() {
    let bad =
        |values: &_, cotangents: &[_]| passes(values, cotangents, |pass, d| if pass == 2 { next_up(d) } else { d });
    let report = verdict("op_add_same", Surface { passes: bad, ..ADD });
    assert!(report.contains("twice the cotangent: d x[0, 0]"), "{report}");
}

#[test]
fn a_panic_is_found_with_its_layout() {
    let bad: fn(&Values<f64>) -> Array = |values| {
        assert!(values.0["y"].is_standard_layout(), "rows wanted");
        sum(values)
    };
    let report = verdict("op_add_same", Surface { infer: bad, ..ADD });
    assert!(report.contains("panicked: rows wanted\n        in add, Fortran order and 4 other runs"), "{report}");
}

#[test]
fn fused_calls_that_differ_from_the_passes_are_found() {
    let value = verdict("op_dot_vv", Surface { fused: Some(|values| fused(values, [1e-3; 3])), ..DOT });
    assert!(value.contains("value_and_grad against a cotangent of 1: output[]"), "{value}");
    let stale = verdict("op_dot_vv", Surface { fused: Some(|values| fused(values, [0.0, 0.0, 1e-3])), ..DOT });
    assert!(stale.contains("value_and_grad_into, second use of the workspace: output[]"), "{stale}");
    assert!(!stale.contains("first use"), "{stale}");
}

#[test]
fn two_networks_that_disagree_are_found() {
    let other = Surface { name: "other", passes: |v, d| Passes { output: -sum(v), ..(ADD.passes)(v, d) }, ..ADD };
    let panic = catch_unwind(|| run("op_add_same", &[ADD, other])).err();
    let report = *panic.and_then(|panic| panic.downcast::<String>().ok()).expect("a report");
    assert!(report.contains("other against add"), "{report}");
}

#[test]
fn a_view_has_the_elements_of_its_array() {
    let array = ArrayD::from_shape_fn(vec![3], |index| index[0] as f64);
    assert_eq!(view::<f64, Ix1>(&array).to_vec(), [0.0, 1.0, 2.0]);
}

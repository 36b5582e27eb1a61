//! `if`: what sizes and literals decide leaves the branch that is taken, a flag selects.

use super::linking::{composed, programs};
use super::middle::model;
use crate::lower;

const RESIDUAL: &str = "fn residual<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>) -> Output<N, O> {
    let y = x.dot(w); if I == O { x + y } else { y } }";
const WRAPPED: &str =
    "fn wrapped<const I: usize, const O: usize>(x: Input<N, I>, r: residual<I, O>) -> Output<N, O> { r(x) }";

fn same(sources: &[&str], flat: &str) {
    let (one, other) = (programs(&composed("", sources)), programs(&composed("", &[flat])));
    assert_eq!(one, other, "{sources:?}");
}

#[test]
fn a_constant_condition_leaves_one_branch() {
    let kept = "fn f(x: Input<N, 4>, w: Param<4>) -> Output { sum(x * w) }";
    for condition in ["true", "(true)", "1 < 2", "N == N", "N != 4", "N + 1 > N", "2 * N == N + N", "3 >= 3", "4 <= 4"]
    {
        let source =
            format!("fn f(x: Input<N, 4>, w: Param<4>) -> Output {{ if {condition} {{ sum(x * w) }} else {{ x }} }}");
        same(&[&source], kept);
        let turned = format!(
            "fn f(x: Input<N, 4>, w: Param<4>) -> Output {{
            let y = if false {{ x }} else if {condition} {{ let z = x * w; sum(z) }} else {{ x }}; y }}"
        );
        let z = "fn f(x: Input<N, 4>, w: Param<4>) -> Output { let z = x * w; let y = sum(z); y }";
        same(&[&turned], z);
    }
}

#[test]
fn sizes_decide_where_a_network_is_called() {
    same(
        &[RESIDUAL, "fn f(x: Input<N, 4>, r: residual<4, 4>) -> Output<N, 4> { r(x) }"],
        "fn f(x: Input<N, 4>, r_w: Param<4, 4>) -> Output<N, 4> { let r_y = x.dot(r_w); let r = x + r_y; r }",
    );
    same(
        &[RESIDUAL, "fn f(x: Input<N, 4>, r: residual<4, 3>) -> Output<N, 3> { r(x) }"],
        "fn f(x: Input<N, 4>, r_w: Param<4, 3>) -> Output<N, 3> { let r_y = x.dot(r_w); r_y }",
    );
    same(&[RESIDUAL], "fn residual(x: Input<N, I>, w: Param<I, O>) -> Output<N, O> { let y = x.dot(w); y }");
    for (group, residual) in [("wrapped<K, K>", true), ("wrapped<K, J>", false), ("[wrapped<K, K>; 1]", true)] {
        let source = format!("fn f(x: Input<N, K>, y: Input<J>, r: {group}) -> Output {{ sum(r(x)) + sum(y) }}");
        let graph = lower::lower(&composed("", &[RESIDUAL, WRAPPED, &source])).unwrap().to_string();
        assert_eq!(graph.matches("= add").count(), 1 + usize::from(residual), "{graph}");
    }
}

#[test]
fn a_flag_selects() {
    same(
        &["fn f(x: Input<N>, w: Param<N>, flag: Mask) -> Output { let y = if flag { x * w } else { w }; sum(y) }"],
        "fn f(x: Input<N>, w: Param<N>, flag: Mask) -> Output { let y = select(flag, x * w, w); sum(y) }",
    );
}

#[test]
fn what_cannot_be_chosen_is_said() {
    let message = |body: &str| {
        let source = format!("fn f(x: Input<N, M>, m: Mask<N, M>, flag: Mask, i: Index) -> Output<N, M> {{ {body} }}");
        lower::lower(&model(&source)).expect_err("a mistake").to_string()
    };
    for data in ["m", "x > 0", "sum(x) > 0", "x", "i == 1"] {
        let text = message(&format!("if {data} {{ x }} else {{ -x }}"));
        assert!(text.contains("`if` on values") && text.contains("select(condition, a, b)"), "{data}: {text}");
    }
    assert!(message("if N < M { x } else { -x }").contains("which of N and M is greater"));
    let shapes = message("if flag { x } else { sum(x) }");
    assert!(shapes.contains("one is [N, M] and the other []") || shapes.contains("a scalar"), "{shapes}");
}

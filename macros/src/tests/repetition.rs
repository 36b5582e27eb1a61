//! Stacks of networks: the values and gradients of the networks written out one after another, from one loop, so that the
//! size of what is emitted does not grow with how many there are.

use super::execute::execute;
use super::interpret::{Array, Random, Sizes, close, shape_of, sizes};
use super::linking::{composed, expand};
use crate::ir::graph::Dtype;
use crate::ir::model::Model;
use crate::pipeline;

const BLOCK: &str = "fn block<const W: usize>(x: Input<N, W>, norm: scale, w: Param<W, W>, b: Param<W>, rate: Param)
    -> Output<N, W> { x + tanh(norm(x).dot(w) + b) * rate }";
const SCALE: &str = "fn scale(x: Input<N, W>, s: Param<W>) -> Output<N, W> { x * s }";
const CELL: &str = "fn cell(h: Input<N, W>, c: Input<N, W>, x: Input<N, W>, unused: Param<W>, w: Param<W, W>)
    -> (Output<N, W>, Output<N, W>) { let c = c * sigmoid(h.dot(w)) + x; (tanh(c), c) }";

fn arguments(model: &Model, sizes: &Sizes) -> Vec<Array> {
    let mut random = Random::new(5);
    let value = |a: &crate::ir::model::Argument| random.array(shape_of(&a.shape, sizes), -1.0, 1.0);
    model.arguments.iter().map(value).collect()
}

/// The value, and the gradients of all parameters.
fn step(model: &Model, sizes: &Sizes, arguments: &[Array]) -> Vec<Array> {
    let passes = pipeline::compile(model).unwrap_or_else(|e| panic!("{model}\n{e}"));
    let step = passes.step.expect("a loss");
    assert!(step.graph.arguments.iter().all(|a| a.dtype == Dtype::Real));
    execute(&step.program, sizes, arguments)
}

/// The arguments of a stack of `count` networks as those of a model with the networks one by one.
fn apart(stacked: &Model, arguments: &[Array], count: usize) -> Vec<Array> {
    let (mut inputs, mut params) = (Vec::new(), vec![Vec::new(); count]);
    for (argument, array) in stacked.arguments.iter().zip(arguments) {
        match argument.stacks.is_empty() {
            true => inputs.push(array.clone()),
            false => parts(array, count).into_iter().zip(&mut params).for_each(|(part, all)| all.push(part)),
        }
    }
    inputs.into_iter().chain(params.into_iter().flatten()).collect()
}

fn parts(array: &Array, count: usize) -> Vec<Array> {
    let length = array.data.len() / count;
    let part = |k: usize| Array { shape: array.shape[1..].to_vec(), data: array.data[k * length..][..length].to_vec() };
    (0..count).map(part).collect()
}

/// A stack gives what its networks give one by one.
fn agrees(callees: &[&str], stacked: &str, written_out: &str, count: usize) {
    let stacked = composed("f64", &[callees, &[stacked]].concat());
    let written_out = composed("f64", &[callees, &[written_out]].concat());
    let sizes = sizes(&[("N", 3), ("W", 4)]);
    let given = arguments(&stacked, &sizes);
    let mut one = step(&stacked, &sizes, &given);
    let all = step(&written_out, &sizes, &apart(&stacked, &given, count));
    let value = one.remove(0);
    assert!(close(&value, &all[0], 1e-12));
    let gradients: Vec<Vec<Array>> = one.iter().map(|gradient| parts(gradient, count)).collect();
    for (k, expected) in all[1..].iter().enumerate() {
        let got = &gradients[k % gradients.len()][k / gradients.len()];
        assert!(close(got, expected, 1e-12), "{k}: {got:?}\n{expected:?}");
    }
}

#[test]
fn a_stack_is_its_networks_one_after_another() {
    let groups: Vec<String> = (0..6).map(|k| format!("b{k}: block")).collect();
    agrees(
        &[SCALE, BLOCK],
        "fn f(x: Input<N, W>, blocks: [block; 6]) -> Output { sum(square(blocks(x))) }",
        &format!("fn f(x: Input<N, W>, {}) -> Output {{ sum(square(b5(b4(b3(b2(b1(b0(x)))))))) }}", groups.join(", ")),
        6,
    );
}

#[test]
fn a_tuple_goes_from_network_to_network() {
    agrees(
        &[CELL],
        "fn f(h: Input<N, W>, x: Input<N, W>, cells: [cell; 3]) -> Output { let (h, c) = cells(h, h, x); sum(h * c) }",
        "fn f(h: Input<N, W>, x: Input<N, W>, a: cell, b: cell, d: cell) -> Output {
            let (h, c) = a(h, h, x); let (h, c) = b(h, c, x); let (h, c) = d(h, c, x); sum(h * c) }",
        3,
    );
}

#[test]
fn stacks_lie_in_stacks_and_in_groups() {
    let pair = "fn pair(x: Input<N, W>, blocks: [block; 2]) -> Output<N, W> { blocks(x) }";
    let model = composed(
        "f64",
        &[SCALE, BLOCK, pair, "fn f(x: Input<N, W>, pairs: [pair; 3], one: pair) -> Output { sum(one(pairs(x))) }"],
    );
    let shown: Vec<String> = model.arguments.iter().map(|a| format!("{} {:?}", a.dotted(), a.shape.len())).collect();
    assert_eq!(shown[1], "pairs.*.blocks.*.norm.s 3");
    assert_eq!(shown[5], "one.blocks.*.norm.s 2");
    let sizes = sizes(&[("N", 2), ("W", 3)]);
    let given = arguments(&model, &sizes);
    let gradients = step(&model, &sizes, &given);
    assert_eq!(gradients[1].shape, [3, 2, 3]);
}

#[test]
fn the_expansion_does_not_grow_with_the_count() {
    let size = |count: usize| {
        let file = format!(
            "#[network] {SCALE} #[network] {BLOCK}
             #[network] fn f(x: Input<N, 4>, blocks: [block<4>; {count}]) -> Output {{ sum(blocks(x)) }}"
        );
        let text = expand(&file).to_string();
        assert!(!text.contains("compile_error"), "{text}");
        text.chars().filter(|c| !c.is_ascii_digit()).count()
    };
    assert_eq!(size(6), size(600));
}

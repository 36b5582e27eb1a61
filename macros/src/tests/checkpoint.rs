//! Loops in segments: the same values and gradients, less that is kept, and less memory in a step.

use super::execute::execute;
use super::interpret::{Array, Random, Sizes, close, shape_of};
use super::linking::composed;
use crate::emit::{Compiled, Passes};
use crate::ir::dim::Shape;
use crate::ir::graph::Goal;
use crate::ir::model::{Model, Role};
use crate::pipeline;
use std::collections::BTreeSet;

const RECURRENT: &str = "fn f(x: Input<T, N, F>, h0: Input<N, H>, w: Param<F, H>, u: Param<H, H>, b: Param) -> Output {
    let mut h = h0;
    let mut c = h0;
    let hs = for t in 0..T {
        let z = x.at(t).dot(w) + h.dot(u) + b;
        c = c * sigmoid(z) + tanh(z);
        h = tanh(c) * z;
        h * c
    };
    sum(square(hs)) + sum(c) }";
const BLOCK: &str = "fn block(x: Input<N, H>, w: Param<H, H>) -> Output<N, H> { x + tanh(x.dot(w)) }";
const STACK: &str = "fn f(x: Input<N, H>, blocks: [block; 7]) -> Output { sum(square(blocks(x))) }";
const NESTED: &str = "fn f(x: Input<T, S, N>, w: Param<N>) -> Output {
    let mut h = w * 0.1;
    for t in 0..T {
        let part = x.at(t);
        for s in 0..S { h = tanh(h * w + part.at(s)); }
    }
    sum(h) }";
const COUNTING: &str = "fn f(x: Input<T, N>, w: Param<T, N>) -> Output {
    let mut h = sum(x, axis = 0);
    for t in 0..T { h = sin(h * x.at(t) + w.at(t)) * w.at(0); }
    mean(h) }";

fn sizes(count: usize, turns: usize) -> Sizes {
    let named = [("T", count), ("N", 2), ("F", 3), ("H", 4), ("S", 3)];
    let cut = [("T_segments", count / turns), ("T_rest", count % turns)];
    named.into_iter().chain(cut).map(|(name, size)| (name.to_string(), size)).collect()
}

fn compiled(options: &str, sources: &[&str]) -> (Model, Passes) {
    let model = composed(options, sources);
    let passes = pipeline::compile(&model).unwrap_or_else(|e| panic!("{model}\n{e}"));
    (model, passes)
}

fn arguments(model: &Model, sizes: &Sizes) -> Vec<Array> {
    let mut random = Random::new(5);
    model.arguments.iter().map(|a| random.array(shape_of(&a.shape, sizes), -1.0, 1.0)).collect()
}

fn ran(compiled: &Compiled, sizes: &Sizes, arguments: &[Array]) -> Vec<Array> {
    execute(&compiled.program, sizes, arguments)
}

/// The gradients by both ways: a step, and forward with backward.
fn both(passes: &Passes, sizes: &Sizes, arguments: &[Array]) -> (Vec<Array>, Vec<Array>) {
    let step = ran(passes.step.as_ref().expect("a loss"), sizes, arguments);
    let kept = ran(&passes.forward, sizes, arguments).split_off(1);
    let one = Array { shape: Vec::new(), data: vec![1.0] };
    let given = [arguments, &[one], &kept].concat();
    (step[1..].to_vec(), ran(&passes.backward, sizes, &given))
}

/// The numbers that are kept between forward and backward.
fn kept(passes: &Passes, sizes: &Sizes) -> usize {
    let graph = &passes.forward.graph;
    let saved = graph.roots.iter().filter(|r| r.goal == Goal::Saved).filter_map(|r| r.node);
    saved.map(|id| shape_of(graph.shape(id), sizes).iter().product::<usize>()).sum()
}

/// The numbers that a step has memory for, beside its arguments.
fn memory(step: &Compiled, sizes: &Sizes) -> usize {
    let of = |slot: usize| {
        let buffers = step.program.buffers.iter().filter(|b| b.slot == slot);
        let size = |shape: &Shape| shape_of(shape, sizes).iter().product::<usize>();
        buffers.map(|b| size(&b.shape)).max().unwrap_or(0)
    };
    let is_own = |b: &&crate::ir::program::Buffer| matches!(b.role, crate::ir::program::Role::Scratch);
    let slots: BTreeSet<usize> = step.program.buffers.iter().filter(is_own).map(|b| b.slot).collect();
    slots.into_iter().map(of).sum()
}

fn agrees(sources: &[&str], count: usize) {
    let (model, whole) = compiled("f64", sources);
    assert!(model.arguments.iter().any(|a| a.role == Role::Param));
    for turns in [1, 2, 5, 30] {
        let (_, cut) = compiled(&format!("f64, checkpoint = {turns}"), sources);
        let sizes = sizes(count, turns);
        let given = arguments(&model, &sizes);
        let (expected, _) = both(&whole, &sizes, &given);
        let (step, backward) = both(&cut, &sizes, &given);
        for (k, expected) in expected.iter().enumerate() {
            assert!(close(&step[k], expected, 1e-12), "{k} by {turns}: {:?}\n{expected:?}", step[k]);
            assert!(close(&backward[k], expected, 1e-12), "{k} by {turns}: {:?}\n{expected:?}", backward[k]);
        }
    }
}

#[test]
fn gradients_are_those_of_the_whole_loop() {
    for count in [1, 4, 10, 13] {
        agrees(&[RECURRENT], count);
        agrees(&[&RECURRENT.replace("T", &count.to_string())], count);
    }
}

#[test]
fn stacks_and_nested_loops_are_cut_as_well() {
    agrees(&[BLOCK, STACK], 7);
    agrees(&[NESTED], 7);
    agrees(&[COUNTING], 7);
}

#[test]
fn less_is_kept() {
    for (sources, count) in [(&[RECURRENT][..], 100), (&[BLOCK, STACK], 7), (&[NESTED], 100)] {
        let ((_, whole), (_, cut)) = (compiled("f64", sources), compiled("f64, checkpoint = 10", sources));
        let sizes = sizes(count, 10);
        let [before, after] = [&whole, &cut].map(|passes| kept(passes, &sizes));
        let [more, less] = [&whole, &cut].map(|passes| memory(passes.step.as_ref().expect("a loss"), &sizes));
        assert!(count <= 10 || 2 * after < before, "{sources:?}: {before} kept, then {after}");
        assert!(count <= 10 || less < more, "{sources:?}: memory for {more}, then {less}");
        println!("{before} kept, then {after}; memory for {more}, then {less}");
    }
}

#[test]
fn what_cannot_be_cut_is_said() {
    let message = |source: &str| match pipeline::compile(&composed("checkpoint = 5", &[source])) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{source} was accepted"),
    };
    let odd =
        RECURRENT.replace("0..T", "0..2 * T").replace("<T, N, F>", "<{ 2 * T }, N, T>").replace("<F, H>", "<T, H>");
    assert!(message(&odd).contains("cannot divide a loop of 2 * T turns by 5"));
    assert!(message("fn f(x: Input<N>) -> Output { sum(x) }").contains("this model has none"));
}

//! Loops that are too long for a processor become several, which compute the same over more than one tile.

use super::execute::execute;
use super::interpret::{Array, Random, close, run, shape_of, sizes};
use super::middle::{lowered, model};
use crate::ir::program::{Loop, Program, Stmt};
use crate::{op, pipeline, simplify};

const CHAIN: &str = "fn chain(a: Param<M, N>, b: Param<M, N>, c: Param<M, N>) -> Output {
    let mixed = sigmoid(a) * tanh(b) + c;
    let grown = log1p(exp(0.5 * mixed));
    let scaled = grown * b / sqrt(1 + c * c);
    mean(tanh(softplus(scaled) * a))
}";

/// The loops of `program` that hold no other, as the functions that each calls.
fn loops(program: &Program) -> Vec<Vec<&'static str>> {
    let mut found = Vec::new();
    let innermost = |l: &Loop| !l.body.iter().any(|s| matches!(s, Stmt::Loop(_)));
    let function = |s: &Stmt| match s {
        Stmt::Let { op, .. } => op::find(op).filter(|op| !op.cheap).map(|_| *op),
        _ => None,
    };
    program.body.iter().for_each(|s| {
        s.walk(&mut |s| match s {
            Stmt::Loop(l) if innermost(l) => found.push(l.body.iter().filter_map(function).collect()),
            _ => {}
        })
    });
    found
}

#[test]
fn a_chain_of_functions_is_several_loops_over_a_tile() {
    let passes = pipeline::compile(&model(CHAIN)).expect("a model that is right");
    assert_eq!(loops(&passes.infer.program), [vec!["sigmoid", "tanh", "softplus"], vec!["sqrt", "softplus", "tanh"]]);
    let step = loops(&passes.step.expect("a loss has a step").program);
    assert!(step.len() > 2 && step.iter().all(|functions| functions.len() <= 4), "{step:?}");
}

#[test]
fn short_rows_and_short_chains_are_one_loop() {
    for source in [
        "fn f(x: Param<N, 32>) -> Output<N> { sum(tanh(exp(tanh(exp(tanh(exp(x)))))), axis = 1) }",
        "fn f(x: Param<N>) -> Output<N> { tanh(exp(tanh(x))) }",
    ] {
        let passes = pipeline::compile(&model(source)).expect("a model that is right");
        assert_eq!(
            loops(&passes.infer.program).iter().filter(|functions| !functions.is_empty()).count(),
            1,
            "{source}"
        );
    }
}

#[test]
fn parts_compute_what_one_loop_does() {
    let sources = [
        CHAIN,
        "fn row(x: Param<M, 100>, g: Param<100>) -> Output<M> {
            let y = tanh(exp(sigmoid(x) * g)) + softplus(x);
            sum(gelu(y) * sin(tanh(y) + x), axis = 1)
        }",
        "fn masked(x: Param<N>, y: Param<N>) -> Output<N> {
            let low = x < y;
            let z = select(low, tanh(exp(x)), softplus(y));
            select(low, sigmoid(z) * exp(-z), ln(1 + z * z)) + select(x > 1, z, erf(z) * y)
        }",
    ];
    let sizes = sizes(&[("M", 3), ("N", 700)]);
    for source in sources {
        let graph = lowered(source);
        let mut random = Random::new(11);
        let mut draw = |shape| random.array(shape, 0.3, 1.7);
        let arguments: Vec<Array> = graph.arguments.iter().map(|a| draw(shape_of(&a.shape, &sizes))).collect();
        let expected = run(&simplify::expand(&graph), &sizes, &arguments);
        let passes = pipeline::compile(&model(source)).expect("a model that is right");
        assert!(loops(&passes.infer.program).len() > 1, "{source}");
        let got = execute(&passes.infer.program, &sizes, &arguments);
        let kept = execute(&passes.forward.program, &sizes, &arguments);
        for (got, expected) in got.iter().chain(&kept).zip(expected.iter().cycle().take(2)) {
            assert!(close(got, expected, 1e-9), "{source}");
        }
    }
}

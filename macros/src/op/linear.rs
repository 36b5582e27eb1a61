//! Products of matrices and vectors.

use super::apply::{At, Mismatch, Settings};
use super::{DEFAULT, Derivative, Family, Meaning, Op};
use crate::ir::dim::{Shape, show};
use crate::ir::graph::{Graph, Id, Letters};

pub const OPS: &[Op] = &[Op {
    name: "dot",
    aliases: &["matmul"],
    family: Family::Linear,
    args: &["a", "b"],
    meaning: Meaning::Built(dot),
    math: "{a} · {b}",
    // For people: matrices and vectors alike are contractions, whose letters the compiler swaps.
    derivative: Derivative::Pullback(&["dot(dy, t(b))", "dot(t(a), dy)"]),
    doc: "Product of matrices and vectors: sums over the last axis of the first and the first axis of the second.",
    ..DEFAULT
}];

fn dot(graph: &mut Graph, args: &[Id], _: &Settings) -> Result<Id, Mismatch> {
    let (a, b) = (args[0], args[1]);
    let shapes = [graph.shape(a).clone(), graph.shape(b).clone()];
    let letters = match [shapes[0].len(), shapes[1].len()] {
        [2, 2] => Letters::new("ik", "kj", "ij"),
        [2, 1] => Letters::new("ik", "k", "i"),
        [1, 2] => Letters::new("k", "kj", "j"),
        [1, 1] => Letters::new("k", "k", ""),
        ranks => return Err(wrong_rank(ranks, &shapes)),
    };
    match shapes[0].last() == shapes[1].first() {
        true => Ok(graph.contract(a, b, letters)),
        false => Err(unequal(&shapes)),
    }
}

fn wrong_rank(ranks: [usize; 2], shapes: &[Shape; 2]) -> Mismatch {
    let wrong = usize::from(!matches!(ranks[0], 0 | 3..));
    let mismatch =
        Mismatch::new(format!("`dot` takes matrices and vectors, but {{{wrong}}} is {}", show(&shapes[wrong])));
    match ranks[wrong] {
        0 => mismatch.at(At::Operand(wrong)).hint("write `*` to multiply by a single number"),
        _ => mismatch.at(At::Operand(wrong)),
    }
}

fn unequal([a, b]: &[Shape; 2]) -> Mismatch {
    let text = format!("`dot` needs equal inner dimensions: {{0}} is {} but {{1}} is {}", show(a), show(b));
    let mismatch = Mismatch::new(text);
    let (inner, outer) = (&a[a.len() - 1], &b[0]);
    if b.len() == 2 && *inner == b[1] {
        mismatch.hint("the transposed right operand fits: write `.t()` after it")
    } else if a.len() == 2 && a[0] == *outer {
        mismatch.hint("the transposed left operand fits: write `.t()` after it")
    } else {
        mismatch.rigid(inner, outer)
    }
}

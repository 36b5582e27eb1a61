//! Comparisons, what combines the masks that they give, and the choice by a mask. Masks have no derivative.

use super::Derivative::Pullback;
use super::Emitted::{Function, Infix};
use super::When::Always;
use super::{BINARY, DEFAULT, Meaning, Op, Takes, identity, reference};
use crate::ir::graph::Dtype;

const COMPARISON: Op = Op { meaning: Meaning::Map { takes: Takes::Comparable, gives: Dtype::Mask }, ..BINARY };

const LOGIC: Op = Op {
    meaning: Meaning::Map { takes: Takes::Masks, gives: Dtype::Mask },
    cheap: true,
    domain: &[(0.0, 1.0), (0.0, 1.0)],
    ..DEFAULT
};

pub const OPS: &[Op] = &[
    Op {
        name: "gt",
        value: |v| reference::truth(v[0] > v[1]),
        emitted: Infix(">"),
        math: "{a} > {b}",
        doc: "Greater.",
        ..COMPARISON
    },
    Op {
        name: "lt",
        value: |v| reference::truth(v[0] < v[1]),
        emitted: Infix("<"),
        math: "{a} < {b}",
        doc: "Less.",
        ..COMPARISON
    },
    Op {
        name: "ge",
        value: |v| reference::truth(v[0] >= v[1]),
        emitted: Infix(">="),
        math: "{a} ≥ {b}",
        doc: "Greater or equal.",
        ..COMPARISON
    },
    Op {
        name: "le",
        value: |v| reference::truth(v[0] <= v[1]),
        emitted: Infix("<="),
        math: "{a} ≤ {b}",
        doc: "Less or equal.",
        ..COMPARISON
    },
    Op {
        name: "eq",
        value: |v| reference::truth(v[0] == v[1]),
        emitted: Infix("=="),
        math: "{a} = {b}",
        doc: "Equal.",
        ..COMPARISON
    },
    Op {
        name: "ne",
        value: |v| reference::truth(v[0] != v[1]),
        emitted: Infix("!="),
        math: "{a} ≠ {b}",
        doc: "Not equal.",
        ..COMPARISON
    },
    Op {
        name: "and",
        args: &["a", "b"],
        value: |v| reference::truth(v[0] != 0.0 && v[1] != 0.0),
        emitted: Function("and"),
        math: "({a} ∧ {b})",
        doc: "Whether both masks hold.",
        ..LOGIC
    },
    Op {
        name: "or",
        args: &["a", "b"],
        value: |v| reference::truth(v[0] != 0.0 || v[1] != 0.0),
        emitted: Function("or"),
        math: "({a} ∨ {b})",
        doc: "Whether either mask holds.",
        ..LOGIC
    },
    Op {
        name: "not",
        value: |v| reference::truth(v[0] == 0.0),
        emitted: Function("not"),
        math: "¬({x})",
        doc: "Whether the mask does not hold.",
        ..LOGIC
    },
    Op {
        name: "select",
        aliases: &["where_"],
        args: &["m", "a", "b"],
        meaning: Meaning::Map { takes: Takes::MaskFirst, gives: Dtype::Real },
        value: |v| if v[0] != 0.0 { v[1] } else { v[2] },
        emitted: Function("select"),
        math: "{m} ? {a} : {b}",
        cheap: true,
        derivative: Pullback(&["", "select(m, dy, 0)", "select(m, 0, dy)"]),
        domain: &[(0.0, 1.0), (-2.0, 2.0), (-2.0, 2.0)],
        doc: "The first value where the mask holds, else the second; the one not taken gets no gradient, NaN or not.",
        identities: &[
            identity("select-same", "select(m, a, a)", "a", Always),
            identity("select-again", "select(m, select(m, a, b), c)", "select(m, a, c)", Always),
            identity("select-otherwise", "select(m, a, select(m, b, c))", "select(m, a, c)", Always),
        ],
        ..DEFAULT
    },
];

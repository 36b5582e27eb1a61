//! Trigonometric functions and their inverses.

use super::Derivative::{Partials, Pullback};
use super::Emitted::Function;
use super::{BINARY, DEFAULT, Op};

pub const OPS: &[Op] = &[
    Op {
        name: "sin",
        value: |v| v[0].sin(),
        emitted: Function("sin"),
        math: "sin({x})",
        derivative: Partials(&["cos(x)"]),
        doc: "Sine.",
        ..DEFAULT
    },
    Op {
        name: "cos",
        value: |v| v[0].cos(),
        emitted: Function("cos"),
        math: "cos({x})",
        derivative: Partials(&["-sin(x)"]),
        doc: "Cosine.",
        ..DEFAULT
    },
    Op {
        name: "tan",
        value: |v| v[0].tan(),
        emitted: Function("tan"),
        math: "tan({x})",
        derivative: Partials(&["1 + y * y"]),
        domain: &[(-1.2, 1.2)],
        doc: "Tangent.",
        ..DEFAULT
    },
    Op {
        name: "asin",
        value: |v| v[0].asin(),
        emitted: Function("asin"),
        math: "asin({x})",
        // Not 1 - x², which loses digits near -1 and 1.
        derivative: Partials(&["rsqrt((1 - x) * (1 + x))"]),
        domain: &[(-0.9, 0.9)],
        doc: "Inverse sine, NaN beyond -1 and 1, where its derivative is infinite.",
        ..DEFAULT
    },
    Op {
        name: "acos",
        value: |v| v[0].acos(),
        emitted: Function("acos"),
        math: "acos({x})",
        derivative: Partials(&["-rsqrt((1 - x) * (1 + x))"]),
        domain: &[(-0.9, 0.9)],
        doc: "Inverse cosine, NaN beyond -1 and 1, where its derivative is infinite.",
        ..DEFAULT
    },
    Op {
        name: "atan",
        value: |v| v[0].atan(),
        emitted: Function("atan"),
        math: "atan({x})",
        derivative: Partials(&["1 / (1 + x * x)"]),
        doc: "Inverse tangent.",
        ..DEFAULT
    },
    Op {
        name: "atan2",
        value: |v| v[0].atan2(v[1]),
        emitted: Function("atan2"),
        math: "atan2({a}, {b})",
        cheap: false,
        derivative: Pullback(&[
            "{ let r = hypot(a, b); select(r == 0, 0, dy * (b / r) / r) }",
            "{ let r = hypot(a, b); select(r == 0, 0, -(dy * (a / r) / r)) }",
        ]),
        domain: &[(0.2, 2.0), (-2.0, 2.0)],
        doc: "The angle of the point at height a and width b; its derivatives where both are 0 are 0.",
        ..BINARY
    },
];

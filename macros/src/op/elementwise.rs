//! Element-wise operations: each is a function of numbers, stated with its partial derivatives.

use super::Derivative::{None, Partials, Pullback};
use super::Emitted::{Function, Infix, Prefix};
use super::When::{Alone, Always, Stability};
use super::{DEFAULT, Last, Meaning, Op, Takes, identity};
use crate::ir::graph::Dtype;

const BINARY: Op = Op { args: &["a", "b"], domain: &[(-2.0, 2.0), (-2.0, 2.0)], cheap: true, ..DEFAULT };

/// Masks have no derivative.
const COMPARISON: Op =
    Op { meaning: Meaning::Map { takes: Takes::Comparable, gives: Dtype::Mask }, derivative: None, ..BINARY };

pub const OPS: &[Op] = &[
    Op {
        name: "add",
        value: |v| v[0] + v[1],
        emitted: Infix("+"),
        math: "{a} + {b}",
        derivative: Pullback(&["dy", "dy"]),
        doc: "Sum of two arrays.",
        identities: &[
            identity("add-neg", "a + (-b)", "a - b", Always),
            identity("neg-add", "(-a) + b", "b - a", Always),
        ],
        ..BINARY
    },
    Op {
        name: "sub",
        value: |v| v[0] - v[1],
        emitted: Infix("-"),
        math: "{a} - {b}",
        derivative: Pullback(&["dy", "-dy"]),
        doc: "Difference.",
        identities: &[identity("sub-zero", "x - 0", "x", Always), identity("sub-neg", "a - (-b)", "a + b", Always)],
        ..BINARY
    },
    Op {
        name: "mul",
        value: |v| v[0] * v[1],
        emitted: Infix("*"),
        math: "{a} · {b}",
        derivative: Pullback(&["dy * b", "dy * a"]),
        doc: "Product of two arrays, element by element.",
        identities: &[
            identity("mul-one", "x * 1", "x", Always),
            identity("one-mul", "1 * x", "x", Always),
            identity("mul-minus-one", "x * (-1)", "-x", Always),
            identity("minus-one-mul", "(-1) * x", "-x", Always),
            identity("neg-mul", "(-a) * b", "-(a * b)", Always),
            identity("mul-neg", "a * (-b)", "-(a * b)", Always),
            identity("mul-inverse", "a * (1 / b)", "a / b", Always),
            identity("inverse-mul", "(1 / b) * a", "a / b", Always),
        ],
        ..BINARY
    },
    Op {
        name: "div",
        value: |v| v[0] / v[1],
        emitted: Infix("/"),
        math: "{a} / {b}",
        derivative: Pullback(&["dy / b", "-(dy * y / b)"]),
        domain: &[(-2.0, 2.0), (0.5, 2.0)],
        doc: "Quotient; 1 / 2 is a half.",
        identities: &[
            identity("div-one", "x / 1", "x", Always),
            identity("div-minus-one", "x / (-1)", "-x", Always),
            identity("neg-div", "(-a) / b", "-(a / b)", Always),
            identity("div-neg", "a / (-b)", "-(a / b)", Always),
        ],
        ..BINARY
    },
    Op {
        name: "neg",
        value: |v| -v[0],
        emitted: Prefix("-"),
        math: "-{x}",
        cheap: true,
        derivative: Pullback(&["-dy"]),
        doc: "The opposite number.",
        identities: &[identity("neg-neg", "-(-x)", "x", Always)],
        ..DEFAULT
    },
    Op {
        name: "max",
        value: |v| larger(v[0], v[1]),
        emitted: Function("max"),
        math: "max({a}, {b})",
        derivative: Pullback(&[
            "select(a > b, dy, select(a == b, dy * 0.5, 0))",
            "select(b > a, dy, select(a == b, dy * 0.5, 0))",
        ]),
        doc: "The larger of two, NaN if either is; a tie gives each half of the gradient.",
        identities: &[
            identity("relu-right", "max(x, 0)", "relu(x)", Stability),
            identity("relu-left", "max(0, x)", "relu(x)", Stability),
        ],
        ..BINARY
    },
    Op {
        name: "min",
        value: |v| -larger(-v[0], -v[1]),
        emitted: Function("min"),
        math: "min({a}, {b})",
        derivative: Pullback(&[
            "select(a < b, dy, select(a == b, dy * 0.5, 0))",
            "select(b < a, dy, select(a == b, dy * 0.5, 0))",
        ]),
        doc: "The smaller of two, NaN if either is; a tie gives each half of the gradient.",
        ..BINARY
    },
    Op {
        name: "abs",
        value: |v| v[0].abs(),
        emitted: Function("abs"),
        math: "|{x}|",
        cheap: true,
        derivative: Partials(&["sign(x)"]),
        kinks: &[0.0],
        doc: "Magnitude; its derivative at 0 is 0.",
        identities: &[
            identity("abs-neg", "abs(-x)", "abs(x)", Always),
            identity("abs-abs", "abs(abs(x))", "abs(x)", Always),
        ],
        ..DEFAULT
    },
    Op {
        name: "sign",
        aliases: &["signum"],
        value: |v| if v[0] == 0.0 || v[0].is_nan() { v[0] } else { v[0].signum() },
        emitted: Function("sign"),
        math: "sign({x})",
        cheap: true,
        kinks: &[0.0],
        doc: "-1, 0 or 1; its derivative is 0 everywhere.",
        ..DEFAULT
    },
    Op {
        name: "square",
        aliases: &["pow2"],
        value: |v| v[0] * v[0],
        emitted: Function("square"),
        math: "{x}²",
        cheap: true,
        derivative: Partials(&["2 * x"]),
        doc: "The number times itself.",
        identities: &[identity("square-neg", "square(-x)", "square(x)", Always)],
        ..DEFAULT
    },
    Op {
        name: "recip",
        value: |v| 1.0 / v[0],
        emitted: Function("recip"),
        math: "1/{x}",
        cheap: true,
        derivative: Partials(&["-(y * y)"]),
        domain: &[(0.5, 2.0)],
        doc: "One divided by the number.",
        ..DEFAULT
    },
    Op {
        name: "sqrt",
        value: |v| v[0].sqrt(),
        emitted: Function("sqrt"),
        math: "√{x}",
        derivative: Partials(&["0.5 / y"]),
        domain: &[(0.2, 4.0)],
        doc: "Square root, NaN below 0; its derivative at 0 is infinite.",
        identities: &[
            identity("root-of-square", "sqrt(square(x))", "abs(x)", Stability),
            identity("root-of-product", "sqrt(x * x)", "abs(x)", Stability),
        ],
        ..DEFAULT
    },
    Op {
        name: "exp",
        value: |v| v[0].exp(),
        emitted: Function("exp"),
        math: "exp({x})",
        derivative: Partials(&["y"]),
        doc: "e to the power of the number.",
        ..DEFAULT
    },
    Op {
        name: "ln",
        aliases: &["log"],
        value: |v| v[0].ln(),
        emitted: Function("ln"),
        math: "ln({x})",
        derivative: Pullback(&["dy / x"]),
        domain: &[(0.2, 4.0)],
        doc: "Natural logarithm, NaN below 0.",
        identities: &[identity("ln-exp", "ln(exp(x))", "x", Stability)],
        ..DEFAULT
    },
    Op {
        name: "sigmoid",
        value: |v| sigmoid(v[0]),
        emitted: Function("sigmoid"),
        math: "σ({x})",
        derivative: Partials(&["y * (1 - y)"]),
        doc: "1 / (1 + exp(-x)).",
        identities: &[
            identity("ln-sigmoid", "ln(sigmoid(x))", "-softplus(-x)", Stability),
            identity("one-minus-sigmoid", "1 - sigmoid(x)", "sigmoid(-x)", Alone),
        ],
        ..DEFAULT
    },
    Op {
        name: "tanh",
        value: |v| v[0].tanh(),
        emitted: Function("tanh"),
        math: "tanh({x})",
        derivative: Partials(&["1 - y * y"]),
        doc: "Hyperbolic tangent.",
        ..DEFAULT
    },
    Op {
        name: "softplus",
        value: |v| larger(v[0], 0.0) + (-v[0].abs()).exp().ln_1p(),
        emitted: Function("softplus"),
        math: "softplus({x})",
        derivative: Partials(&["sigmoid(x)"]),
        doc: "ln(1 + exp(x)), without overflow.",
        identities: &[
            identity("ln-one-plus-exp", "ln(1 + exp(x))", "softplus(x)", Stability),
            identity("ln-exp-plus-one", "ln(exp(x) + 1)", "softplus(x)", Stability),
        ],
        ..DEFAULT
    },
    Op {
        name: "relu",
        value: |v| larger(v[0], 0.0),
        emitted: Function("relu"),
        math: "relu({x})",
        cheap: true,
        derivative: Pullback(&["select(y > 0, dy, 0)"]),
        kinks: &[0.0],
        doc: "The number where it is above 0, else 0; NaN stays NaN; its derivative at 0 is 0.",
        identities: &[identity("relu-relu", "relu(relu(x))", "relu(x)", Always)],
        ..DEFAULT
    },
    Op {
        name: "powi",
        args: &["x", "n"],
        last: Last::Whole,
        value: |v| v[0].powi(v[1] as i32),
        emitted: Function("powi"),
        math: "{x}^{n}",
        cheap: true,
        derivative: Partials(&["n * powi(x, n - 1)"]),
        domain: &[(0.3, 2.0), (-3.0, 5.0)],
        doc: "The number to a whole power, written as a literal.",
        identities: &[
            identity("powi-zero", "powi(x, 0)", "1", Always),
            identity("powi-one", "powi(x, 1)", "x", Always),
            identity("powi-two", "powi(x, 2)", "square(x)", Always),
            identity("powi-minus-one", "powi(x, -1)", "1 / x", Always),
        ],
        ..DEFAULT
    },
    Op {
        name: "powf",
        args: &["x", "p"],
        last: Last::Number,
        value: |v| v[0].powf(v[1]),
        emitted: Function("powf"),
        math: "{x}^{p}",
        derivative: Partials(&["p * powf(x, p - 1)"]),
        domain: &[(0.3, 2.0), (-2.0, 3.0)],
        doc: "The number to a real power, written as a literal; NaN below 0 for a power that is not whole.",
        identities: &[
            identity("powf-zero", "powf(x, 0)", "1", Always),
            identity("powf-one", "powf(x, 1)", "x", Always),
            identity("powf-two", "powf(x, 2)", "square(x)", Always),
        ],
        ..DEFAULT
    },
    Op {
        name: "gt",
        value: |v| truth(v[0] > v[1]),
        emitted: Infix(">"),
        math: "{a} > {b}",
        doc: "Greater.",
        ..COMPARISON
    },
    Op {
        name: "lt",
        value: |v| truth(v[0] < v[1]),
        emitted: Infix("<"),
        math: "{a} < {b}",
        doc: "Less.",
        ..COMPARISON
    },
    Op {
        name: "ge",
        value: |v| truth(v[0] >= v[1]),
        emitted: Infix(">="),
        math: "{a} ≥ {b}",
        doc: "Greater or equal.",
        ..COMPARISON
    },
    Op {
        name: "le",
        value: |v| truth(v[0] <= v[1]),
        emitted: Infix("<="),
        math: "{a} ≤ {b}",
        doc: "Less or equal.",
        ..COMPARISON
    },
    Op {
        name: "eq",
        value: |v| truth(v[0] == v[1]),
        emitted: Infix("=="),
        math: "{a} = {b}",
        doc: "Equal.",
        ..COMPARISON
    },
    Op {
        name: "ne",
        value: |v| truth(v[0] != v[1]),
        emitted: Infix("!="),
        math: "{a} ≠ {b}",
        doc: "Not equal.",
        ..COMPARISON
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

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// The larger, NaN if either is; `f64::max` would drop the NaN.
fn larger(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

/// Both branches divide by a number of at least 1, so nothing overflows.
fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) }
}

//! Arithmetic on elements: sums, products, powers, roots, and what rounds or bounds a number.

use super::Derivative::{Partials, Pullback};
use super::Emitted::{Function, Infix, Prefix};
use super::When::{Always, Stability};
use super::{BINARY, DEFAULT, Emitted, Last, Op, identity, reference};

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
        value: |v| reference::larger(v[0], v[1]),
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
        value: |v| -reference::larger(-v[0], -v[1]),
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
        name: "rsqrt",
        value: |v| 1.0 / v[0].sqrt(),
        emitted: Function("rsqrt"),
        math: "1/√{x}",
        derivative: Partials(&["-0.5 * (y / x)"]),
        domain: &[(0.2, 4.0)],
        doc: "One divided by the square root; infinite at 0, NaN below.",
        ..DEFAULT
    },
    Op {
        name: "hypot",
        value: |v| v[0].hypot(v[1]),
        emitted: Function("hypot"),
        math: "√({a}² + {b}²)",
        cheap: false,
        derivative: Pullback(&["select(y == 0, 0, dy * (a / y))", "select(y == 0, 0, dy * (b / y))"]),
        doc: "Root of the sum of both squares, without overflow; its derivatives where both are 0 are 0.",
        identities: &[
            identity("root-of-two-squares", "sqrt(square(a) + square(b))", "hypot(a, b)", Stability),
            identity("root-of-two-products", "sqrt(a * a + b * b)", "hypot(a, b)", Stability),
        ],
        ..BINARY
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
        name: "pow",
        args: &["x", "p"],
        value: |v| v[0].powf(v[1]),
        emitted: Function("powf"),
        math: "{x}^{p}",
        cheap: false,
        derivative: Pullback(&["select(p == 0, 0, dy * (p * pow(x, p - 1)))", "select(x <= 0, 0, dy * (y * ln(x)))"]),
        domain: &[(0.3, 2.0), (-2.0, 3.0)],
        doc: "The number to the power of another; the derivative by the base is 0 for the power 0, and that by the power \
              is 0 for a base of 0 or below, where only whole powers are numbers.",
        ..BINARY
    },
    Op {
        name: "floor",
        value: |v| v[0].floor(),
        emitted: Function("floor"),
        math: "⌊{x}⌋",
        doc: "The largest whole number that is not above; its derivative is 0 everywhere.",
        ..DEFAULT
    },
    Op {
        name: "round",
        value: |v| v[0].round(),
        emitted: Function("round"),
        math: "round({x})",
        doc: "The nearest whole number, a half away from 0; its derivative is 0 everywhere.",
        ..DEFAULT
    },
    Op {
        name: "clamp",
        aliases: &["clip"],
        args: &["x", "lo", "hi"],
        defaults: &[("lo", f64::NEG_INFINITY), ("hi", f64::INFINITY)],
        value: |v| reference::clamp(v[0], v[1], v[2]),
        emitted: Function("clamp"),
        math: "clamp({x}, {lo}, {hi})",
        cheap: true,
        derivative: Pullback(&[
            "select(lo < x, select(x < hi, dy, 0), 0)",
            "select(x <= lo, select(lo < hi, dy, 0), 0)",
            "select(x >= hi, dy, select(lo >= hi, dy, 0))",
        ]),
        domain: &[(-2.0, 2.0), (-1.5, -0.5), (0.5, 1.5)],
        doc: "The number within bounds, `clamp(x, lo = 0)` bounds one side; at a bound the gradient is the bound's, and \
              the derivative by the number is 0.",
        ..DEFAULT
    },
    Op {
        name: "stop_gradient",
        aliases: &["detach"],
        value: |v| v[0],
        emitted: Emitted::Not,
        math: "stop({x})",
        cheap: true,
        doc: "The number itself, past which no cotangent flows.",
        ..DEFAULT
    },
];

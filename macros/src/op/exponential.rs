//! Exponentials, logarithms, hyperbolic functions and the normal distribution.

use super::Derivative::{Partials, Pullback};
use super::Emitted::Function;
use super::When::{Alone, Stability};
use super::{DEFAULT, Op, identity, reference};

pub const OPS: &[Op] = &[
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
        name: "expm1",
        aliases: &["exp_m1"],
        value: |v| v[0].exp_m1(),
        emitted: Function("expm1"),
        math: "(exp({x}) - 1)",
        // Not y + 1, which loses the digits of a left tail.
        derivative: Partials(&["exp(x)"]),
        doc: "exp(x) - 1, with all digits near 0.",
        identities: &[identity("exp-minus-one", "exp(x) - 1", "expm1(x)", Alone)],
        ..DEFAULT
    },
    Op {
        name: "exp2",
        value: |v| v[0].exp2(),
        emitted: Function("exp2"),
        math: "exp2({x})",
        derivative: Partials(&["y * 0.6931471805599453"]),
        doc: "2 to the power of the number.",
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
        name: "log1p",
        aliases: &["ln_1p"],
        value: |v| v[0].ln_1p(),
        emitted: Function("log1p"),
        math: "ln(1 + {x})",
        derivative: Pullback(&["dy / (1 + x)"]),
        domain: &[(-0.8, 4.0)],
        doc: "ln(1 + x), with all digits near 0; NaN below -1.",
        identities: &[
            identity("log1p-exp", "log1p(exp(x))", "softplus(x)", Stability),
            identity("log1p-expm1", "log1p(expm1(x))", "x", Stability),
            identity("log1p-minus-sigmoid", "log1p(-sigmoid(x))", "-softplus(x)", Stability),
        ],
        ..DEFAULT
    },
    Op {
        name: "log2",
        value: |v| v[0].log2(),
        emitted: Function("log2"),
        math: "log2({x})",
        derivative: Pullback(&["dy * 1.4426950408889634 / x"]),
        domain: &[(0.2, 4.0)],
        doc: "Logarithm to base 2, NaN below 0.",
        ..DEFAULT
    },
    Op {
        name: "sinh",
        value: |v| v[0].sinh(),
        emitted: Function("sinh"),
        math: "sinh({x})",
        derivative: Partials(&["cosh(x)"]),
        doc: "Hyperbolic sine.",
        ..DEFAULT
    },
    Op {
        name: "cosh",
        value: |v| v[0].cosh(),
        emitted: Function("cosh"),
        math: "cosh({x})",
        derivative: Partials(&["sinh(x)"]),
        doc: "Hyperbolic cosine.",
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
        name: "erf",
        value: |v| reference::erf(v[0]),
        emitted: Function("erf"),
        math: "erf({x})",
        derivative: Partials(&["1.1283791670955126 * exp(-square(x))"]),
        doc: "The error function, 2/√π times the integral of exp(-t²) from 0 to the number.",
        ..DEFAULT
    },
    Op {
        name: "normal_cdf",
        value: |v| reference::normal_cdf(v[0]),
        emitted: Function("normal_cdf"),
        math: "Φ({x})",
        derivative: Partials(&["normal_pdf(x)"]),
        doc: "The share of a normal distribution below the number, with all digits in the left tail.",
        ..DEFAULT
    },
    Op {
        name: "normal_pdf",
        value: |v| reference::normal_pdf(v[0]),
        emitted: Function("normal_pdf"),
        math: "φ({x})",
        derivative: Partials(&["-(x * y)"]),
        doc: "The density of a normal distribution.",
        ..DEFAULT
    },
];

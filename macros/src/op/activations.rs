//! Activations. At a kink the derivative is that of the side below, as for `relu`, unless an entry says otherwise. What
//! multiplies a vanishing factor by `x` bounds `x` first, so that no derivative is `inf·0`.

use super::Derivative::{Partials, Pullback};
use super::Emitted::Function;
use super::When::{Alone, Always, Stability};
use super::{DEFAULT, Op, identity, reference};

pub const OPS: &[Op] = &[
    Op {
        name: "sigmoid",
        value: |v| reference::sigmoid(v[0]),
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
        name: "softplus",
        value: |v| reference::softplus(v[0]),
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
        value: |v| reference::larger(v[0], 0.0),
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
        name: "leaky_relu",
        args: &["x", "slope"],
        defaults: &[("slope", 0.01)],
        value: |v| if v[0] > 0.0 { v[0] } else { v[1] * v[0] },
        emitted: Function("leaky_relu"),
        math: "leaky_relu({x}, {slope})",
        cheap: true,
        derivative: Pullback(&["select(x > 0, dy, dy * slope)", "select(x > 0, 0, dy * x)"]),
        domain: &[(-2.0, 2.0), (0.0, 1.0)],
        kinks: &[0.0],
        doc: "The number above 0, else the slope times it; its derivative at 0 is the slope, which may be learned.",
        ..DEFAULT
    },
    Op {
        name: "elu",
        args: &["x", "alpha"],
        defaults: &[("alpha", 1.0)],
        value: |v| if v[0] > 0.0 { v[0] } else { v[1] * v[0].exp_m1() },
        emitted: Function("elu"),
        math: "elu({x}, {alpha})",
        derivative: Pullback(&["select(x > 0, dy, dy * (alpha * exp(x)))", "select(x > 0, 0, dy * expm1(x))"]),
        domain: &[(-2.0, 2.0), (0.5, 2.0)],
        kinks: &[0.0],
        doc: "The number above 0, else alpha * (exp(x) - 1); its derivative at 0 is alpha.",
        ..DEFAULT
    },
    Op {
        name: "selu",
        value: |v| if v[0] > 0.0 { 1.0507009873554805 * v[0] } else { 1.7580993408473768 * v[0].exp_m1() },
        emitted: Function("selu"),
        math: "selu({x})",
        derivative: Pullback(&["select(x > 0, dy * 1.0507009873554805, dy * (1.7580993408473768 * exp(x)))"]),
        kinks: &[0.0],
        doc: "1.0507 * elu(x, 1.6733), which keeps a mean of 0 and a variance of 1; its derivative at 0 is 1.7581.",
        ..DEFAULT
    },
    Op {
        name: "silu",
        aliases: &["swish"],
        value: |v| reference::larger(v[0], -750.0) * reference::sigmoid(v[0]),
        emitted: Function("silu"),
        math: "silu({x})",
        derivative: Partials(&["{ let u = clamp(x, -750, 750); let s = sigmoid(u); s + u * (s * (1 - s)) }"]),
        doc: "x * sigmoid(x).",
        ..DEFAULT
    },
    Op {
        name: "gelu",
        value: |v| reference::larger(v[0], -40.0) * reference::normal_cdf(v[0]),
        emitted: Function("gelu"),
        math: "gelu({x})",
        derivative: Partials(&["{ let u = clamp(x, -40, 40); normal_cdf(u) + u * normal_pdf(u) }"]),
        doc: "x * Φ(x), with the normal distribution itself and all digits of its left tail.",
        ..DEFAULT
    },
    Op {
        name: "gelu_tanh",
        value: |v| {
            reference::larger(v[0], -30.0)
                * reference::sigmoid(reference::gelu_exponent(reference::clamp(v[0], -30.0, 30.0)))
        },
        emitted: Function("gelu_tanh"),
        math: "gelu_tanh({x})",
        derivative: Partials(&["{
            let u = clamp(x, -30, 30);
            let c = square(u);
            let s = sigmoid(u * (1.5957691216057308 + 0.07135481282553432 * c));
            s + u * (s * (1 - s)) * (1.5957691216057308 + 0.21406443847660298 * c)
        }"]),
        doc: "x / 2 * (1 + tanh(√(2/π) * (x + 0.044715 * x³))), the older approximation of gelu.",
        ..DEFAULT
    },
    Op {
        name: "mish",
        value: |v| reference::larger(v[0], -750.0) * reference::softplus(v[0]).tanh(),
        emitted: Function("mish"),
        math: "mish({x})",
        derivative: Partials(&["{
            let u = clamp(x, -750, 40);
            let w = tanh(softplus(u));
            w + u * (sigmoid(u) * (1 - w * w))
        }"]),
        doc: "x * tanh(softplus(x)).",
        ..DEFAULT
    },
    Op {
        name: "softsign",
        value: |v| if v[0].is_infinite() { v[0].signum() } else { v[0] / (1.0 + v[0].abs()) },
        emitted: Function("softsign"),
        math: "softsign({x})",
        derivative: Partials(&["square(1 / (1 + abs(x)))"]),
        doc: "x / (1 + |x|).",
        ..DEFAULT
    },
    Op {
        name: "hard_sigmoid",
        value: |v| reference::clamp((v[0] + 3.0) / 6.0, 0.0, 1.0),
        emitted: Function("hard_sigmoid"),
        math: "hard_sigmoid({x})",
        derivative: Pullback(&["select(abs(x) < 3, dy / 6, 0)"]),
        domain: &[(-5.0, 5.0)],
        kinks: &[-3.0, 3.0],
        doc: "(x + 3) / 6 between 0 and 1; its derivatives at -3 and 3 are 0.",
        ..DEFAULT
    },
    Op {
        name: "hard_tanh",
        value: |v| reference::clamp(v[0], -1.0, 1.0),
        emitted: Function("hard_tanh"),
        math: "hard_tanh({x})",
        cheap: true,
        derivative: Pullback(&["select(abs(x) < 1, dy, 0)"]),
        kinks: &[-1.0, 1.0],
        doc: "The number between -1 and 1; its derivatives at -1 and 1 are 0.",
        ..DEFAULT
    },
];

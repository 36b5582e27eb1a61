//! Identities that concern several operations. Those of one operation stand in its entry.

use super::Identity;
use super::When::{Derived, Stability};
use super::identity;

pub const IDENTITIES: &[Identity] = &[
    // After those of `ln` itself, which ask for more.
    identity("ln-one-plus", "ln(1 + x)", "log1p(x)", Stability),
    identity("ln-plus-one", "ln(x + 1)", "log1p(x)", Stability),
    identity("ln-softmax", "ln(softmax(x, axis = axis))", "log_softmax(x, axis = axis)", Stability),
    identity("ln-sum-exp", "ln(sum(exp(x), axis = axis))", "logsumexp(x, axis = axis)", Stability),
    identity(
        "softmax-by-hand",
        "exp(x) / sum(exp(x), axis = axis, keepdims = true)",
        "softmax(x, axis = axis)",
        Stability,
    ),
    identity("root-of-squares", "sqrt(sum(square(x), axis = axis))", "norm(x, axis = axis)", Stability),
    identity("root-of-products", "sqrt(sum(x * x, axis = axis))", "norm(x, axis = axis)", Stability),
    // A mask moves outwards, past whatever is infinite or NaN where it does not hold.
    identity("mask-mul", "select(m, a, 0) * b", "select(m, a * b, 0)", Derived),
    identity("mul-mask", "b * select(m, a, 0)", "select(m, b * a, 0)", Derived),
    identity("unmask-mul", "select(m, 0, a) * b", "select(m, 0, a * b)", Derived),
    identity("mul-unmask", "b * select(m, 0, a)", "select(m, 0, b * a)", Derived),
    identity("mask-div", "select(m, a, 0) / b", "select(m, a / b, 0)", Derived),
    identity("unmask-div", "select(m, 0, a) / b", "select(m, 0, a / b)", Derived),
    identity("neg-mask", "-select(m, a, 0)", "select(m, -a, 0)", Derived),
    identity("neg-unmask", "-select(m, 0, a)", "select(m, 0, -a)", Derived),
    identity("mask-add", "select(m, a, 0) + select(m, b, 0)", "select(m, a + b, 0)", Derived),
    identity("unmask-add", "select(m, 0, a) + select(m, 0, b)", "select(m, 0, a + b)", Derived),
    identity("mask-join", "select(m, a, 0) + select(m, 0, b)", "select(m, a, b)", Derived),
    identity("mask-rejoin", "select(m, 0, b) + select(m, a, 0)", "select(m, a, b)", Derived),
];

//! Operations that are defined by others, and kept whole until they are differentiated; then they are expanded.

use super::Derivative::Pullback;
use super::{DEFAULT, Family, Meaning, Op};

const COMPOSITE: Op = Op { family: Family::Composite, options: &["axis"], ..DEFAULT };

const SOFTMAX: &str = "{
    let e = exp(x - max(x, axis = axis, keepdims = true));
    e / sum(e, axis = axis, keepdims = true)
}";

/// Shifted first: `x - logsumexp(x)` would lose the digits of large logits.
const LOG_SOFTMAX: &str = "{
    let s = x - max(x, axis = axis, keepdims = true);
    s - ln(sum(exp(s), axis = axis, keepdims = true))
}";

/// An infinite maximum is no use as a shift: `inf - inf` is NaN.
const LOGSUMEXP: &str = "{
    let m = max(x, axis = axis);
    let c = select(m - m == 0, m, 0);
    c + ln(sum(exp(x - insert_axis(c, axis = axis)), axis = axis))
}";

/// Of nothing but minus infinity the result is minus infinity, which is no use as a shift either: all shares are 0 then.
const LOGSUMEXP_DERIVATIVE: &str = "{
    let c = select(or(y > 0, y - y == 0), y, 0);
    insert_axis(dy, axis = axis) * exp(x - insert_axis(c, axis = axis))
}";

pub const OPS: &[Op] = &[
    Op {
        name: "softmax",
        meaning: Meaning::Composite { text: SOFTMAX, keeps: true },
        math: "softmax({x})",
        derivative: Pullback(&["y * (dy - sum(dy * y, axis = axis, keepdims = true))"]),
        doc: "exp(x) / Σ exp(x) along an axis, the last one unless another is named; NaN where all are minus infinity.",
        ..COMPOSITE
    },
    Op {
        name: "log_softmax",
        meaning: Meaning::Composite { text: LOG_SOFTMAX, keeps: true },
        math: "log softmax({x})",
        // In terms of softmax, which shares its exponentials with the value.
        derivative: Pullback(&["dy - softmax(x, axis = axis) * sum(dy, axis = axis, keepdims = true)"]),
        doc: "ln(softmax(x)) along an axis, the last one unless another is named; finite for any finite x.",
        ..COMPOSITE
    },
    Op {
        name: "logsumexp",
        aliases: &["logsumexp_axis", "logsumexp_axis_keep"],
        options: &["axis", "keepdims"],
        meaning: Meaning::Composite { text: LOGSUMEXP, keeps: false },
        math: "ln Σ exp({x})",
        derivative: Pullback(&[LOGSUMEXP_DERIVATIVE]),
        doc: "ln(Σ exp(x)) along the axes, or of all elements, without overflow; where all are minus infinity, the derivative is 0.",
        ..COMPOSITE
    },
    Op {
        name: "norm",
        aliases: &["norm_axis", "norm_axis_keep"],
        options: &["axis", "keepdims"],
        meaning: Meaning::Composite { text: "sqrt(sum(square(x), axis = axis))", keeps: false },
        math: "‖{x}‖",
        derivative: Pullback(&["insert_axis(select(y == 0, 0, dy / y), axis = axis) * x"]),
        doc: "√Σ x² along the axes, or of all elements; its derivative at 0 is 0.",
        ..COMPOSITE
    },
];

//! Operations that are defined by others. A composite is kept whole until it is differentiated, and then expanded; a
//! loss is replaced by its definition at once.

use super::Derivative::{Inner, Pullback};
use super::apply::{Mismatch, Settings};
use super::rule::{self, Bindings};
use super::{DEFAULT, Family, Meaning, Op};
use crate::ir::dim::show;
use crate::ir::graph::{Dtype, Graph, Id};

const COMPOSITE: Op = Op { family: Family::Composite, options: &["axis"], ..DEFAULT };

const LOSS: Op = Op { options: &[], derivative: Inner, domain: &[(-2.0, 2.0), (-2.0, 2.0)], ..COMPOSITE };

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

/// `pick(x, i)` of a row: the element at the label.
const PICKED: &str = "-mean(sum(select(position == label, log_softmax(z), 0), axis = -1))";
const EXPECTED: &str = "-mean(sum(y * log_softmax(z), axis = -1))";

pub const OPS: &[Op] = &[
    Op {
        name: "softmax",
        meaning: Meaning::Composite { text: SOFTMAX, keeps: true },
        math: "softmax({x})",
        derivative: Pullback(&["y * (dy - sum(dy * y, axis = axis, keepdims = true))"]),
        doc: "exp(x) / Σ exp(x) along an axis, the last one unless another is named.",
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
        derivative: Pullback(&["insert_axis(dy, axis = axis) * exp(x - insert_axis(y, axis = axis))"]),
        doc: "ln(Σ exp(x)) along the axes, or of all elements, without overflow.",
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
    Op {
        name: "mse",
        args: &["p", "y"],
        meaning: Meaning::Built(mse),
        math: "mean(({p} - {y})²)",
        doc: "Mean squared error of two arrays of one shape.",
        ..LOSS
    },
    Op {
        name: "softmax_cross_entropy",
        aliases: &["cross_entropy"],
        args: &["z", "y"],
        meaning: Meaning::Built(softmax_cross_entropy),
        math: "-mean(ln softmax({z}) at {y})",
        doc: "Mean of -ln softmax(z) along the last axis, at class labels or weighted by a distribution of z's shape.",
        ..LOSS
    },
];

fn mse(graph: &mut Graph, args: &[Id], _: &Settings) -> Result<Id, Mismatch> {
    numbers("mse", graph, args)?;
    equal_shapes("mse", graph, args)?;
    Ok(rule::write(graph, "mean(square(p - y))", &Bindings::new(&["p", "y"], args)))
}

fn softmax_cross_entropy(graph: &mut Graph, args: &[Id], _: &Settings) -> Result<Id, Mismatch> {
    let name = "softmax_cross_entropy";
    numbers(name, graph, &args[..1])?;
    let shape = graph.shape(args[0]).clone();
    let Some((_, rows)) = shape.split_last() else {
        return Err(Mismatch::new(format!(
            "`{name}` takes a row of scores for each label, but {{0}} is a single number"
        )));
    };
    if graph.node(args[1]).dtype != Dtype::Index {
        numbers(name, graph, args)?;
        equal_shapes(name, graph, args)?;
        return Ok(rule::write(graph, EXPECTED, &Bindings::new(&["z", "y"], args)));
    }
    if graph.shape(args[1]) != rows {
        let (z, labels) = (show(&shape), show(graph.shape(args[1])));
        let text = format!("`{name}` needs one label for each row: {{0}} is {z} but {{1}} is {labels}");
        return Err(Mismatch::new(text).hint(format!("labels for scores {z} are {}", show(rows))));
    }
    let position = graph.iota(rows.len(), shape.clone());
    let label = graph.spread(args[1], &shape, &[rows.len()]);
    Ok(rule::write(graph, PICKED, &Bindings::new(&["z", "position", "label"], &[args[0], position, label])))
}

fn numbers(name: &str, graph: &Graph, args: &[Id]) -> Result<(), Mismatch> {
    match args.iter().position(|&a| graph.node(a).dtype != Dtype::Real) {
        Some(at) => Err(Mismatch::dtype(name, graph, args, at)),
        None => Ok(()),
    }
}

/// A loss never broadcasts: `[N, 1]` against `[N]` would silently compare everything with everything.
fn equal_shapes(name: &str, graph: &Graph, args: &[Id]) -> Result<(), Mismatch> {
    let (a, b) = (graph.shape(args[0]), graph.shape(args[1]));
    if a == b {
        return Ok(());
    }
    let text = format!("`{name}` needs equal shapes: {{0}} is {} but {{1}} is {}", show(a), show(b));
    let differs = a.iter().zip(b).find(|(x, y)| x != y).filter(|_| a.len() == b.len());
    let mismatch = Mismatch::new(text);
    Err(match differs {
        Some((x, y)) => mismatch.rigid(x, y),
        None => mismatch.hint("a loss does not broadcast"),
    })
}

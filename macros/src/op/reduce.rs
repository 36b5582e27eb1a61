//! Reductions: all elements along some axes become one. Without `axis` they take all axes, down to a single number.

use super::Derivative::{Inner, Pullback};
use super::apply::{self, Mismatch, Settings};
use super::{DEFAULT, Family, Meaning, Op};
use crate::ir::dim::Dim;
use crate::ir::graph::{Fold, Graph, Id};

const REDUCTION: Op = Op { family: Family::Reduce, options: &["axis", "keepdims"], ..DEFAULT };

/// In an extremum's pullback, all elements that tie for it share its cotangent evenly.
const TIES: &str = "{
    let tie = x == insert_axis(y, axis = axis);
    select(tie, insert_axis(dy / sum(select(tie, 1, 0), axis = axis), axis = axis), 0)
}";

pub const OPS: &[Op] = &[
    Op {
        name: "sum",
        aliases: &["sum_axis", "sum_axis_keep"],
        meaning: Meaning::Built(|graph, args, settings| reduction(graph, Fold::Sum, args[0], settings)),
        value: |v| v.iter().sum(),
        math: "Σ {x}",
        derivative: Pullback(&["insert_axis(dy, axis = axis)"]),
        doc: "Sum along the axes, or of all elements.",
        ..REDUCTION
    },
    Op {
        name: "mean",
        aliases: &["mean_axis", "mean_axis_keep"],
        meaning: Meaning::Built(mean),
        value: |v| v.iter().sum::<f64>() / v.len() as f64,
        math: "mean({x})",
        derivative: Inner,
        doc: "Mean along the axes, or of all elements.",
        ..REDUCTION
    },
    Op {
        name: "reduce_max",
        aliases: &["max_axis", "max_axis_keep"],
        meaning: Meaning::Built(|graph, args, settings| reduction(graph, Fold::Max, args[0], settings)),
        value: |v| v.iter().copied().fold(f64::NEG_INFINITY, |m, x| if x > m || x.is_nan() { x } else { m }),
        math: "max {x}",
        derivative: Pullback(&[TIES]),
        doc: "Maximum along the axes, or of all elements: `max(x)`; elements that tie share the gradient evenly.",
        ..REDUCTION
    },
    Op {
        name: "reduce_min",
        aliases: &["min_axis", "min_axis_keep"],
        meaning: Meaning::Built(|graph, args, settings| reduction(graph, Fold::Min, args[0], settings)),
        value: |v| v.iter().copied().fold(f64::INFINITY, |m, x| if x < m || x.is_nan() { x } else { m }),
        math: "min {x}",
        derivative: Pullback(&[TIES]),
        doc: "Minimum along the axes, or of all elements: `min(x)`; elements that tie share the gradient evenly.",
        ..REDUCTION
    },
];

fn reduction(graph: &mut Graph, fold: Fold, x: Id, settings: &Settings) -> Result<Id, Mismatch> {
    let shape = graph.shape(x).clone();
    let axes = settings.axes(&shape)?.unwrap_or_else(|| (0..shape.len()).collect());
    let reduced = graph.reduce(fold, x, axes.clone());
    Ok(if settings.flag("keepdims") { graph.keep_axes(reduced, &shape, &axes) } else { reduced })
}

fn mean(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let shape = graph.shape(args[0]).clone();
    let axes = settings.axes(&shape)?.unwrap_or_else(|| (0..shape.len()).collect());
    let sum = graph.reduce(Fold::Sum, args[0], axes.clone());
    let size = graph.size(Dim::product(axes.iter().map(|&a| &shape[a])));
    let mean = apply::call(graph, "div", &[sum, size])?;
    Ok(if settings.flag("keepdims") { graph.keep_axes(mean, &shape, &axes) } else { mean })
}

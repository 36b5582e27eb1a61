//! Reductions: all elements along some axes become one. Without `axis` they take all axes, down to a single number.

use super::Derivative::{Inner, Pullback};
use super::apply::{self, Mismatch, Settings};
use super::rule::{self, Bindings};
use super::{DEFAULT, Family, Meaning, Op};
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Fold, Graph, Id};

const REDUCTION: Op = Op { family: Family::Reduce, options: &["axis", "keepdims"], ..DEFAULT };

const SPREAD: &[&str] = &["axis", "keepdims", "ddof"];

/// The product of the others: the quotient, unless there is a zero; next to one zero only that has a derivative, and next
/// to two none has. Exact to rounding where the product itself neither overflows nor underflows.
const OTHERS: &str = "{
    let zero = x == 0;
    let zeros = insert_axis(sum(select(zero, 1, 0), axis = axis), axis = axis);
    let rest = insert_axis(prod(select(zero, 1, x), axis = axis), axis = axis);
    let others = select(zero, select(zeros == 1, rest, 0), select(zeros == 0, rest / x, 0));
    insert_axis(dy, axis = axis) * others
}";

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
        name: "var",
        aliases: &["var_axis", "var_axis_keep", "variance"],
        options: SPREAD,
        meaning: Meaning::Built(var),
        value: variance,
        math: "var({x})",
        derivative: Inner,
        doc: "Mean squared distance from the mean; `ddof = 1` divides by one less than there are.",
        ..REDUCTION
    },
    Op {
        name: "std",
        aliases: &["std_axis", "std_axis_keep"],
        options: SPREAD,
        meaning: Meaning::Built(std),
        value: |v| variance(v).sqrt(),
        math: "std({x})",
        derivative: Inner,
        doc: "Root of the variance, `ddof = 1` as there; its derivative where all are equal is 0.",
        ..REDUCTION
    },
    Op {
        name: "prod",
        aliases: &["prod_axis", "prod_axis_keep"],
        meaning: Meaning::Built(|graph, args, settings| reduction(graph, Fold::Prod, args[0], settings)),
        value: |v| v.iter().product(),
        math: "Π {x}",
        derivative: Pullback(&[OTHERS]),
        doc: "Product along the axes, or of all elements; zeros among them are no trouble to its derivative.",
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
    let over = Over::of(graph, x, settings)?;
    let reduced = graph.reduce(fold, x, over.axes.clone());
    Ok(over.kept(graph, reduced))
}

fn mean(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let over = Over::of(graph, args[0], settings)?;
    let sum = graph.reduce(Fold::Sum, args[0], over.axes.clone());
    let size = graph.size(over.size());
    let mean = apply::call(graph, "div", &[sum, size])?;
    Ok(over.kept(graph, mean))
}

/// The mean is taken off first: the mean of squares minus the square of the mean would lose every digit of a small spread.
fn var(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let over = Over::of(graph, args[0], settings)?;
    let text = "sum(square(x - mean(x, axis = axis, keepdims = true)), axis = axis)";
    let sum = rule::write(graph, text, &Bindings::new(&["x"], args).over(&over.axes));
    let divisor = over.degrees(graph, settings)?;
    let var = apply::call(graph, "div", &[sum, divisor])?;
    Ok(over.kept(graph, var))
}

/// By the norm, whose derivative at 0 is 0.
fn std(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let over = Over::of(graph, args[0], settings)?;
    let text = "norm(x - mean(x, axis = axis, keepdims = true), axis = axis)";
    let norm = rule::write(graph, text, &Bindings::new(&["x"], args).over(&over.axes));
    let divisor = over.degrees(graph, settings)?;
    let root = apply::call(graph, "sqrt", &[divisor])?;
    let std = apply::call(graph, "div", &[norm, root])?;
    Ok(over.kept(graph, std))
}

fn variance(v: &[f64]) -> f64 {
    let n = v.len() as f64;
    let mean = v.iter().sum::<f64>() / n;
    v.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n
}

/// What a reduction goes over.
struct Over {
    shape: Shape,
    axes: Vec<usize>,
    keep: bool,
}

impl Over {
    fn of(graph: &Graph, x: Id, settings: &Settings) -> Result<Self, Mismatch> {
        let shape = graph.shape(x).clone();
        let axes = settings.axes(&shape)?.unwrap_or_else(|| (0..shape.len()).collect());
        Ok(Over { shape, axes, keep: settings.flag("keepdims") })
    }

    /// How many elements become one.
    fn size(&self) -> Dim {
        Dim::product(self.axes.iter().map(|&a| &self.shape[a]))
    }

    /// How many elements become one, less `ddof`.
    fn degrees(&self, graph: &mut Graph, settings: &Settings) -> Result<Id, Mismatch> {
        let size = graph.size(self.size());
        match settings.number("ddof") {
            None | Some(0.0) => Ok(size),
            Some(ddof) => {
                let ddof = graph.constant(ddof);
                apply::call(graph, "sub", &[size, ddof])
            }
        }
    }

    /// The result, with the axes put back as asked for.
    fn kept(&self, graph: &mut Graph, reduced: Id) -> Id {
        if self.keep { graph.keep_axes(reduced, &self.shape, &self.axes) } else { reduced }
    }
}

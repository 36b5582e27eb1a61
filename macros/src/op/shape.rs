//! Operations that move elements and compute nothing: other shapes, other orders, parts and joins.

use super::apply::{At, Mismatch, Settings, axis_number};
use super::{DEFAULT, Derivative, Family, Meaning, Op, windows};
use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Dtype, Fold, Graph, Id};
use crate::ir::model::Setting;

const SHAPE: Op = Op { family: Family::Shape, cheap: true, derivative: Derivative::Inner, ..DEFAULT };

pub const OPS: &[Op] = &[
    Op {
        name: "t",
        aliases: &["transpose"],
        meaning: Meaning::Built(transpose),
        math: "{x}ᵀ",
        derivative: Derivative::Pullback(&["t(dy)"]),
        doc: "The transposed matrix; a vector stays as it is.",
        ..SHAPE
    },
    Op {
        name: "permute",
        aliases: &["permuted_axes"],
        options: &["axes"],
        positional: &["axes"],
        meaning: Meaning::Built(permute),
        math: "permute({x})",
        doc: "The axes in another order: axis k of the result is axis `axes[k]` of x.",
        ..SHAPE
    },
    Op {
        name: "insert_axis",
        aliases: &["unsqueeze", "expand_dims"],
        options: &["axis"],
        meaning: Meaning::Built(insert_axis),
        math: "{x}",
        derivative: Derivative::Pullback(&["sum(dy, axis = axis)"]),
        doc: "The same elements with a new axis of size 1, at this position of the result.",
        ..SHAPE
    },
    Op {
        name: "squeeze",
        options: &["axis"],
        meaning: Meaning::Built(squeeze),
        math: "{x}",
        doc: "The same elements without an axis of size 1: the one that is named, or all of them.",
        ..SHAPE
    },
    Op {
        name: "reshape",
        aliases: &["into_shape"],
        options: &["shape"],
        positional: &["shape"],
        meaning: Meaning::Built(reshape),
        math: "reshape({x})",
        doc: "The same elements in row-major order under another shape; one size may be -1, and follows from the others.",
        ..SHAPE
    },
    Op {
        name: "flatten",
        options: &["axis"],
        meaning: Meaning::Built(flatten),
        math: "flatten({x})",
        doc: "All axes as one; with `axis`, those from there on.",
        ..SHAPE
    },
    Op {
        name: "broadcast_to",
        aliases: &["broadcast"],
        options: &["shape"],
        positional: &["shape"],
        meaning: Meaning::Built(broadcast_to),
        math: "{x}",
        doc: "Spread over a shape, with axes aligned at the right.",
        ..SHAPE
    },
    Op {
        name: "slice",
        options: &["axis", "start", "end", "step"],
        positional: &["axis", "start", "end", "step"],
        meaning: Meaning::Built(slice),
        math: "{x}[..]",
        doc: "The elements from `start` up to `end`, `step` apart, along an axis (0 unless another is named); negative ends count from the end.",
        ..SHAPE
    },
    Op {
        name: "split",
        options: &["parts", "sizes", "axis"],
        positional: &["parts"],
        meaning: Meaning::Built(split),
        math: "{x}[..]",
        doc: "As many values as there are `parts` of one size, or one of each of the `sizes`, along an axis (0 unless another is named): `let (a, b) = split(x, parts = 2);`.",
        ..SHAPE
    },
    Op {
        name: "at",
        aliases: &["index_axis"],
        options: &["start", "axis"],
        positional: &["start", "axis"],
        meaning: Meaning::Built(at),
        math: "{x}[..]",
        doc: "One position of an axis (0 unless another is named), which disappears: `x.at(2)`; a negative one counts from the end.",
        ..SHAPE
    },
    Op {
        name: "flip",
        aliases: &["reverse"],
        options: &["axis"],
        meaning: Meaning::Built(flip),
        math: "flip({x})",
        doc: "The elements of an axis in reverse; of all axes, unless one is named.",
        ..SHAPE
    },
    Op {
        name: "pad",
        options: &["axis", "before", "after", "value"],
        positional: &["before", "after", "axis", "value"],
        meaning: Meaning::Built(pad),
        math: "pad({x})",
        doc: "More elements before and after those of an axis (0 unless another is named): zeros, or the `value`.",
        ..SHAPE
    },
    Op {
        name: "concat",
        aliases: &["concatenate"],
        repeats: true,
        options: &["axis"],
        meaning: Meaning::Built(concat),
        math: "[{x}]",
        doc: "Arrays one after another along an axis, 0 unless another is named; all other sizes are equal.",
        ..SHAPE
    },
    Op {
        name: "stack",
        repeats: true,
        options: &["axis"],
        meaning: Meaning::Built(stack),
        math: "[{x}]",
        doc: "Arrays of one shape along a new axis at this position of the result, 0 unless another is named.",
        ..SHAPE
    },
    Op {
        name: "gather",
        aliases: &["take"],
        args: &["x", "index"],
        options: &["axis"],
        meaning: Meaning::Built(gather),
        math: "{x}[{index}]",
        doc: "The elements at positions of an axis (0 unless another is named), in whose place the axes of the index stand.",
        ..SHAPE
    },
    Op {
        name: "embedding",
        args: &["index", "table"],
        meaning: Meaning::Built(embedding),
        math: "{table}[{index}]",
        doc: "The rows of a table at an index; back, cotangents are summed for each row.",
        ..SHAPE
    },
    Op {
        name: "one_hot",
        args: &["index"],
        options: &["classes"],
        positional: &["classes"],
        meaning: Meaning::Built(one_hot),
        math: "one_hot({index})",
        derivative: Derivative::None,
        doc: "1 at the index and 0 elsewhere, along a new last axis of as many `classes`.",
        ..SHAPE
    },
    Op {
        name: "argmax",
        options: &["axis"],
        meaning: Meaning::Built(|graph, args, settings| extremum(graph, args[0], settings, Fold::Max)),
        math: "argmax {x}",
        derivative: Derivative::None,
        doc: "The position of the first maximum along an axis, the last one unless another is named; NaN is a maximum.",
        ..SHAPE
    },
    Op {
        name: "argmin",
        options: &["axis"],
        meaning: Meaning::Built(|graph, args, settings| extremum(graph, args[0], settings, Fold::Min)),
        math: "argmin {x}",
        derivative: Derivative::None,
        doc: "The position of the first minimum along an axis, the last one unless another is named; NaN is a minimum.",
        ..SHAPE
    },
    Op {
        name: "cumsum",
        options: &["axis"],
        meaning: Meaning::Built(cumsum),
        math: "cumsum({x})",
        doc: "Sums of all elements so far along an axis, the last one unless another is named.",
        ..SHAPE
    },
];

fn transpose(graph: &mut Graph, args: &[Id], _: &Settings) -> Result<Id, Mismatch> {
    let shape = graph.shape(args[0]);
    match shape.len() {
        0 | 1 => Ok(args[0]),
        2 => Ok(graph.permute(args[0], vec![1, 0])),
        _ => Err(Mismatch::new(format!("`t` takes a matrix, but {{0}} is {}", show(shape)))
            .hint("name the order of the axes: `permute(.., [0, 2, 1])`")),
    }
}

fn permute(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let rank = graph.shape(args[0]).len();
    let order: Option<Vec<usize>> = match settings.get("axes") {
        Some(Setting::List(list)) => list.iter().map(|axis| axis_number(axis, rank)).collect(),
        _ => None,
    };
    let every = |order: &Vec<usize>| (0..rank).all(|axis| order.contains(&axis)) && order.len() == rank;
    match order.filter(every) {
        Some(order) => Ok(graph.permute(args[0], order)),
        None => {
            let shape = show(graph.shape(args[0]));
            let text =
                format!("`permute` takes every axis of {{0}} {shape} once: numbers from 0 to {}", rank.max(1) - 1);
            Err(Mismatch::new(text).at(At::Option("axes")))
        }
    }
}

fn insert_axis(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let shape = graph.shape(args[0]).clone();
    let positions = match settings.get("axis") {
        Some(Setting::List(list)) => list.clone(),
        Some(one) => vec![one.clone()],
        None => return Err(Mismatch::new("`insert_axis` needs an axis: `insert_axis(x, axis = 1)`")),
    };
    let rank = shape.len() + positions.len();
    let mut new = positions.iter().map(|p| axis_number(p, rank)).collect::<Option<Vec<usize>>>().ok_or_else(|| {
        let text = format!("`insert_axis` takes positions from 0 to {}: {{0}} is {}", rank - 1, show(&shape));
        Mismatch::new(text).at(At::Option("axis"))
    })?;
    new.sort_unstable();
    new.dedup();
    let mut old = shape.into_iter();
    let full: Vec<Dim> = (0..rank)
        .map(|axis| if new.contains(&axis) { Dim::number(1) } else { old.next().unwrap_or_default() })
        .collect();
    Ok(graph.spread(args[0], &full, &new))
}

fn squeeze(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let shape = graph.shape(args[0]).clone();
    let dropped = match settings.axes(&shape)? {
        Some(axes) => axes,
        None => (0..shape.len()).filter(|&k| shape[k].is_one()).collect(),
    };
    if let Some(&long) = dropped.iter().find(|&&k| !shape[k].is_one()) {
        let text =
            format!("`squeeze` drops axes of size 1, but axis {long} of {{0}} {} is {}", show(&shape), shape[long]);
        return Err(Mismatch::new(text).at(At::Option("axis")));
    }
    let kept: Shape = (0..shape.len()).filter(|k| !dropped.contains(k)).map(|k| shape[k].clone()).collect();
    Ok(graph.reshape(args[0], &kept))
}

fn reshape(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let old = graph.shape(args[0]).clone();
    let mut new = settings.dims("shape")?;
    let all = Dim::product(&old);
    let open: Vec<usize> = (0..new.len()).filter(|&k| new[k] == Dim::number(-1)).collect();
    if let [open] = open[..] {
        new[open] = Dim::number(1);
        let rest = Dim::product(&new);
        new[open] = all.exactly_divided(&rest).ok_or_else(|| {
            let text = format!("cannot make {{0}} {} rows of {rest}: {all} is no multiple of it", show(&old));
            Mismatch::new(text).at(At::Option("shape"))
        })?;
    }
    checked_rank("reshape", new.len())?;
    match Dim::product(&new) == all {
        true => Ok(graph.reshape(args[0], &new)),
        false => {
            let text =
                format!("{{0}} {} has {all} elements, but {} has {}", show(&old), show(&new), Dim::product(&new));
            Err(Mismatch::new(text).at(At::Option("shape")))
        }
    }
}

fn checked_rank(name: &str, rank: usize) -> Result<(), Mismatch> {
    match rank > 6 {
        true => Err(Mismatch::new(format!("`{name}` would give {rank} axes: an array has at most 6"))),
        false => Ok(()),
    }
}

fn flatten(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let shape = graph.shape(args[0]).clone();
    let from = settings.axes(&shape)?.map_or(0, |axes| axes[0]);
    let flat: Shape = shape[..from].iter().cloned().chain([Dim::product(&shape[from..])]).collect();
    Ok(graph.reshape(args[0], &flat))
}

fn broadcast_to(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let (old, new) = (graph.shape(args[0]).clone(), settings.dims("shape")?);
    checked_rank("broadcast_to", new.len())?;
    match super::apply::broadcast_shape(&old, &new) {
        Some(shape) if shape == new => Ok(graph.broadcast_to(args[0], &new)),
        _ => {
            Err(Mismatch::new(format!("cannot spread {{0}} {} over {}", show(&old), show(&new)))
                .at(At::Option("shape")))
        }
    }
}

/// The one axis that is named, or this one.
pub fn axis_or(graph: &Graph, name: &str, x: Id, settings: &Settings, otherwise: usize) -> Result<usize, Mismatch> {
    let shape = graph.shape(x);
    if shape.is_empty() {
        return Err(Mismatch::new(format!("`{name}` needs an axis, but {{0}} is a single number")));
    }
    match settings.axes(shape)?.as_deref() {
        None => Ok(otherwise),
        Some([axis]) => Ok(*axis),
        Some(_) => Err(Mismatch::new(format!("`{name}` takes one axis")).at(At::Option("axis"))),
    }
}

/// From the end, where it is a negative number.
fn from_end(position: Dim, size: &Dim) -> Dim {
    match position.as_number() {
        Some(n) if n < 0 => size + &position,
        _ => position,
    }
}

fn slice(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let axis = axis_or(graph, "slice", args[0], settings, 0)?;
    let size = graph.shape(args[0])[axis].clone();
    let start = from_end(settings.dim("start")?.unwrap_or_else(|| Dim::number(0)), &size);
    let end = from_end(settings.dim("end")?.unwrap_or_else(|| size.clone()), &size);
    let step = settings.whole("step", 1, 1)?;
    within(graph, args[0], axis, &start, &end)?;
    let length = &end - &start;
    let count = (&length + &Dim::number(step - 1)).quotient(step);
    Ok(graph.slice(args[0], axis, start, step, count))
}

/// The option that says which value of a `split` is meant; no author can give it.
pub const PART: &str = "part";

fn split(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let axis = axis_or(graph, "split", args[0], settings, 0)?;
    let shape = graph.shape(args[0]).clone();
    let sizes = split_sizes(&shape, axis, settings)?;
    let part = settings.number(PART).unwrap_or(0.0) as usize;
    let start = sizes[..part].iter().fold(Dim::number(0), |sum, size| &sum + size);
    Ok(graph.slice(args[0], axis, start, 1, sizes[part].clone()))
}

fn split_sizes(shape: &[Dim], axis: usize, settings: &Settings) -> Result<Vec<Dim>, Mismatch> {
    let size = &shape[axis];
    if settings.get("sizes").is_none() {
        let parts = settings.whole("parts", 1, 1)?;
        let text = || format!("axis {axis} of {{0}} {} has no {parts} parts of one size", show(shape));
        let each = size.exactly_divided(&Dim::number(parts));
        return each
            .map(|each| vec![each; parts as usize])
            .ok_or_else(|| Mismatch::new(text()).at(At::Option("parts")));
    }
    let sizes = settings.dims("sizes")?;
    let sum = sizes.iter().fold(Dim::number(0), |sum, size| &sum + size);
    match sum == *size && !sizes.iter().any(Dim::is_negative) {
        true => Ok(sizes),
        false => {
            let text =
                format!("`split` gives sizes of {sum} in sum, but axis {axis} of {{0}} {} is {size}", show(shape));
            Err(Mismatch::new(text).at(At::Option("sizes")))
        }
    }
}

/// `0 ≤ start ≤ end ≤ size`, as far as numbers tell.
fn within(graph: &Graph, x: Id, axis: usize, start: &Dim, end: &Dim) -> Result<(), Mismatch> {
    let shape = graph.shape(x);
    let beyond = |low: &Dim, high: &Dim| (high - low).is_negative();
    if start.is_negative() || beyond(start, end) || beyond(end, &shape[axis]) {
        let text = format!("{start} to {end} is no part of axis {axis} of {{0}} {}", show(shape));
        return Err(Mismatch::new(text));
    }
    Ok(())
}

fn at(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let axis = axis_or(graph, "at", args[0], settings, 0)?;
    let shape = graph.shape(args[0]).clone();
    let position = settings.dim("start")?.ok_or_else(|| Mismatch::new("`at` needs a position: `x.at(2)`"))?;
    let position = from_end(position, &shape[axis]);
    within(graph, args[0], axis, &position, &(&position + &Dim::number(1)))?;
    let one = graph.slice(args[0], axis, position, 1, Dim::number(1));
    let left: Shape = (0..shape.len()).filter(|&k| k != axis).map(|k| shape[k].clone()).collect();
    Ok(graph.reshape(one, &left))
}

fn flip(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let shape = graph.shape(args[0]).clone();
    let axes = settings.axes(&shape)?.unwrap_or_else(|| (0..shape.len()).collect());
    Ok(axes.into_iter().fold(args[0], |x, axis| flipped(graph, x, axis)))
}

fn flipped(graph: &mut Graph, x: Id, axis: usize) -> Id {
    let size = graph.shape(x)[axis].clone();
    match size.is_one() {
        true => x,
        false => graph.along(axis, Along::Slice { start: &size - &Dim::number(1), step: -1 }, vec![x], &[size]),
    }
}

fn pad(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let axis = axis_or(graph, "pad", args[0], settings, 0)?;
    let none = || Dim::number(0);
    let (before, after) = (settings.dim("before")?.unwrap_or_else(none), settings.dim("after")?.unwrap_or_else(none));
    if let Some(name) = [(&before, "before"), (&after, "after")].iter().find(|(dim, _)| dim.is_negative()) {
        return Err(Mismatch::new("`pad` adds elements; `slice` takes them away").at(At::Option(name.1)));
    }
    Ok(padded(graph, args[0], axis, [before, after], settings.number("value").unwrap_or(0.0)))
}

/// `x` with so many elements of this value before and after it.
pub fn padded(graph: &mut Graph, x: Id, axis: usize, [before, after]: [Dim; 2], value: f64) -> Id {
    let shape = graph.shape(x).clone();
    if value == 0.0 {
        let size = &(&before + &shape[axis]) + &after;
        return graph.pad(x, axis, before, 1, size);
    }
    let filled = |graph: &mut Graph, size: Dim| {
        let mut shape = shape.clone();
        shape[axis] = size;
        let value = graph.constant(value);
        graph.broadcast_to(value, &shape)
    };
    let parts = [filled(graph, before), x, filled(graph, after)];
    let parts: Vec<Id> = parts.into_iter().filter(|&p| graph.shape(p)[axis] != Dim::number(0)).collect();
    joined(graph, axis, parts)
}

fn joined(graph: &mut Graph, axis: usize, parts: Vec<Id>) -> Id {
    let sizes = parts.iter().map(|&p| graph.shape(p)[axis].clone());
    let size = sizes.reduce(|a, b| &a + &b).expect("there is a part");
    if parts.len() == 1 { parts[0] } else { graph.along(axis, Along::Concat, parts, &[size]) }
}

fn one_dtype(graph: &Graph, name: &str, args: &[Id]) -> Result<(), Mismatch> {
    let first = graph.node(args[0]).dtype;
    match args.iter().position(|&a| graph.node(a).dtype != first) {
        Some(other) => {
            let text = format!("`{name}` joins arrays of one kind, but {{0}} and {{{other}}} hold different ones");
            Err(Mismatch::new(text).at(At::Operand(other)))
        }
        None => Ok(()),
    }
}

fn concat(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    one_dtype(graph, "concat", args)?;
    let axis = axis_or(graph, "concat", args[0], settings, 0)?;
    let first = graph.shape(args[0]).clone();
    for (k, &arg) in args.iter().enumerate() {
        let shape = graph.shape(arg);
        let fits = shape.len() == first.len() && (0..shape.len()).all(|a| a == axis || shape[a] == first[a]);
        if !fits {
            let text = "`concat` along axis {axis} needs equal sizes along all others";
            let text = text.replace("{axis}", &axis.to_string());
            let shapes = format!("{{0}} is {} but {{{k}}} is {}", show(&first), show(shape));
            return Err(Mismatch::new(format!("{text}: {shapes}")).at(At::Operand(k)));
        }
    }
    Ok(joined(graph, axis, args.to_vec()))
}

fn stack(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    one_dtype(graph, "stack", args)?;
    let shape = graph.shape(args[0]).clone();
    if let Some(k) = (0..args.len()).find(|&k| *graph.shape(args[k]) != shape) {
        let (first, other) = (show(&shape), show(graph.shape(args[k])));
        let text = format!("`stack` needs equal shapes: {{0}} is {first} but {{{k}}} is {other}");
        return Err(Mismatch::new(text).at(At::Operand(k)));
    }
    checked_rank("stack", shape.len() + 1)?;
    let axis = settings.get("axis").map_or(Some(0), |axis| axis_number(axis, shape.len() + 1));
    let axis = axis.ok_or_else(|| {
        Mismatch::new(format!("`stack` takes a position from 0 to {}", shape.len())).at(At::Option("axis"))
    })?;
    let mut full = shape.clone();
    full.insert(axis, Dim::number(1));
    let parts = args.iter().map(|&arg| graph.reshape(arg, &full)).collect();
    Ok(joined(graph, axis, parts))
}

fn indices(graph: &Graph, name: &str, args: &[Id], position: usize) -> Result<(), Mismatch> {
    match graph.node(args[position]).dtype {
        Dtype::Index => Ok(()),
        _ => {
            let text = format!("`{name}` takes positions here, but {{{position}}} holds none");
            Err(Mismatch::new(text).at(At::Operand(position)).hint("declare it as an `Index`"))
        }
    }
}

fn gather(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    indices(graph, "gather", args, 1)?;
    let axis = axis_or(graph, "gather", args[0], settings, 0)?;
    let index = graph.shape(args[1]).clone();
    checked_rank("gather", graph.shape(args[0]).len() + index.len() - 1)?;
    Ok(graph.along(axis, Along::Gather, args.to_vec(), &index))
}

fn embedding(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    // PyTorch's order; the other one reads just as well, and there is no doubt about which is which.
    if graph.node(args[0]).dtype != Dtype::Index && graph.node(args[1]).dtype == Dtype::Index {
        return embedding(graph, &[args[1], args[0]], settings);
    }
    indices(graph, "embedding", args, 0)?;
    match graph.shape(args[1]).len() {
        2 => gather(graph, &[args[1], args[0]], settings),
        _ => Err(Mismatch::new(format!("`embedding` takes a matrix, but {{1}} is {}", show(graph.shape(args[1]))))),
    }
}

fn one_hot(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    indices(graph, "one_hot", args, 0)?;
    let missing = || Mismatch::new("`one_hot` needs the number of classes: `one_hot(y, classes = 10)`");
    let classes = settings.dim("classes")?.ok_or_else(missing)?;
    let mut shape = graph.shape(args[0]).clone();
    checked_rank("one_hot", shape.len() + 1)?;
    let axis = shape.len();
    shape.push(classes);
    let position = graph.iota(axis, shape.clone());
    let label = graph.spread(args[0], &shape, &[axis]);
    let hot = super::apply::call(graph, "eq", &[position, label])?;
    let [one, zero] = [1.0, 0.0].map(|value| graph.constant(value));
    super::apply::call(graph, "select", &[hot, one, zero])
}

fn extremum(graph: &mut Graph, x: Id, settings: &Settings, fold: Fold) -> Result<Id, Mismatch> {
    let name = if fold == Fold::Max { "argmax" } else { "argmin" };
    windows::numbers(name, graph, &[x])?;
    let axis = axis_or(graph, name, x, settings, graph.shape(x).len().max(1) - 1)?;
    Ok(graph.along(axis, Along::Extremum(fold), vec![x], &[]))
}

fn cumsum(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    windows::numbers("cumsum", graph, args)?;
    let shape = graph.shape(args[0]).clone();
    let axis = axis_or(graph, "cumsum", args[0], settings, shape.len().max(1) - 1)?;
    Ok(graph.along(axis, Along::Cumulate { reverse: false }, args.to_vec(), &shape[axis..=axis]))
}

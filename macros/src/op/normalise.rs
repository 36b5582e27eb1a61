//! Normalisation and attention, written in the other operations.

use super::apply::{self, At, Mismatch, Settings};
use super::rule::{self, Bindings};
use super::{DEFAULT, Derivative, Family, Meaning, Op, windows};
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Dtype, Goal, Graph, Id, Kind, Root, Source};
use crate::ir::model::Role;

const NORMALISATION: Op = Op {
    family: Family::Normalisation,
    args: &["x", "scale", "shift", "eps"],
    defaults: &[("scale", 1.0), ("shift", 0.0), ("eps", 1e-5)],
    derivative: Derivative::Inner,
    positional: &[],
    ..DEFAULT
};

const LAYER_NORM: &str = "{
    let c = x - mean(x, axis = axis, keepdims = true);
    c / sqrt(mean(square(c), axis = axis, keepdims = true) + eps)
}";

const RMS_NORM: &str = "x / sqrt(mean(square(x), axis = axis, keepdims = true) + eps)";

pub const OPS: &[Op] = &[
    Op {
        name: "layer_norm",
        options: &["axis"],
        meaning: Meaning::Built(layer_norm),
        math: "({x} - mean {x}) / √(var {x} + {eps}) · {scale} + {shift}",
        doc: "Mean 0 and variance 1 along the axes, the last one unless others are named; then scaled and shifted (Ba et al., 2016).",
        ..NORMALISATION
    },
    Op {
        name: "rms_norm",
        args: &["x", "scale", "eps"],
        defaults: &[("scale", 1.0), ("eps", 1e-5)],
        options: &["axis"],
        meaning: Meaning::Built(rms_norm),
        math: "{x} / √(mean {x}² + {eps}) · {scale}",
        doc: "Mean square 1 along the axes, the last one unless others are named; then scaled (Zhang and Sennrich, 2019).",
        ..NORMALISATION
    },
    Op {
        name: "group_norm",
        options: &["groups"],
        meaning: Meaning::Built(group_norm),
        math: "({x} - mean {x}) / √(var {x} + {eps}) · {scale} + {shift}",
        doc: "Mean 0 and variance 1 over each of the `groups` of channels (axis 1) of every sample; then scaled and shifted by channel (Wu and He, 2018).",
        ..NORMALISATION
    },
    Op {
        name: "batch_norm",
        args: &["x", "scale", "shift", "mean", "var", "eps"],
        defaults: &[("eps", 1e-5)],
        options: &["momentum"],
        meaning: Meaning::Built(batch_norm),
        math: "({x} - mean {x}) / √(var {x} + {eps}) · {scale} + {shift}",
        doc: "Mean 0 and variance 1 of every channel (axis 1) over the batch and all other axes, then scaled and shifted by channel (Ioffe and Szegedy, 2015); in inference with `mean` and `var`. Where these are a `State`, training moves them by `momentum`, a tenth unless it is given, towards the batch's mean and unbiased variance.",
        ..NORMALISATION
    },
    Op {
        name: "attention",
        args: &["q", "k", "v", "mask"],
        defaults: &[("mask", 0.0)],
        options: &["causal"],
        meaning: Meaning::Built(attention),
        math: "softmax({q} · {k}ᵀ / √d) · {v}",
        doc: "Scaled dot-product attention over the last two axes, those before them a batch (Vaswani et al., 2017): a `Mask` says which keys a query sees, numbers are added to the scores; `causal = true` hides later keys.",
        ..NORMALISATION
    },
];

/// `scale` and `shift` may spread over `x`, but not the other way round.
fn spread_over(graph: &mut Graph, name: &str, x: Id, args: &[Id]) -> Result<(), Mismatch> {
    let shape = graph.shape(x).clone();
    for (k, &arg) in args.iter().enumerate().skip(1) {
        if apply::broadcast_shape(&shape, graph.shape(arg)).as_ref() != Some(&shape) {
            let text = format!("`{name}` spreads {{{k}}} {} over {{0}} {}", show(graph.shape(arg)), show(&shape));
            return Err(Mismatch::new(text).at(At::Operand(k)));
        }
    }
    Ok(())
}

fn axes(graph: &Graph, name: &str, x: Id, settings: &Settings) -> Result<Vec<usize>, Mismatch> {
    let shape = graph.shape(x);
    match (settings.axes(shape)?, shape.len()) {
        (Some(axes), _) => Ok(axes),
        (None, 0) => Err(Mismatch::new(format!("`{name}` needs an axis, but {{0}} is a single number"))),
        (None, rank) => Ok(vec![rank - 1]),
    }
}

fn layer_norm(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    windows::numbers("layer_norm", graph, args)?;
    let axes = axes(graph, "layer_norm", args[0], settings)?;
    spread_over(graph, "layer_norm", args[0], args)?;
    let normal = rule::write(graph, LAYER_NORM, &Bindings::new(&["x", "eps"], &[args[0], args[3]]).over(&axes));
    scaled(graph, normal, args[1], args[2])
}

/// `x · scale + shift`, where they are given.
fn scaled(graph: &mut Graph, x: Id, scale: Id, shift: Id) -> Result<Id, Mismatch> {
    let x = if graph.as_constant(scale) == Some(1.0) { x } else { apply::call(graph, "mul", &[x, scale])? };
    if graph.as_constant(shift) == Some(0.0) { Ok(x) } else { apply::call(graph, "add", &[x, shift]) }
}

fn rms_norm(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    windows::numbers("rms_norm", graph, args)?;
    let axes = axes(graph, "rms_norm", args[0], settings)?;
    spread_over(graph, "rms_norm", args[0], args)?;
    let normal = rule::write(graph, RMS_NORM, &Bindings::new(&["x", "eps"], &[args[0], args[2]]).over(&axes));
    let none = graph.constant(0.0);
    scaled(graph, normal, args[1], none)
}

fn group_norm(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    windows::numbers("group_norm", graph, args)?;
    let shape = graph.shape(args[0]).clone();
    if shape.len() < 2 {
        return Err(Mismatch::new(format!("`group_norm` takes `[N, C, ..]`, but {{0}} is {}", show(&shape))));
    }
    let groups = Dim::number(settings.whole("groups", 1, 1)?);
    if shape[1].exactly_divided(&groups).is_none() {
        let text = format!("`group_norm` cannot divide {} channels into {groups} groups", shape[1]);
        return Err(Mismatch::new(text).at(At::Option("groups")));
    }
    let each = Dim::product(&shape[1..]).exactly_divided(&groups).expect("the channels are divisible");
    let grouped = graph.reshape(args[0], &[shape[0].clone(), groups, each]);
    let normal = rule::write(graph, LAYER_NORM, &Bindings::new(&["x", "eps"], &[grouped, args[3]]).over(&[2]));
    let normal = graph.reshape(normal, &shape);
    let [scale, shift] = [1, 2].map(|k| by_channel(graph, args[k], k, &shape));
    scaled(graph, normal, scale?, shift?)
}

/// A value for each channel, or one for all, to be spread over `shape`.
fn by_channel(graph: &mut Graph, id: Id, position: usize, shape: &[Dim]) -> Result<Id, Mismatch> {
    let own = graph.shape(id).clone();
    match own.as_slice() {
        [] => Ok(id),
        [channels] if *channels == shape[1] => {
            let column: Shape = [channels.clone()].into_iter().chain(vec![Dim::number(1); shape.len() - 2]).collect();
            Ok(graph.reshape(id, &column))
        }
        _ => {
            let text = format!("{{{position}}} is {}, but there are {} channels", show(&own), shape[1]);
            Err(Mismatch::new(text).at(At::Operand(position)))
        }
    }
}

const BY_STATE: &str = "(x - mean) / sqrt(var + eps)";
const BATCH_MEAN: &str = "mean(x, axis = axis)";
/// Unbiased; of a single value it is 0.
const BATCH_VARIANCE: &str = "sum(square(x - mean(x, axis = axis, keepdims = true)), axis = axis) / max(n - 1, 1)";

fn batch_norm(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    windows::numbers("batch_norm", graph, args)?;
    let shape = graph.shape(args[0]).clone();
    if shape.len() < 2 {
        return Err(Mismatch::new(format!("`batch_norm` takes `[N, C, ..]`, but {{0}} is {}", show(&shape))));
    }
    let momentum = settings.number("momentum").unwrap_or(0.1);
    if !(0.0..=1.0).contains(&momentum) {
        return Err(Mismatch::new("`momentum` is a share: a number from 0 to 1").at(At::Option("momentum")));
    }
    let channels = |graph: &mut Graph, k: usize| by_channel(graph, args[k], k, &shape);
    let (scale, shift) = (channels(graph, 1)?, channels(graph, 2)?);
    let (mean, var) = (channels(graph, 3)?, channels(graph, 4)?);
    let axes: Vec<usize> = (0..shape.len()).filter(|axis| *axis != 1).collect();
    let count = graph.size(Dim::product(axes.iter().map(|&axis| &shape[axis])));
    let names = ["x", "mean", "var", "eps", "n"];
    let bindings = Bindings::new(&names, &[args[0], mean, var, args[5], count]).over(&axes);
    let [by_batch, by_state] = [LAYER_NORM, BY_STATE].map(|text| rule::write(graph, text, &bindings));
    for (state, text) in [(args[3], BATCH_MEAN), (args[4], BATCH_VARIANCE)] {
        let now = rule::write(graph, text, &bindings);
        move_state(graph, state, now, momentum)?;
    }
    let normal = apply::call(graph, "training", &[by_batch, by_state])?;
    scaled(graph, normal, scale, shift)
}

/// What a state is after the pass; what is no state stays as it is.
fn move_state(graph: &mut Graph, state: Id, towards: Id, momentum: f64) -> Result<(), Mismatch> {
    let Kind::Arg(index) = graph.node(state).kind else { return Ok(()) };
    if graph.arguments[index].source != Source::User(Role::State) {
        return Ok(());
    }
    if graph.roots.iter().any(|r| r.goal == Goal::State(index)) {
        let name = &graph.arguments[index].name;
        return Err(Mismatch::new(format!("the state `{name}` is written twice: each call needs one of its own")));
    }
    if graph.shape(state) != graph.shape(towards) {
        let [own, next] = [state, towards].map(|id| show(graph.shape(id)));
        let name = &graph.arguments[index].name;
        return Err(Mismatch::new(format!("the state `{name}` is {own}, but there is {next} to keep")));
    }
    let momentum = graph.constant(momentum);
    let bindings = Bindings::new(&["s", "now", "m"], &[state, towards, momentum]);
    let next = rule::write(graph, "(1 - m) * s + m * now", &bindings);
    graph.roots.push(Root { goal: Goal::State(index), node: Some(next) });
    Ok(())
}

fn attention(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    windows::numbers("attention", graph, &args[..3])?;
    let shapes = [0, 1, 2].map(|k| graph.shape(args[k]).clone());
    if let Some(k) = (0..3).find(|&k| shapes[k].len() < 2) {
        let text = format!("`attention` takes rows of vectors, `[.., T, D]`, but {{{k}}} is {}", show(&shapes[k]));
        return Err(Mismatch::new(text).at(At::Operand(k)));
    }
    let [q, k, v] = [&shapes[0], &shapes[1], &shapes[2]].map(|s| &s[s.len() - 2..]);
    if q[1] != k[1] || k[0] != v[0] {
        let shown = shapes.each_ref().map(|s| show(s));
        let text = "`attention` needs queries as long as keys, and a value for each key";
        let found = format!("{{0}} is {}, {{1}} is {} and {{2}} is {}", shown[0], shown[1], shown[2]);
        return Err(Mismatch::new(format!("{text}: {found}")));
    }
    let rank = shapes[1].len();
    let order = (0..rank - 2).chain([rank - 1, rank - 2]).collect();
    let keys = graph.permute(args[1], order);
    let products = apply::call(graph, "matmul", &[args[0], keys])?;
    let size = graph.size(q[1].clone());
    let scores = rule::write(graph, "s / sqrt(d)", &Bindings::new(&["s", "d"], &[products, size]));
    let seen = masked(graph, scores, args[3])?;
    let seen = if settings.flag("causal") { without_later(graph, seen)? } else { seen };
    let weights = rule::write(graph, "softmax(s, axis = -1)", &Bindings::new(&["s"], &[seen]));
    apply::call(graph, "matmul", &[weights, args[2]])
}

/// Scores that are hidden become minus infinity.
fn masked(graph: &mut Graph, scores: Id, mask: Id) -> Result<Id, Mismatch> {
    if graph.as_constant(mask) == Some(0.0) {
        return Ok(scores);
    }
    let shape = graph.shape(scores).clone();
    if apply::broadcast_shape(&shape, graph.shape(mask)).as_ref() != Some(&shape) {
        let text = format!("`attention` spreads {{3}} {} over the scores {}", show(graph.shape(mask)), show(&shape));
        return Err(Mismatch::new(text).at(At::Operand(3)));
    }
    match graph.node(mask).dtype {
        Dtype::Mask => hidden(graph, mask, scores),
        Dtype::Real => apply::call(graph, "add", &[scores, mask]),
        Dtype::Index | Dtype::Seed => {
            Err(Mismatch::new("`attention` takes a `Mask` or numbers, and {3} holds neither").at(At::Operand(3)))
        }
    }
}

fn hidden(graph: &mut Graph, mask: Id, scores: Id) -> Result<Id, Mismatch> {
    let never = graph.constant(f64::NEG_INFINITY);
    apply::call(graph, "select", &[mask, scores, never])
}

/// A query sees the keys up to its own position.
fn without_later(graph: &mut Graph, scores: Id) -> Result<Id, Mismatch> {
    let shape = graph.shape(scores).clone();
    let square = &shape[shape.len() - 2..];
    let [query, key] = [0, 1].map(|axis| graph.iota(axis, square.to_vec()));
    let mask = apply::call(graph, "ge", &[query, key])?;
    hidden(graph, mask, scores)
}

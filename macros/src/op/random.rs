//! Randomness out of a seed: what is drawn is a function of the seed, of where it is used, and of the element's position, so
//! that the pass back draws the same once more, in any order and any layout.

use super::Emitted::Function;
use super::apply::{self, At, Mismatch, Settings};
use super::rule::{self, Bindings};
use super::{DEFAULT, Derivative, Family, Meaning, Op, Takes, reference, windows};
use crate::ir::dim::Dim;
use crate::ir::graph::{Dtype, Graph, Id};

const INTERNAL: Op = Op { family: Family::Internal, cheap: true, positional: &[], ..DEFAULT };

pub const OPS: &[Op] = &[
    Op {
        name: "dropout",
        args: &["x", "seed"],
        family: Family::Random,
        options: &["p"],
        positional: &["p"],
        meaning: Meaning::Built(dropout),
        math: "dropout({x})",
        derivative: Derivative::Inner,
        doc: "With probability `p`, a half unless it is given, 0 in place of an element; the others are divided by 1 - p (Srivastava et al., 2014). In inference, x. The mask depends on the seed, on the call and on the position alone.",
        ..DEFAULT
    },
    Op {
        name: "stream",
        args: &["seed", "number"],
        last: super::Last::Whole,
        meaning: Meaning::Map { takes: Takes::Each(&[Dtype::Seed, Dtype::Real]), gives: Dtype::Seed },
        value: |v| reference::mix(v[0], v[1] + 2.0_f64.powi(40)),
        emitted: Function("stream"),
        math: "{seed}",
        doc: "A seed of its own for a use of a seed.",
        ..INTERNAL
    },
    Op {
        name: "mix",
        args: &["state", "position"],
        meaning: Meaning::Map { takes: Takes::Each(&[Dtype::Seed, Dtype::Index]), gives: Dtype::Seed },
        value: |v| reference::mix(v[0], v[1]),
        emitted: Function("mix"),
        math: "{state}",
        doc: "The seed of a position.",
        ..INTERNAL
    },
    Op {
        name: "kept",
        args: &["state", "position", "p"],
        last: super::Last::Number,
        meaning: Meaning::Map { takes: Takes::Each(&[Dtype::Seed, Dtype::Index, Dtype::Real]), gives: Dtype::Mask },
        value: |v| reference::kept(v[0], v[1], v[2]),
        emitted: Function("kept"),
        math: "kept({p})",
        doc: "True with probability 1 - p.",
        ..INTERNAL
    },
    Op {
        name: "training",
        args: &["a", "b"],
        value: |v| v[0],
        math: "{a}",
        doc: "The first in training, the second in inference.",
        ..INTERNAL
    },
];

fn dropout(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    windows::numbers("dropout", graph, &args[..1])?;
    if graph.node(args[1]).dtype != Dtype::Seed {
        let text = "`dropout` takes a seed, and {1} is none";
        return Err(Mismatch::new(text).at(At::Operand(1)).hint("declare an argument for it: `seed: Random`"));
    }
    let p = settings.number("p").unwrap_or(0.5);
    if !(0.0..1.0).contains(&p) {
        let text = "`p` is the share of elements that become 0: from 0 on, and below 1";
        return Err(Mismatch::new(text).at(At::Option("p")));
    }
    let mask = mask(graph, args[1], p, args[0])?;
    let scale = graph.constant(1.0 / (1.0 - p));
    let bindings = Bindings::new(&["x", "mask", "scale"], &[args[0], mask, scale]);
    let dropped = rule::write(graph, "select(mask, x * scale, 0)", &bindings);
    apply::call(graph, "training", &[dropped, args[0]])
}

/// A mask in the shape of `x`: a seed for each row, then the element's own chance.
fn mask(graph: &mut Graph, seed: Id, p: f64, x: Id) -> Result<Id, Mismatch> {
    let mut shape = graph.shape(x).clone();
    if shape.is_empty() {
        shape.push(Dim::number(1));
    }
    let last = shape.len() - 1;
    let mut state = seed;
    for axis in 0..last {
        let position = graph.iota(axis, shape[..=axis].to_vec());
        let around = graph.broadcast(state, (0..axis).collect(), &shape[..=axis]);
        state = apply::call(graph, "mix", &[around, position])?;
    }
    let (state, position) = (graph.broadcast(state, (0..last).collect(), &shape), graph.iota(last, shape));
    let p = graph.constant(p);
    let mask = apply::call(graph, "kept", &[state, position, p])?;
    let own = graph.shape(x).clone();
    Ok(graph.reshape(mask, &own))
}

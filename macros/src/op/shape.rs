//! Operations that move elements and compute nothing.

use super::apply::{At, Mismatch, Settings, axis_number};
use super::{DEFAULT, Derivative, Family, Meaning, Op};
use crate::ir::dim::{Dim, show};
use crate::ir::graph::{Graph, Id};
use crate::ir::model::Setting;

const SHAPE: Op = Op { family: Family::Shape, cheap: true, ..DEFAULT };

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
        name: "insert_axis",
        options: &["axis"],
        meaning: Meaning::Built(insert_axis),
        math: "{x}",
        derivative: Derivative::Pullback(&["sum(dy, axis = axis)"]),
        doc: "The same elements with a new axis of size 1, at this position of the result.",
        ..SHAPE
    },
];

fn transpose(graph: &mut Graph, args: &[Id], _: &Settings) -> Result<Id, Mismatch> {
    let shape = graph.shape(args[0]);
    match shape.len() {
        0 | 1 => Ok(args[0]),
        2 => Ok(graph.permute(args[0], vec![1, 0])),
        _ => Err(Mismatch::new(format!("`t` takes a matrix, but {{0}} is {}", show(shape)))),
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

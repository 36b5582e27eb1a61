//! Which parameters a step hands over to be moved, and after which statement: as soon as the gradient is final and nothing
//! reads the parameter any more.

use super::Compiled;
use super::access::accesses;
use super::pass::Pass;
use super::surface::Surface;
use super::visit::places;
use crate::ir::graph::Goal;
use crate::ir::life::Lives;
use crate::ir::program::{self, BufferId, Operand, Stmt};
use proc_macro2::Ident;
use std::collections::HashMap;
use std::ops::Range;

/// What a pass tells of final gradients.
pub struct Updates {
    /// The variable that is told.
    pub name: Ident,
    pub hands: Vec<Hand>,
    /// The places of the arrays that the pass does not hand over; in ranges, for a stack may have hundreds.
    pub rest: Vec<Range<usize>>,
    /// From here on, places depend on how many networks are in a stack, and none is handed over.
    pub open: Option<usize>,
}

/// One parameter and its gradient.
pub struct Hand {
    pub param: BufferId,
    pub gradient: BufferId,
    /// Its place among all arrays of the network.
    pub place: usize,
    /// The last statement that has to do with either.
    pub after: usize,
    /// Whether that is a loop over tiles, which has the last of each part of both.
    pub in_tiles: bool,
}

/// Hands over the parameters whose memory the pass reads and whose gradients it writes, each an array of its own.
pub fn updates(surface: &Surface, step: &Compiled, pass: &Pass) -> Updates {
    let lives = Lives::of(&step.program);
    let (params, gradients) = (read_arguments(step, pass), gradients(step));
    let (places, open) = places(surface);
    let mut updates = Updates { name: surface.own("update"), hands: Vec::new(), rest: Vec::new(), open };
    for (places, argument) in places {
        let index = argument.filter(|a| !a.shape.is_empty()).map(|a| surface.index_of(a));
        let memory = index.and_then(|index| Some((*params.get(&index)?, *gradients.get(&index)?)));
        match (memory, updates.rest.last_mut()) {
            (Some((param, gradient)), _) => updates.hands.push(hand(step, &lives, (param, gradient), places.start)),
            (None, Some(last)) if last.end == places.start => last.end = places.end,
            (None, _) => updates.rest.push(places),
        }
    }
    updates
}

fn hand(step: &Compiled, lives: &Lives, (param, gradient): (BufferId, BufferId), place: usize) -> Hand {
    let last = |id| lives.of_slot(&step.program, step.program.buffer(id).slot).expect("the pass touches it").last;
    let after = last(param).max(last(gradient));
    let in_tiles = lives.0[&gradient].first == after && lies_in_tiles(&step.program.body[after], param, gradient);
    Hand { param, gradient, place, after, in_tiles }
}

/// The memory of each argument that the pass only reads.
fn read_arguments(step: &Compiled, pass: &Pass) -> HashMap<usize, BufferId> {
    let read = pass.fields().into_iter().filter(|field| !field.mutable);
    let arguments = read.filter_map(|field| match step.program.buffer(field.buffer).role {
        program::Role::Argument(index) => Some((index, field.buffer)),
        _ => None,
    });
    arguments.collect()
}

/// The memory of the gradient with respect to each argument.
fn gradients(step: &Compiled) -> HashMap<usize, BufferId> {
    let gradients = step.program.results.iter().filter_map(|(goal, result)| match goal {
        Goal::Gradient(index) => Some((*index, result.as_ref().and_then(Operand::access)?.buffer)),
        _ => None,
    });
    gradients.collect()
}

/// Whether a statement is a loop over tiles that touches both, and only by its tiles.
fn lies_in_tiles(stmt: &Stmt, param: BufferId, gradient: BufferId) -> bool {
    let Stmt::Loop(tiles) = stmt else { return false };
    let accesses = accesses(stmt);
    let of = |id| accesses.iter().filter(move |(access, _)| access.buffer == id);
    let by_tiles = of(param)
        .chain(of(gradient))
        .all(|(access, _)| access.place.row_start(tiles.axis).is_some_and(|start| start.is_start()));
    tiles.tiles && by_tiles && of(param).next().is_some()
}

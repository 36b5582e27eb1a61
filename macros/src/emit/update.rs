//! Which parameters a step hands over to be moved, and after which statement: as soon as the gradient is final and nothing
//! reads the parameter any more.

use super::Compiled;
use super::pass::{Pass, touched_by, written};
use super::surface::Surface;
use super::visit::place_of;
use super::write::accesses;
use crate::ir::graph::Goal;
use crate::ir::model::Role;
use crate::ir::program::{self, BufferId, Operand, Stmt};
use proc_macro2::Ident;

/// What a pass tells of final gradients.
#[derive(Default)]
pub struct Updates {
    /// The variable that is told, where there is one.
    pub name: Option<Ident>,
    pub hands: Vec<Hand>,
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

/// The parameters whose memory the pass reads and whose gradients it writes, each an array of its own.
pub fn updates(surface: &Surface, step: &Compiled, pass: &Pass) -> Updates {
    let fields = pass.fields();
    let mut updates = Updates { name: Some(surface.own("update")), hands: Vec::new() };
    for field in fields.iter().filter(|f| !f.mutable) {
        let program::Role::Argument(index) = step.program.buffer(field.buffer).role else { continue };
        let Some(argument) = surface.model.arguments.get(index).filter(|a| a.role == Role::Param) else { continue };
        let gradient = gradient_of(step, index).filter(|_| !argument.shape.is_empty());
        let (Some(gradient), Some(place)) = (gradient, place_of(surface, argument)) else { continue };
        let after = last_touch(step, [field.buffer, gradient]);
        let in_tiles = is_final_in_tiles(step, after, field.buffer, gradient);
        updates.hands.push(Hand { param: field.buffer, gradient, place, after, in_tiles });
    }
    updates
}

/// The memory of the gradient with respect to an argument.
fn gradient_of(step: &Compiled, argument: usize) -> Option<BufferId> {
    step.program.results.iter().find_map(|(goal, result)| match (goal, result) {
        (Goal::Gradient(i), Some(Operand::Load(access))) if *i == argument => Some(access.buffer),
        _ => None,
    })
}

fn last_touch(step: &Compiled, buffers: [BufferId; 2]) -> usize {
    let slots = buffers.map(|id| step.program.buffer(id).slot);
    let touches = |stmt| touched_by(stmt).into_iter().any(|id| slots.contains(&step.program.buffer(id).slot));
    step.program.body.iter().rposition(touches).expect("a statement writes the gradient")
}

/// Whether statement `after` is a loop over tiles that alone writes the gradient, and both are only there by its tiles.
fn is_final_in_tiles(step: &Compiled, after: usize, param: BufferId, gradient: BufferId) -> bool {
    let body = &step.program.body;
    let Stmt::Loop(tiles) = &body[after] else { return false };
    let writes = |stmt: &Stmt| {
        let mut all = Vec::new();
        stmt.walk(&mut |s| all.extend(written(s)));
        all.contains(&gradient)
    };
    let by_tiles = accesses(&body[after])
        .iter()
        .filter(|(access, _)| [param, gradient].contains(&access.buffer))
        .all(|(access, _)| access.place.row_start(tiles.axis).is_some_and(|start| start.is_start()));
    let is_read = accesses(&body[after]).iter().any(|(access, _)| access.buffer == param);
    tiles.tiles && by_tiles && is_read && !body[..after].iter().any(writes)
}

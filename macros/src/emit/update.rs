//! Which parameters a step hands over to be moved, and after which statement: as soon as the gradient is final and nothing
//! reads the parameter any more.

use super::Compiled;
use super::pass::{Pass, touched_by};
use super::surface::Surface;
use super::visit::place_of;
use crate::ir::graph::Goal;
use crate::ir::model::Role;
use crate::ir::program::{self, BufferId, Operand};
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
        updates.hands.push(Hand { param: field.buffer, gradient, place, after });
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

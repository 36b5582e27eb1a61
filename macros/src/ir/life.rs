//! Which statements touch which buffers: what sharing memory and handing it over ask.

use super::program::{Access, BufferId, Operand, Program, Stmt};
use std::collections::HashMap;

/// The first and the last step of a program's body that touches a buffer.
#[derive(Clone, Copy)]
pub struct Life {
    pub first: usize,
    pub last: usize,
}

impl Life {
    /// From the first step of either on, to the last of either.
    pub fn or(self, other: Life) -> Life {
        Life { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// The lives of all buffers that a body touches.
pub struct Lives(pub HashMap<BufferId, Life>);

impl Lives {
    pub fn of(program: &Program) -> Self {
        let mut lives: HashMap<BufferId, Life> = HashMap::new();
        for (step, stmt) in program.body.iter().enumerate() {
            stmt.walk(&mut |s| {
                for (buffer, _) in s.touched() {
                    lives.entry(buffer).or_insert(Life { first: step, last: step }).last = step;
                }
            });
        }
        Lives(lives)
    }

    /// The life of a piece of memory: of all buffers that share it.
    pub fn of_slot(&self, program: &Program, slot: usize) -> Option<Life> {
        let of_slot = (0..program.buffers.len()).map(BufferId).filter(|b| program.buffer(*b).slot == slot);
        let lives = of_slot.filter_map(|b| self.0.get(&b));
        lives.copied().reduce(Life::or)
    }
}

impl Operand {
    /// The element of a buffer that it is, if it is one.
    pub fn access(&self) -> Option<&Access> {
        match self {
            Operand::Load(access) => Some(access),
            _ => None,
        }
    }
}

impl Stmt {
    /// The buffers that a statement itself touches; with the access where it is one element that is read.
    pub fn touched(&self) -> Vec<(BufferId, Option<&Access>)> {
        let read = self.operands().into_iter().filter_map(Operand::access);
        let mut all: Vec<(BufferId, Option<&Access>)> = read.map(|access| (access.buffer, Some(access))).collect();
        match self {
            Stmt::Product(p) => all.extend([p.out, p.a, p.b].map(|b| (b, None))),
            Stmt::Turns(turns) => {
                all.extend(turns.read().chain(turns.written()).map(|b| (b, None)));
            }
            Stmt::Along(moved) => all.extend(moved.args.iter().chain([&moved.out]).map(|b| (*b, None))),
            Stmt::Fill { buffer, .. } => all.push((*buffer, None)),
            Stmt::Store { to, .. } | Stmt::Accumulate { to, .. } => all.push((to.buffer, None)),
            Stmt::Fold { from, into, .. } => {
                all.push((from.buffer, None));
                all.extend(into.iter().map(|a| (a.buffer, None)));
            }
            _ => {}
        }
        all
    }
}

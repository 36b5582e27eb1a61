//! What statements of a program touch in memory, element by element or row by row.

use crate::ir::dim::Dim;
use crate::ir::program::{Access, BufferId, Operand, Stmt};
use std::collections::HashSet;

/// The elements and rows that a statement and those inside touch, and whether any is written; a fold's row with its
/// axis. Buffers that are touched in more than one pattern are left out: no slice serves them all.
pub fn accesses(stmt: &Stmt) -> Vec<(Access, bool)> {
    let mut found: Vec<(Access, bool)> = Vec::new();
    let mut mixed: HashSet<BufferId> = HashSet::new();
    let mut note = |access: &Access, mutable: bool| match found.iter_mut().find(|(a, _)| a.buffer == access.buffer) {
        Some((first, _)) if first.place != access.place => _ = mixed.insert(access.buffer),
        Some((_, m)) => *m |= mutable,
        None => found.push((access.clone(), mutable)),
    };
    each_access(stmt, &mut note);
    found.retain(|(a, _)| !mixed.contains(&a.buffer));
    found
}

/// Calls `visit` with every element or row that a statement and those inside touch, and whether it is written.
pub fn each_access(stmt: &Stmt, visit: &mut impl FnMut(&Access, bool)) {
    stmt.walk(&mut |s| {
        for operand in s.operands() {
            if let Operand::Load(access) = operand {
                visit(access, false);
            }
        }
        match s {
            Stmt::Store { to, .. } | Stmt::Accumulate { to, .. } => visit(to, true),
            Stmt::Fold { from, axis, into, .. } => {
                let mut row = from.clone();
                row.place.strides.push((*axis, Dim::number(1)));
                visit(&row, false);
                into.iter().for_each(|to| visit(to, true));
            }
            _ => {}
        }
    });
}

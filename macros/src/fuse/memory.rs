//! Lets buffers share their memory: a value is written over its operand where that is not needed any more, and memory that
//! has become free is used again for a value of the same length. Results and arguments keep theirs.

use crate::ir::dim::Dim;
use crate::ir::graph::Dtype;
use crate::ir::life::{Life, Lives};
use crate::ir::program::{Access, Buffer, BufferId, Operand, Program, Role, Stmt};
use std::collections::HashSet;

pub fn share(program: &mut Program, users: &HashSet<String>) {
    let lives = lifetimes(program);
    write_in_place(program, &lives, users);
    reuse_free(program, &lives);
}

/// A result is needed after the last step.
fn lifetimes(program: &Program) -> Lives {
    let mut lives = Lives::of(program);
    for access in program.results.iter().filter_map(|(_, value)| value.as_ref().and_then(Operand::access)) {
        if let Some(life) = lives.0.get_mut(&access.buffer) {
            life.last = program.body.len();
        }
    }
    lives
}

fn length(buffer: &Buffer) -> Dim {
    Dim::product(&buffer.shape)
}

fn is_scratch(buffer: &Buffer) -> bool {
    buffer.role == Role::Scratch && buffer.dtype == Dtype::Real
}

fn write_in_place(program: &mut Program, lives: &Lives, users: &HashSet<String>) {
    for step in 0..program.body.len() {
        let mut found: Vec<(BufferId, BufferId)> = Vec::new();
        bodies(&program.body[step], &mut |body| found.extend(candidates(body)));
        found.retain(|(read, _)| !users.contains(&program.buffer(*read).name));
        for (read, written) in found {
            if may_replace(program, lives, step, read, written) {
                program.buffers[written.0].over = Some(read);
                let slot = program.buffers[written.0].slot;
                let old = program.buffers[read.0].slot;
                program.buffers.iter_mut().filter(|b| b.slot == old).for_each(|b| b.slot = slot);
                read_from(&mut program.body[step], read, written);
            }
        }
    }
}

/// From here on, the memory goes by the name of what is written over it.
fn read_from(stmt: &mut Stmt, old: BufferId, new: BufferId) {
    let args: &mut [Operand] = match stmt {
        Stmt::Loop(inner) => return inner.body.iter_mut().for_each(|s| read_from(s, old, new)),
        Stmt::Let { args, .. } => args,
        Stmt::Store { value, .. } | Stmt::Accumulate { value, .. } => std::slice::from_mut(value),
        Stmt::Combine { operand, .. } => std::slice::from_mut(operand),
        _ => return,
    };
    for operand in args {
        if let Operand::Load(access) = operand
            && access.buffer == old
        {
            access.buffer = new;
        }
    }
}

/// Calls `visit` for the body of every loop.
fn bodies<'a>(stmt: &'a Stmt, visit: &mut impl FnMut(&'a [Stmt])) {
    stmt.walk(&mut |s| {
        if let Stmt::Loop(l) = s {
            visit(&l.body);
        }
    });
}

/// Pairs of buffers of which one body reads the first and stores the second at the same place.
fn candidates(body: &[Stmt]) -> Vec<(BufferId, BufferId)> {
    let loads = body.iter().flat_map(Stmt::touched).filter_map(|(_, access)| access);
    let stores = body.iter().filter_map(|s| match s {
        Stmt::Store { to, .. } => Some(to),
        _ => None,
    });
    let stores: Vec<&Access> = stores.collect();
    loads
        .flat_map(|load| stores.iter().filter(|to| to.place == load.place).map(|to| (load.buffer, to.buffer)))
        .collect()
}

fn may_replace(program: &Program, lives: &Lives, step: usize, read: BufferId, written: BufferId) -> bool {
    let (old, new) = (program.buffer(read), program.buffer(written));
    let room = is_scratch(old) && matches!(new.role, Role::Scratch | Role::Result(_)) && length(old) == length(new);
    let ends = lives.0[&read].last == step && lives.0[&read].first < step && lives.0[&written].first == step;
    let free = new.over.is_none() && !program.buffers.iter().any(|b| b.over == Some(read));
    room && ends && free && old.dtype == new.dtype && read_where_written(&program.body[step], read, written)
}

/// Whether all reads of `read` stand in the body that stores `written`, before that, and at the same place.
fn read_where_written(stmt: &Stmt, read: BufferId, written: BufferId) -> bool {
    let (mut reads, mut same) = (0, 0);
    stmt.walk(&mut |s| reads += s.touched().iter().filter(|(b, _)| *b == read).count());
    bodies(stmt, &mut |body| {
        let stores = |s: &Stmt| matches!(s, Stmt::Store { to, .. } if to.buffer == written);
        let Some(at) = body.iter().position(stores) else { return };
        let Stmt::Store { to, .. } = &body[at] else { unreachable!("found as a store") };
        // The store itself reads before it writes.
        let loads = body[..=at].iter().flat_map(Stmt::touched).filter(|(b, _)| *b == read);
        same += loads.filter(|(_, access)| access.is_some_and(|a| a.place == to.place)).count();
    });
    reads == same
}

fn reuse_free(program: &mut Program, lives: &Lives) {
    let mut order: Vec<BufferId> = lives.0.keys().copied().filter(|b| is_scratch(program.buffer(*b))).collect();
    order.sort_by_key(|b| (lives.0[b].first, *b));
    order.retain(|b| program.buffer(*b).over.is_none());
    let mut slots = slots(program, lives);
    for id in order {
        let own = program.buffer(id).slot;
        let Some(Slot { scratch: true, length, life: Some(life) }) = slots[own].clone() else { continue };
        let is_free = |slot: &Option<Slot>| {
            let slot = slot.as_ref().filter(|slot| slot.scratch && slot.length == length);
            slot.and_then(|slot| slot.life).is_some_and(|before| before.last < life.first)
        };
        if let Some(free) = slots.iter().position(is_free) {
            program.buffers.iter_mut().filter(|b| b.slot == own).for_each(|b| b.slot = free);
            slots[own] = None;
            slots[free].as_mut().expect("found among them").live_through(life);
        }
    }
}

/// A piece of memory.
#[derive(Clone)]
struct Slot {
    /// Whether all of its buffers are scratch.
    scratch: bool,
    length: Dim,
    life: Option<Life>,
}

impl Slot {
    fn live_through(&mut self, life: Life) {
        self.life = Some(self.life.map_or(life, |own| own.or(life)));
    }
}

/// All pieces of memory, by their number.
fn slots(program: &Program, lives: &Lives) -> Vec<Option<Slot>> {
    let mut slots: Vec<Option<Slot>> = vec![None; program.buffers.len()];
    for (index, buffer) in program.buffers.iter().enumerate() {
        let length = length(buffer);
        let slot = slots[buffer.slot].get_or_insert(Slot { scratch: true, length: length.clone(), life: None });
        slot.scratch &= is_scratch(buffer) && slot.length == length;
        lives.0.get(&BufferId(index)).into_iter().for_each(|life| slot.live_through(*life));
    }
    slots
}

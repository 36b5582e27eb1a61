//! The program of one turn of a loop. In comes the loop, out comes the program of its body, in which what a turn only adds
//! to is added to in place.

use super::COPY;
use crate::ir::graph::{Fold, Graph, Id, Kind};
use crate::ir::program::{BufferId, Loop, Operand, Program, Role, Stmt};
use crate::ir::scan::{Scan, outputs};
use std::collections::HashSet;

/// The body's graph and program, with those results alone that are `wanted`; and for everything that is carried, whether
/// its result is to be the very memory that it is carried in.
pub fn program(scan: &Scan, wanted: &dyn Fn(usize) -> bool) -> (Graph, Program, Vec<bool>) {
    let mut added: Vec<Option<Id>> = (0..scan.carried).map(|k| scan.added(k)).collect();
    loop {
        let mut body = scan.body.clone();
        let results = scan.results().enumerate().filter(|(k, _)| wanted(*k));
        let results: Vec<Id> = results
            .map(|(k, root)| added.get(k).copied().flatten().map_or(root, |more| of_its_own(&mut body, more)))
            .collect();
        body.roots = outputs(results);
        let (graph, mut program) = super::fuse(&body, &HashSet::new());
        let sums: Vec<usize> = (0..scan.carried).filter(|&k| added[k].is_some()).collect();
        match sums.iter().find(|&&k| !add_in_place(&mut program, k)) {
            Some(&k) => added[k] = None,
            None => return (graph, program, added.iter().map(Option::is_some).collect()),
        }
    }
}

/// The node, or a copy where others read it: what is added to a sum has no memory of its own.
fn of_its_own(body: &mut Graph, id: Id) -> Id {
    let live = body.live();
    let readers = body.ids().filter(|reader| live[reader.index()] && body.node(*reader).args.contains(&id)).count();
    let summed = matches!(body.node(id).kind, Kind::Contract(_) | Kind::Reduce { .. });
    if readers == 1 && summed {
        return id;
    }
    let (dtype, note) = (body.node(id).dtype, body.node(id).note.clone());
    let copy = body.map(COPY, vec![id], dtype);
    body.inherit(copy, &note);
    copy
}

/// Makes all that is written to result `k` be added to it, unless the turn reads it as well.
fn add_in_place(program: &mut Program, k: usize) -> bool {
    let Some(result) = program.buffers.iter().position(|b| b.role == Role::Result(k)).map(BufferId) else {
        return false;
    };
    let slot = program.buffer(result).slot;
    let alone = program.buffers.iter().filter(|b| b.slot == slot).count() == 1;
    let mut reads = false;
    program.body.iter().for_each(|s| s.walk(&mut |s| reads |= is_read(s, result)));
    if alone && !reads {
        add(&mut program.body, result);
    }
    alone && !reads
}

fn is_read(stmt: &Stmt, buffer: BufferId) -> bool {
    let loaded = |o: &Operand| matches!(o, Operand::Load(access) if access.buffer == buffer);
    let whole = match stmt {
        Stmt::Product(p) => p.a == buffer || p.b == buffer,
        Stmt::Along(moved) => moved.out == buffer || moved.args.contains(&buffer),
        Stmt::Turns(turns) => turns.read().chain(turns.written()).any(|b| b == buffer),
        Stmt::Fold { from, .. } => from.buffer == buffer,
        Stmt::Accumulate { to, fold, .. } => to.buffer == buffer && *fold != Fold::Sum,
        _ => false,
    };
    whole || stmt.operands().into_iter().any(loaded)
}

fn add(body: &mut Vec<Stmt>, result: BufferId) {
    body.retain(|s| !matches!(s, Stmt::Fill { buffer, .. } if *buffer == result));
    for stmt in body {
        match stmt {
            Stmt::Product(p) if p.out == result => p.add = true,
            Stmt::Store { to, value } if to.buffer == result => {
                *stmt = Stmt::Accumulate { fold: Fold::Sum, to: to.clone(), value: value.clone() };
            }
            Stmt::Fold { into: Some(to), running, .. } if to.buffer == result => *running = true,
            Stmt::Loop(Loop { body, .. }) => add(body, result),
            _ => {}
        }
    }
}

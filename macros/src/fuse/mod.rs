//! A graph comes in, a program goes out: one loop nest for each group of element-wise operations with their broadcasts and
//! reductions, one product for each contraction, and a buffer for each value that must be kept between them.
//!
//! The steps: [`legalise`] gives memory to what needs it, [`space`] finds the axes that nodes share and walks neighbouring
//! ones as one, [`nest`] groups nodes into loops level by level, [`memory`] lets buffers share their memory.

mod legalise;
mod matrix;
mod memory;
mod nest;
mod space;
mod turn;

use crate::ir::dim::Shape;
use crate::ir::graph::Graph;
use crate::ir::program::Program;
use std::collections::HashSet;

/// The program of `graph`, with the graph that its values refer to: the given one with a few copies inserted.
///
/// Values that `users` named keep memory of their own name: nothing is written over them element by element.
pub fn fuse(graph: &Graph, users: &HashSet<String>) -> (Graph, Program) {
    let shapes: Vec<Shape> =
        graph.roots.iter().map(|r| r.node.map_or(Shape::new(), |id| graph.shape(id).clone())).collect();
    let graph = legalise::legalise(graph);
    let space = space::Space::of(&graph);
    let mut program = nest::nest(&graph, space, &shapes);
    memory::share(&mut program, users);
    (graph, program)
}

/// The element-wise operation that only moves an element: inserted where a value that is no more than a view of another
/// needs memory of its own.
pub const COPY: &str = "copy";

//! Gives a copy to every value that needs memory of its own but is only a view of another: afterwards each root of rank 1
//! or more is computed, by a node that no other root has, and operands of contractions and views lie in memory.

use super::COPY;
use crate::ir::graph::{Graph, Id, Kind, squeezed};

pub fn legalise(graph: &Graph) -> Graph {
    let mut legal = graph.rebuild(|new, node, args| {
        let args = match node.kind {
            Kind::Contract(_) => args.into_iter().map(|a| in_memory(new, a)).collect(),
            Kind::Permute { .. } => args.into_iter().map(|a| in_order(new, a)).collect(),
            Kind::Reshape if squeezed(new.shape(args[0]), &node.shape).is_none() => vec![in_order(new, args[0])],
            _ => args,
        };
        new.like(node, args)
    });
    own_roots(&mut legal);
    legal
}

fn copy(graph: &mut Graph, id: Id) -> Id {
    let note = graph.node(id).note.clone();
    let dtype = graph.node(id).dtype;
    let made = graph.map(COPY, vec![id], dtype);
    graph.inherit(made, &note);
    made
}

/// `id`, or a copy where it does not lie in memory in an order that flags of a product express.
fn in_memory(graph: &mut Graph, id: Id) -> Id {
    match graph.node(id).kind {
        Kind::Permute { .. } => id,
        _ => in_order(graph, id),
    }
}

/// `id`, or a copy where its elements do not lie in memory in their own order.
fn in_order(graph: &mut Graph, id: Id) -> Id {
    if lies_in_order(graph, id) { id } else { copy(graph, id) }
}

fn lies_in_order(graph: &Graph, id: Id) -> bool {
    let node = graph.node(id);
    match node.kind {
        Kind::Arg(_) | Kind::Map(_) | Kind::Reduce { .. } | Kind::Contract(_) => true,
        Kind::Reshape => lies_in_order(graph, node.args[0]),
        _ => false,
    }
}

/// The computed value that a root is, but for axes of size 1; the root itself where there is none.
fn behind_long_axes(graph: &Graph, id: Id) -> Id {
    let node = graph.node(id);
    let view = matches!(node.kind, Kind::Reshape | Kind::Broadcast { .. });
    let same = |arg: Id| !graph.shape(arg).is_empty() && squeezed(graph.shape(arg), &node.shape).is_some();
    match node.args.first() {
        Some(&arg) if view && same(arg) => behind_long_axes(graph, arg),
        _ => id,
    }
}

fn is_computed(graph: &Graph, id: Id) -> bool {
    matches!(graph.node(id).kind, Kind::Map(_) | Kind::Reduce { .. } | Kind::Contract(_))
}

fn own_roots(graph: &mut Graph) {
    let mut seen: Vec<Id> = Vec::new();
    let mut roots = std::mem::take(&mut graph.roots);
    for id in roots.iter_mut().filter_map(|r| r.node.as_mut()) {
        if graph.shape(*id).is_empty() {
            continue;
        }
        let inner = behind_long_axes(graph, *id);
        let mut own = if is_computed(graph, inner) { inner } else { copy(graph, *id) };
        while seen.contains(&own) {
            own = copy(graph, own);
        }
        seen.push(own);
        *id = own;
    }
    graph.roots = roots;
}

//! Gives a copy to every value that needs memory of its own but is only a view of another: afterwards each root of rank 1
//! or more is computed, by a node that no other root has, and operands of contractions and views lie in memory.

use super::COPY;
use super::matrix::{Matrix, laid_out};
use crate::ir::along::Along;
use crate::ir::dim::Dim;
use crate::ir::graph::{Graph, Id, Kind, Letters, Node, squeezed};

pub fn legalise(graph: &Graph) -> Graph {
    let mut legal = graph.rebuild(|new, node, args| {
        let args = match &node.kind {
            Kind::Contract(letters) => return aligned(new, node, args, letters),
            Kind::Permute { .. } => vec![viewable(new, args[0])],
            Kind::Along { op, .. } if op.is_view() => vec![viewable(new, args[0])],
            Kind::Along { .. } => args.into_iter().map(|a| in_order(new, a)).collect(),
            Kind::Scan(scan) => {
                let is_scanned = |k: usize| (scan.carried..scan.carried + scan.scanned).contains(&k);
                let at_hand =
                    |graph: &Graph, k: usize, a: Id| is_nothing(graph, a) || is_scanned(k) && is_beginning(graph, a);
                let args = args.into_iter().enumerate();
                args.map(|(k, a)| if at_hand(new, k, a) { a } else { in_order(new, a) }).collect()
            }
            Kind::Reshape if is_beginning(new, args[0]) => args,
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

/// `id`, or a copy where it is no view of memory.
fn viewable(graph: &mut Graph, id: Id) -> Id {
    if is_viewable(graph, id) { id } else { copy(graph, id) }
}

fn is_viewable(graph: &Graph, id: Id) -> bool {
    let node = graph.node(id);
    match &node.kind {
        Kind::Permute { .. } => is_viewable(graph, node.args[0]),
        Kind::Along { op, .. } if op.is_view() => is_viewable(graph, node.args[0]),
        Kind::Reshape | Kind::Broadcast { .. } if is_squeezed(graph, node) => is_viewable(graph, node.args[0]),
        _ => lies_in_order(graph, id),
    }
}

/// A contraction whose operands and result lie in memory as those of a product of matrices.
fn aligned(graph: &mut Graph, node: &Node, args: Vec<Id>, letters: &Letters) -> Id {
    let (a, la) = graph.untransposed(args[0], letters.a.clone());
    let (b, lb) = graph.untransposed(args[1], letters.b.clone());
    let Matrix { batch, rows, summed, columns } =
        Matrix::of(&Letters { a: la.clone(), b: lb.clone(), out: letters.out.clone() });
    let (a, la) = operand(graph, a, la, [&batch, &rows, &summed]);
    let (b, lb) = operand(graph, b, lb, [&batch, &summed, &columns]);
    let out = laid_out(&letters.out, [&batch, &rows, &columns]);
    let product = graph.contract(a, b, Letters { a: la, b: lb, out: out.clone() });
    graph.inherit(product, &node.note);
    graph.permute(product, positions(&letters.out, &out))
}

/// An operand in memory, with its letters in the order in which it lies there.
fn operand(graph: &mut Graph, id: Id, letters: Vec<u8>, parts: [&[u8]; 3]) -> (Id, Vec<u8>) {
    let wanted = match is_windows_of(graph, id, &letters, parts) {
        true => [parts[0], parts[2], parts[1]].concat(),
        false => laid_out(&letters, parts),
    };
    let turned = graph.permute(id, positions(&wanted, &letters));
    (in_order(graph, turned), wanted)
}

/// Windows, which are copied anyway: rows of neighbours are copied fastest, so that the axis that counts windows comes last.
fn is_windows_of(graph: &Graph, id: Id, letters: &[u8], [_, first, _]: [&[u8]; 3]) -> bool {
    match &graph.node(id).kind {
        Kind::Along { axis, op: Along::Windows { stride: 1, .. } } => first.last() == Some(&letters[*axis]),
        _ => false,
    }
}

/// Where each of `letters` stands in `among`.
fn positions(letters: &[u8], among: &[u8]) -> Vec<usize> {
    let position = |l: &u8| among.iter().position(|m| m == l).expect("the same letters in another order");
    letters.iter().map(position).collect()
}

/// `id`, or a copy where its elements do not lie in memory in their own order.
fn in_order(graph: &mut Graph, id: Id) -> Id {
    if lies_in_order(graph, id) { id } else { copy(graph, id) }
}

fn lies_in_order(graph: &Graph, id: Id) -> bool {
    let node = graph.node(id);
    match &node.kind {
        Kind::Along { op, .. } => !op.is_view(),
        Kind::Arg(_) | Kind::Map(_) | Kind::Reduce { .. } | Kind::Contract(_) | Kind::Part(_) => true,
        Kind::Reshape => lies_in_order(graph, node.args[0]),
        Kind::Broadcast { .. } => is_squeezed(graph, node) && lies_in_order(graph, node.args[0]),
        _ => false,
    }
}

/// Zeros, which a loop starts from without reading them.
pub fn is_nothing(graph: &Graph, id: Id) -> bool {
    graph.as_constant(id) == Some(0.0)
}

/// The first part of what lies in order: it lies there in order as well, with more behind it.
fn is_beginning(graph: &Graph, id: Id) -> bool {
    let node = graph.node(id);
    match &node.kind {
        Kind::Along { axis: 0, op: Along::Slice { start, step: 1 } } => {
            *start == Dim::number(0) && lies_in_order(graph, node.args[0])
        }
        Kind::Reshape => is_beginning(graph, node.args[0]),
        _ => false,
    }
}

/// Nothing but axes of size 1 come or go.
fn is_squeezed(graph: &Graph, node: &Node) -> bool {
    squeezed(graph.shape(node.args[0]), &node.shape).is_some()
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
    match &graph.node(id).kind {
        Kind::Map(_) | Kind::Reduce { .. } | Kind::Contract(_) | Kind::Part(_) => true,
        Kind::Along { op, .. } => !op.is_view(),
        _ => false,
    }
}

fn own_roots(graph: &mut Graph) {
    let mut seen: Vec<Id> = Vec::new();
    let mut roots = std::mem::take(&mut graph.roots);
    for id in roots.iter_mut().filter_map(|r| r.node.as_mut()) {
        if graph.shape(*id).is_empty() {
            // A number has no memory of its own to be seen in another shape.
            if matches!(graph.node(*id).kind, Kind::Reshape) {
                *id = copy(graph, *id);
            }
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

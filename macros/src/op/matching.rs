//! Finds a pattern in a graph: in come an expression of the one notation and a node, out come the nodes that its names
//! stand for.

use super::rule::Bindings;
use super::{Meaning, Op, apply, of_fold};
use crate::ir::graph::{Dtype, Graph, Id, Kind, kept_axes};
use crate::ir::model::{Call, Expr, ExprKind, Setting};

/// What the names of `pattern` stand for where `id` is of its form.
pub fn find(graph: &Graph, pattern: &Expr, id: Id) -> Option<Bindings> {
    let mut bindings = Bindings::default();
    matches(graph, pattern, id, &mut bindings).then_some(bindings)
}

fn matches(graph: &Graph, pattern: &Expr, id: Id, bindings: &mut Bindings) -> bool {
    match &pattern.kind {
        ExprKind::Name(name) => match bindings.get(name) {
            Some(bound) => bound == id,
            None => {
                bindings.bind(name, id);
                (name == "m") == (graph.node(id).dtype == Dtype::Mask)
            }
        },
        ExprKind::Number(value) => is_constant(graph, id, *value),
        ExprKind::Call(call) => matches_call(graph, call, id, bindings),
        ExprKind::Tuple(_) | ExprKind::List(_) | ExprKind::Block(_) | ExprKind::For(_) | ExprKind::If(_) => false,
    }
}

/// Bit for bit: an identity that holds for 0 need not hold for -0.
fn is_constant(graph: &Graph, id: Id, value: f64) -> bool {
    graph.as_constant(id).is_some_and(|c| c.to_bits() == value.to_bits())
}

fn matches_call(graph: &Graph, call: &Call, id: Id, bindings: &mut Bindings) -> bool {
    let Some(op) = apply::spelled(&call.op, call.arguments.len()).map(|s| s.op) else { return false };
    let keeps = call.options.iter().any(|o| o.name == "keepdims" && o.value == Setting::Flag(true));
    let node = graph.node(id);
    let (inner, kept) = match &node.kind {
        Kind::Broadcast { along } if keeps => (node.args[0], Some(along)),
        _ if keeps => return false,
        _ => (id, None),
    };
    let inner_node = graph.node(inner);
    let Some(axes) = axes_of(graph, op, inner) else { return false };
    if kept.is_some_and(|along| !kept_axes(node.shape.len(), &axes).eq(along.iter().copied())) {
        return false;
    }
    if call.options.iter().any(|o| o.name == "axis") {
        match &bindings.axes {
            Some(bound) if *bound != axes => return false,
            _ => bindings.axes = Some(axes),
        }
    }
    let mut pairs = call.arguments.iter().zip(&inner_node.args);
    call.arguments.len() == inner_node.args.len() && pairs.all(|(p, &arg)| matches(graph, p, arg, bindings))
}

/// The axes that `id` works along, where it is a node of `op`; none for an element-wise one.
fn axes_of(graph: &Graph, op: &Op, id: Id) -> Option<Vec<usize>> {
    match (&graph.node(id).kind, op.meaning) {
        (Kind::Map(name), Meaning::Map { .. }) if *name == op.name => Some(Vec::new()),
        (Kind::Composite { op: name, axes }, Meaning::Composite { .. }) if *name == op.name => Some(axes.clone()),
        (Kind::Reduce { fold, axes }, Meaning::Built(_)) if of_fold(*fold).name == op.name => Some(axes.clone()),
        _ => None,
    }
}

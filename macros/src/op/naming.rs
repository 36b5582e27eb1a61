//! Readable names for nodes that their author did not name: `x_dot_w`, `tanh_h`, `sum_x`. Nothing is unique yet.

use super::of_fold;
use crate::ir::along::Along;
use crate::ir::dim::Dim;
use crate::ir::graph::{Fold, Graph, Id, Kind, Node};

/// The longest name that is put together.
const LONGEST: usize = 20;

/// A name for `id` out of its operation and the names of its arguments; numbers need none.
pub fn suggest(graph: &Graph, id: Id) -> Option<String> {
    let node = graph.node(id);
    match &node.kind {
        Kind::Arg(index) => Some(graph.arguments[*index].name.clone()),
        Kind::Const(_) | Kind::Size(_) => None,
        Kind::Iota { .. } => Some("position".to_string()),
        Kind::Map("div") if is_mean(graph, node) => Some(applied(graph, "mean", graph.node(node.args[0]))),
        Kind::Map("add") => Some(joined(graph, node, "plus")),
        Kind::Map("sub") => Some(joined(graph, node, "minus")),
        Kind::Map("mul") => Some(joined(graph, node, "times")),
        Kind::Map("div") => Some(joined(graph, node, "over")),
        Kind::Map(op) | Kind::Composite { op, .. } => Some(applied(graph, op, node)),
        Kind::Reduce { fold: Fold::Sum, .. } => Some(applied(graph, "total", node)),
        Kind::Reduce { fold, .. } => Some(applied(graph, of_fold(*fold).name.trim_start_matches("reduce_"), node)),
        Kind::Contract(_) => Some(joined(graph, node, "dot")),
        Kind::Permute { .. } => named(graph, node.args[0]).map(|name| format!("{name}_t")),
        Kind::Broadcast { .. } | Kind::Reshape | Kind::Given(_) => named(graph, node.args[0]).map(str::to_string),
        Kind::Along { op, .. } => Some(applied(graph, word(op), node)),
        Kind::Scan(_) | Kind::Part(_) => None,
    }
}

fn word(op: &Along) -> &'static str {
    match op {
        Along::Slice { .. } => "slice",
        Along::Pad { .. } => "padded",
        Along::Concat => "joined",
        Along::Gather => "gathered",
        Along::Scatter => "scattered",
        Along::Windows { .. } => "windows",
        Along::Overlap { .. } => "overlapped",
        Along::Cumulate { .. } => "cumulated",
        Along::Extremum(Fold::Min) => "argmin",
        Along::Extremum(_) => "argmax",
    }
}

/// Names every node that has no name yet.
pub fn name_all(graph: &mut Graph) {
    for id in graph.ids() {
        if graph.node(id).note.name.is_none() {
            let name = suggest(graph, id);
            graph.note_mut(id).name = name.map(String::into);
        }
    }
}

/// A sum divided by how many there were.
fn is_mean(graph: &Graph, node: &Node) -> bool {
    let sum = graph.node(node.args[0]);
    let Kind::Reduce { fold: Fold::Sum, axes } = &sum.kind else { return false };
    let count = Dim::product(axes.iter().map(|&a| &graph.shape(sum.args[0])[a]));
    let mut divisor = graph.node(node.args[1]);
    if let Kind::Broadcast { .. } = divisor.kind {
        divisor = graph.node(divisor.args[0]);
    }
    match &divisor.kind {
        Kind::Size(dim) => *dim == count,
        Kind::Const(bits) => count.as_number().is_some_and(|n| n as f64 == f64::from_bits(*bits)),
        _ => false,
    }
}

fn named(graph: &Graph, id: Id) -> Option<&str> {
    graph.node(id).note.name.as_deref()
}

fn applied(graph: &Graph, op: &str, node: &Node) -> String {
    let first = node.args.iter().find_map(|&a| named(graph, a));
    let joined = first.map(|name| format!("{op}_{name}")).filter(|joined| joined.chars().count() <= LONGEST);
    joined.unwrap_or_else(|| op.to_string())
}

/// `x_dot_w`, `price_minus_y`; the word alone where a side has no name or the whole is too long.
fn joined(graph: &Graph, node: &Node, word: &str) -> String {
    let [a, b] = [named(graph, node.args[0]), named(graph, node.args[1])];
    let joined = a.zip(b).map(|(a, b)| format!("{a}_{word}_{b}")).filter(|joined| joined.chars().count() <= LONGEST);
    joined
        .or_else(|| a.xor(b).map(|one| format!("{word}_{one}")))
        .filter(|j| j.chars().count() <= LONGEST)
        .unwrap_or_else(|| word.to_string())
}

//! Graphs in other dimensions: every name is replaced by what stands for it.

use super::dim::{Dim, Shape};
use super::graph::{Argument, Graph, Id, Kind, Node, Root};
use super::scan::{Scan, Shared};
use std::collections::BTreeMap;

/// The dimensions behind names.
pub type Sizes = BTreeMap<String, Dim>;

/// A dimension in other terms; names that are not known stay.
pub fn dim(sizes: &Sizes, dim: &Dim) -> Dim {
    dim.substitute(&|name| sizes.get(name).cloned().unwrap_or_else(|| Dim::name(name)))
}

pub fn shape(sizes: &Sizes, shape: &[Dim]) -> Shape {
    shape.iter().map(|d| dim(sizes, d)).collect()
}

/// The same node on other arguments and in other dimensions, in the form that it has when it is written there.
pub fn copied(graph: &mut Graph, node: &Node, args: Vec<Id>, sizes: &Sizes) -> Id {
    let new = shape(sizes, &node.shape);
    match &node.kind {
        Kind::Size(size) => graph.size(dim(sizes, size)),
        Kind::Broadcast { along } => graph.broadcast(args[0], along.clone(), &new),
        Kind::Contract(letters) => graph.contract(args[0], args[1], letters.clone()),
        Kind::Permute { order } => graph.permute(args[0], order.clone()),
        Kind::Reshape => graph.reshape(args[0], &new),
        Kind::Along { axis, op } => {
            let op = op.with_sizes(&|size| dim(sizes, size));
            graph.add(Kind::Along { axis: *axis, op }, args, new, node.dtype)
        }
        Kind::Scan(scan) => {
            let count = dim(sizes, &scan.count);
            graph.scan(Scan { count, ..scan.with_body(resized(&scan.body, sizes)) }, args)
        }
        Kind::Part(index) => graph.part(args[0], *index),
        Kind::Given(gradients) => {
            let gradients = Shared::new(resized(gradients, sizes));
            graph.add(Kind::Given(gradients), args, new, node.dtype)
        }
        kind @ (Kind::Arg(_)
        | Kind::Const(_)
        | Kind::Iota { .. }
        | Kind::Map(_)
        | Kind::Composite { .. }
        | Kind::Reduce { .. }) => graph.add(kind.clone(), args, new, node.dtype),
    }
}

/// A graph in other dimensions.
pub fn resized(body: &Graph, sizes: &Sizes) -> Graph {
    let arguments = body.arguments.iter().map(|a| Argument { shape: shape(sizes, &a.shape), ..a.clone() });
    let mut new = Graph::new(arguments.collect());
    let live = body.live();
    let mut here: Vec<Option<Id>> = vec![None; body.len()];
    for id in body.ids().filter(|id| live[id.index()]) {
        let node = body.node(id);
        let args = node.args.iter().map(|a| here[a.index()].expect("arguments come first")).collect();
        let made = match node.kind {
            Kind::Arg(index) => new.argument(index),
            _ => copied(&mut new, node, args, sizes),
        };
        new.inherit(made, &node.note);
        here[id.index()] = Some(made);
    }
    let root = |r: &Root| Root { goal: r.goal, node: r.node.and_then(|id| here[id.index()]) };
    new.roots = body.roots.iter().map(root).collect();
    new
}

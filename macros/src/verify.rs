//! The specification of a graph, checked after every phase: shapes and kinds of every node, arguments before users, roots
//! in place.

use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Dtype, Goal, Graph, Id, Kind, Letters, Node, Root, kept_axes};
use crate::ir::scan::Scan;
use crate::op::{self, Last, Meaning, Takes};

/// Checks `graph`; with `expanded`, no composite may be left.
pub fn graph(graph: &Graph, expanded: bool) -> Result<(), String> {
    for id in graph.ids() {
        let node = graph.node(id);
        node_is_right(graph, id, node, expanded).map_err(|e| format!("%{} = {}: {e}\n{graph}", id.0, node.kind))?;
    }
    for root in &graph.roots {
        if root.node.is_some_and(|id| id.index() >= graph.len()) {
            return Err(format!("{:?} is no node of the graph", root.goal));
        }
    }
    Ok(())
}

fn check(holds: bool, claim: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("expected {claim}")) }
}

fn node_is_right(graph: &Graph, id: Id, node: &Node, expanded: bool) -> Result<(), String> {
    check(node.args.iter().all(|a| *a < id), "arguments before their user")?;
    let shapes: Vec<&Shape> = node.args.iter().map(|&a| graph.shape(a)).collect();
    let arity = match &node.kind {
        Kind::Arg(_) | Kind::Const(_) | Kind::Size(_) | Kind::Iota { .. } => 0,
        Kind::Map(name) => op::find(name).ok_or("an operation of the table")?.args.len(),
        Kind::Contract(_) => 2,
        Kind::Along { op, .. } => op.arguments().unwrap_or(node.args.len()),
        Kind::Scan(scan) => scan.body.arguments.len(),
        Kind::Given(gradients) => gradients.arguments.len() - 1,
        _ => 1,
    };
    check(node.args.len() == arity, &format!("{arity} arguments"))?;
    match &node.kind {
        Kind::Arg(index) => argument(graph, node, *index),
        Kind::Const(_) | Kind::Size(_) => {
            check(node.shape.is_empty() && node.dtype == Dtype::Real, "a number of rank 0")
        }
        Kind::Iota { axis } => check(*axis < node.shape.len() && node.dtype == Dtype::Index, "indices along an axis"),
        Kind::Map(name) => map(graph, node, name, &shapes),
        Kind::Composite { op, axes } => {
            check(!expanded, "no composite after expansion")?;
            composite(node, op, axes, shapes[0])
        }
        Kind::Broadcast { along } => broadcast(node, along, shapes[0]),
        Kind::Reduce { axes, .. } => reduce(node, axes, shapes[0]),
        Kind::Contract(letters) => contract(node, letters, &shapes),
        Kind::Permute { order } => permute(node, order, shapes[0]),
        Kind::Reshape => check(Dim::product(shapes[0]) == Dim::product(&node.shape), "as many elements as before"),
        Kind::Along { axis, op } => along(graph, node, *axis, op, &shapes),
        Kind::Scan(scan) => self::scan(graph, node, scan, &shapes, expanded),
        Kind::Part(index) => part(graph, node, *index),
        Kind::Given(gradients) => {
            check(!expanded, "no given derivative after expansion")?;
            given(graph, node, gradients)
        }
    }?;
    match node.kind {
        Kind::Broadcast { .. } | Kind::Reduce { .. } | Kind::Permute { .. } | Kind::Reshape => {
            check(graph.node(node.args[0]).dtype == node.dtype, "the kind of the argument")
        }
        _ => Ok(()),
    }
}

fn argument(graph: &Graph, node: &Node, index: usize) -> Result<(), String> {
    let argument = graph.arguments.get(index).ok_or("an argument of the graph")?;
    check(argument.shape == node.shape && argument.dtype == node.dtype, "the argument's shape and kind")
}

fn map(graph: &Graph, node: &Node, name: &str, shapes: &[&Shape]) -> Result<(), String> {
    let op = op::known(name);
    let Meaning::Map { takes, gives } = op.meaning else { return Err(format!("`{name}` to be element-wise")) };
    check(shapes.iter().all(|s| **s == node.shape), "arguments of the node's shape")?;
    check(gives == node.dtype, "the kind that the operation gives")?;
    let kinds: Vec<Dtype> = node.args.iter().map(|&a| graph.node(a).dtype).collect();
    let right = match takes {
        Takes::Numbers => kinds.iter().all(|d| *d == Dtype::Real),
        Takes::Comparable => kinds.iter().all(|d| *d == kinds[0] && *d != Dtype::Mask),
        Takes::Masks => kinds.iter().all(|d| *d == Dtype::Mask),
        Takes::Each(wanted) => kinds == wanted,
        Takes::MaskFirst => kinds[0] == Dtype::Mask && kinds[1..].iter().all(|d| *d == Dtype::Real),
    };
    check(right, "arguments of the right kind")?;
    let last = node.args.last().and_then(|&a| graph.as_constant(a));
    check(op.last == Last::Array || last.is_some(), "a constant as the last argument")
}

fn composite(node: &Node, name: &str, axes: &[usize], argument: &Shape) -> Result<(), String> {
    let Meaning::Composite { keeps, .. } = op::find(name).ok_or("an operation of the table")?.meaning else {
        return Err(format!("`{name}` to be a composite"));
    };
    match keeps {
        true => check(node.shape == *argument && axes.iter().all(|&a| a < argument.len()), "the argument's shape"),
        false => reduce(node, axes, argument),
    }
}

fn broadcast(node: &Node, along: &[usize], argument: &Shape) -> Result<(), String> {
    check(along.len() == argument.len(), "one axis for each of the argument's")?;
    check(along.windows(2).all(|pair| pair[0] < pair[1]), "axes in order")?;
    let fits = |k: usize| {
        let size = node.shape.get(along[k]);
        size.is_some_and(|size| *size == argument[k] || argument[k].is_one())
    };
    check((0..along.len()).all(fits), "equal sizes, or 1")
}

fn reduce(node: &Node, axes: &[usize], argument: &Shape) -> Result<(), String> {
    check(axes.windows(2).all(|pair| pair[0] < pair[1]), "axes in order, each once")?;
    check(axes.iter().all(|&a| a < argument.len()), "axes of the argument")?;
    let left: Shape = kept_axes(argument.len(), axes).map(|a| argument[a].clone()).collect();
    check(left == node.shape, &format!("the shape {}", show(&left)))
}

fn contract(node: &Node, letters: &Letters, shapes: &[&Shape]) -> Result<(), String> {
    let mut sizes = std::collections::HashMap::new();
    for (letters, shape) in [(&letters.a, shapes[0]), (&letters.b, shapes[1])] {
        check(letters.len() == shape.len(), "a letter for each axis")?;
        for (letter, size) in letters.iter().zip(shape) {
            check(sizes.insert(*letter, size).is_none_or(|known| known == size), "one size for each letter")?;
        }
    }
    let out: Option<Shape> = letters.out.iter().map(|l| sizes.get(l).map(|&size| size.clone())).collect();
    check(out.as_ref() == Some(&node.shape), "the shape that the letters give")
}

/// The body is a graph of its own; arguments and what is carried on have the shapes that it says.
fn scan(graph: &Graph, node: &Node, scan: &Scan, shapes: &[&Shape], expanded: bool) -> Result<(), String> {
    self::graph(&scan.body, expanded)?;
    for (k, argument) in scan.body.arguments.iter().enumerate() {
        let scanned = (scan.carried..scan.carried + scan.scanned).contains(&k);
        let lanes = scan.tile.is_some();
        if lanes && k == scan.carried + scan.scanned {
            check(argument.dtype == Dtype::Mask && argument.shape.len() == 1, "a mask of lanes")?;
            continue;
        }
        let own = &argument.shape[..argument.shape.len() - usize::from(lanes && scanned)];
        let count = scanned.then(|| scan.count.clone());
        let wanted: Shape = count.into_iter().chain(own.iter().cloned()).collect();
        check(*shapes[k] == wanted, &format!("{} as argument {k} of the loop", show(&wanted)))?;
        check(graph.node(node.args[k]).dtype == argument.dtype, "the kind of the loop's argument")?;
    }
    let results: Vec<Id> = scan.results().collect();
    check(results.len() >= scan.carried, "a result for all that is carried")?;
    check(results.iter().all(|&id| !scan.body.shape(id).is_empty()), "results of rank 1 or more")?;
    let carried = (0..scan.carried).all(|k| *scan.body.shape(results[k]) == scan.body.arguments[k].shape);
    check(carried, "what is carried on in the shape in which it came")
}

/// Gradients of the shapes of the arguments, from these, the value and its cotangent.
fn given(graph: &Graph, node: &Node, gradients: &Graph) -> Result<(), String> {
    self::graph(gradients, false)?;
    let value = node.args[0];
    check(node.shape == *graph.shape(value), "the shape of the value")?;
    for (argument, &id) in gradients.arguments.iter().zip(node.args[1..].iter().chain([&value, &value])) {
        check(argument.shape == *graph.shape(id), "the shapes of the arguments and of the value")?;
    }
    let fits = |r: &Root| match (r.goal, r.node) {
        (Goal::Gradient(k), Some(id)) => *gradients.shape(id) == gradients.arguments[k].shape,
        _ => false,
    };
    check(gradients.roots.iter().all(fits), "gradients in the shapes of the arguments")
}

fn part(graph: &Graph, node: &Node, index: usize) -> Result<(), String> {
    let Kind::Scan(scan) = &graph.node(node.args[0]).kind else { return Err("expected a loop".into()) };
    let result = scan.results().nth(index).ok_or("expected a result of the loop")?;
    let count = (index >= scan.carried).then(|| scan.count.clone());
    let wanted: Shape = count.into_iter().chain(scan.body.shape(result).clone()).collect();
    check(node.shape == wanted && node.dtype == scan.body.node(result).dtype, "the shape and kind of the result")
}

/// The axes around those that are worked along stay; what can be said about sizes holds.
fn along(graph: &Graph, node: &Node, axis: usize, op: &Along, shapes: &[&Shape]) -> Result<(), String> {
    let index = shapes.get(1).map_or(0, |shape| shape.len());
    let (takes, gives) = (op.takes(index), op.gives(index));
    let (x, y) = (shapes[0], &node.shape);
    check(axis + takes <= x.len() && axis + gives <= y.len(), "axes to work along")?;
    let around = x[..axis] == y[..axis] && x[axis + takes..] == y[axis + gives..];
    check(around, "the other axes of the argument")?;
    let indexed = matches!(op, Along::Gather | Along::Scatter);
    check(!indexed || graph.node(node.args[1]).dtype == Dtype::Index, "positions as the second argument")?;
    match op {
        Along::Concat => {
            let sizes = shapes.iter().map(|s| s[axis].clone());
            check(sizes.reduce(|a, b| &a + &b).as_ref() == Some(&y[axis]), "the sum of the sizes")
        }
        Along::Gather => check(y[axis..axis + index] == **shapes[1], "an axis for each of the positions'"),
        Along::Scatter => check(x[axis..axis + index] == **shapes[1], "an axis for each of the positions'"),
        Along::Cumulate { .. } => check(x == y, "the argument's shape"),
        _ => Ok(()),
    }
}

fn permute(node: &Node, order: &[usize], argument: &Shape) -> Result<(), String> {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    check(sorted.into_iter().eq(0..argument.len()), "every axis once")?;
    let permuted: Shape = order.iter().map(|&k| argument[k].clone()).collect();
    check(permuted == node.shape, &format!("the shape {}", show(&permuted)))
}

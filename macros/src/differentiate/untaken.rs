//! What `select` did not take sends nothing back, not even the NaN or infinity that it computed.
//!
//! The cotangent of an element that was not taken is exactly 0, and so is whatever is summed from such cotangents alone.
//! A product with a partial derivative that is infinite would make NaN of it. Hence the rule: behind a `select`, a partial
//! is multiplied, and a product's operand read, only where the cotangent is not 0. As long as the mask is at hand, it goes
//! around the product; behind a sum or a contraction, the cotangent itself is compared with 0.

use crate::ir::graph::{Dtype, Fold, Graph, Id, Kind};
use crate::op::rule;

/// A mask, the cotangent within, and whether it stands where the mask holds.
type Masked = (Id, Id, bool);

/// `select(m, a, 0)` or `select(m, 0, a)`.
pub fn masked(graph: &Graph, dy: Id) -> Option<Masked> {
    let node = graph.node(dy);
    let zero = |id: Id| graph.as_constant(id) == Some(0.0);
    match (&node.kind, node.args.as_slice()) {
        (Kind::Map("select"), &[m, a, b]) if zero(b) => Some((m, a, true)),
        (Kind::Map("select"), &[m, a, b]) if zero(a) => Some((m, b, false)),
        _ => None,
    }
}

/// `value` where the mask has its cotangent, else 0.
pub fn mask(graph: &mut Graph, (m, _, first): Masked, value: Id) -> Id {
    let before = graph.len();
    let shape = graph.shape(m).clone();
    let (zero, value) = (zeros(graph, m), graph.broadcast_to(value, &shape));
    let args = if first { vec![m, value, zero] } else { vec![m, zero, value] };
    let masked = graph.map("select", args, Dtype::Real);
    rule::applied("untaken: mask", graph, before, masked)
}

/// Whether every row has a place that `mask` takes: it compares positions with one label for each.
pub fn takes_one_of_each(graph: &Graph, mask: Id) -> bool {
    let node = graph.node(mask);
    node.kind == Kind::Map("eq") && node.args.iter().any(|a| matches!(graph.node(*a).kind, Kind::Iota { .. }))
}

/// `value` where `dy` is not 0.
pub fn where_reached(graph: &mut Graph, dy: Id, value: Id) -> Id {
    let before = graph.len();
    let (reached, zero) = (reached(graph, dy), zeros(graph, value));
    let result = graph.map("select", vec![reached, value, zero], Dtype::Real);
    rule::applied("untaken: where_reached", graph, before, result)
}

/// As [`where_reached`], where `value` depends on all of `dy` along `axes`.
pub fn where_any_is_reached(graph: &mut Graph, dy: Id, axes: &[usize], value: Id) -> Id {
    let before = graph.len();
    let shape = graph.shape(dy).clone();
    let largest = largest(graph, dy, axes.to_vec());
    let spread = graph.spread(largest, &shape, axes);
    let result = where_reached(graph, spread, value);
    rule::applied("untaken: where_any_is_reached", graph, before, result)
}

/// As [`where_reached`], where `dy` lacks the `axes` of `value`.
pub fn where_sum_is_reached(graph: &mut Graph, dy: Id, axes: &[usize], value: Id) -> Id {
    let before = graph.len();
    let shape = graph.shape(value).clone();
    let spread = graph.spread(dy, &shape, axes);
    let result = where_reached(graph, spread, value);
    rule::applied("untaken: where_sum_is_reached", graph, before, result)
}

/// The operand of a contraction with `dy`, but 0 where it meets nothing but zeros.
pub fn operand(graph: &mut Graph, dy: Id, out: &[u8], operand: Id, own: &[u8]) -> Id {
    let before = graph.len();
    let apart = (0..out.len()).filter(|&k| !own.contains(&out[k])).collect();
    let met: Vec<u8> = out.iter().copied().filter(|l| own.contains(l)).collect();
    let along: Vec<usize> = (0..own.len()).filter(|&k| met.contains(&own[k])).collect();
    let order = along.iter().filter_map(|&k| met.iter().position(|l| *l == own[k])).collect();
    let largest = largest(graph, dy, apart);
    let turned = graph.permute(largest, order);
    let shape = graph.shape(operand).clone();
    let spread = graph.broadcast(turned, along, &shape);
    let result = where_reached(graph, spread, operand);
    rule::applied("untaken: operand", graph, before, result)
}

/// The largest magnitude along `axes`, or 1 and 0 in its place.
fn largest(graph: &mut Graph, dy: Id, axes: Vec<usize>) -> Id {
    if axes.is_empty() {
        return dy;
    }
    let before = graph.len();
    let (zero, one) = (zeros(graph, dy), graph.constant(1.0));
    let (reached, shape) = (reached(graph, dy), graph.shape(dy).clone());
    let one = graph.broadcast_to(one, &shape);
    let flags = graph.map("select", vec![reached, one, zero], Dtype::Real);
    let largest = graph.reduce(Fold::Max, flags, axes);
    rule::applied("untaken: largest", graph, before, largest)
}

fn reached(graph: &mut Graph, dy: Id) -> Id {
    let zero = zeros(graph, dy);
    graph.map("ne", vec![dy, zero], Dtype::Mask)
}

fn zeros(graph: &mut Graph, like: Id) -> Id {
    let (zero, shape) = (graph.constant(0.0), graph.shape(like).clone());
    graph.broadcast_to(zero, &shape)
}

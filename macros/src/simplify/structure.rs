//! Identities about axes, which the notation of the table cannot state: each is a function with a name, from a node to
//! one that costs less.

use super::Site;
use super::vectors::contract_with_vector;
use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Dtype, Fold, Graph, Id, Kind, Letters, Node, kept_axes};
use crate::op::apply;

/// From a node to one that stands for it, if the identity is about it.
pub struct Structural {
    pub name: &'static str,
    /// Whether it may be about a node of this kind.
    pub about: fn(&Kind) -> bool,
    pub rewrite: fn(&mut Graph, Id, Site) -> Option<Id>,
}

macro_rules! named {
    ($($identity:ident: $about:pat),* $(,)?) => {
        &[$(Structural {
            name: stringify!($identity),
            about: |kind| matches!(kind, $about),
            rewrite: $identity,
        }),*]
    };
}

/// Before differentiation: what other identities need in order to see through a broadcast.
pub const BEFORE: &[Structural] = named![constant: Kind::Map(_), lift_broadcast: Kind::Map(_)];

pub const AFTER: &[Structural] = named![
    constant: Kind::Map(_),
    lift_broadcast: Kind::Map(_),
    reduce_of_broadcast: Kind::Reduce { .. },
    reduce_of_reduce: Kind::Reduce { .. },
    reduce_of_permute: Kind::Reduce { .. },
    sum_of_neg: Kind::Reduce { fold: Fold::Sum, .. },
    sum_of_multiples: Kind::Reduce { fold: Fold::Sum, .. },
    sum_of_chosen: Kind::Reduce { fold: Fold::Sum, .. },
    share_of_nothing: Kind::Map("div"),
    root_of_repeated: Kind::Map("sqrt"),
    join_factors: Kind::Map("mul"),
    permute_of_contract: Kind::Permute { .. },
    permute_of_broadcast: Kind::Permute { .. },
    contract_of_broadcast: Kind::Contract(_),
    add_of_pads: Kind::Map("add"),
    contract_with_vector: Kind::Contract(_),
];

/// `2 * 3` is `6`.
fn constant(graph: &mut Graph, id: Id, _: Site) -> Option<Id> {
    let Node { kind: Kind::Map(op), args, shape, dtype: Dtype::Real, .. } = graph.node(id).clone() else { return None };
    args.iter().all(|&a| graph.as_constant(a).is_some()).then_some(())?;
    let folded = apply::call(graph, op, &args).ok()?;
    Some(graph.broadcast_to(folded, &shape)).filter(|&folded| folded != id)
}

/// Where all arguments are spread alike, or from single numbers: computed first, then spread.
fn lift_broadcast(graph: &mut Graph, id: Id, _: Site) -> Option<Id> {
    let Node { kind: Kind::Map(op), args, shape, dtype, .. } = graph.node(id).clone() else { return None };
    let mut inner = Vec::new();
    let mut common: (Vec<usize>, Shape) = Default::default();
    for &arg in &args {
        let node = graph.node(arg);
        let Kind::Broadcast { along } = &node.kind else { return None };
        let own = (along.clone(), graph.shape(node.args[0]).clone());
        if !own.0.is_empty() && !common.0.is_empty() && own != common {
            return None;
        }
        common = if own.0.is_empty() { common } else { own };
        inner.push(node.args[0]);
    }
    let (along, small) = common;
    let inner = inner.into_iter().map(|a| graph.broadcast(a, Vec::new(), &small));
    let inner: Vec<Id> = inner.collect();
    let lifted = graph.map(op, inner, dtype);
    Some(graph.broadcast(lifted, along, &shape))
}

/// Along the axes that a broadcast made all elements are the same: their sum is a product with the size.
fn reduce_of_broadcast(graph: &mut Graph, id: Id, _: Site) -> Option<Id> {
    let Node { kind: Kind::Reduce { fold, axes }, args, shape, .. } = graph.node(id).clone() else { return None };
    let Node { kind: Kind::Broadcast { along }, args: inner, shape: spread, .. } = graph.node(args[0]).clone() else {
        return None;
    };
    let x = inner[0];
    let made = made_axes(graph.shape(x), &along, &spread);
    let same: Vec<usize> = axes.iter().copied().filter(|a| made.contains(a)).collect();
    let size = Dim::product(same.iter().map(|&a| &spread[a]));
    // The extremum of nothing is infinite, so a size that might be 0 has to stay.
    if same.is_empty() || fold == Fold::Prod || fold != Fold::Sum && size.as_number().is_none_or(|n| n < 1) {
        return None;
    }
    let own: Vec<usize> = (0..along.len()).filter(|&k| axes.contains(&along[k])).collect();
    let mut reduced = graph.reduce(fold, x, own.clone());
    if fold == Fold::Sum {
        let size = graph.size(size);
        reduced = apply::call(graph, "mul", &[reduced, size]).ok()?;
    }
    let left: Vec<usize> = kept_axes(spread.len(), &axes).collect();
    let onto = kept_axes(along.len(), &own).map(|k| left.iter().position(|&a| a == along[k]).expect("it is kept"));
    let onto = onto.collect();
    Some(graph.broadcast(reduced, onto, &shape))
}

/// The axes of `spread` along which a broadcast of `inner` repeats elements.
fn made_axes(inner: &[Dim], along: &[usize], spread: &[Dim]) -> Vec<usize> {
    let stretched = |k: usize| inner[k].is_one() && !spread[along[k]].is_one();
    (0..spread.len()).filter(|a| along.iter().position(|b| b == a).is_none_or(stretched)).collect()
}

/// Two reductions are one, where nobody else reads the inner.
fn reduce_of_reduce(graph: &mut Graph, id: Id, site: Site) -> Option<Id> {
    let Node { kind: Kind::Reduce { fold, axes }, args, .. } = graph.node(id).clone() else { return None };
    let Node { kind: Kind::Reduce { fold: inner, axes: first }, args: x, .. } = graph.node(args[0]).clone() else {
        return None;
    };
    if !site.alone || fold != inner {
        return None;
    }
    let left: Vec<usize> = kept_axes(graph.shape(x[0]).len(), &first).collect();
    let mut all: Vec<usize> = axes.iter().map(|&a| left[a]).chain(first).collect();
    all.sort_unstable();
    Some(graph.reduce(fold, x[0], all))
}

/// Elements are combined first, and then there are fewer axes to move.
fn reduce_of_permute(graph: &mut Graph, id: Id, _: Site) -> Option<Id> {
    let Node { kind: Kind::Reduce { fold, axes }, args, .. } = graph.node(id).clone() else { return None };
    let Node { kind: Kind::Permute { order }, args: x, .. } = graph.node(args[0]).clone() else { return None };
    let mut own: Vec<usize> = axes.iter().map(|&a| order[a]).collect();
    own.sort_unstable();
    let left: Vec<usize> = kept_axes(order.len(), &own).collect();
    let kept = kept_axes(order.len(), &axes).map(|a| left.iter().position(|&l| l == order[a]).expect("it is kept"));
    let kept = kept.collect();
    let reduced = graph.reduce(fold, x[0], own);
    Some(graph.permute(reduced, kept))
}

/// Exact: negation rounds nothing.
fn sum_of_neg(graph: &mut Graph, id: Id, site: Site) -> Option<Id> {
    let Node { kind: Kind::Reduce { fold: Fold::Sum, axes }, args, .. } = graph.node(id).clone() else { return None };
    let Node { kind: Kind::Map("neg"), args: x, .. } = graph.node(args[0]).clone() else { return None };
    if !site.alone {
        return None;
    }
    let sum = graph.reduce(Fold::Sum, x[0], axes);
    Some(graph.map("neg", vec![sum], Dtype::Real))
}

/// One factor is the same along all summed axes. In derived values only: the sum might overflow where the author's
/// products don't.
fn sum_of_multiples(graph: &mut Graph, id: Id, site: Site) -> Option<Id> {
    let Node { kind: Kind::Reduce { fold: Fold::Sum, axes }, args, shape, .. } = graph.node(id).clone() else {
        return None;
    };
    let Node { kind: Kind::Map(op @ ("mul" | "div")), args: x, .. } = graph.node(args[0]).clone() else { return None };
    if !site.derived || !site.alone {
        return None;
    }
    let sides: &[usize] = if op == "mul" { &[1, 0] } else { &[1] };
    for &side in sides {
        if let Some(factor) = without_axes(graph, x[side], &axes, &shape) {
            let mut operands = [factor; 2];
            operands[1 - side] = graph.reduce(Fold::Sum, x[1 - side], axes);
            return Some(graph.map(op, operands.to_vec(), Dtype::Real));
        }
    }
    None
}

/// A broadcast that repeats itself along all of `axes`, as the same broadcast to the shape without them.
fn without_axes(graph: &mut Graph, id: Id, axes: &[usize], shape: &[Dim]) -> Option<Id> {
    let Node { kind: Kind::Broadcast { along }, args, shape: spread, .. } = graph.node(id).clone() else { return None };
    if !axes.iter().all(|a| !along.contains(a)) {
        return None;
    }
    let left: Vec<usize> = kept_axes(spread.len(), axes).collect();
    let onto = along.iter().map(|a| left.iter().position(|l| l == a).expect("it is kept")).collect();
    Some(graph.broadcast(args[0], onto, shape))
}

/// `sum(select(position == label, v, 0))`, where `v` is the same along the axis: `v`, as labels are valid.
fn sum_of_chosen(graph: &mut Graph, id: Id, _: Site) -> Option<Id> {
    let Node { kind: Kind::Reduce { fold: Fold::Sum, axes }, args, shape, .. } = graph.node(id).clone() else {
        return None;
    };
    let Node { kind: Kind::Map("select"), args: x, .. } = graph.node(args[0]).clone() else { return None };
    let Node { kind: Kind::Map("eq"), args: compared, .. } = graph.node(x[0]).clone() else { return None };
    let along = graph.node(compared[0]).kind == Kind::Iota { axis: axes[0] } && axes.len() == 1;
    let zero = graph.as_constant(x[2]) == Some(0.0);
    if !along || !zero || without_axes(graph, compared[1], &axes, &shape).is_none() {
        return None;
    }
    without_axes(graph, x[1], &axes, &shape)
}

/// A cotangent divided by a number of elements that may be 0 (that of a mean over an empty batch) reaches no element then,
/// so any divisor is right; 1 keeps infinity out of what sums over nothing are multiplied by.
fn share_of_nothing(graph: &mut Graph, id: Id, site: Site) -> Option<Id> {
    let Node { kind: Kind::Map("div"), args, shape, .. } = graph.node(id).clone() else { return None };
    let mut divisor = args[1];
    if let Kind::Broadcast { .. } = graph.node(divisor).kind {
        divisor = graph.node(divisor).args[0];
    }
    if !site.derived || !matches!(graph.node(divisor).kind, Kind::Size(_)) {
        return None;
    }
    let one = graph.constant(1.0);
    let at_least_one = graph.map("max", vec![divisor, one], Dtype::Real);
    let spread = graph.broadcast_to(at_least_one, &shape);
    Some(graph.map("div", vec![args[0], spread], Dtype::Real))
}

/// `sqrt(square(x) * 3)`, all that is left of the norm of equal elements: derived again, it is flat at 0 as the norm is.
fn root_of_repeated(graph: &mut Graph, id: Id, _: Site) -> Option<Id> {
    let Node { kind: Kind::Map("sqrt"), args, .. } = graph.node(id).clone() else { return None };
    let Node { kind: Kind::Map("mul"), args: factors, .. } = graph.node(args[0]).clone() else { return None };
    let squared = |id: Id| match graph.node(id) {
        Node { kind: Kind::Map("square"), args, .. } => Some(args[0]),
        Node { kind: Kind::Map("mul"), args, .. } if args[0] == args[1] => Some(args[0]),
        _ => None,
    };
    let counts = |id: Id| {
        let inner = if let Kind::Broadcast { .. } = graph.node(id).kind { graph.node(id).args[0] } else { id };
        matches!(graph.node(inner).kind, Kind::Size(_)) || graph.as_constant(id).is_some_and(|c| c > 0.0)
    };
    let sides = [(factors[0], factors[1]), (factors[1], factors[0])];
    let (x, count) = sides.into_iter().find_map(|(x, count)| squared(x).filter(|_| counts(count)).zip(Some(count)))?;
    let magnitude = graph.map("abs", vec![x], Dtype::Real);
    let root = graph.map("sqrt", vec![count], Dtype::Real);
    Some(graph.map("mul", vec![magnitude, root], Dtype::Real))
}

/// `s * (2 * x)` with a spread `s` is `(2 * s) * x`, to the bit: a power of two rounds nothing.
fn join_factors(graph: &mut Graph, id: Id, site: Site) -> Option<Id> {
    let Node { kind: Kind::Map("mul"), args, .. } = graph.node(id).clone() else { return None };
    for (small, product) in [(args[0], args[1]), (args[1], args[0])] {
        let Node { kind: Kind::Map("mul"), args: factors, .. } = graph.node(product).clone() else { continue };
        let spread = matches!(graph.node(small).kind, Kind::Broadcast { .. }) && graph.as_constant(small).is_none();
        let power = graph.as_constant(factors[0]).is_some_and(|c| c.is_normal() && c.to_bits() << 12 == 0);
        if site.derived && site.alone && spread && power {
            let joined = graph.map("mul", vec![small, factors[0]], Dtype::Real);
            return Some(graph.map("mul", vec![joined, factors[1]], Dtype::Real));
        }
    }
    None
}

/// A product can write its result in any order, where nobody else reads it.
fn permute_of_contract(graph: &mut Graph, id: Id, site: Site) -> Option<Id> {
    let Node { kind: Kind::Permute { order }, args, .. } = graph.node(id).clone() else { return None };
    let Node { kind: Kind::Contract(letters), args: operands, .. } = graph.node(args[0]).clone() else { return None };
    if !site.alone {
        return None;
    }
    let out = order.iter().map(|&k| letters.out[k]).collect();
    Some(graph.contract(operands[0], operands[1], Letters { out, ..letters }))
}

/// Spread along other axes.
fn permute_of_broadcast(graph: &mut Graph, id: Id, _: Site) -> Option<Id> {
    let Node { kind: Kind::Permute { order }, args, shape, .. } = graph.node(id).clone() else { return None };
    let Node { kind: Kind::Broadcast { along }, args: x, .. } = graph.node(args[0]).clone() else { return None };
    let moved: Vec<usize> = along.iter().map(|a| order.iter().position(|o| o == a).expect("all axes")).collect();
    // A broadcast keeps the order of its argument's axes.
    moved.is_sorted().then(|| graph.broadcast(x[0], moved, &shape))
}

/// Letters along which an operand repeats itself: the other operand is summed along them first, or they are left to
/// the result.
fn contract_of_broadcast(graph: &mut Graph, id: Id, _: Site) -> Option<Id> {
    let Node { kind: Kind::Contract(letters), args, shape, .. } = graph.node(id).clone() else { return None };
    let side = (0..2).find(|&side| matches!(graph.node(args[side]).kind, Kind::Broadcast { .. }))?;
    let (own, other) = if side == 0 { (&letters.a, &letters.b) } else { (&letters.b, &letters.a) };
    let Node { kind: Kind::Broadcast { along }, args: inner, shape: spread, .. } = graph.node(args[side]).clone()
    else {
        return None;
    };
    let made = made_axes(graph.shape(inner[0]), &along, &spread);
    if made.is_empty() {
        return None;
    }
    let same: Vec<u8> = made.iter().map(|&axis| own[axis]).collect();
    let summed: Vec<usize> =
        (0..other.len()).filter(|&k| same.contains(&other[k]) && !letters.out.contains(&other[k])).collect();
    let stretched: Vec<usize> = (0..along.len()).filter(|&k| made.contains(&along[k])).collect();
    let x = (graph.reduce(Fold::Sum, inner[0], stretched), own.iter().copied().filter(|l| !same.contains(l)).collect());
    let left = kept_axes(other.len(), &summed).map(|k| other[k]).collect();
    let rest = (graph.reduce(Fold::Sum, args[1 - side], summed), left);
    let (a, b) = if side == 0 { (x, rest) } else { (rest, x) };
    let product = multiply(graph, a, b, &letters.out);
    let onto =
        product.1.iter().map(|l| letters.out.iter().position(|o| o == l).expect("it is in the result")).collect();
    Some(graph.broadcast(product.0, onto, &shape))
}

/// A sum of parts that together fill an axis, each among zeros, is the parts one after another: to the bit, but for the
/// sign of zeros.
fn add_of_pads(graph: &mut Graph, id: Id, _: Site) -> Option<Id> {
    let Node { kind: Kind::Map("add"), shape, .. } = graph.node(id).clone() else { return None };
    let mut parts: Vec<(Dim, usize, Id)> = Vec::new();
    let mut open = vec![id];
    while let Some(next) = open.pop() {
        let Node { kind, args, .. } = graph.node(next).clone();
        match kind {
            Kind::Map("add") => open.extend(args),
            Kind::Along { axis, op: Along::Pad { start, step: 1 } } => parts.push((start, axis, args[0])),
            _ => return None,
        }
    }
    let axis = parts[0].1;
    let mut end = Dim::number(0);
    let mut joined: Vec<Id> = Vec::new();
    while !parts.is_empty() {
        let next = parts.iter().position(|(start, along, _)| *start == end && *along == axis)?;
        let (_, _, part) = parts.remove(next);
        end = &end + &graph.shape(part)[axis];
        joined.push(part);
    }
    (end == shape[axis]).then(|| graph.along(axis, Along::Concat, joined, &[end]))
}

type Lettered = (Id, Vec<u8>);

/// The product of two lettered operands over those letters of `out` that they have: element-wise, if none is summed.
fn multiply(graph: &mut Graph, (a, la): Lettered, (b, lb): Lettered, out: &[u8]) -> Lettered {
    let out: Vec<u8> = out.iter().copied().filter(|l| la.contains(l) || lb.contains(l)).collect();
    if la.iter().chain(&lb).any(|l| !out.contains(l)) {
        return (graph.contract(a, b, Letters { a: la, b: lb, out: out.clone() }), out);
    }
    let size = |graph: &Graph, l: u8| match la.iter().position(|&k| k == l) {
        Some(axis) => graph.shape(a)[axis].clone(),
        None => graph.shape(b)[lb.iter().position(|&k| k == l).expect("an operand has it")].clone(),
    };
    let shape: Shape = out.iter().map(|&l| size(graph, l)).collect();
    let args = [(a, &la), (b, &lb)].map(|(id, letters)| {
        let order: Vec<usize> = out.iter().filter_map(|l| letters.iter().position(|k| k == l)).collect();
        let along = (0..out.len()).filter(|&k| letters.contains(&out[k])).collect();
        let permuted = graph.permute(id, order);
        graph.broadcast(permuted, along, &shape)
    });
    (graph.map("mul", args.to_vec(), Dtype::Real), out)
}

//! Row tiles. In comes the graph of a step, out comes one of the same value whose rows are worked on a tile at a time, where
//! it can be proved that no row needs another but in sums over all of them: then nothing but the sums outlives a tile, the
//! tile stays in the first-level cache, and memory does not grow with the batch.
//!
//! Within a tile the rows are the last axis, a constant number of lanes, so that every operation on a feature runs over
//! whole vectors. Lanes that have no row hold a copy of the last one, and count for nothing in sums.

use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Argument, Dtype, Fold, Graph, Id, Kind, Letters, Node, Root, Source};
use crate::ir::model::Role;
use crate::ir::scan::{Scan, outputs};
use crate::op::apply;
use std::collections::HashMap;

/// The lanes of a tile.
const HEIGHT: i64 = 32;

/// The most features of a row that a node may have, and all nodes together: with more, products of whole matrices win.
const WIDEST: i64 = 64;
const ALL: i64 = 1024;

/// Rows of fewer features than this are done with before they would have become lanes.
const NARROW: i64 = 8;

/// What a node is to the rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    /// The same for all rows, and known before them.
    Same,
    /// A value for each row, along this axis.
    Row(usize),
    /// A sum over all rows.
    Sum,
    /// Known after the sums.
    After,
}

pub fn tile(graph: &Graph) -> Graph {
    tiled(graph, pays).unwrap_or_else(|| graph.clone())
}

/// The same wherever it is possible and there is something to sum, for tests.
#[cfg(test)]
pub fn tile_anyway(graph: &Graph) -> Option<Graph> {
    tiled(graph, |_, parts| parts.contains(&Part::Sum))
}

fn tiled(graph: &Graph, pays: impl Fn(&Graph, &[Part]) -> bool) -> Option<Graph> {
    let rows = rows_of(graph)?;
    let parts = parts(graph, &rows)?;
    pays(graph, &parts).then(|| Tiles::new(graph, &parts, rows).tiled())
}

/// The dimension that the rows are: the only name in the first axis of arguments.
fn rows_of(graph: &Graph) -> Option<Dim> {
    let live = graph.live();
    let arguments = graph.ids().filter(|id| live[id.index()] && matches!(graph.node(*id).kind, Kind::Arg(_)));
    let mut named = arguments.flat_map(|id| graph.shape(id)).filter(|d| d.as_number().is_none());
    let first = named.next()?;
    (first.as_name().is_some() && named.all(|d| d == first)).then(|| first.clone())
}

/// The part of every live node, if each has one.
fn parts(graph: &Graph, rows: &Dim) -> Option<Vec<Part>> {
    let live = graph.live();
    let mut parts = vec![Part::Same; graph.len()];
    for id in graph.ids().filter(|id| live[id.index()]) {
        parts[id.index()] = part(graph, graph.node(id), &parts, rows)?;
    }
    let per_row = |id: Id| matches!(parts[id.index()], Part::Row(_));
    (!graph.roots.iter().filter_map(|r| r.node).any(per_row)).then_some(parts)
}

fn part(graph: &Graph, node: &Node, parts: &[Part], rows: &Dim) -> Option<Part> {
    let along: Vec<usize> = (0..node.shape.len()).filter(|&k| node.shape[k] == *rows).collect();
    let of = |k: usize| parts[node.args[k].index()];
    let any_row = (0..node.args.len()).any(|k| matches!(of(k), Part::Row(_)));
    let late = (0..node.args.len()).any(|k| matches!(of(k), Part::Sum | Part::After));
    let here = match along.as_slice() {
        [] => None,
        [axis] => Some(*axis),
        _ => return None,
    };
    if late {
        return (!any_row && here.is_none()).then_some(Part::After);
    }
    match (&node.kind, here) {
        (Kind::Along { .. } | Kind::Scan(_) | Kind::Part(_) | Kind::Composite { .. }, _) => None,
        (Kind::Iota { axis }, Some(here)) if *axis == here => None,
        (Kind::Reshape, _) if any_row => squeezed(graph, node, of(0), here),
        (Kind::Reduce { fold, axes }, None) if any_row => {
            let Part::Row(axis) = of(0) else { return None };
            (*fold == Fold::Sum && axes.contains(&axis)).then_some(Part::Sum)
        }
        (Kind::Contract(letters), None) if any_row => {
            let [Part::Row(a), Part::Row(b)] = [of(0), of(1)] else { return None };
            (letters.a[a] == letters.b[b]).then_some(Part::Sum)
        }
        // Rows by rows would be a matrix for each.
        (Kind::Contract(_), Some(_)) if (0..2).all(|k| matches!(of(k), Part::Row(_))) => None,
        (_, Some(axis)) => Some(Part::Row(axis)),
        (_, None) => (!any_row).then_some(Part::Same),
    }
}

/// Rows keep their axis where no more than axes of size 1 come or go.
fn squeezed(graph: &Graph, node: &Node, of: Part, here: Option<usize>) -> Option<Part> {
    let renamed = crate::ir::graph::squeezed(graph.shape(node.args[0]), &node.shape)?;
    let Part::Row(axis) = of else { return None };
    let here = here?;
    (renamed[axis] == Some(here)).then_some(Part::Row(here))
}

/// Whether tiles are faster than loops over all rows and products of whole matrices.
fn pays(graph: &Graph, parts: &[Part]) -> bool {
    let live = graph.live();
    let rows = graph.ids().filter(|id| live[id.index()]).filter_map(|id| match parts[id.index()] {
        Part::Row(axis) => Some(without(graph.shape(id), axis)),
        _ => None,
    });
    let widths: Option<Vec<i64>> = rows.map(|shape| Dim::product(&shape).as_number()).collect();
    let products = graph.ids().any(|id| live[id.index()] && is_product(graph, id));
    let small = |widths: Vec<i64>| {
        let widest = widths.iter().max().copied().unwrap_or(0);
        (NARROW..=WIDEST).contains(&widest) && widths.iter().sum::<i64>() <= ALL
    };
    let sums = graph.ids().any(|id| parts[id.index()] == Part::Sum);
    products && sums && widths.is_some_and(small)
}

/// Whether it is a product of matrices, or of rows with a vector, which is a sum of products by now.
fn is_product(graph: &Graph, id: Id) -> bool {
    let node = graph.node(id);
    match node.kind {
        Kind::Contract(_) => true,
        Kind::Reduce { fold: Fold::Sum, .. } => graph.node(node.args[0]).kind == Kind::Map("mul"),
        _ => false,
    }
}

fn without(shape: &[Dim], axis: usize) -> Shape {
    (0..shape.len()).filter(|&k| k != axis).map(|k| shape[k].clone()).collect()
}

/// The same with the rows as lanes.
fn lanes(shape: &[Dim], axis: usize) -> Shape {
    [without(shape, axis), vec![Dim::number(HEIGHT)]].concat()
}

/// What is known of the nodes of a body, while lanes without a row are left out of sums.
struct Factors {
    /// Whether a node is made of rows.
    has_rows: Vec<bool>,
    /// As [`Tiles::smallest`] finds.
    smallest: HashMap<Id, (i64, Option<usize>)>,
    /// The same nodes with 0 where there is no row.
    made: HashMap<Id, Id>,
}

struct Tiles<'g> {
    graph: &'g Graph,
    parts: &'g [Part],
    rows: Dim,
    live: Vec<bool>,
    /// What comes out: the graph around the tiles, and where nodes have come to in it.
    new: Graph,
    around: HashMap<Id, Id>,
    body: Graph,
    /// What the body's arguments are around it.
    args: Vec<Id>,
    inside: HashMap<Id, Id>,
    /// Lanes that have a row.
    mask: Id,
}

impl<'g> Tiles<'g> {
    fn new(graph: &'g Graph, parts: &'g [Part], rows: Dim) -> Self {
        let (around, body, args, inside) = Default::default();
        let new = Graph::new(graph.arguments.clone());
        Tiles { graph, parts, rows, live: graph.live(), new, around, body, args, inside, mask: Id(0) }
    }

    fn ids(&self) -> Vec<Id> {
        self.graph.ids().filter(|id| self.live[id.index()]).collect()
    }

    fn tiled(mut self) -> Graph {
        for id in self.ids() {
            if self.parts[id.index()] == Part::Same {
                self.copy_around(id);
            }
        }
        let sums: Vec<Id> = self.ids().into_iter().filter(|id| self.parts[id.index()] == Part::Sum).collect();
        let scan = self.scan(&sums);
        let loops = self.new.scan(scan, self.args.clone());
        for (k, &sum) in sums.iter().enumerate() {
            let part = self.new.part(loops, k);
            let total = self.total(sum, part);
            self.new.inherit(total, &self.graph.node(sum).note.clone());
            self.around.insert(sum, total);
        }
        for id in self.ids() {
            if self.parts[id.index()] == Part::After {
                self.copy_around(id);
            }
        }
        let roots = self.graph.roots.iter();
        self.new.roots = roots.map(|r| Root { goal: r.goal, node: r.node.map(|id| self.around[&id]) }).collect();
        self.new
    }

    fn copy_around(&mut self, id: Id) {
        let node = self.graph.node(id).clone();
        let args = node.args.iter().map(|a| self.around[a]).collect();
        let made = self.new.like(&node, args);
        self.new.inherit(made, &node.note);
        self.around.insert(id, made);
    }

    /// A sum over rows out of the sums of lanes; a product has summed over lanes already.
    fn total(&mut self, sum: Id, part: Id) -> Id {
        let shape = self.graph.shape(sum).clone();
        let summed = match self.graph.node(sum).kind {
            Kind::Contract(_) => part,
            _ => self.new.reduce(Fold::Sum, part, vec![self.new.shape(part).len() - 1]),
        };
        self.new.reshape(summed, &shape)
    }

    // --- the body ---

    fn scan(&mut self, sums: &[Id]) -> Scan {
        let carried: Vec<Id> = sums.iter().map(|&sum| self.carry(sum)).collect();
        let rows: Vec<Id> = self.ids().into_iter().filter(|&id| self.is_row_argument(id)).collect();
        rows.iter().for_each(|&id| self.take_rows(id));
        let mask = Argument {
            name: "live".into(),
            source: Source::User(Role::Mask),
            shape: vec![Dim::number(HEIGHT)],
            dtype: Dtype::Mask,
        };
        self.mask = self.body.push_argument(mask);
        let nothing = self.new.constant(0.0);
        self.args.push(nothing);
        for id in self.ids() {
            if matches!(self.parts[id.index()], Part::Row(_)) && !self.inside.contains_key(&id) {
                self.put_inside(id);
            }
        }
        let mut factors = self.factors(&rows);
        let terms: Vec<Vec<Id>> = sums.iter().map(|&sum| self.terms(sum, &mut factors)).collect();
        let all = sums.iter().zip(&carried).zip(terms);
        let results: Vec<Id> = all.map(|((&sum, &acc), terms)| self.added(sum, acc, &terms)).collect();
        self.body.roots = outputs(results);
        let body = self.body.rebuild(|new, node, args| new.like(node, args));
        Scan {
            count: self.rows.clone(),
            reverse: false,
            tile: Some(HEIGHT),
            recomputed: false,
            body,
            carried: sums.len(),
            scanned: rows.len(),
        }
    }

    fn is_row_argument(&self, id: Id) -> bool {
        matches!(self.graph.node(id).kind, Kind::Arg(_)) && matches!(self.parts[id.index()], Part::Row(_))
    }

    /// The lanes in which a sum is kept, or the whole of a product's.
    fn carry(&mut self, sum: Id) -> Id {
        let node = self.graph.node(sum);
        let shape: Shape = match &node.kind {
            Kind::Reduce { .. } => [node.shape.clone(), vec![Dim::number(HEIGHT)]].concat(),
            _ if node.shape.is_empty() => vec![Dim::number(1)],
            _ => node.shape.clone(),
        };
        let zero = self.new.constant(0.0);
        let start = self.new.broadcast_to(zero, &shape);
        self.args.push(start);
        let name = node.note.name.as_deref().unwrap_or("total");
        self.body.push_argument(Argument::inside(name, shape, Dtype::Real))
    }

    fn take_rows(&mut self, id: Id) {
        let (node, Part::Row(axis)) = (self.graph.node(id).clone(), self.parts[id.index()]) else { return };
        let arg = self.around_argument(id, axis);
        self.args.push(arg);
        let name = format!("{}_lanes", self.graph.name_of(id));
        let inside = self.body.push_argument(Argument::inside(name, lanes(&node.shape, axis), node.dtype));
        self.inside.insert(id, inside);
    }

    /// An argument with its rows first.
    fn around_argument(&mut self, id: Id, axis: usize) -> Id {
        let node = self.graph.node(id).clone();
        let made = self.new.like(&node, Vec::new());
        self.new.inherit(made, &node.note);
        let order = std::iter::once(axis).chain((0..node.shape.len()).filter(|a| *a != axis)).collect();
        self.new.permute(made, order)
    }

    /// A value that is the same for all rows, as an argument of the body.
    fn same(&mut self, id: Id) -> Id {
        if let Some(&inside) = self.inside.get(&id) {
            return inside;
        }
        let node = self.graph.node(id).clone();
        let inside = match node.kind {
            Kind::Const(_) | Kind::Size(_) => self.body.like(&node, Vec::new()),
            _ => {
                self.args.push(self.around[&id]);
                let name = self.graph.name_of(id);
                self.body.push_argument(Argument::inside(name, node.shape.clone(), node.dtype))
            }
        };
        self.inside.insert(id, inside);
        inside
    }

    fn operand(&mut self, id: Id) -> Id {
        match self.inside.get(&id) {
            Some(&inside) => inside,
            None => self.same(id),
        }
    }

    fn put_inside(&mut self, id: Id) {
        let node = self.graph.node(id).clone();
        let Part::Row(axis) = self.parts[id.index()] else { unreachable!("only rows come inside") };
        let shape = lanes(&node.shape, axis);
        let made = match &node.kind {
            Kind::Broadcast { along } => self.broadcast(&node, along, axis, &shape),
            Kind::Contract(letters) => self.contract(&node, letters),
            Kind::Reduce { fold, axes } => {
                let Part::Row(own) = self.parts[node.args[0].index()] else { unreachable!("rows are of rows") };
                let x = self.operand(node.args[0]);
                let axes = axes.iter().map(|&a| moved(a, own)).collect();
                self.body.reduce(*fold, x, axes)
            }
            Kind::Permute { order } => {
                let Part::Row(own) = self.parts[node.args[0].index()] else { unreachable!("rows are of rows") };
                let x = self.operand(node.args[0]);
                let last = order.len() - 1;
                let order = order.iter().filter(|&&a| a != own).map(|&a| moved(a, own)).chain([last]).collect();
                self.body.permute(x, order)
            }
            Kind::Reshape => {
                let x = self.operand(node.args[0]);
                self.body.reshape(x, &shape)
            }
            // Positions along an axis, which has another place where that of the rows stood before it.
            Kind::Iota { axis: along } => {
                self.body.add(Kind::Iota { axis: moved(*along, axis) }, Vec::new(), shape, node.dtype)
            }
            Kind::Map(_) => {
                let args = node.args.iter().map(|&a| self.operand(a)).collect();
                self.body.add(node.kind.clone(), args, shape, node.dtype)
            }
            kind => unreachable!("{kind:?} has no rows"),
        };
        self.body.inherit(made, &node.note);
        self.inside.insert(id, made);
    }

    fn broadcast(&mut self, node: &Node, along: &[usize], axis: usize, shape: &[Dim]) -> Id {
        let arg = node.args[0];
        let x = self.operand(arg);
        let place = |a: usize| if a == axis { shape.len() - 1 } else { moved(a, axis) };
        match self.parts[arg.index()] {
            Part::Row(own) => {
                let others = (0..along.len()).filter(|&k| k != own).map(|k| place(along[k])).chain([shape.len() - 1]);
                let others = others.collect();
                self.body.broadcast(x, others, shape)
            }
            _ => {
                // An axis of size 1 that is stretched over the rows goes.
                let kept: Vec<usize> = (0..along.len()).filter(|&k| along[k] != axis).collect();
                let small: Shape = kept.iter().map(|&k| self.graph.shape(arg)[k].clone()).collect();
                let x = self.body.reshape(x, &small);
                self.body.broadcast(x, kept.iter().map(|&k| place(along[k])).collect(), shape)
            }
        }
    }

    /// The letter of the rows comes last, in the operand that has it and in the result.
    fn contract(&mut self, node: &Node, letters: &Letters) -> Id {
        let letter = (0..2).find_map(|k| match self.parts[node.args[k].index()] {
            Part::Row(axis) => Some(if k == 0 { letters.a[axis] } else { letters.b[axis] }),
            _ => None,
        });
        let letter = letter.expect("one operand has rows");
        let last = |own: &[u8]| -> Vec<u8> {
            let others = own.iter().copied().filter(|l| *l != letter);
            if own.contains(&letter) { others.chain([letter]).collect() } else { own.to_vec() }
        };
        let (a, b) = (self.operand(node.args[0]), self.operand(node.args[1]));
        self.body.contract(a, b, Letters { a: last(&letters.a), b: last(&letters.b), out: last(&letters.out) })
    }

    // --- lanes without a row ---

    /// `id`, but 0 where there is no row: the factor of it with the fewest elements is made so, and what is between it and
    /// `id` is made again. What else reads these goes on with what the lanes hold: of a share, 0 may not go below the line.
    fn where_rows_are(&mut self, id: Id, factors: &mut Factors) -> Id {
        if let Some(&made) = factors.made.get(&id) {
            return made;
        }
        let made = match self.smallest(id, factors).1 {
            None => self.where_live(id),
            Some(through) => {
                let node = self.body.node(id).clone();
                let mut args = node.args.clone();
                args[through] = self.where_rows_are(args[through], factors);
                let made = self.body.like(&node, args);
                self.body.inherit(made, &node.note);
                made
            }
        };
        factors.made.insert(id, made);
        made
    }

    fn where_live(&mut self, id: Id) -> Id {
        let shape = self.body.shape(id).clone();
        let mask = self.body.broadcast_to(self.mask, &shape);
        let zero = self.body.constant(0.0);
        let zero = self.body.broadcast_to(zero, &shape);
        let made = self.body.map("select", vec![mask, id, zero], Dtype::Real);
        let note = self.body.node(id).note.clone();
        self.body.inherit(made, &note);
        made
    }

    /// How many elements there are to be made 0 so that `id` is, and through which of its arguments; nothing for its own.
    fn smallest(&self, id: Id, factors: &mut Factors) -> (i64, Option<usize>) {
        if let Some(&known) = factors.smallest.get(&id) {
            return known;
        }
        let node = self.body.node(id);
        let own = (Dim::product(&node.shape).as_number().unwrap_or(i64::MAX), None);
        let through = match &node.kind {
            Kind::Map("mul") | Kind::Contract(_) => 0..2,
            Kind::Map("neg" | "div" | "square") | Kind::Broadcast { .. } | Kind::Reshape | Kind::Permute { .. } => 0..1,
            Kind::Reduce { fold: Fold::Sum, .. } => 0..1,
            _ => 0..0,
        };
        let through: Vec<usize> = through.filter(|&k| factors.has_rows[node.args[k].index()]).collect();
        let costs = through.into_iter().map(|k| (self.smallest(node.args[k], factors).0, Some(k)));
        let best = costs.min_by_key(|(cost, _)| *cost).filter(|(cost, _)| *cost <= own.0).unwrap_or(own);
        factors.smallest.insert(id, best);
        best
    }

    /// What is known of the body, whose arguments for `rows` have lanes.
    fn factors(&self, rows: &[Id]) -> Factors {
        let mut has_rows: Vec<bool> = vec![false; self.body.len()];
        rows.iter().for_each(|id| has_rows[self.inside[id].index()] = true);
        for id in self.body.ids() {
            let of_rows = self.body.node(id).args.iter().any(|arg| has_rows[arg.index()]);
            has_rows[id.index()] |= of_rows;
        }
        Factors { has_rows, smallest: HashMap::new(), made: HashMap::new() }
    }

    /// What is summed over rows, or the factors of it, of which one is 0 where there is no row.
    fn terms(&mut self, sum: Id, factors: &mut Factors) -> Vec<Id> {
        let mut args: Vec<Id> = self.graph.node(sum).args.iter().map(|a| self.inside[a]).collect();
        let cost = |k: &usize| self.smallest(args[*k], factors).0;
        let least = (0..args.len()).min_by_key(cost).expect("a sum has terms");
        args[least] = self.where_rows_are(args[least], factors);
        args
    }

    /// What is carried, and the sum over the rows of a tile.
    fn added(&mut self, sum: Id, acc: Id, args: &[Id]) -> Id {
        let node = self.graph.node(sum).clone();
        let Part::Row(axis) = self.parts[node.args[0].index()] else { unreachable!("a sum is over rows") };
        let more = match &node.kind {
            Kind::Reduce { axes, .. } => {
                let others = axes.iter().filter(|&&a| a != axis).map(|&a| moved(a, axis)).collect();
                self.body.reduce(Fold::Sum, args[0], others)
            }
            Kind::Contract(letters) => {
                let letter = letters.a[axis];
                let last = |own: &[u8]| own.iter().copied().filter(|l| *l != letter).chain([letter]).collect();
                let product = self.body.contract(
                    args[0],
                    args[1],
                    Letters { a: last(&letters.a), b: last(&letters.b), out: letters.out.clone() },
                );
                let shape = self.body.shape(acc).clone();
                self.body.reshape(product, &shape)
            }
            kind => unreachable!("{kind} is no sum over rows"),
        };
        self.body.inherit(more, &node.note);
        apply::call(&mut self.body, "add", &[acc, more]).expect("a sum has the shape of what is added")
    }
}

/// An axis, once that of the rows has gone from its place.
fn moved(axis: usize, rows: usize) -> usize {
    axis - usize::from(axis > rows)
}

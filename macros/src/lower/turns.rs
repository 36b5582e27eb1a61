//! Loops. The body is lowered into a graph of its own, whose arguments are what it carries, the parts of arrays that belong
//! to the turn, and all else that it uses from outside; in the graph around, one node stands for the loop.

use super::{Bound, Lowering, Origin, Step, Value};
use crate::error::{Place, error};
use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Argument, Dtype, Graph, Id, Kind};
use crate::ir::model::{ExprKind, For, plain};
use crate::ir::scan::{Scan, one_or_more, outputs};

/// The graph around a loop whose body is being lowered.
pub struct Around {
    graph: Graph,
    serial: usize,
    /// The argument of the body that counts.
    turn: usize,
    /// What the body uses: the node here, and the argument there.
    captured: Vec<(Id, Id)>,
}

/// How the body of a loop is entered: the starts of what it carries, in the graph around.
struct Body {
    starts: Vec<Id>,
    graph: Graph,
    /// The argument that counts.
    index: Id,
    captured: Vec<(Id, Id)>,
    results: Vec<Id>,
}

impl Body {
    /// The part of an array that belongs to the turn: the node in the body, the array around, and the axis.
    fn parts(&self) -> Vec<(Id, Id, usize)> {
        let parts = self.gathered().into_iter().filter(|(id, _)| self.graph.node(*id).args[1] == self.index);
        parts.filter_map(|(id, axis)| Some((id, self.outside(self.graph.node(id).args[0])?, axis))).collect()
    }

    /// What is taken out of an array around at a position that is the same for all turns, as the part of an array that
    /// belongs to a turn of a loop further out is: the node in the body, and what it is of, around.
    fn same(&self) -> Vec<(Id, Vec<Id>)> {
        let around =
            |id: Id| self.graph.node(id).args.iter().map(|arg| self.outside(*arg)).collect::<Option<Vec<Id>>>();
        self.gathered().into_iter().filter_map(|(id, _)| Some((id, around(id)?))).collect()
    }

    fn gathered(&self) -> Vec<(Id, usize)> {
        let live = self.graph.live();
        let gathered = self.graph.ids().filter(|id| live[id.index()]).filter_map(|id| match self.graph.node(id).kind {
            Kind::Along { axis, op: Along::Gather } => Some((id, axis)),
            _ => None,
        });
        gathered.collect()
    }

    /// What an argument of the body is around.
    fn outside(&self, inside: Id) -> Option<Id> {
        self.captured.iter().find(|(_, arg)| *arg == inside).map(|(id, _)| *id)
    }
}

impl<'m> Lowering<'m> {
    /// How many values a loop gives.
    pub fn values_of(turns: &For) -> usize {
        turns.carried.len() + usize::from(turns.stacks)
    }

    /// Starts the body of a loop.
    pub fn enter(&mut self, turns: &'m For) {
        let starts: Vec<Value> =
            turns.carried.iter().map(|name| self.start(&plain(name), name.span().into())).collect();
        let Some(starts) = starts.into_iter().collect::<Option<Vec<Id>>>() else {
            return self.values.extend(vec![None; Self::values_of(turns)]);
        };
        let shapes: Vec<Shape> = starts.iter().map(|&id| self.graph.shape(id).clone()).collect();
        let length = self.scope.len();
        self.serials += 1;
        let serial = std::mem::replace(&mut self.serial, self.serials);
        let graph = std::mem::take(&mut self.graph);
        self.around.push(Around { graph, serial, turn: turns.carried.len(), captured: Vec::new() });
        for (name, shape) in turns.carried.iter().zip(&shapes) {
            let arg = self.graph.push_argument(Argument::inside(plain(name), one_or_more(shape), Dtype::Real));
            let value = self.graph.reshape(arg, shape);
            self.scope.push(Bound {
                name: plain(name),
                value: Some(value),
                origin: Origin::Turn,
                level: self.around.len(),
            });
        }
        let index = turns.index.as_ref().map_or("turn".to_string(), plain);
        let arg = self.graph.push_argument(Argument::inside(&index, Shape::new(), Dtype::Index));
        if turns.index.is_some() {
            self.scope.push(Bound { name: index, value: Some(arg), origin: Origin::Turn, level: self.around.len() });
        }
        let ExprKind::Tuple(results) = &turns.body.result.kind else { unreachable!("a turn's results are a tuple") };
        self.steps.push(Step::Leave(turns, starts, length));
        self.steps.extend(results.iter().rev().map(Step::Visit));
        self.steps.extend(turns.body.lets.iter().rev().flat_map(super::bound));
    }

    fn start(&mut self, name: &str, place: Place) -> Value {
        let id = self.lookup(name, place)?;
        if self.graph.node(id).dtype != Dtype::Real {
            self.errors.push(error(place, format!("a loop carries numbers, and `{name}` holds none")));
            return None;
        }
        Some(id)
    }

    /// Ends the body of a loop, whose results have been visited.
    pub fn leave(&mut self, turns: &'m For, starts: Vec<Id>, length: usize) {
        let count = Self::values_of(turns);
        let results = self.values.split_off(self.values.len() - count);
        self.scope.truncate(length);
        let around = self.around.pop().expect("entered before");
        let graph = std::mem::replace(&mut self.graph, around.graph);
        self.serial = around.serial;
        let index = graph.ids().find(|&id| graph.node(id).kind == Kind::Arg(turns.carried.len())).expect("an argument");
        let Some(results) = results.into_iter().collect::<Option<Vec<Id>>>() else {
            return self.values.extend(vec![None; count]);
        };
        let body = Body { starts, graph, index, captured: around.captured, results };
        match self.looped(turns, body) {
            Ok(values) => self.values.extend(values.into_iter().map(Some)),
            Err(message) => {
                self.errors.push(message);
                self.values.extend(vec![None; count]);
            }
        }
    }

    fn looped(&mut self, turns: &For, mut body: Body) -> syn::Result<Vec<Id>> {
        for (k, name) in turns.carried.iter().enumerate() {
            let (before, after) = (self.graph.shape(body.starts[k]).clone(), body.graph.shape(body.results[k]).clone());
            if before != after || body.graph.node(body.results[k]).dtype != Dtype::Real {
                let text =
                    format!("`{name}` is {} before the loop, but {} after a turn of it", show(&before), show(&after));
                return Err(error(name.span(), text));
            }
        }
        let shapes: Vec<Shape> = body.results.iter().map(|&id| body.graph.shape(id).clone()).collect();
        let lifted = body.results.iter().zip(&shapes).map(|(&id, shape)| (id, one_or_more(shape)));
        let lifted: Vec<Id> =
            lifted.collect::<Vec<_>>().into_iter().map(|(id, shape)| body.graph.reshape(id, &shape)).collect();
        body.graph.roots = outputs(lifted);
        let parts = body.parts();
        self.check_lengths(turns, &body, &parts)?;
        let (scan, args) = self.arranged(turns, &body, &parts);
        let id = self.graph.scan(scan, args);
        let values = shapes.into_iter().enumerate().map(|(k, shape)| {
            let part = self.graph.part(id, k);
            let stacked = (k >= turns.carried.len()).then(|| turns.count.clone());
            let shape: Shape = stacked.into_iter().chain(shape).collect();
            self.graph.reshape(part, &shape)
        });
        Ok(values.collect())
    }

    /// An array of which each turn takes its part has one for each of them.
    fn check_lengths(&self, turns: &For, body: &Body, parts: &[(Id, Id, usize)]) -> syn::Result<()> {
        for &(part, array, axis) in parts {
            let (shape, name) = (self.graph.shape(array), self.graph.name_of(array));
            let has_enough = (&shape[axis] - &turns.count).signs().1 == Dim::default();
            if !has_enough {
                let (size, count) = (&shape[axis], &turns.count);
                let place = body.graph.node(part).note.place.unwrap_or(turns.body.result.place);
                let text = format!("the loop takes {count} turns, but `{name}` is {}, of length {size}", show(shape));
                return Err(error(place, self.with_open(format!("{text}: a turn may find nothing there"))));
            }
        }
        Ok(())
    }

    /// The loop with its arguments in order, and what they are here: an array that the body takes its turn's part of is
    /// scanned. What is the same for all turns is taken out of its array here: the loop around may scan that, and the way
    /// back then adds to that part alone.
    fn arranged(&mut self, turns: &For, body: &Body, parts: &[(Id, Id, usize)]) -> (Scan, Vec<Id>) {
        let live = body.graph.live();
        let ids = || body.graph.ids().filter(|id| live[id.index()]);
        let same = body.same();
        let is_part = |id: Id| parts.iter().any(|(part, ..)| *part == id) || same.iter().any(|(part, _)| *part == id);
        let read = |arg: Id| {
            ids().any(|id| !is_part(id) && body.graph.node(id).args.contains(&arg))
                || body.graph.roots.iter().any(|r| r.node == Some(arg))
        };
        let mut new = Graph::default();
        let mut args: Vec<Id> = Vec::new();
        let mut here: Vec<(Id, Id)> = Vec::new();
        for (k, &start) in body.starts.iter().enumerate() {
            let shape = one_or_more(self.graph.shape(start));
            args.push(self.graph.reshape(start, &shape));
            let inside = body.graph.ids().find(|&id| body.graph.node(id).kind == Kind::Arg(k)).expect("carried");
            here.push((inside, new.push_argument(body.graph.arguments[k].clone())));
        }
        for &(part, array, axis) in parts {
            args.push(self.scanned(array, axis, &turns.count));
            let node = body.graph.node(part);
            let name = self.graph.name_of(array);
            here.push((part, new.push_argument(Argument::inside(&name, node.shape.clone(), node.dtype))));
        }
        if read(body.index) {
            args.push(self.graph.iota(0, vec![turns.count.clone()]));
            let name = body.graph.node(body.index).note.name.as_deref().unwrap_or_default();
            here.push((body.index, new.push_argument(Argument::inside(name, Shape::new(), Dtype::Index))));
        }
        let scanned = args.len() - body.starts.len();
        for &(part, ref of) in &same {
            let node = body.graph.node(part);
            let (outside, name) = (self.graph.like(node, of.clone()), self.graph.name_of(of[0]));
            self.graph.inherit(outside, &node.note);
            args.push(outside);
            here.push((part, new.push_argument(Argument::inside(&name, node.shape.clone(), node.dtype))));
        }
        for &(outside, inside) in body.captured.iter().filter(|(_, inside)| read(*inside)) {
            args.push(outside);
            let Kind::Arg(k) = body.graph.node(inside).kind else { unreachable!("what is captured is an argument") };
            here.push((inside, new.push_argument(body.graph.arguments[k].clone())));
        }
        let body = regrown(&body.graph, new, here);
        let scan = Scan {
            count: turns.count.clone(),
            reverse: false,
            tile: None,
            recomputed: false,
            body,
            carried: turns.carried.len(),
            scanned,
        };
        (scan, args)
    }

    /// An array with the axis of turns in front, and as many of them.
    fn scanned(&mut self, array: Id, axis: usize, count: &Dim) -> Id {
        let rank = self.graph.shape(array).len();
        let order = std::iter::once(axis).chain((0..rank).filter(|a| *a != axis)).collect();
        let turned = self.graph.permute(array, order);
        self.graph.slice(turned, 0, Dim::number(0), 1, count.clone())
    }

    /// A value of the graph `level` loops in, in the graph of the body that is being lowered.
    pub fn at_hand(&mut self, id: Id, level: usize) -> Id {
        (level..self.around.len()).fold(id, |id, level| self.capture(id, level))
    }

    /// The number of the turn of the loop that is `level` loops in, in the body that is being lowered.
    pub fn turn_of(&mut self, level: usize) -> Id {
        let index = self.around[level].turn;
        let counted = match self.around.get_mut(level + 1) {
            Some(inner) => inner.graph.argument(index),
            None => self.graph.argument(index),
        };
        self.at_hand(counted, level + 1)
    }

    /// A value of a graph as an argument of the body of the loop in it.
    fn capture(&mut self, id: Id, level: usize) -> Id {
        let around = &self.around[level];
        if let Some((_, inside)) = around.captured.iter().find(|(outside, _)| *outside == id) {
            return *inside;
        }
        let (node, name) = (around.graph.node(id).clone(), around.graph.name_of(id));
        let inside = match level + 1 == self.around.len() {
            true => &mut self.graph,
            false => &mut self.around[level + 1].graph,
        };
        if let Kind::Const(_) | Kind::Size(_) = node.kind {
            return inside.like(&node, Vec::new());
        }
        let arg = inside.push_argument(Argument::inside(&name, node.shape.clone(), node.dtype));
        self.around[level].captured.push((id, arg));
        arg
    }

    /// The graph with so many loops around it.
    pub fn graph_at(&self, level: usize) -> &Graph {
        self.around.get(level).map_or(&self.graph, |around| &around.graph)
    }

    /// The graph of the model itself, outside of all loops.
    pub fn outermost(&mut self) -> &mut Graph {
        self.around.first_mut().map_or(&mut self.graph, |around| &mut around.graph)
    }
}

/// The live nodes of a body on other arguments, or with arguments in their places.
fn regrown(body: &Graph, mut new: Graph, mut here: Vec<(Id, Id)>) -> Graph {
    let live = body.live();
    for id in body.ids().filter(|id| live[id.index()]) {
        let node = body.node(id);
        let found = |id: Id| here.iter().find(|(old, _)| *old == id).map(|(_, new)| *new);
        if found(id).is_some() || matches!(node.kind, Kind::Arg(_)) {
            continue;
        }
        let args = node.args.iter().map(|&a| found(a).expect("arguments come first")).collect();
        let made = new.like(node, args);
        new.inherit(made, &node.note);
        here.push((id, made));
    }
    let found = |id: Id| here.iter().find(|(old, _)| *old == id).map(|(_, new)| *new);
    new.roots = outputs(body.roots.iter().filter_map(|r| r.node).map(|id| found(id).expect("a root is live")));
    new
}

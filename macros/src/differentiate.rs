//! Reverse mode: in comes a graph with outputs, out comes the same graph with its gradients appended. Every cotangent
//! then has the shape of its value, and a value that no output depends on has none.

mod scan;
mod untaken;

use crate::ir::along::Along;
use crate::ir::dim::Dim;
use crate::ir::graph::{Argument, Dtype, Fold, Goal, Graph, Id, Kind, Letters, Node, Root, Source};
use crate::ir::scan::Scan;
use crate::op::rule::{self, Bindings};
use crate::op::{self, Derivative, Op, apply, naming};
use std::rc::Rc;

/// What the outputs' cotangents are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seed {
    /// An argument for each output.
    Argument,
    /// 1, for the first output, which is a single number; nothing for the others.
    One,
}

/// Divides a graph of outputs and gradients into one that gives the outputs and what is kept, and one that takes what was
/// kept and gives the gradients: the pass that a turn of a loop makes there, and the one back.
pub type Split<'s> = &'s dyn Fn(&Graph) -> (Graph, Graph);

/// Appends the gradients of the `wanted` arguments; turns of loops are divided by `split`.
pub fn differentiate(graph: &Graph, wanted: &[usize], seed: Seed, split: Split) -> Graph {
    joint(graph, wanted, seed, &|output| seed == Seed::Argument || output == 0, split)
}

/// As [`differentiate`], for the cotangents of those outputs alone that are `seeded`.
fn joint(graph: &Graph, wanted: &[usize], seed: Seed, seeded: &dyn Fn(usize) -> bool, split: Split) -> Graph {
    let mut reverse = Reverse::new(graph, wanted, split);
    let mut outputs = reverse.graph.roots.clone();
    outputs.retain(|r| matches!(r.goal, Goal::Output(_)));
    for root in outputs.iter().filter(|r| matches!(r.goal, Goal::Output(k) if seeded(k))) {
        reverse.seed(root, seed, outputs.len());
    }
    for id in graph.ids().rev() {
        reverse.step(id);
    }
    reverse.gradients(wanted);
    let mut graph = reverse.kept();
    naming::name_all(&mut graph);
    graph
}

/// Which nodes the `wanted` arguments reach.
fn leads(graph: &Graph, wanted: &[usize]) -> Vec<bool> {
    let mut leads = vec![false; graph.len()];
    for id in graph.ids() {
        let node = graph.node(id);
        leads[id.index()] = node.dtype == Dtype::Real
            && match node.kind {
                Kind::Arg(index) => wanted.contains(&index),
                _ => node.args.iter().any(|a| leads[a.index()]),
            };
    }
    leads
}

struct Reverse<'s> {
    graph: Graph,
    split: Split<'s>,
    /// Loops that have to keep more than they did, by their nodes.
    extended: Vec<(Id, Scan)>,
    /// By node of the original graph.
    cotangents: Vec<Option<Id>>,
    /// Whether a wanted argument is reached.
    leads: Vec<bool>,
    /// Whether some of the cotangent may be 0 because a `select` did not take the element.
    masked: Vec<bool>,
}

impl<'s> Reverse<'s> {
    fn new(graph: &Graph, wanted: &[usize], split: Split<'s>) -> Self {
        Reverse {
            graph: graph.clone(),
            split,
            extended: Vec::new(),
            cotangents: vec![None; graph.len()],
            leads: leads(graph, wanted),
            masked: vec![false; graph.len()],
        }
    }

    /// The graph, its loops keeping what their ways back read.
    fn kept(self) -> Graph {
        if self.extended.is_empty() {
            return self.graph;
        }
        let loops: Vec<(Kind, Scan)> =
            self.extended.into_iter().map(|(id, scan)| (self.graph.node(id).kind.clone(), scan)).collect();
        self.graph.rebuild(|new, node, args| match loops.iter().find(|(kind, _)| *kind == node.kind) {
            Some((_, scan)) => new.scan(scan.clone(), args),
            None => new.like(node, args),
        })
    }

    fn seed(&mut self, root: &Root, seed: Seed, outputs: usize) {
        let (Goal::Output(k), Some(id)) = (root.goal, root.node) else { return };
        let node = self.graph.node(id);
        let dy = match seed {
            Seed::One => self.graph.constant(1.0),
            Seed::Argument => {
                let name = match &node.note.name {
                    Some(name) if outputs > 1 => format!("d_{name}"),
                    _ => "d_output".to_string(),
                };
                let (shape, dtype) = (node.shape.clone(), node.dtype);
                self.graph.push_argument(Argument { name, source: Source::Cotangent(k), shape, dtype })
            }
        };
        self.contribute(id, dy);
    }

    /// Adds to the cotangent of `id`, which is assigned where it is the first.
    fn contribute(&mut self, id: Id, contribution: Id) {
        if !self.leads[id.index()] {
            return;
        }
        let shape = self.graph.shape(id).clone();
        let contribution = self.graph.broadcast_to(contribution, &shape);
        self.cotangents[id.index()] = Some(match self.cotangents[id.index()] {
            None => contribution,
            Some(sum) => self.sum(sum, contribution),
        });
    }

    /// Under one mask, where both are.
    fn sum(&mut self, a: Id, b: Id) -> Id {
        let masks = untaken::masked(&self.graph, a).zip(untaken::masked(&self.graph, b));
        if let Some(((m, a, first), (n, b, second))) = masks
            && (m, first) == (n, second)
        {
            let sum = self.sum(a, b);
            return untaken::mask(&mut self.graph, (m, a, first), sum);
        }
        apply::call(&mut self.graph, "add", &[a, b]).expect("cotangents have one shape")
    }

    /// Passes the cotangent of `id` on to its arguments.
    fn step(&mut self, id: Id) {
        let node = self.graph.node(id).clone();
        if let Kind::Scan(scan) = &node.kind {
            return self.scan(id, &node, scan);
        }
        let Some(dy) = self.cotangents[id.index()].filter(|_| self.leads[id.index()]) else { return };
        self.name_cotangent(dy, &node);
        for position in 0..node.args.len() {
            let arg = node.args[position];
            if !self.leads[arg.index()] {
                continue;
            }
            let start = self.graph.len();
            if let Some((contribution, rule)) = self.pullback(id, &node, position, dy) {
                let chosen = node.kind == Kind::Map("select") && !untaken::takes_one_of_each(&self.graph, node.args[0]);
                self.masked[arg.index()] |= chosen || self.masked[id.index()];
                self.contribute(arg, contribution);
                self.annotate(start, &node, &rule);
            }
        }
    }

    /// The name and the place of what a cotangent belongs to.
    fn name_cotangent(&mut self, dy: Id, primal: &Node) {
        if matches!(self.graph.node(dy).kind, Kind::Const(_) | Kind::Size(_)) {
            return; // one node for all its uses
        }
        let name = primal.note.name.as_ref().map(|name| format!("d_{name}").into());
        let note = self.graph.note_mut(dy);
        note.name = note.name.take().or(name);
    }

    fn annotate(&mut self, start: usize, primal: &Node, rule: &str) {
        let rule: Rc<str> = rule.into();
        for id in self.graph.ids_from(start) {
            let note = self.graph.note_mut(id);
            note.rule.get_or_insert_with(|| rule.clone());
            note.place = note.place.or(primal.note.place);
        }
    }

    /// What `dy` contributes to the cotangent of one argument, and by which rule.
    fn pullback(&mut self, id: Id, node: &Node, position: usize, dy: Id) -> Option<(Id, String)> {
        match &node.kind {
            Kind::Map(name) => self.by_text(op::known(name), id, node, position, dy, &[]),
            Kind::Composite { op: name, axes } => self.by_text(op::known(name), id, node, position, dy, axes),
            Kind::Reduce { fold, axes } => self.by_text(op::of_fold(*fold), id, node, position, dy, axes),
            _ => {
                let before = self.graph.len();
                let (back, rule) = self.by_structure(id, node, position, dy)?;
                Some((rule::applied(&rule, &mut self.graph, before, back), rule))
            }
        }
    }

    /// By the axes of what is moved, spread or multiplied, which the notation of the table cannot state.
    fn by_structure(&mut self, id: Id, node: &Node, position: usize, dy: Id) -> Option<(Id, String)> {
        match &node.kind {
            Kind::Contract(letters) => Some(self.contract(node, letters, position, dy, self.masked[id.index()])),
            Kind::Broadcast { along } => Some(self.broadcast(node, along, dy)),
            Kind::Permute { order } => {
                let back = (0..order.len()).map(|k| order.iter().position(|&o| o == k).expect("an order has all axes"));
                let order = back.collect();
                Some((self.graph.permute(dy, order), "t: d_x = t(dy)".to_string()))
            }
            Kind::Reshape => {
                let shape = self.graph.shape(node.args[0]).clone();
                Some((self.graph.reshape(dy, &shape), "reshape: d_x = dy in the shape of x".to_string()))
            }
            Kind::Along { axis, op } => self.along(node, *axis, op, position, dy),
            // The loop that a part belongs to looks after its cotangent.
            Kind::Scan(_) | Kind::Part(_) => None,
            Kind::Given(gradients) => self.given(id, node, gradients, position, dy),
            Kind::Arg(_) | Kind::Const(_) | Kind::Size(_) | Kind::Iota { .. } => None,
            Kind::Map(_) | Kind::Composite { .. } | Kind::Reduce { .. } => unreachable!("the table has their rules"),
        }
    }

    /// As its author says; nothing goes into the value that stands first.
    fn given(&mut self, id: Id, node: &Node, gradients: &Graph, position: usize, dy: Id) -> Option<(Id, String)> {
        let argument = position.checked_sub(1)?;
        let root = gradients.roots.iter().find(|r| r.goal == Goal::Gradient(argument))?.node?;
        let nodes = self.graph.graft(gradients, &|k| match node.args.get(k + 1) {
            Some(&argument) => argument,
            None if k + 1 == node.args.len() => id,
            None => dy,
        });
        let value = nodes[root.index()].expect("a root is live");
        let comparable = self.graph.shape(value) == self.graph.shape(dy);
        let result = match self.masked[id.index()] && comparable && value != dy {
            true => untaken::where_reached(&mut self.graph, dy, value),
            false => value,
        };
        Some((result, format!("given: d_{}", gradients.arguments[argument].name)))
    }

    /// By the derivative in the table.
    fn by_text(
        &mut self,
        op: &'static Op,
        id: Id,
        node: &Node,
        position: usize,
        dy: Id,
        axes: &[usize],
    ) -> Option<(Id, String)> {
        let mut bindings = Bindings::new(op.args, &node.args).over(axes);
        bindings.bind("y", id);
        let (text, right) = match op.derivative {
            Derivative::Partials(texts) => (*texts.get(position)?, format!("dy * ({})", texts[position])),
            Derivative::Pullback(texts) => {
                let text = *texts.get(position).filter(|t| !t.is_empty())?;
                (text, rule::on_one_line(text))
            }
            Derivative::Inner | Derivative::None => return None,
        };
        let text = rule::current(op.name, position, text);
        let partial = matches!(op.derivative, Derivative::Partials(_));
        let result = match &node.kind {
            Kind::Map(_) => self.element_wise(text, partial, &bindings, dy, self.masked[id.index()]),
            kind => {
                let value = self.of_text(text, partial, &bindings, dy);
                if self.masked[id.index()] { self.where_reached(kind, axes, dy, value) } else { value }
            }
        };
        Some((result, format!("{}: d_{} = {right}", op.name.trim_start_matches("reduce_"), op.args[position])))
    }

    /// A mask around the cotangent goes around the result.
    fn element_wise(&mut self, text: &'static str, partial: bool, bindings: &Bindings, dy: Id, masked: bool) -> Id {
        if let Some(mask) = untaken::masked(&self.graph, dy) {
            let value = self.element_wise(text, partial, bindings, mask.1, false);
            return untaken::mask(&mut self.graph, mask, value);
        }
        let value = self.of_text(text, partial, bindings, dy);
        match masked && value != dy {
            true => untaken::where_reached(&mut self.graph, dy, value),
            false => value,
        }
    }

    fn of_text(&mut self, text: &'static str, partial: bool, bindings: &Bindings, dy: Id) -> Id {
        let mut bindings = bindings.clone();
        bindings.bind("dy", dy);
        let value = rule::instantiate(&mut self.graph, &rule::parsed(text), &bindings);
        match partial {
            true => apply::call(&mut self.graph, "mul", &[dy, value]).expect("a partial has y's shape"),
            false => value,
        }
    }

    /// Sums only pass their cotangent on; what else goes over axes multiplies it.
    fn where_reached(&mut self, kind: &Kind, axes: &[usize], dy: Id, value: Id) -> Id {
        match kind {
            Kind::Reduce { fold: Fold::Sum, .. } => value,
            _ if self.graph.shape(dy) == self.graph.shape(value) => {
                untaken::where_any_is_reached(&mut self.graph, dy, axes, value)
            }
            _ => untaken::where_sum_is_reached(&mut self.graph, dy, axes, value),
        }
    }

    /// The transpose: all that is done along an axis is linear, but for an extremum's position, which has no derivative.
    fn along(&mut self, node: &Node, axis: usize, op: &Along, position: usize, dy: Id) -> Option<(Id, String)> {
        let graph = &mut self.graph;
        let own = graph.shape(node.args[position]).clone();
        let (back, rule) = match op {
            Along::Slice { start, step } => (
                graph.pad(dy, axis, start.clone(), *step, own[axis].clone()),
                "slice: d_x = dy in its place, among zeros",
            ),
            Along::Pad { start, step } => (
                graph.slice(dy, axis, start.clone(), *step, own[axis].clone()),
                "pad: d_x = the elements of dy where x is",
            ),
            Along::Concat => {
                let before = node.args[..position].iter().map(|&a| graph.shape(a)[axis].clone());
                let start = before.fold(Dim::number(0), |sum, size| &sum + &size);
                (graph.slice(dy, axis, start, 1, own[axis].clone()), "concat: d_x = the part of dy where x is")
            }
            Along::Gather => {
                let back = graph.along(axis, Along::Scatter, vec![dy, node.args[1]], &own[axis..=axis]);
                (back, "gather: d_x = sums of dy at the positions that were read")
            }
            Along::Scatter => {
                let rank = graph.shape(node.args[1]).len();
                let back = graph.along(axis, Along::Gather, vec![dy, node.args[1]], &own[axis..axis + rank]);
                (back, "scatter: d_x = dy at the positions that were written")
            }
            &Along::Windows { stride, dilation } => {
                let op = Along::Overlap { stride, dilation };
                (graph.along(axis, op, vec![dy], &own[axis..=axis]), "windows: d_x = sums of dy over all windows")
            }
            &Along::Overlap { stride, dilation } => {
                let op = Along::Windows { stride, dilation };
                (graph.along(axis, op, vec![dy], &own[axis..axis + 2]), "overlap: d_x = windows of dy")
            }
            &Along::Cumulate { reverse } => {
                let op = Along::Cumulate { reverse: !reverse };
                (graph.along(axis, op, vec![dy], &own[axis..=axis]), "cumsum: d_x = sums of dy from here on")
            }
            Along::Extremum(_) => return None,
        };
        Some((back, rule.to_string()))
    }

    /// Sums over the axes that are new or stretched.
    fn broadcast(&mut self, node: &Node, along: &[usize], dy: Id) -> (Id, String) {
        let shape = self.graph.shape(node.args[0]).clone();
        let stretched: Vec<usize> =
            (0..shape.len()).filter(|&k| shape[k].is_one() && !node.shape[along[k]].is_one()).collect();
        let summed = (0..node.shape.len())
            .filter(|axis| along.iter().position(|a| a == axis).is_none_or(|k| stretched.contains(&k)))
            .collect();
        let sum = self.graph.reduce(Fold::Sum, dy, summed);
        let back = self.graph.keep_axes(sum, &shape, &stretched);
        (back, "broadcast: d_x = sum of dy along the axes that x was spread over".to_string())
    }

    /// The other operand takes the result's place; letters that only this operand has were summed, so they spread.
    fn contract(&mut self, node: &Node, letters: &Letters, position: usize, dy: Id, masked: bool) -> (Id, String) {
        let (own, other) = match position {
            0 => (&letters.a, &letters.b),
            _ => (&letters.b, &letters.a),
        };
        let reached = |l: &u8| letters.out.contains(l) || other.contains(l);
        let out: Vec<u8> = own.iter().copied().filter(reached).collect();
        let along = (0..own.len()).filter(|&axis| reached(&own[axis])).collect();
        let operand = match masked {
            true => untaken::operand(&mut self.graph, dy, &letters.out, node.args[1 - position], other),
            false => node.args[1 - position],
        };
        let product = match position {
            0 => self.graph.contract(dy, operand, Letters { a: letters.out.clone(), b: other.clone(), out }),
            _ => self.graph.contract(operand, dy, Letters { a: other.clone(), b: letters.out.clone(), out }),
        };
        let shape = self.graph.shape(node.args[position]).clone();
        let result = self.graph.broadcast(product, along, &shape);
        let Derivative::Pullback(texts) = op::known("dot").derivative else { unreachable!("dot states its pullback") };
        (result, format!("dot: d_{} = {}", ["a", "b"][position], texts[position]))
    }

    fn gradients(&mut self, wanted: &[usize]) {
        let mut nodes: Vec<Option<Id>> = vec![None; self.graph.arguments.len()];
        for id in self.graph.ids() {
            if let Kind::Arg(index) = self.graph.node(id).kind {
                nodes[index].get_or_insert(id);
            }
        }
        let gradients: Vec<Root> = wanted
            .iter()
            .map(|&index| {
                let id = nodes[index].filter(|id| id.index() < self.cotangents.len());
                Root { goal: Goal::Gradient(index), node: id.and_then(|id| self.cotangents[id.index()]) }
            })
            .collect();
        self.graph.roots.extend(gradients);
    }
}

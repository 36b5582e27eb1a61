//! The way back through a loop is a loop in the other direction. It carries the cotangents of what was carried, and the sums
//! of those of what is the same in all turns; it reads what each turn of the loop there has kept.

use super::{Reverse, Seed, joint, leads};
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Argument, Dtype, Goal, Graph, Id, Kind, Node, Source};
use crate::ir::scan::{Scan, Shared, one_or_more, outputs};
use crate::op::{apply, rule};

/// The derivative of one turn of a loop.
struct Turn<'s> {
    scan: &'s Scan,
    /// By argument of the body: whether a wanted argument is behind it.
    leads: Vec<bool>,
    /// The results whose cotangents come in.
    seeded: Vec<usize>,
    /// The body's outputs, then what it keeps.
    forward: Graph,
    backward: Graph,
}

/// The loop back, while it is put together.
struct Back {
    body: Graph,
    /// What its arguments are in the graph around.
    args: Vec<Id>,
    /// By argument of the turn's backward graph: the node here.
    here: Vec<Option<Id>>,
    carried: usize,
    /// The sums for what is the same in all turns: argument of the body, and the node here.
    sums: Vec<(usize, Id)>,
}

/// A way back that keeps nothing: it computes all that it reads from the arguments.
fn gradients_alone(joint: &Graph) -> Graph {
    let mut graph = joint.clone();
    graph.roots.retain(|r| matches!(r.goal, Goal::Gradient(_)));
    graph.rebuild(|new, node, args| new.like(node, args))
}

impl Turn<'_> {
    fn is_carried(&self, argument: usize) -> bool {
        argument < self.scan.carried
    }

    fn is_scanned(&self, argument: usize) -> bool {
        !self.is_carried(argument) && argument < self.scan.carried + self.scan.scanned
    }

    /// The arguments that lead to a wanted one and are of this kind.
    fn leading(&self, kind: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.leads.len()).filter(|&k| self.leads[k] && kind(k)).collect()
    }

    fn is_same(&self, argument: usize) -> bool {
        argument >= self.scan.carried + self.scan.scanned
    }

    fn gradient(&self, argument: usize) -> Option<Id> {
        let root = self.backward.roots.iter().find(|r| r.goal == Goal::Gradient(argument));
        root.and_then(|r| r.node)
    }

    /// Whether the way back reads this argument of its graph.
    fn reads(&self, argument: usize) -> bool {
        let live = self.backward.live();
        self.backward.ids().any(|id| live[id.index()] && self.backward.node(id).kind == Kind::Arg(argument))
    }

    /// The arguments of the way back that hold kept values.
    fn kept(&self) -> impl Iterator<Item = usize> {
        let arguments = self.backward.arguments.iter().enumerate();
        arguments.filter(|(_, a)| a.source == Source::Saved).map(|(k, _)| k)
    }
}

impl Reverse<'_> {
    /// The cotangents of a loop's arguments, from those of its parts.
    pub fn scan(&mut self, id: Id, node: &Node, scan: &Shared) {
        let cotangents = self.cotangents_of_parts(id, scan.results().count());
        if cotangents.iter().all(Option::is_none) {
            return;
        }
        let turn = self.turn(scan, &node.args, &cotangents);
        let stacks = self.keep(id, &turn);
        let back = self.back(&turn, node, &cotangents, &stacks);
        self.give_back(&turn, node, back);
    }

    fn cotangents_of_parts(&self, id: Id, count: usize) -> Vec<Option<Id>> {
        let mut found = vec![None; count];
        for part in (0..self.cotangents.len()).map(|k| Id(k as u32)) {
            let node = self.graph.node(part);
            if let Kind::Part(k) = node.kind
                && node.args[0] == id
            {
                found[k] = self.cotangents[part.index()];
            }
        }
        found
    }

    fn turn<'s>(&self, scan: &'s Scan, args: &[Id], cotangents: &[Option<Id>]) -> Turn<'s> {
        let leads = self.leading(scan, args);
        let wanted: Vec<usize> = (0..leads.len()).filter(|&k| leads[k]).collect();
        let seeded = |k: usize| if k < scan.carried { leads[k] } else { cotangents[k].is_some() };
        let joint = joint(&scan.body, &wanted, Seed::Argument, &seeded, self.split);
        let (forward, backward) = match scan.recomputed {
            true => (scan.body.clone(), gradients_alone(&joint)),
            false => (self.split)(&joint),
        };
        let seeded = (0..cotangents.len()).filter(|&k| seeded(k)).collect();
        Turn { scan, leads, seeded, forward, backward }
    }

    /// What is carried leads to a wanted argument if its start does, or what a turn makes of it.
    fn leading(&self, scan: &Scan, args: &[Id]) -> Vec<bool> {
        let mut leading: Vec<bool> = args.iter().map(|a| self.leads[a.index()]).collect();
        loop {
            let wanted: Vec<usize> = (0..leading.len()).filter(|&k| leading[k]).collect();
            let inside = leads(&scan.body, &wanted);
            match scan.results().take(scan.carried).enumerate().find(|(k, root)| inside[root.index()] && !leading[*k]) {
                Some((k, _)) => leading[k] = true,
                None => return leading,
            }
        }
    }

    /// Makes the loop there keep what its way back reads: the stacks of what each turn saves, and of what it started from.
    fn keep(&mut self, id: Id, turn: &Turn) -> Vec<Id> {
        let mut body = turn.forward.clone();
        let mut results: Vec<Id> = Vec::new();
        let starts = (0..turn.scan.carried).filter(|&k| turn.reads(k));
        let starts: Vec<Id> = starts.map(|k| body.argument(k)).collect();
        for result in body.roots.iter().filter_map(|r| r.node).chain(starts).collect::<Vec<_>>() {
            let (before, shape) = (body.len(), one_or_more(body.shape(result)));
            let result = body.reshape(result, &shape);
            results.push(rule::applied("loop: kept", &mut body, before, result));
        }
        let old = turn.scan.results().count();
        let stacks = results[old..].iter().enumerate().map(|(j, &result)| {
            let (mut shape, dtype) = (body.shape(result).clone(), body.node(result).dtype);
            shape.insert(0, turn.scan.count.clone());
            let stack = self.graph.add(Kind::Part(old + j), vec![id], shape, dtype);
            self.graph.inherit(stack, &body.node(result).note.clone());
            stack
        });
        let stacks = stacks.collect();
        body.roots = outputs(results);
        self.extended.push((id, turn.scan.with_body(body)));
        stacks
    }

    fn back(&mut self, turn: &Turn, node: &Node, cotangents: &[Option<Id>], stacks: &[Id]) -> Back {
        let own = turn.scan.body.arguments.len();
        let mut back = Back::new(turn.backward.arguments.len());
        // What is carried: cotangents, then sums.
        for (position, &k) in turn.seeded.iter().enumerate().filter(|(_, k)| turn.is_carried(**k)) {
            let shape = turn.scan.body.arguments[k].shape.clone();
            let start = cotangents[k].unwrap_or_else(|| self.zeros(&shape));
            let arg = back.argument(&turn.backward.arguments[own + position].name, start, shape, Dtype::Real);
            back.here[own + position] = Some(arg);
        }
        for k in turn.leading(|k| turn.is_same(k)) {
            let shape = one_or_more(&turn.scan.body.arguments[k].shape);
            let start = self.zeros(&shape);
            let sum = back.argument(&format!("d_{}", turn.scan.body.arguments[k].name), start, shape, Dtype::Real);
            back.sums.push((k, sum));
        }
        back.carried = back.args.len();
        // What is scanned: cotangents, what was kept, and what was scanned there.
        for (position, &k) in turn.seeded.iter().enumerate().filter(|(_, k)| !turn.is_carried(**k)) {
            back.here[own + position] = Some(back.scanned(&self.graph, cotangents[k].expect("it is seeded"), None));
        }
        let starts = (0..turn.scan.carried).filter(|&k| turn.reads(k));
        for (k, &stack) in turn.kept().chain(starts).zip(stacks) {
            let shape = turn.backward.arguments[k].shape.clone();
            back.here[k] = Some(back.scanned(&self.graph, stack, Some(&shape)));
        }
        for k in (0..own).filter(|&k| turn.is_scanned(k) && turn.reads(k)) {
            back.here[k] = Some(back.scanned(&self.graph, node.args[k], None));
        }
        let scanned = back.args.len() - back.carried;
        for k in (0..own).filter(|&k| turn.is_same(k) && turn.reads(k)) {
            let Argument { name, shape, dtype, .. } = turn.scan.body.arguments[k].clone();
            back.here[k] = Some(back.argument(&name, node.args[k], shape, dtype));
        }
        back.repeat(turn);
        let scan = Scan {
            count: turn.scan.count.clone(),
            reverse: !turn.scan.reverse,
            tile: None,
            recomputed: turn.scan.recomputed,
            body: std::mem::take(&mut back.body),
            carried: back.carried,
            scanned,
        };
        back.args = vec![self.graph.scan(scan, back.args.clone())];
        back
    }

    fn zeros(&mut self, shape: &[Dim]) -> Id {
        let before = self.graph.len();
        let zero = self.graph.constant(0.0);
        let zeros = self.graph.broadcast_to(zero, shape);
        rule::applied("loop: start of a sum", &mut self.graph, before, zeros)
    }

    /// The loop back has, in order, the parts: cotangents of what was carried, sums, and cotangents of what was scanned.
    fn give_back(&mut self, turn: &Turn, node: &Node, back: Back) {
        let scan = back.args[0];
        let carried = turn.leading(|k| turn.is_carried(k));
        let sums = back.sums.iter().map(|(k, _)| *k);
        let scanned = turn.leading(|k| turn.is_scanned(k) && turn.gradient(k).is_some());
        for (part, k) in carried.into_iter().chain(sums).chain(scanned).enumerate() {
            let before = self.graph.len();
            let cotangent = self.graph.part(scan, part);
            let shape = self.graph.shape(node.args[k]).clone();
            let cotangent = self.graph.reshape(cotangent, &shape);
            let cotangent = rule::applied("loop: given back", &mut self.graph, before, cotangent);
            self.contribute(node.args[k], cotangent);
        }
    }
}

impl Back {
    fn new(arguments: usize) -> Self {
        let (body, args, sums) = Default::default();
        Back { body, args, here: vec![None; arguments], carried: 0, sums }
    }

    /// Another argument of the body, with what it is in the graph around.
    fn argument(&mut self, name: &str, outside: Id, shape: Shape, dtype: Dtype) -> Id {
        self.args.push(outside);
        self.body.push_argument(Argument::inside(name, shape, dtype))
    }

    /// An element along the first axis of an array, for the turn; in this shape, if it is another one.
    fn scanned(&mut self, graph: &Graph, outside: Id, shape: Option<&Shape>) -> Id {
        let node = graph.node(outside);
        let arg = self.argument(&graph.name_of(outside), outside, node.shape[1..].to_vec(), node.dtype);
        match shape {
            Some(shape) => self.body.reshape(arg, shape),
            None => arg,
        }
    }

    /// The turn's way back, on the arguments that stand here by now; its results are those of a turn.
    fn repeat(&mut self, turn: &Turn) {
        let here = self.here.clone();
        let nodes = self.body.graft(&turn.backward, &|k| here[k].expect("every argument that is read stands here"));
        let gradient = |k: usize| turn.gradient(k).and_then(|id| nodes[id.index()]);
        let mut results = Vec::new();
        for k in turn.leading(|k| turn.is_carried(k)) {
            let (before, shape) = (self.body.len(), turn.scan.body.arguments[k].shape.clone());
            let carried = gradient(k).unwrap_or_else(|| {
                let zero = self.body.constant(0.0);
                self.body.broadcast_to(zero, &shape)
            });
            results.push(rule::applied("loop: d_carried", &mut self.body, before, carried));
        }
        for &(k, sum) in &self.sums {
            let before = self.body.len();
            let sum = match gradient(k) {
                None => sum,
                Some(more) => {
                    let more = self.body.reshape(more, &self.body.shape(sum).clone());
                    apply::call(&mut self.body, "add", &[sum, more]).expect("a sum has the shape of what is added")
                }
            };
            results.push(rule::applied("loop: d_same", &mut self.body, before, sum));
        }
        for k in turn.leading(|k| turn.is_scanned(k)) {
            if let Some(gradient) = gradient(k) {
                let (before, shape) = (self.body.len(), one_or_more(self.body.shape(gradient)));
                let scanned = self.body.reshape(gradient, &shape);
                results.push(rule::applied("loop: d_scanned", &mut self.body, before, scanned));
            }
        }
        self.body.roots = outputs(results);
    }
}

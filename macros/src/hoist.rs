//! Takes out of loops what need not be done turn by turn. In comes a graph, out comes one of the same value, whose loops do
//! only what depends on what they carry: a product of the turn's part of an array becomes one product of the whole array,
//! and a sum of products over all turns becomes one product as well.

use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Argument, Fold, Graph, Id, Kind, Letters, Node};
use crate::ir::scan::{Scan, one_or_more, outputs};
use crate::op::apply;
use std::collections::HashMap;

/// The letter of the axis of turns; letters of operands are below.
const TURNS: u8 = u8::MAX;

pub fn hoist(graph: &Graph) -> Graph {
    if !graph.has_loops() {
        return graph.clone();
    }
    let mut parts: HashMap<Id, Vec<Id>> = HashMap::new();
    graph.rebuild(|new, node, args| match &node.kind {
        Kind::Scan(scan) => {
            let inside = scan.with_body(hoist(&scan.body));
            let (id, all) = Loop::new(&inside).rewritten(new, &args);
            parts.insert(id, all);
            id
        }
        Kind::Part(k) => parts[&args[0]][*k],
        _ => new.like(node, args),
    })
}

/// A loop, and what is known of the nodes of its body.
struct Loop<'s> {
    scan: &'s Scan,
    /// What can be computed outside of the loop, for all turns at once.
    free: Vec<bool>,
    /// What differs from turn to turn.
    varies: Vec<bool>,
}

/// A value outside of the loop; with `turns`, its first axis is that of the turns.
#[derive(Clone, Copy)]
struct Lifted {
    id: Id,
    turns: bool,
}

/// What becomes of a result of the loop.
enum Fate {
    /// Computed outside.
    Lifted(Id),
    /// A sum over all turns of what this node adds.
    Summed { start: Id, more: Id },
    /// As before.
    Kept,
}

impl<'s> Loop<'s> {
    fn new(scan: &'s Scan) -> Self {
        let body = &scan.body;
        let (mut free, mut varies) = (vec![false; body.len()], vec![false; body.len()]);
        for id in body.ids() {
            let node = body.node(id);
            let inside = |k: usize| (scan.carried..scan.carried + scan.scanned).contains(&k);
            varies[id.index()] = match node.kind {
                Kind::Arg(k) => k < scan.carried || inside(k),
                _ => node.args.iter().any(|a| varies[a.index()]),
            };
            free[id.index()] = match node.kind {
                Kind::Arg(k) => k >= scan.carried,
                _ => node.args.iter().all(|a| free[a.index()]) && can_be_lifted(node, &varies),
            };
            free[id.index()] &= !scan.recomputed || !varies[id.index()];
        }
        Loop { scan, free, varies }
    }

    fn body(&self) -> &'s Graph {
        &self.scan.body
    }

    /// Whether it is worth computing outside: a product, and what is the same in all turns unless it only moves elements.
    fn is_worth(&self, id: Id) -> bool {
        let moves = match &self.body().node(id).kind {
            Kind::Arg(_) | Kind::Const(_) | Kind::Size(_) | Kind::Iota { .. } => true,
            Kind::Broadcast { .. } | Kind::Permute { .. } | Kind::Reshape => true,
            Kind::Along { op, .. } => op.is_view(),
            _ => false,
        };
        let product = matches!(self.body().node(id).kind, Kind::Contract(_));
        self.free[id.index()] && (product || !self.varies[id.index()] && !moves)
    }

    fn rewritten(&self, new: &mut Graph, args: &[Id]) -> (Id, Vec<Id>) {
        let mut lift = Lift { of: self, args, done: HashMap::new() };
        let fates: Vec<Fate> = (0..self.scan.results().count()).map(|k| self.fate(k, &mut lift, new)).collect();
        let mut turn = Turn::new(self, &fates, args);
        let sums: Vec<Option<Id>> = fates
            .iter()
            .map(|f| match f {
                Fate::Summed { more, .. } => Some(*more),
                _ => None,
            })
            .collect();
        let stacked: Vec<Id> = sums.iter().flatten().flat_map(|&more| self.to_stack(more)).collect();
        let scan = turn.grow(self, &fates, &stacked, &mut lift, new);
        let (carried, results) = (scan.carried, scan.results().count());
        let id = if results > 0 { new.scan(scan, turn.args.clone()) } else { new.constant(0.0) };
        let kept = |k: usize| fates[..k].iter().filter(|f| matches!(f, Fate::Kept)).count();
        let own: Vec<Option<Id>> =
            (0..fates.len()).map(|k| matches!(fates[k], Fate::Kept).then(|| new.part(id, kept(k)))).collect();
        let first = fates.iter().filter(|f| matches!(f, Fate::Kept)).count();
        debug_assert!(carried <= first);
        for (k, node) in stacked.iter().enumerate() {
            let stack = new.part(id, first + k);
            let shape: Shape = [self.scan.count.clone()].into_iter().chain(self.body().shape(*node).clone()).collect();
            let stack = new.reshape(stack, &shape);
            lift.done.insert(*node, Lifted { id: stack, turns: true });
        }
        let parts = fates.iter().zip(own).map(|(fate, own)| match fate {
            Fate::Lifted(id) => *id,
            Fate::Kept => own.expect("it is a part"),
            Fate::Summed { start, more } => self.sum(*start, *more, &mut lift, new),
        });
        (id, parts.collect())
    }

    fn fate(&self, k: usize, lift: &mut Lift, new: &mut Graph) -> Fate {
        let root = self.scan.results().nth(k).expect("a result of the loop");
        if k >= self.scan.carried {
            return match self.free[root.index()] {
                true => {
                    let lifted = lift.lifted(root, new);
                    Fate::Lifted(spread(new, lifted, &self.scan.count))
                }
                false => Fate::Kept,
            };
        }
        match self.scan.added(k).filter(|&more| !self.scan.recomputed && self.is_sum(more)) {
            Some(more) => Fate::Summed { start: lift.args[k], more },
            None => Fate::Kept,
        }
    }

    /// A product or a sum along axes, perhaps in another shape: over all turns, it is one of the kind.
    fn is_sum(&self, more: Id) -> bool {
        let node = self.body().node(more);
        match &node.kind {
            Kind::Contract(_) | Kind::Reduce { fold: Fold::Sum, .. } => true,
            Kind::Reshape | Kind::Permute { .. } => self.is_sum(node.args[0]),
            _ => false,
        }
    }

    /// What the sum over turns of `more` reads of every turn, and cannot be computed outside.
    fn to_stack(&self, more: Id) -> Vec<Id> {
        let node = self.body().node(more);
        match &node.kind {
            Kind::Contract(_) | Kind::Reduce { .. } => {
                node.args.iter().copied().filter(|a| !self.free[a.index()]).collect()
            }
            _ => self.to_stack(node.args[0]),
        }
    }

    fn sum(&self, start: Id, more: Id, lift: &mut Lift, new: &mut Graph) -> Id {
        let sum = self.summed(more, lift, new);
        match new.as_constant(start) {
            Some(0.0) => sum,
            _ => apply::call(new, "add", &[start, sum]).expect("a sum has the shape of its start"),
        }
    }

    fn summed(&self, more: Id, lift: &mut Lift, new: &mut Graph) -> Id {
        let node = self.body().node(more).clone();
        let made = match &node.kind {
            Kind::Contract(letters) => {
                let [a, b] = [0, 1].map(|k| lift.lifted(node.args[k], new));
                // Where neither operand differs from turn to turn, one has to be repeated.
                let a =
                    if a.turns || b.turns { a } else { Lifted { id: spread(new, a, &self.scan.count), turns: true } };
                let own =
                    |of: Lifted, letters: &[u8]| if of.turns { [&[TURNS], letters].concat() } else { letters.to_vec() };
                let (la, lb) = (own(a, &letters.a), own(b, &letters.b));
                match a.turns && b.turns {
                    true => new.contract(a.id, b.id, Letters { a: la, b: lb, out: letters.out.clone() }),
                    false => {
                        let (a, b) = if a.turns {
                            (new.reduce(Fold::Sum, a.id, vec![0]), b.id)
                        } else {
                            (a.id, new.reduce(Fold::Sum, b.id, vec![0]))
                        };
                        new.contract(a, b, letters.clone())
                    }
                }
            }
            Kind::Reduce { fold, axes } => {
                let x = lift.lifted(node.args[0], new);
                let x = spread(new, x, &self.scan.count);
                let axes = std::iter::once(0).chain(axes.iter().map(|a| a + 1)).collect();
                new.reduce(*fold, x, axes)
            }
            _ => {
                let inner = self.summed(node.args[0], lift, new);
                new.like(&node, vec![inner])
            }
        };
        new.inherit(made, &node.note);
        made
    }
}

/// A value for every turn, repeated if it is the same in all.
fn spread(new: &mut Graph, of: Lifted, count: &Dim) -> Id {
    if of.turns {
        return of.id;
    }
    let shape: Shape = [count.clone()].into_iter().chain(new.shape(of.id).clone()).collect();
    new.broadcast(of.id, (1..shape.len()).collect(), &shape)
}

/// Whether there is one node that does for all turns what this one does in each.
fn can_be_lifted(node: &Node, varies: &[bool]) -> bool {
    let varying = |k: usize| varies[node.args[k].index()];
    match &node.kind {
        Kind::Scan(_) | Kind::Part(_) | Kind::Composite { .. } => false,
        Kind::Along { axis, op: Along::Gather } => !varying(1) || !varying(0) && *axis == 0,
        Kind::Along { op: Along::Scatter, .. } => !varying(1),
        _ => true,
    }
}

/// Nodes of a body, outside of the loop.
struct Lift<'l> {
    of: &'l Loop<'l>,
    args: &'l [Id],
    done: HashMap<Id, Lifted>,
}

impl Lift<'_> {
    fn lifted(&mut self, id: Id, new: &mut Graph) -> Lifted {
        if let Some(done) = self.done.get(&id) {
            return *done;
        }
        let body = self.of.body();
        let node = body.node(id).clone();
        let lifted = match node.kind {
            Kind::Arg(k) => Lifted { id: self.args[k], turns: self.of.varies[id.index()] },
            _ => {
                let args: Vec<Lifted> = node.args.iter().map(|&a| self.lifted(a, new)).collect();
                let turns = args.iter().any(|a| a.turns);
                let id = match turns {
                    false => new.like(&node, args.iter().map(|a| a.id).collect()),
                    true => self.for_all_turns(&node, &args, new),
                };
                new.inherit(id, &node.note);
                Lifted { id, turns }
            }
        };
        self.done.insert(id, lifted);
        lifted
    }

    fn for_all_turns(&self, node: &Node, args: &[Lifted], new: &mut Graph) -> Id {
        let count = &self.of.scan.count;
        let shape: Shape = [count.clone()].into_iter().chain(node.shape.clone()).collect();
        let next = |axes: &[usize]| axes.iter().map(|a| a + 1).collect::<Vec<usize>>();
        let behind = |axes: &[usize]| std::iter::once(0).chain(next(axes)).collect::<Vec<usize>>();
        match &node.kind {
            Kind::Contract(letters) => {
                let own = |k: usize, letters: &[u8]| {
                    if args[k].turns { [&[TURNS], letters].concat() } else { letters.to_vec() }
                };
                let out = [&[TURNS], letters.out.as_slice()].concat();
                new.contract(args[0].id, args[1].id, Letters { a: own(0, &letters.a), b: own(1, &letters.b), out })
            }
            Kind::Broadcast { along } => new.broadcast(args[0].id, behind(along), &shape),
            Kind::Reduce { fold, axes } => new.reduce(*fold, args[0].id, next(axes)),
            Kind::Permute { order } => new.permute(args[0].id, behind(order)),
            Kind::Reshape => new.reshape(args[0].id, &shape),
            // The positions' axes take the place of the one that is gathered from, which is the first.
            Kind::Along { axis, op: Along::Gather } if !args[0].turns => {
                new.add(Kind::Along { axis: *axis, op: Along::Gather }, vec![args[0].id, args[1].id], shape, node.dtype)
            }
            Kind::Along { axis, op } => {
                let own = args.iter().enumerate().map(|(k, &a)| match op.arguments() == Some(2) && k == 1 {
                    true => a.id,
                    false => spread(new, a, count),
                });
                let own = own.collect();
                new.add(Kind::Along { axis: axis + 1, op: op.clone() }, own, shape, node.dtype)
            }
            kind => {
                let own = args.iter().map(|&a| spread(new, a, count)).collect();
                new.add(kind.clone(), own, shape, node.dtype)
            }
        }
    }
}

/// The loop that is left.
struct Turn {
    body: Graph,
    args: Vec<Id>,
    here: HashMap<Id, Id>,
}

impl Turn {
    /// With what it still carries.
    fn new(of: &Loop, fates: &[Fate], args: &[Id]) -> Self {
        let mut turn = Turn { body: Graph::default(), args: Vec::new(), here: HashMap::new() };
        for k in (0..of.scan.carried).filter(|&k| matches!(fates[k], Fate::Kept)) {
            let argument = of.body().arguments[k].clone();
            turn.argument(of, Some(Kind::Arg(k)), argument, args[k]);
        }
        turn
    }

    fn argument(&mut self, of: &Loop, kind: Option<Kind>, argument: Argument, outside: Id) -> Id {
        let arg = self.body.push_argument(argument);
        self.args.push(outside);
        if let Some(kind) = kind
            && let Some(id) = of.body().ids().find(|id| of.body().node(*id).kind == kind)
        {
            self.here.insert(id, arg);
        }
        arg
    }

    fn grow(&mut self, of: &Loop, fates: &[Fate], stacked: &[Id], lift: &mut Lift, new: &mut Graph) -> Scan {
        let carried = self.args.len();
        let kept = fates.iter().enumerate().filter(|(_, f)| matches!(f, Fate::Kept));
        let roots: Vec<Id> = kept.map(|(k, _)| of.scan.results().nth(k).expect("a result")).collect();
        let roots = [roots.as_slice(), stacked].concat();
        let needed = self.needed(of, &roots);
        let (varying, same): (Vec<Id>, Vec<Id>) =
            needed.iter().copied().filter(|id| self.is_given(of, *id)).partition(|id| of.varies[id.index()]);
        for (turns, id) in varying.iter().map(|id| (true, *id)).chain(same.iter().map(|id| (false, *id))) {
            let node = of.body().node(id);
            let lifted = lift.lifted(id, new);
            debug_assert_eq!(lifted.turns, turns);
            let argument = Argument::inside(of.body().name_of(id), node.shape.clone(), node.dtype);
            let arg = self.argument(of, None, argument, lifted.id);
            self.here.insert(id, arg);
        }
        for id in needed {
            if self.here.contains_key(&id) {
                continue;
            }
            let node = of.body().node(id);
            let args = node.args.iter().map(|a| self.here[a]).collect();
            let made = self.body.like(node, args);
            self.body.inherit(made, &node.note);
            self.here.insert(id, made);
        }
        let results = roots.iter().map(|id| {
            let id = self.here[id];
            let shape = one_or_more(self.body.shape(id));
            self.body.reshape(id, &shape)
        });
        let results: Vec<Id> = results.collect();
        self.body.roots = outputs(results);
        let body = std::mem::take(&mut self.body);
        Scan { count: of.scan.count.clone(), body, carried, scanned: varying.len(), ..*of.scan }
    }

    /// Comes into the loop that is left: an argument, or what is computed outside.
    fn is_given(&self, of: &Loop, id: Id) -> bool {
        let argument = matches!(of.body().node(id).kind, Kind::Arg(_));
        !self.here.contains_key(&id) && (argument || of.is_worth(id))
    }

    /// The nodes that `roots` need, up to those that come in, in order.
    fn needed(&self, of: &Loop, roots: &[Id]) -> Vec<Id> {
        let mut needed = vec![false; of.body().len()];
        roots.iter().for_each(|r| needed[r.index()] = true);
        for id in of.body().ids().rev().filter(|id| !self.here.contains_key(id)) {
            if needed[id.index()] && !self.is_given(of, id) {
                of.body().node(id).args.iter().for_each(|a| needed[a.index()] = true);
            }
        }
        of.body().ids().filter(|id| needed[id.index()]).collect()
    }
}

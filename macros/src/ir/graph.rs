//! The graph: a hash-consed list of nodes in single assignment, of few kinds. Arguments stand before their users, every
//! broadcast is a node, and equal nodes are one node.

use super::along::Along;
use super::dim::{Dim, Shape, show};
use super::hash::Quick;
use super::model::Role;
use super::scan::{Scan, Shared};
use crate::error::Place;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::rc::Rc;

/// A node of one graph.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Id(pub u32);

impl Id {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dtype {
    /// `f32` or `f64`, as the network says.
    Real,
    /// Class labels and positions.
    Index,
    /// Truth values.
    Mask,
    /// Where random numbers come from.
    Seed,
}

/// How a reduction combines elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fold {
    Sum,
    Max,
    Min,
    Prod,
}

/// The axes of a two-operand contraction as letters: equal letters are multiplied, those not in `out` are summed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Letters {
    pub a: Vec<u8>,
    pub b: Vec<u8>,
    pub out: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Argument by its index in [`Graph::arguments`].
    Arg(usize),
    /// A real number (its bits), of rank 0.
    Const(u64),
    /// A dimension as a real number, of rank 0.
    Size(Dim),
    /// The position along `axis`, as an index, over the node's shape.
    Iota { axis: usize },
    /// An element-wise operation by its name in the table; the arguments have the node's shape.
    Map(&'static str),
    /// A composite operation by its name in the table, over `axes`; gone once it is expanded.
    Composite { op: &'static str, axes: Vec<usize> },
    /// Axis `k` of the argument becomes axis `along[k]`, of equal size or stretched from 1; all other axes are new.
    Broadcast { along: Vec<usize> },
    /// Combines all elements along `axes`, which disappear.
    Reduce { fold: Fold, axes: Vec<usize> },
    /// Products summed over common axes: every product of matrices and vectors.
    Contract(Letters),
    /// Axis `k` of the result is axis `order[k]` of the argument.
    Permute { order: Vec<usize> },
    /// The same elements in the same row-major order under another shape.
    Reshape,
    /// Moves, takes or sums along `axis`.
    Along { axis: usize, op: Along },
    /// A loop; its values are its parts.
    Scan(Shared),
    /// A result of a loop, by its index.
    Part(usize),
    /// Its first argument, whose derivative by the others is given: a graph of gradients, whose arguments are these others,
    /// the value and its cotangent. Gone once composites are expanded.
    Given(Shared<Graph>),
}

#[derive(Clone, Debug)]
pub struct Node {
    pub kind: Kind,
    pub args: Vec<Id>,
    pub shape: Shape,
    pub dtype: Dtype,
    pub note: Note,
}

/// What a node means to a person; it takes no part in equality.
#[derive(Clone, Debug, Default)]
pub struct Note {
    /// The user's name, or one derived from it.
    pub name: Option<Rc<str>>,
    pub place: Option<Place>,
    /// The rule that made the node, if not the user: `tanh: d_x = dy * (1 - y * y)`.
    pub rule: Option<Rc<str>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Source {
    /// An argument of the user's function.
    User(Role),
    /// The cotangent of output `k`.
    Cotangent(usize),
    /// A value that the forward pass kept.
    Saved,
}

#[derive(Clone, Debug)]
pub struct Argument {
    pub name: String,
    pub source: Source,
    pub shape: Shape,
    pub dtype: Dtype,
}

impl Argument {
    /// Of the body of a loop.
    pub fn inside(name: impl Into<String>, shape: Shape, dtype: Dtype) -> Self {
        Argument { name: name.into(), source: Source::User(Role::Input), shape, dtype }
    }
}

/// What a result of the graph is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Goal {
    /// Output `k` of the network.
    Output(usize),
    /// The gradient with respect to argument `k` of the network.
    Gradient(usize),
    /// What argument `k` of the network, a state, is after the pass.
    State(usize),
    /// A value kept for backward.
    Saved,
}

/// A result; a gradient without a node is exactly zero, and nothing is computed for it.
#[derive(Clone, Debug)]
pub struct Root {
    pub goal: Goal,
    pub node: Option<Id>,
}

#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    /// Nodes by the hash of their kind, arguments and shape; of several with one hash, the later ones by the next hashes.
    known: HashMap<u64, Id, Quick>,
    pub arguments: Vec<Argument>,
    pub roots: Vec<Root>,
    /// Sizes that an `if` has taken to be different, since they have different names; of a graph that has been lowered.
    pub apart: Vec<(Dim, Dim)>,
}

impl Graph {
    pub fn new(arguments: Vec<Argument>) -> Self {
        Graph { arguments, ..Graph::default() }
    }

    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id.index()]
    }

    pub fn shape(&self, id: Id) -> &Shape {
        &self.node(id).shape
    }

    /// The name of a node, or `value`.
    pub fn name_of(&self, id: Id) -> String {
        self.node(id).note.name.as_deref().unwrap_or("value").to_string()
    }

    pub fn note_mut(&mut self, id: Id) -> &mut Note {
        &mut self.nodes[id.index()].note
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// All nodes, arguments before users.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = Id> + use<> {
        (0..self.nodes.len() as u32).map(Id)
    }

    /// Those from a place on.
    pub fn ids_from(&self, start: usize) -> impl Iterator<Item = Id> + use<> {
        (start as u32..self.nodes.len() as u32).map(Id)
    }

    /// The node of this kind, arguments and shape: a known one, or a new one.
    pub fn add(&mut self, kind: Kind, args: Vec<Id>, shape: Shape, dtype: Dtype) -> Id {
        let mut hash = Quick::default().hash_one((&kind, &args, &shape));
        while let Some(&id) = self.known.get(&hash) {
            let node = self.node(id);
            if node.args == args && node.kind == kind && node.shape == shape {
                return id;
            }
            hash = hash.wrapping_add(1);
        }
        let id = Id(self.nodes.len() as u32);
        self.nodes.push(Node { kind, args, shape, dtype, note: Note::default() });
        self.known.insert(hash, id);
        id
    }

    pub fn argument(&mut self, index: usize) -> Id {
        let Argument { shape, dtype, .. } = &self.arguments[index];
        let id = self.add(Kind::Arg(index), Vec::new(), shape.clone(), *dtype);
        self.nodes[id.index()].note.name = Some(self.arguments[index].name.as_str().into());
        id
    }

    /// Adds an argument after the others.
    pub fn push_argument(&mut self, argument: Argument) -> Id {
        self.arguments.push(argument);
        self.argument(self.arguments.len() - 1)
    }

    pub fn constant(&mut self, value: f64) -> Id {
        self.add(Kind::Const(value.to_bits()), Vec::new(), Vec::new(), Dtype::Real)
    }

    /// `dim` as a real number; a constant where it is one.
    pub fn size(&mut self, dim: Dim) -> Id {
        match dim.as_number() {
            Some(n) => self.constant(n as f64),
            None => self.add(Kind::Size(dim), Vec::new(), Vec::new(), Dtype::Real),
        }
    }

    pub fn iota(&mut self, axis: usize, shape: Shape) -> Id {
        self.add(Kind::Iota { axis }, Vec::new(), shape, Dtype::Index)
    }

    /// An element-wise node; the arguments must have one shape already.
    pub fn map(&mut self, op: &'static str, args: Vec<Id>, dtype: Dtype) -> Id {
        let shape = self.shape(args[0]).clone();
        self.add(Kind::Map(op), args, shape, dtype)
    }

    /// `id` spread over `shape`, its axis `k` along axis `along[k]`. Nothing is added where that changes nothing, and
    /// a broadcast of a broadcast is one broadcast.
    pub fn broadcast(&mut self, id: Id, along: Vec<usize>, shape: &[Dim]) -> Id {
        if self.shape(id) == shape {
            return id;
        }
        let Node { kind, args, dtype, .. } = self.node(id).clone();
        match kind {
            Kind::Broadcast { along: inner } => {
                let composed = inner.iter().map(|&axis| along[axis]).collect();
                self.broadcast(args[0], composed, shape)
            }
            _ => self.add(Kind::Broadcast { along }, vec![id], shape.to_vec(), dtype),
        }
    }

    /// NumPy's broadcast: axes aligned at the right.
    pub fn broadcast_to(&mut self, id: Id, shape: &[Dim]) -> Id {
        let missing = shape.len() - self.shape(id).len();
        self.broadcast(id, (missing..shape.len()).collect(), shape)
    }

    /// `id` reduced over `axes` (ascending); `id` itself where there are none.
    pub fn reduce(&mut self, fold: Fold, id: Id, axes: Vec<usize>) -> Id {
        if axes.is_empty() {
            return id;
        }
        let Node { shape, dtype, .. } = self.node(id).clone();
        let kept = kept_axes(shape.len(), &axes).map(|a| shape[a].clone()).collect();
        self.add(Kind::Reduce { fold, axes }, vec![id], kept, dtype)
    }

    /// Puts the reduced `axes` of `shape` back into `id`, as axes of size 1.
    pub fn keep_axes(&mut self, id: Id, shape: &[Dim], axes: &[usize]) -> Id {
        let mut kept = shape.to_vec();
        for &axis in axes {
            kept[axis] = Dim::number(1);
        }
        self.broadcast(id, kept_axes(shape.len(), axes).collect(), &kept)
    }

    /// Spreads `id`, reduced over `axes`, over `shape` again.
    pub fn spread(&mut self, id: Id, shape: &[Dim], axes: &[usize]) -> Id {
        self.broadcast(id, kept_axes(shape.len(), axes).collect(), shape)
    }

    pub fn permute(&mut self, id: Id, order: Vec<usize>) -> Id {
        let Node { kind, args, shape, dtype, .. } = self.node(id).clone();
        if let Kind::Permute { order: inner } = kind {
            return self.permute(args[0], order.iter().map(|&k| inner[k]).collect());
        }
        if order.iter().copied().eq(0..order.len()) {
            return id;
        }
        let permuted = order.iter().map(|&k| shape[k].clone()).collect();
        self.add(Kind::Permute { order }, vec![id], permuted, dtype)
    }

    pub fn reshape(&mut self, id: Id, shape: &[Dim]) -> Id {
        let Node { kind, args, shape: old, dtype, .. } = self.node(id).clone();
        match kind {
            _ if old == shape => id,
            Kind::Reshape => self.reshape(args[0], shape),
            _ => self.add(Kind::Reshape, vec![id], shape.to_vec(), dtype),
        }
    }

    /// `args` along `axis` of the first, in place of which axes of these `sizes` stand.
    pub fn along(&mut self, axis: usize, op: Along, args: Vec<Id>, sizes: &[Dim]) -> Id {
        let index_rank = args.get(1).map_or(0, |&index| self.shape(index).len());
        let Node { shape, dtype, .. } = self.node(args[0]).clone();
        let after = &shape[axis + op.takes(index_rank)..];
        let shape = [&shape[..axis], sizes, after].concat();
        let dtype = if matches!(op, Along::Extremum(_)) { Dtype::Index } else { dtype };
        self.add(Kind::Along { axis, op }, args, shape, dtype)
    }

    /// `len` elements from `start` on, `step` apart; all of them are `id` itself.
    pub fn slice(&mut self, id: Id, axis: usize, start: Dim, step: i64, len: Dim) -> Id {
        match step == 1 && self.shape(id)[axis] == len {
            true => id,
            false => self.along(axis, Along::Slice { start, step }, vec![id], &[len]),
        }
    }

    /// The transpose of [`slice`](Self::slice): an axis of `size` elements, zeros but for those of `id`.
    pub fn pad(&mut self, id: Id, axis: usize, start: Dim, step: i64, size: Dim) -> Id {
        match step == 1 && self.shape(id)[axis] == size {
            true => id,
            false => self.along(axis, Along::Pad { start, step }, vec![id], &[size]),
        }
    }

    /// A loop over `args`, as [`Scan`] has them in order.
    pub fn scan(&mut self, scan: Scan, args: Vec<Id>) -> Id {
        self.add(Kind::Scan(Shared::new(scan)), args, Shape::new(), Dtype::Real)
    }

    /// Result `index` of a loop.
    pub fn part(&mut self, scan: Id, index: usize) -> Id {
        let Kind::Scan(shared) = &self.node(scan).kind else { unreachable!("only a loop has parts") };
        let root = shared.body.node(shared.results().nth(index).expect("a result of the loop"));
        let stacked = (index >= shared.carried).then(|| shared.count.clone());
        let (shape, dtype, note) =
            (stacked.into_iter().chain(root.shape.clone()).collect(), root.dtype, root.note.clone());
        let id = self.add(Kind::Part(index), vec![scan], shape, dtype);
        self.inherit(id, &Note { rule: None, ..note });
        id
    }

    /// The graph with every loop's body changed.
    pub fn with_bodies(&self, change: &mut dyn FnMut(&Graph) -> Graph) -> Graph {
        self.rebuild(|new, node, args| match &node.kind {
            Kind::Scan(scan) => new.scan(scan.with_body(change(&scan.body)), args),
            _ => new.like(node, args),
        })
    }

    pub fn has_loops(&self) -> bool {
        self.nodes.iter().any(|n| matches!(n.kind, Kind::Scan(_)))
    }

    /// A contraction; its letters are renamed in order of appearance, and transposed operands change only the letters.
    pub fn contract(&mut self, a: Id, b: Id, letters: Letters) -> Id {
        let (a, la) = self.untransposed(a, letters.a);
        let (b, lb) = self.untransposed(b, letters.b);
        let letters = Letters { a: la, b: lb, out: letters.out }.canonical();
        let size = |letter: &u8| match letters.a.iter().position(|l| l == letter) {
            Some(axis) => self.shape(a)[axis].clone(),
            None => self.shape(b)[letters.b.iter().position(|l| l == letter).expect("a letter of an operand")].clone(),
        };
        let shape = letters.out.iter().map(size).collect();
        self.add(Kind::Contract(letters), vec![a, b], shape, Dtype::Real)
    }

    /// The operand behind a transposition, with the letters of its axes.
    pub fn untransposed(&self, id: Id, letters: Vec<u8>) -> (Id, Vec<u8>) {
        let node = self.node(id);
        let Kind::Permute { order } = &node.kind else { return (id, letters) };
        let mut inner = letters.clone();
        for (&axis, &letter) in order.iter().zip(&letters) {
            inner[axis] = letter;
        }
        (node.args[0], inner)
    }

    /// The value of a constant, also seen through a broadcast.
    pub fn as_constant(&self, id: Id) -> Option<f64> {
        let node = self.node(id);
        match node.kind {
            Kind::Const(bits) => Some(f64::from_bits(bits)),
            Kind::Broadcast { .. } => self.as_constant(node.args[0]),
            _ => None,
        }
    }

    /// Which nodes a root depends on.
    pub fn live(&self) -> Vec<bool> {
        self.live_for(|_| true)
    }

    /// Which nodes a root for one of these goals depends on.
    pub fn live_for(&self, goal: impl Fn(Goal) -> bool) -> Vec<bool> {
        let mut live = vec![false; self.len()];
        for root in self.roots.iter().filter(|r| goal(r.goal)) {
            if let Some(id) = root.node {
                live[id.index()] = true;
            }
        }
        for id in self.ids().rev() {
            if live[id.index()] {
                for arg in &self.node(id).args {
                    live[arg.index()] = true;
                }
            }
        }
        live
    }

    /// The users of every node, each once, in order.
    pub fn users(&self) -> Vec<Vec<Id>> {
        let mut users = vec![Vec::new(); self.len()];
        for id in self.ids() {
            for arg in &self.node(id).args {
                if users[arg.index()].last() != Some(&id) {
                    users[arg.index()].push(id);
                }
            }
        }
        users
    }

    /// Builds the graph anew, live nodes only: `rewrite` gets the new graph, the old node and its new arguments.
    pub fn rebuild(&self, mut rewrite: impl FnMut(&mut Graph, &Node, Vec<Id>) -> Id) -> Graph {
        let mut graph = Graph::new(self.arguments.clone());
        let live = self.live();
        let mut new: Vec<Option<Id>> = vec![None; self.len()];
        for id in self.ids().filter(|id| live[id.index()]) {
            let node = self.node(id);
            let args = node.args.iter().map(|a| new[a.index()].expect("arguments come first")).collect();
            let made = rewrite(&mut graph, node, args);
            graph.inherit(made, &node.note);
            new[id.index()] = Some(made);
        }
        let roots = self.roots.iter();
        graph.roots = roots.map(|r| Root { goal: r.goal, node: r.node.and_then(|id| new[id.index()]) }).collect();
        graph
    }

    /// Fills what the note of `id` lacks from `note`.
    pub fn inherit(&mut self, id: Id, note: &Note) {
        let own = self.note_mut(id);
        own.name = own.name.take().or_else(|| note.name.clone());
        own.place = own.place.or(note.place);
        own.rule = own.rule.take().or_else(|| note.rule.clone());
    }

    /// Adds the live nodes of another graph, with nodes of this one in the place of its arguments; where each has come to.
    pub fn graft(&mut self, other: &Graph, argument: &dyn Fn(usize) -> Id) -> Vec<Option<Id>> {
        let live = other.live();
        let mut here: Vec<Option<Id>> = vec![None; other.len()];
        for id in other.ids().filter(|id| live[id.index()]) {
            let node = other.node(id);
            let made = match node.kind {
                Kind::Arg(index) => argument(index),
                _ => {
                    let args = node.args.iter().map(|a| here[a.index()].expect("arguments come first")).collect();
                    self.like(node, args)
                }
            };
            self.inherit(made, &node.note);
            here[id.index()] = Some(made);
        }
        here
    }

    /// The same node with other arguments, through the constructors, so that their normal forms hold.
    pub fn like(&mut self, node: &Node, args: Vec<Id>) -> Id {
        match &node.kind {
            Kind::Broadcast { along } => self.broadcast(args[0], along.clone(), &node.shape),
            Kind::Reduce { fold, axes } => self.reduce(*fold, args[0], axes.clone()),
            Kind::Permute { order } => self.permute(args[0], order.clone()),
            Kind::Reshape => self.reshape(args[0], &node.shape),
            Kind::Contract(letters) => self.contract(args[0], args[1], letters.clone()),
            Kind::Arg(index) => self.argument(*index),
            kind => self.add(kind.clone(), args, node.shape.clone(), node.dtype),
        }
    }
}

/// The axes below `rank` that are not in `axes`.
pub fn kept_axes(rank: usize, axes: &[usize]) -> impl Iterator<Item = usize> + use<'_> {
    (0..rank).filter(move |a| !axes.contains(a))
}

/// Where a reshape from `from` to `to` only adds or drops axes of size 1: for each axis of `from`, the axis of `to`.
pub fn squeezed(from: &[Dim], to: &[Dim]) -> Option<Vec<Option<usize>>> {
    let mut long = (0..to.len()).filter(|&k| !to[k].is_one());
    let matched = from.iter().map(|dim| match dim.is_one() {
        true => Some(None),
        false => long.next().filter(|&k| to[k] == *dim).map(Some),
    });
    let matched: Option<Vec<Option<usize>>> = matched.collect();
    matched.filter(|_| long.next().is_none())
}

impl Letters {
    /// Letters `a`, `b`, .. in order of appearance.
    fn canonical(self) -> Self {
        let mut seen: Vec<u8> = Vec::new();
        let mut rename = |letters: Vec<u8>| -> Vec<u8> {
            let mut renamed = Vec::new();
            for letter in letters {
                let at = seen.iter().position(|l| *l == letter).unwrap_or_else(|| {
                    seen.push(letter);
                    seen.len() - 1
                });
                renamed.push(b'a' + at as u8);
            }
            renamed
        };
        Letters { a: rename(self.a), b: rename(self.b), out: rename(self.out) }
    }
}

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let text = |letters: &[u8]| String::from_utf8_lossy(letters).into_owned();
        write!(f, "{},{}->{}", text(&self.a), text(&self.b), text(&self.out))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Kind::Arg(index) => write!(f, "arg {index}"),
            Kind::Const(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Kind::Size(dim) => write!(f, "size {dim}"),
            Kind::Iota { axis } => write!(f, "iota {axis}"),
            Kind::Map(op) => write!(f, "{op}"),
            Kind::Composite { op, axes } => write!(f, "{op} {axes:?}"),
            Kind::Broadcast { along } => write!(f, "broadcast {along:?}"),
            Kind::Reduce { fold, axes } => write!(f, "{fold:?} {axes:?}"),
            Kind::Contract(letters) => write!(f, "contract {letters}"),
            Kind::Permute { order } => write!(f, "permute {order:?}"),
            Kind::Reshape => write!(f, "reshape"),
            Kind::Along { axis, op } => write!(f, "{op} along {axis}"),
            Kind::Scan(scan) => {
                let order = if scan.reverse { "back" } else { "on" };
                write!(f, "scan {} turns {order}, {} carried, {} scanned", scan.count, scan.carried, scan.scanned)
            }
            Kind::Part(index) => write!(f, "part {index}"),
            Kind::Given(_) => write!(f, "given"),
        }
    }
}

impl fmt::Display for Graph {
    /// One node a line: `%3 = add %1 %2 : [N, 13]  # hidden`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for id in self.ids() {
            let node = self.node(id);
            let args: String = node.args.iter().map(|a| format!(" %{}", a.0)).collect();
            write!(f, "%{} = {}{args} : {}", id.0, node.kind, show(&node.shape))?;
            match &node.note.name {
                Some(name) => writeln!(f, "  # {name}")?,
                None => writeln!(f)?,
            }
            if let Kind::Scan(scan) = &node.kind {
                let body = scan.body.to_string();
                body.lines().try_for_each(|line| writeln!(f, "    {line}"))?;
            }
        }
        for root in &self.roots {
            match root.node {
                Some(id) => writeln!(f, "{:?} = %{}", root.goal, id.0)?,
                None => writeln!(f, "{:?} = 0", root.goal)?,
            }
        }
        Ok(())
    }
}

//! The iteration space: which axes of which nodes are one loop. Element-wise nodes share the axes of their arguments,
//! axes of size 1 are no loop, and neighbouring axes that always go together are walked as one.

use super::legalise::is_nothing;
use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Fold, Graph, Id, Kind, Letters, squeezed};
use crate::ir::program::{Affine, Axis};
use std::collections::{BTreeMap, HashSet};

/// What an item reads, with axes of the iteration space in place of its own.
#[derive(Clone, Debug)]
pub enum Read {
    Const(f64),
    Size(Dim),
    Position(Axis),
    /// Memory of an argument, a step or a view of any node that lies in memory.
    Memory {
        base: Id,
        place: Affine,
    },
    /// An element-wise value or a reduction at the same place.
    Value(Id),
}

/// A node that is computed in loops, or by a step of its own.
#[derive(Clone, Debug)]
pub struct Item {
    pub work: Work,
    /// The axes that it runs over, outer ones first.
    pub over: Vec<Axis>,
    /// Those of them that it sums (or otherwise folds) away.
    pub reduced: Vec<Axis>,
    pub reads: Vec<Read>,
}

#[derive(Clone, Debug)]
pub enum Work {
    Map(&'static str),
    Reduce(Fold),
    /// The sum of contractions, each with its operands' memory.
    Products(Vec<Term>),
    /// What is done along an axis, with the arguments' memory.
    Along(Vec<Id>),
    /// A loop, with the arguments' memory.
    Scan(Vec<Id>),
    /// What a loop writes.
    Part(Id),
}

/// One contraction of a sum: operands, letters, and the node itself.
#[derive(Clone, Debug)]
pub struct Term {
    pub node: Id,
    pub a: Id,
    pub b: Id,
    pub letters: Letters,
}

impl Item {
    /// The axes of the result.
    pub fn result(&self) -> Vec<Axis> {
        self.over.iter().copied().filter(|a| !self.reduced.contains(a)).collect()
    }

    /// Not computed in loops.
    pub fn is_step(&self) -> bool {
        !matches!(self.work, Work::Map(_) | Work::Reduce(_))
    }

    /// The nodes that it depends on, whether at the same place or in memory.
    pub fn sources(&self) -> Vec<Id> {
        let read = self.reads.iter().filter_map(|read| match read {
            Read::Memory { base, .. } => Some(*base),
            Read::Value(id) => Some(*id),
            _ => None,
        });
        let whole: Vec<Id> = match &self.work {
            Work::Products(terms) => terms.iter().flat_map(|t| [t.a, t.b]).collect(),
            Work::Along(args) | Work::Scan(args) => args.clone(),
            Work::Part(scan) => vec![*scan],
            _ => Vec::new(),
        };
        read.chain(whole).collect()
    }
}

#[derive(Debug, Default)]
pub struct Space {
    pub items: BTreeMap<Id, Item>,
    /// Extents by axis.
    pub extents: Vec<Dim>,
    /// Nodes that some reader finds in memory.
    pub in_memory: HashSet<Id>,
}

impl Space {
    pub fn of(graph: &Graph) -> Space {
        let mut builder = Builder::new(graph);
        builder.number_axes();
        builder.unify();
        let mut space = builder.items();
        space.collapse();
        space
    }

    /// Walks pairs of neighbouring axes as one wherever every item and every read allows it.
    fn collapse(&mut self) {
        while let Some((outer, inner)) = self.pair() {
            let both = Axis(self.extents.len());
            self.extents.push(&self.extents[outer.0] * &self.extents[inner.0]);
            for item in self.items.values_mut() {
                merge(&mut item.over, outer, inner, both);
                merge(&mut item.reduced, outer, inner, both);
                for read in &mut item.reads {
                    merge_read(read, outer, inner, both);
                }
            }
        }
    }

    fn pair(&self) -> Option<(Axis, Axis)> {
        let pairs = self.items.values().flat_map(|i| i.over.windows(2).map(|w| (w[0], w[1])));
        pairs.into_iter().find(|&(a, b)| self.items.values().all(|item| self.go_together(item, a, b)))
    }

    fn go_together(&self, item: &Item, outer: Axis, inner: Axis) -> bool {
        let at = |axis| item.over.iter().position(|a| *a == axis);
        let neighbours = match (at(outer), at(inner)) {
            (None, None) => return true,
            (Some(a), Some(b)) => b == a + 1,
            _ => false,
        };
        let folded = item.reduced.contains(&outer) == item.reduced.contains(&inner);
        neighbours && folded && item.reads.iter().all(|r| self.read_as_one(r, outer, inner))
    }

    fn read_as_one(&self, read: &Read, outer: Axis, inner: Axis) -> bool {
        match read {
            Read::Position(axis) => *axis != outer && *axis != inner,
            Read::Memory { place, .. } => match (place.stride(outer), place.stride(inner)) {
                (None, None) => true,
                (Some(o), Some(i)) => *o == i * &self.extents[inner.0],
                _ => false,
            },
            _ => true,
        }
    }
}

fn merge(axes: &mut Vec<Axis>, outer: Axis, inner: Axis, both: Axis) {
    if let Some(at) = axes.iter().position(|a| *a == outer) {
        axes[at] = both;
        axes.retain(|a| *a != inner);
    }
}

fn merge_read(read: &mut Read, outer: Axis, inner: Axis, both: Axis) {
    if let Read::Memory { place, .. } = read {
        place.strides.retain(|(a, _)| *a != outer);
        for (axis, _) in place.strides.iter_mut().filter(|(a, _)| *a == inner) {
            *axis = both;
        }
    }
}

/// The axes of nodes while they are being unified: a union-find over numbered axes.
struct Builder<'g> {
    graph: &'g Graph,
    /// Live nodes in order.
    live: Vec<Id>,
    users: Vec<usize>,
    /// For a computed node, the axis numbers of its iteration shape; `None` for axes of size 1.
    axes: BTreeMap<Id, Vec<Option<usize>>>,
    /// The axes of memory that is read, likewise.
    memory_axes: BTreeMap<Id, Vec<Option<usize>>>,
    parent: Vec<usize>,
    extents: Vec<Dim>,
    /// The computed nodes that have an axis in the class of a representative.
    members: Vec<HashSet<Id>>,
    in_memory: HashSet<Id>,
    /// Reads that cannot be at the same place: reader and value.
    remote: HashSet<(Id, Id)>,
}

/// What stands behind a chain of views, with the axes of the reader.
enum Seen {
    Const(f64),
    Size(Dim),
    Position(Option<usize>),
    Memory { base: Id, offset: Dim, strides: Vec<(usize, Dim)> },
    Value { id: Id, axes: Vec<Option<usize>> },
}

impl<'g> Builder<'g> {
    fn new(graph: &'g Graph) -> Self {
        let marks = graph.live();
        let live: Vec<Id> = graph.ids().filter(|id| marks[id.index()]).collect();
        let mut users = vec![0; graph.len()];
        for id in &live {
            graph.node(*id).args.iter().for_each(|a| users[a.index()] += 1);
        }
        for root in graph.roots.iter().filter_map(|r| r.node) {
            users[root.index()] += 1;
        }
        Builder {
            graph,
            live,
            users,
            axes: BTreeMap::new(),
            memory_axes: BTreeMap::new(),
            parent: Vec::new(),
            extents: Vec::new(),
            members: Vec::new(),
            in_memory: HashSet::new(),
            remote: HashSet::new(),
        }
    }

    /// The contractions that `id` is the sum of, if it is no more than that, and each has this only user.
    fn terms(&self, id: Id) -> Option<Vec<Term>> {
        let node = self.graph.node(id);
        match &node.kind {
            Kind::Contract(letters) => {
                Some(vec![Term { node: id, a: node.args[0], b: node.args[1], letters: letters.clone() }])
            }
            Kind::Map("add") if node.args.iter().all(|a| self.users[a.index()] == 1) => {
                let [first, second] = [self.terms(node.args[0])?, self.terms(node.args[1])?];
                Some([first, second].concat())
            }
            _ => None,
        }
    }

    /// The shape that a computed node runs over.
    fn over(&self, id: Id) -> Option<&'g Shape> {
        let node = self.graph.node(id);
        match node.kind {
            Kind::Map(_) if self.terms(id).is_none() => Some(&node.shape),
            Kind::Reduce { .. } => Some(self.graph.shape(node.args[0])),
            _ => None,
        }
    }

    fn number_axes(&mut self) {
        for id in self.live.clone() {
            let Some(shape) = self.over(id) else { continue };
            let numbered = shape.iter().map(|d| (!d.is_one()).then(|| self.new_axis(id, d))).collect();
            self.axes.insert(id, numbered);
        }
    }

    fn new_axis(&mut self, id: Id, extent: &Dim) -> usize {
        self.parent.push(self.parent.len());
        self.extents.push(extent.clone());
        self.members.push(HashSet::from([id]));
        self.parent.len() - 1
    }

    fn find(&self, mut axis: usize) -> usize {
        while self.parent[axis] != axis {
            axis = self.parent[axis];
        }
        axis
    }

    fn unify(&mut self) {
        for id in self.live.clone() {
            let Some(axes) = self.axes.get(&id).cloned() else { continue };
            for arg in self.graph.node(id).args.clone() {
                match self.see(arg, &axes) {
                    Seen::Value { id: value, axes } if !self.unite(&self.result_axes(value), &axes) => {
                        self.remote.insert((id, value));
                        self.in_memory.insert(value);
                    }
                    // Readers of the same memory share its axes where that works, so that one loop can serve them all.
                    Seen::Memory { base, .. } => _ = self.unite_readers(base, arg, &axes),
                    _ => {}
                }
            }
        }
    }

    fn unite_readers(&mut self, base: Id, arg: Id, axes: &[Option<usize>]) -> bool {
        let Some(axes) = self.axes_of_base(base, arg, axes) else { return false };
        if !self.memory_axes.contains_key(&base) {
            let shape = self.graph.shape(base);
            let numbered = shape.iter().map(|d| (!d.is_one()).then(|| self.new_axis(base, d))).collect();
            self.memory_axes.insert(base, numbered);
        }
        self.unite(&self.memory_axes[&base].clone(), &axes)
    }

    /// The reader's axes for each axis of the memory behind `arg`, through broadcasts and transpositions alone.
    fn axes_of_base(&self, base: Id, arg: Id, axes: &[Option<usize>]) -> Option<Vec<Option<usize>>> {
        if arg == base {
            return Some(axes.to_vec());
        }
        let node = self.graph.node(arg);
        let rank = self.graph.shape(*node.args.first()?).len();
        let mut inner = vec![None; rank];
        match &node.kind {
            Kind::Broadcast { along } => along.iter().zip(&mut inner).for_each(|(&k, axis)| *axis = axes[k]),
            Kind::Permute { order } => order.iter().zip(axes).for_each(|(&k, axis)| inner[k] = *axis),
            Kind::Reshape => {
                let renamed = self.renamed(arg)?;
                renamed.iter().zip(&mut inner).for_each(|(k, axis)| *axis = k.and_then(|k| axes[k]));
            }
            _ => return None,
        }
        let shape = self.graph.shape(node.args[0]);
        inner.iter_mut().zip(shape).filter(|(_, d)| d.is_one()).for_each(|(axis, _)| *axis = None);
        self.axes_of_base(base, node.args[0], &inner)
    }

    /// Makes the axes `own` of a value those of its reader, unless that would make two axes of one node the same.
    fn unite(&mut self, own: &[Option<usize>], axes: &[Option<usize>]) -> bool {
        let pairs: Vec<(usize, usize)> = own.iter().zip(axes).filter_map(|(a, b)| (*a).zip(*b)).collect();
        for (i, &(a, b)) in pairs.iter().enumerate() {
            let (a, b) = (self.find(a), self.find(b));
            let taken = pairs[..i].iter().any(|&(c, d)| self.find(c) == a && self.find(d) != b);
            if a != b && (taken || !self.members[a].is_disjoint(&self.members[b])) {
                return false;
            }
        }
        for (a, b) in pairs {
            self.join(a, b);
        }
        true
    }

    fn join(&mut self, a: usize, b: usize) {
        let (mut a, mut b) = (self.find(a), self.find(b));
        if a == b {
            return;
        }
        if self.members[a].len() < self.members[b].len() {
            std::mem::swap(&mut a, &mut b);
        }
        self.parent[b] = a;
        let moved = std::mem::take(&mut self.members[b]);
        self.members[a].extend(moved);
    }

    fn result_axes(&self, id: Id) -> Vec<Option<usize>> {
        let axes = &self.axes[&id];
        match &self.graph.node(id).kind {
            Kind::Reduce { axes: reduced, .. } => {
                axes.iter().enumerate().filter(|(k, _)| !reduced.contains(k)).map(|(_, a)| *a).collect()
            }
            _ => axes.clone(),
        }
    }

    /// Where no more than axes of size 1 come or go: which axis each axis of the argument has become.
    fn renamed(&self, id: Id) -> Option<Vec<Option<usize>>> {
        let node = self.graph.node(id);
        let same = matches!(node.kind, Kind::Reshape | Kind::Broadcast { .. });
        same.then(|| squeezed(self.graph.shape(node.args[0]), &node.shape)).flatten()
    }

    /// What a reader with these axes finds behind `id`.
    fn see(&self, id: Id, axes: &[Option<usize>]) -> Seen {
        let node = self.graph.node(id);
        if let Some(renamed) = self.renamed(id) {
            let behind: Vec<_> = renamed.iter().map(|k| k.and_then(|k| axes[k])).collect();
            return self.see(node.args[0], &behind);
        }
        match &node.kind {
            Kind::Const(bits) => Seen::Const(f64::from_bits(*bits)),
            Kind::Size(dim) => Seen::Size(dim.clone()),
            Kind::Iota { axis } => Seen::Position(axes[*axis]),
            Kind::Broadcast { along } => {
                let shape = self.graph.shape(node.args[0]);
                let behind: Vec<_> =
                    along.iter().zip(shape).map(|(&k, d)| if d.is_one() { None } else { axes[k] }).collect();
                self.see(node.args[0], &behind)
            }
            Kind::Map(_) | Kind::Reduce { .. } if self.axes.contains_key(&id) => {
                Seen::Value { id, axes: axes.to_vec() }
            }
            _ => {
                let View { base, offset, strides } = self.view(id);
                Seen::Memory { base, offset, strides: walked(axes, strides) }
            }
        }
    }

    /// The memory behind a chain of views.
    fn view(&self, id: Id) -> View {
        let node = self.graph.node(id);
        if let Some(renamed) = self.renamed(id) {
            return self.view(node.args[0]).renamed(&renamed, node.shape.len());
        }
        let own = || View { base: id, offset: Dim::number(0), strides: row_major(&node.shape) };
        match &node.kind {
            Kind::Permute { order } => {
                let inner = self.view(node.args[0]);
                View { strides: order.iter().map(|&k| inner.strides[k].clone()).collect(), ..inner }
            }
            Kind::Reshape => View { strides: row_major(&node.shape), ..self.view(node.args[0]) },
            Kind::Along { axis, op } if op.is_view() => self.view(node.args[0]).along(*axis, op),
            _ => own(),
        }
    }

    /// The finished items, their axes numbered by class.
    fn items(mut self) -> Space {
        let mut space = Space { extents: self.extents.clone(), ..Space::default() };
        let absorbed = self.absorbed();
        for id in self.live.clone() {
            let item = match (self.axes.get(&id).cloned(), self.terms(id), &self.graph.node(id).kind) {
                (Some(axes), ..) => self.loop_item(id, &axes),
                (None, Some(terms), _) if !absorbed.contains(&id) => self.product_item(terms),
                (None, None, Kind::Along { op, .. }) if !op.is_view() => self.step_item(id, Work::Along),
                (None, None, Kind::Scan(_)) => self.step_item(id, Work::Scan),
                (None, None, Kind::Part(_)) => step(Work::Part(self.graph.node(id).args[0])),
                _ => continue,
            };
            space.items.insert(id, item);
        }
        space.in_memory = self.in_memory;
        space
    }

    /// Contractions, and sums of them, that are a term of a greater sum.
    fn absorbed(&self) -> HashSet<Id> {
        let sums = self.live.iter().filter(|id| matches!(self.graph.node(**id).kind, Kind::Map(_)));
        let sums = sums.filter(|id| self.terms(**id).is_some());
        sums.flat_map(|id| self.graph.node(*id).args.clone()).collect()
    }

    fn product_item(&mut self, terms: Vec<Term>) -> Item {
        let terms: Vec<Term> =
            terms.into_iter().map(|t| Term { a: self.view(t.a).base, b: self.view(t.b).base, ..t }).collect();
        self.in_memory.extend(terms.iter().flat_map(|t| [t.a, t.b]));
        step(Work::Products(terms))
    }

    /// Something that works on the whole memory of its arguments.
    fn step_item(&mut self, id: Id, work: impl Fn(Vec<Id>) -> Work) -> Item {
        let args: Vec<Id> = self.graph.node(id).args.iter().map(|&a| self.view(a).base).collect();
        self.in_memory.extend(args.iter().filter(|a| !is_nothing(self.graph, **a)));
        step(work(args))
    }

    fn loop_item(&mut self, id: Id, axes: &[Option<usize>]) -> Item {
        let node = self.graph.node(id);
        let reads = node.args.iter().map(|arg| self.read(id, *arg, axes)).collect();
        let class = |axis: &Option<usize>| axis.map(|a| Axis(self.find(a)));
        let over: Vec<Axis> = axes.iter().filter_map(class).collect();
        let (work, reduced) = match &node.kind {
            Kind::Reduce { fold, axes: k } => {
                (Work::Reduce(*fold), k.iter().filter_map(|&k| class(&axes[k])).collect())
            }
            Kind::Map(op) => (Work::Map(op), Vec::new()),
            kind => unreachable!("{kind} is not computed in loops"),
        };
        Item { work, over, reduced, reads }
    }

    fn read(&mut self, reader: Id, arg: Id, axes: &[Option<usize>]) -> Read {
        let memory = |this: &mut Self, base, offset: Dim, strides: Vec<(usize, Dim)>| {
            this.in_memory.insert(base);
            let strides = strides.into_iter().map(|(a, s)| (Axis(this.find(a)), s)).collect();
            Read::Memory { base, place: Affine { offset, strides } }
        };
        match self.see(arg, axes) {
            Seen::Const(c) => Read::Const(c),
            Seen::Size(dim) => Read::Size(dim),
            Seen::Position(axis) => axis.map_or(Read::Const(0.0), |a| Read::Position(Axis(self.find(a)))),
            Seen::Memory { base, offset, strides } => memory(self, base, offset, strides),
            Seen::Value { id, axes } if self.remote.contains(&(reader, id)) => {
                let strides = row_major(self.graph.shape(id));
                memory(self, id, Dim::number(0), walked(&axes, strides))
            }
            Seen::Value { id, .. } => Read::Value(id),
        }
    }
}

/// Memory seen as an array: the offset of its first element, and the stride of each axis.
struct View {
    base: Id,
    offset: Dim,
    strides: Vec<Dim>,
}

impl View {
    fn along(mut self, axis: usize, op: &Along) -> Self {
        let old = self.strides[axis].clone();
        match op {
            Along::Slice { start, step } => {
                self.offset = &self.offset + &(start * &old);
                self.strides[axis] = &old * &Dim::number(*step);
            }
            Along::Windows { stride, dilation } => {
                self.strides[axis] = &old * &Dim::number(*stride);
                self.strides.insert(axis + 1, &old * &Dim::number(*dilation));
            }
            other => unreachable!("{other} is no view"),
        }
        self
    }

    /// After axes of size 1 have come or gone: which axis each has become.
    fn renamed(self, renamed: &[Option<usize>], rank: usize) -> Self {
        let mut strides = vec![Dim::number(0); rank];
        for (stride, axis) in self.strides.iter().zip(renamed) {
            if let Some(axis) = axis {
                strides[*axis] = stride.clone();
            }
        }
        View { strides, ..self }
    }
}

fn step(work: Work) -> Item {
    Item { work, over: Vec::new(), reduced: Vec::new(), reads: Vec::new() }
}

/// The strides of those axes that are walked.
fn walked(axes: &[Option<usize>], strides: Vec<Dim>) -> Vec<(usize, Dim)> {
    axes.iter().zip(strides).filter_map(|(axis, stride)| axis.map(|axis| (axis, stride))).collect()
}

/// The strides of a row-major array.
pub fn row_major(shape: &[Dim]) -> Vec<Dim> {
    (0..shape.len()).map(|k| Dim::product(&shape[k + 1..])).collect()
}

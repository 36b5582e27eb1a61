//! Groups items into loop nests, level by level: at each level, items with a further axis go into a loop over it, as many
//! into one loop as their dependencies allow; what must survive a loop gets a buffer, and cheap values are computed again
//! where that needs nothing that is not at hand.

use super::COPY;
use super::space::{Item, Read, Space, Work, row_major};
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Fold, Graph, Id, Kind};
use crate::ir::program::{Access, Affine, Axis, Buffer, BufferId, Loop, Operand, Program, Role, Stmt, TILE};
use crate::op;
use std::collections::{BTreeMap, HashMap, HashSet};

mod parts;
mod steps;

/// The most operations that are computed again instead of being kept.
const RECOMPUTED: usize = 8;

/// The same where whoever reads the value would compute it many times over, as one that is spread over further axes.
const REPEATED: usize = 1;

/// `shapes` are those of the roots as their readers see them.
pub fn nest(graph: &Graph, space: Space, shapes: &[Shape]) -> Program {
    let mut nest = Nest {
        graph,
        program: Program { arguments: graph.arguments.clone(), axes: space.extents.clone(), ..Program::default() },
        space,
        full: HashMap::new(),
        scopes: vec![Scope::default()],
        again: HashMap::new(),
        fills: Vec::new(),
    };
    nest.give_memory(shapes);
    let all: Vec<Id> = nest.space.items.keys().copied().collect();
    let mut body = nest.level(&[], &all, true);
    let mut program = nest.program.clone();
    program.results = graph.roots.iter().map(|r| (r.goal, r.node.map(|id| nest.result(id)))).collect();
    let mut used = program.results.iter().filter_map(|(_, value)| local(value.as_ref()?)).collect();
    prune(&mut body, &mut used);
    program.body = body;
    program
}

/// Without steps inside, values are computed before anything is written: one may be written over another.
fn values_first(body: &mut [Stmt]) {
    let simple =
        |s: &Stmt| matches!(s, Stmt::Let { .. } | Stmt::Store { .. } | Stmt::Accumulate { .. } | Stmt::Combine { .. });
    let written: Vec<BufferId> = body.iter().filter_map(stored_buffer).collect();
    let read = |o: &Operand| matches!(o, Operand::Load(access) if written.contains(&access.buffer));
    if body.iter().all(simple) && !body.iter().any(|s| s.operands().into_iter().any(read)) {
        body.sort_by_key(|s| !matches!(s, Stmt::Let { .. }));
    }
}

fn stored_buffer(stmt: &Stmt) -> Option<BufferId> {
    match stmt {
        Stmt::Store { to, .. } | Stmt::Accumulate { to, .. } => Some(to.buffer),
        _ => None,
    }
}

fn local(operand: &Operand) -> Option<Id> {
    match operand {
        Operand::Local(id) => Some(*id),
        _ => None,
    }
}

/// Removes values that nothing reads (those that are only computed again elsewhere), and loops that have become empty.
fn prune(body: &mut Vec<Stmt>, used: &mut HashSet<Id>) {
    let mut kept: Vec<Stmt> = Vec::new();
    for mut stmt in std::mem::take(body).into_iter().rev() {
        match &mut stmt {
            Stmt::Let { value, .. } if !used.remove(value) => continue,
            Stmt::Loop(inner) => {
                let mut within = used.clone();
                prune(&mut inner.body, &mut within);
                if inner.body.is_empty() {
                    continue;
                }
                used.extend(within);
            }
            _ => {}
        }
        used.extend(stmt.operands().into_iter().filter_map(local));
        kept.push(stmt);
    }
    kept.reverse();
    *body = kept;
}

/// Where items of a level stand: their time, and the loop that they go into.
struct Plan {
    time: HashMap<Id, usize>,
    groups: Vec<Group>,
}

/// Items of a level that are one step: all scalars of one time, a product, or a loop.
#[derive(Debug)]
struct Group {
    axis: Option<Axis>,
    items: Vec<Id>,
}

/// What is visible in a body: values bound in it, and buffers of a row that live in it.
#[derive(Default)]
struct Scope {
    locals: HashSet<Id>,
    /// With the axes that the buffer has.
    rows: HashMap<Id, (BufferId, Vec<Axis>)>,
}

struct Nest<'g> {
    graph: &'g Graph,
    space: Space,
    program: Program,
    /// Buffers that hold a value as a whole.
    full: HashMap<Id, BufferId>,
    scopes: Vec<Scope>,
    /// Fills that go before a loop around those that are being made, with the number of loops around that one.
    fills: Vec<(usize, Stmt)>,
    /// Values that are computed again by each loop that reads them, with the number of operations that takes.
    again: HashMap<Id, usize>,
}

impl Nest<'_> {
    fn item(&self, id: Id) -> &Item {
        &self.space.items[&id]
    }

    fn extent(&self, axis: Axis) -> &Dim {
        &self.space.extents[axis.0]
    }

    /// Buffers for arguments, results, steps, and all that is read as memory.
    fn give_memory(&mut self, shapes: &[Shape]) {
        let mut nodes: Vec<Option<Id>> = vec![None; self.graph.arguments.len()];
        for id in self.graph.ids() {
            if let Kind::Arg(index) = self.graph.node(id).kind {
                nodes[index].get_or_insert(id);
            }
        }
        for (index, node) in nodes.into_iter().enumerate() {
            let argument = &self.graph.arguments[index];
            let (shape, dtype, name) = (argument.shape.clone(), argument.dtype, argument.name.clone());
            let buffer = self.buffer(node.unwrap_or(Id(0)), Role::Argument(index), shape);
            self.program.buffers[buffer.0].dtype = dtype;
            self.program.buffers[buffer.0].name = name;
            node.map(|id| self.full.insert(id, buffer));
        }
        for (index, root) in self.graph.roots.iter().enumerate() {
            if let Some(id) = root.node.filter(|id| !self.graph.shape(*id).is_empty()) {
                let buffer = self.buffer(id, Role::Result(index), shapes[index].clone());
                self.full.insert(id, buffer);
            }
        }
        let is_value = |item: &Item| item.is_step() && !matches!(item.work, Work::Scan(_));
        let steps = self.space.items.iter().filter(|(_, item)| is_value(item)).map(|(id, _)| *id);
        let mut scratch: Vec<Id> = steps.chain(self.space.in_memory.iter().copied()).collect();
        scratch.sort();
        scratch.into_iter().for_each(|id| self.keep(id, Role::Scratch));
    }

    fn keep(&mut self, id: Id, role: Role) {
        if !self.full.contains_key(&id) {
            let buffer = self.buffer(id, role, self.graph.shape(id).clone());
            self.full.insert(id, buffer);
        }
    }

    fn buffer(&mut self, node: Id, role: Role, shape: Shape) -> BufferId {
        let id = BufferId(self.program.buffers.len());
        let (name, dtype) = match self.graph.len() {
            0 => (String::new(), crate::ir::graph::Dtype::Real),
            _ => (self.graph.node(node).note.name.as_deref().unwrap_or_default().into(), self.graph.node(node).dtype),
        };
        self.program.buffers.push(Buffer { node, name, role, dtype, shape, slot: id.0, over: None });
        id
    }

    /// A buffer for one turn of a loop: the axes of `id` further in than `prefix`.
    fn row(&mut self, id: Id, axes: Vec<Axis>, tile: bool) -> BufferId {
        let shape = axes.iter().map(|a| if tile { Dim::number(TILE) } else { self.extent(*a).clone() }).collect();
        let buffer = self.buffer(id, Role::Row { tile }, shape);
        self.scope().rows.insert(id, (buffer, axes));
        buffer
    }

    fn scope(&mut self) -> &mut Scope {
        self.scopes.last_mut().expect("a scope is open")
    }

    fn is_local(&self, id: Id) -> bool {
        self.scopes.iter().any(|s| s.locals.contains(&id))
    }

    /// Where a value lies in memory, if it does.
    fn stored(&self, id: Id) -> Option<Access> {
        let row = self.scopes.iter().rev().find_map(|s| s.rows.get(&id)).cloned();
        let (buffer, axes) = match (self.full.get(&id), row) {
            (Some(buffer), _) => (*buffer, self.space.items.get(&id).map(Item::result).unwrap_or_default()),
            (None, row) => row?,
        };
        let extents: Vec<Dim> = axes.iter().map(|a| self.extent(*a).clone()).collect();
        Some(Access { buffer, place: Affine::walking(axes.into_iter().zip(row_major(&extents)).collect()) })
    }

    fn result(&self, id: Id) -> Operand {
        match (self.full.get(&id), &self.graph.node(id).kind) {
            (Some(buffer), _) => Operand::Load(Access { buffer: *buffer, place: Affine::default() }),
            (None, Kind::Const(bits)) => Operand::Const(f64::from_bits(*bits)),
            (None, Kind::Size(dim)) => Operand::Size(dim.clone()),
            (None, _) => Operand::Local(id),
        }
    }

    /// The statements of one level: `items` all run over `prefix` and perhaps further axes.
    fn level(&mut self, prefix: &[Axis], items: &[Id], outermost: bool) -> Vec<Stmt> {
        let plan = self.plan(prefix, items);
        self.scopes.push(Scope::default());
        self.keep_what_survives(prefix, &plan);
        let mut body = Vec::new();
        for group in &plan.groups {
            match group.axis {
                Some(axis) => self.emit_loop(prefix, axis, &group.items, &mut body),
                None => group.items.iter().for_each(|id| self.emit_here(*id, prefix, &mut body)),
            }
        }
        let scope = self.scopes.pop().expect("pushed above");
        if outermost {
            self.scope().locals.extend(scope.locals);
        }
        values_first(&mut body);
        body
    }

    // --- planning a level ---

    /// Whether `id` may be read by `reader` in the same turn of the same loop of this level.
    fn inside(&self, prefix: &[Axis], id: Id, reader: Id) -> bool {
        let (item, other) = (self.item(id), self.item(reader));
        let depth = prefix.len();
        let axis = item.over.get(depth);
        let at_place = other.reads.iter().all(|r| !matches!(r, Read::Memory { base, .. } if *base == id));
        axis.is_some() && axis == other.over.get(depth) && item.result().get(depth) == axis && at_place
    }

    fn plan(&self, prefix: &[Axis], items: &[Id]) -> Plan {
        let mut time: HashMap<Id, usize> = HashMap::new();
        for &id in items {
            let after = self.item(id).sources().into_iter().filter_map(|source| {
                let t = *time.get(&source)?;
                let scalar = !self.item(source).is_step() && self.item(source).over.len() == prefix.len();
                let same = self.inside(prefix, source, id) || (scalar && !self.item(id).is_step());
                Some(if same { t } else { t + 1 })
            });
            let at = after.max().unwrap_or(0);
            time.insert(id, at);
        }
        let mut groups: BTreeMap<(usize, u32), Group> = BTreeMap::new();
        let mut loops: HashMap<(usize, Axis), u32> = HashMap::new();
        for &id in items {
            let axis = self.item(id).over.get(prefix.len()).copied();
            let order = match axis {
                Some(axis) => *loops.entry((time[&id], axis)).or_insert(id.0 + 1),
                None if self.item(id).is_step() => id.0 + 1,
                None => 0,
            };
            let group = groups.entry((time[&id], order)).or_insert(Group { axis, items: Vec::new() });
            group.items.push(id);
        }
        Plan { time, groups: groups.into_values().collect() }
    }

    /// Gives buffers to values that another step of this level reads, unless they are cheap to compute again there.
    fn keep_what_survives(&mut self, prefix: &[Axis], plan: &Plan) {
        let mut members: Vec<Id> = plan.time.keys().copied().collect();
        members.sort();
        let mut readers: HashMap<Id, Vec<Id>> = HashMap::new();
        for &id in &members {
            self.item(id).sources().into_iter().for_each(|s| readers.entry(s).or_default().push(id));
        }
        for &id in &members {
            if self.item(id).over.len() <= prefix.len() {
                continue;
            }
            let elsewhere = |reader| !self.inside(prefix, id, reader) || plan.time[&id] != plan.time[&reader];
            let readers = || readers.get(&id).into_iter().flatten().copied();
            let read_elsewhere = readers().any(elsewhere);
            let axes = self.item(id).result().split_off(self.item(id).result().len().min(prefix.len()));
            let accumulated = self.starts_at(id, self.item(id).over[prefix.len()]) && !axes.is_empty();
            if self.stored(id).is_some() || !(read_elsewhere || accumulated) {
                continue;
            }
            let folded = readers().any(|reader| self.is_fold_of_row(reader, id, prefix));
            let spread = readers().any(|reader| elsewhere(reader) && self.is_spread(id, reader));
            let most = if spread { REPEATED } else { RECOMPUTED };
            match self.cost_again(id, prefix) {
                Some(cost) if cost <= most && !accumulated && !folded => _ = self.again.insert(id, cost),
                _ if axes.is_empty() => {}
                _ if prefix.is_empty() => self.keep(id, Role::Scratch),
                _ => _ = self.row(id, axes, false),
            }
        }
    }

    /// Whether `reader` runs over axes that `id` does not have.
    fn is_spread(&self, id: Id, reader: Id) -> bool {
        let axes = self.item(id).result();
        self.item(reader).over.iter().any(|axis| !axes.contains(axis))
    }

    /// Whether `reader` folds rows of `id`, which then lie in memory anyway.
    fn is_fold_of_row(&self, reader: Id, id: Id, prefix: &[Axis]) -> bool {
        let (item, over) = (self.item(reader), &self.item(id).over);
        let row = !prefix.is_empty() && over.len() == prefix.len() + 1;
        row && item.over == *over && over.last().is_some_and(|a| item.reduced.contains(a))
    }

    /// Whether the loop over `axis` is the outermost one that the reduction `id` combines over.
    fn starts_at(&self, id: Id, axis: Axis) -> bool {
        let item = self.item(id);
        item.over.iter().find(|a| item.reduced.contains(a)) == Some(&axis)
    }

    /// How many operations it takes to compute `id` from what is at hand in every step of the level at `prefix`; `None`
    /// where that is not possible cheaply.
    fn cost_again(&self, id: Id, prefix: &[Axis]) -> Option<usize> {
        let item = self.item(id);
        if self.is_local(id) || self.stored(id).is_some() || prefix.starts_with(&item.result()) {
            return Some(0);
        }
        if let Some(cost) = self.again.get(&id) {
            return Some(*cost);
        }
        let Work::Map(op) = item.work else { return None };
        if op != COPY && !op::find(op).is_some_and(|op| op.cheap) {
            return None;
        }
        let costs = item.reads.iter().map(|read| match read {
            Read::Value(id) => self.cost_again(*id, prefix),
            _ => Some(0),
        });
        costs.sum::<Option<usize>>().map(|c| c + 1).filter(|c| *c <= RECOMPUTED)
    }

    // --- statements ---

    /// An item that runs over no further axis: one element, or a step.
    fn emit_here(&mut self, id: Id, prefix: &[Axis], body: &mut Vec<Stmt>) {
        let item = self.item(id).clone();
        match &item.work {
            Work::Products(terms) => self.emit_products(id, terms, body),
            Work::Along(args) => body.push(self.along(id, args)),
            Work::Scan(args) => {
                let turns = self.turns(id, args);
                body.push(turns);
            }
            Work::Part(_) => {}
            Work::Reduce(fold) if !item.reduced.is_empty() => {
                let operand = self.operand(&item.reads[0], body);
                body.push(self.accumulate(id, *fold, operand, prefix));
            }
            _ => {
                self.emit_value(id, &item, body);
                self.emit_store(id, body);
            }
        }
    }

    fn emit_value(&mut self, id: Id, item: &Item, body: &mut Vec<Stmt>) {
        let args = item.reads.iter().map(|read| self.operand(read, body)).collect();
        let op = match item.work {
            Work::Map(op) => op,
            _ => COPY,
        };
        body.push(Stmt::Let { value: id, op, args });
        self.scope().locals.insert(id);
    }

    fn emit_store(&mut self, id: Id, body: &mut Vec<Stmt>) {
        if let Some(to) = self.stored(id) {
            body.push(Stmt::Store { to, value: Operand::Local(id) });
        }
    }

    fn accumulate(&self, id: Id, fold: Fold, operand: Operand, prefix: &[Axis]) -> Stmt {
        match self.stored(id) {
            Some(to) if !self.is_scalar_within(id, prefix) => Stmt::Accumulate { fold, to, value: operand },
            _ => Stmt::Combine { fold, value: id, operand },
        }
    }

    /// Whether the reduction `id` has a single element in each turn of the loop outside of its first reduced axis.
    fn is_scalar_within(&self, id: Id, prefix: &[Axis]) -> bool {
        let item = self.item(id);
        let start = item.over.iter().position(|a| item.reduced.contains(a)).unwrap_or(prefix.len());
        item.result().len() <= start
    }

    fn operand(&mut self, read: &Read, body: &mut Vec<Stmt>) -> Operand {
        match read {
            Read::Const(c) => Operand::Const(*c),
            Read::Size(dim) => Operand::Size(dim.clone()),
            Read::Position(axis) => Operand::Position(*axis),
            Read::Memory { base, place } => Operand::Load(Access { buffer: self.full[base], place: place.clone() }),
            Read::Value(id) if self.is_local(*id) => Operand::Local(*id),
            Read::Value(id) => match self.stored(*id) {
                Some(access) => Operand::Load(access),
                None => {
                    let item = self.item(*id).clone();
                    self.emit_value(*id, &item, body);
                    Operand::Local(*id)
                }
            },
        }
    }

    /// The loop of this level over `axis`, with the accumulators before it and the folds of rows after it.
    fn emit_loop(&mut self, prefix: &[Axis], axis: Axis, items: &[Id], body: &mut Vec<Stmt>) {
        let inner: Vec<Axis> = prefix.iter().copied().chain([axis]).collect();
        let flat = items.iter().all(|id| self.item(*id).over == inner);
        // With loops inside, this one runs element by element anyway: there, a reduction is a running sum.
        let is_fold = |id: &Id| flat && self.item(*id).reduced.contains(&axis);
        let (folds, rest): (Vec<Id>, Vec<Id>) = items.iter().partition(|id| is_fold(id));
        let short = self.extent(axis).as_number().is_some_and(|n| n <= TILE);
        let parts = if flat { self.in_parts(&rest, axis) } else { vec![rest.clone()] };
        let folded = !folds.is_empty() && !self.folds_only_memory(&folds, &rest);
        let tiles = prefix.is_empty() && !short && (folded || parts.len() > 1);
        let running = |this: &Self, id: Id| tiles || this.item(id).reduced.len() > 1 || !folds.contains(&id);
        let starting: Vec<Id> = items.iter().copied().filter(|id| self.starts_at(*id, axis)).collect();
        for &id in &starting {
            if running(self, id) {
                let start = self.start(id, prefix);
                match self.fill_depth(id, prefix).filter(|_| matches!(start, Stmt::Fill { .. })) {
                    Some(depth) => self.fills.push((depth, start)),
                    None => body.push(start),
                }
            }
        }
        self.scopes.push(Scope::default());
        self.hand_on(&parts, prefix, axis, tiles);
        let mut extra = Vec::new();
        let rows: Vec<Access> = folds.iter().map(|id| self.row_of(*id, axis, tiles, &rest, &mut extra)).collect();
        let mut turns: Vec<Vec<Stmt>> = parts.iter().map(|part| self.level(&inner, part, false)).collect();
        turns.last_mut().expect("a loop has a part").extend(extra);
        self.scopes.pop();
        let (here, further_out) = std::mem::take(&mut self.fills).into_iter().partition(|(d, _)| *d == prefix.len());
        self.fills = further_out;
        body.extend(here.into_iter().map(|(_, fill)| fill));
        turns.retain(|turn| !turn.is_empty());
        let mut steps: Vec<Stmt> =
            turns.into_iter().map(|body| Stmt::Loop(Loop { axis, tiles: false, body })).collect();
        for (&value, from) in folds.iter().zip(rows) {
            let Work::Reduce(fold) = self.item(value).work else { unreachable!("only reductions fold") };
            let into = self.stored(value).filter(|_| !self.is_scalar_within(value, prefix));
            let running = running(self, value);
            steps.push(Stmt::Fold { value, fold, from, axis, into, running });
        }
        match tiles {
            true => body.push(Stmt::Loop(Loop { axis, tiles: true, body: steps })),
            false => body.extend(steps),
        }
        self.finish(prefix, &starting, body);
    }

    /// Binds those reductions that the loop just made completes.
    fn finish(&mut self, prefix: &[Axis], reductions: &[Id], body: &mut Vec<Stmt>) {
        for &id in reductions {
            if self.is_scalar_within(id, prefix) {
                self.scope().locals.insert(id);
                self.emit_store(id, body);
            }
        }
    }

    /// Where an accumulator has axes of the loops around: the depth of the outermost of those, before which it is filled.
    fn fill_depth(&self, id: Id, prefix: &[Axis]) -> Option<usize> {
        let axes = self.stored(id)?.place.strides;
        prefix.iter().position(|axis| axes.iter().any(|(a, _)| a == axis))
    }

    fn start(&self, id: Id, prefix: &[Axis]) -> Stmt {
        let Work::Reduce(fold) = self.item(id).work else { unreachable!("only reductions accumulate") };
        match self.stored(id) {
            Some(access) if !self.is_scalar_within(id, prefix) => Stmt::Fill { buffer: access.buffer, fold },
            _ => Stmt::Start { value: id, fold },
        }
    }

    /// Whether nothing is computed but folds of rows that lie in memory already.
    fn folds_only_memory(&self, folds: &[Id], rest: &[Id]) -> bool {
        rest.is_empty() && folds.iter().all(|id| matches!(self.item(*id).reads[0], Read::Memory { .. }))
    }

    /// The row along `axis` that the reduction `id` folds: where its operand lies anyway, or a buffer that the loop over
    /// `rest` fills, or `extra`.
    fn row_of(&mut self, id: Id, axis: Axis, tile: bool, rest: &[Id], extra: &mut Vec<Stmt>) -> Access {
        let read = self.item(id).reads[0].clone();
        let lies = match &read {
            Read::Memory { base, place } => Some(Access { buffer: self.full[base], place: place.clone() }),
            Read::Value(value) => self.stored(*value),
            _ => None,
        };
        let row = lies.and_then(|access| Some(Access { place: access.place.row_start(axis)?, ..access }));
        if let Some(row) = row {
            return row;
        }
        let buffer = match &read {
            Read::Value(value) if rest.contains(value) => self.row(*value, vec![axis], tile),
            _ => {
                let buffer = self.row(id, vec![axis], tile);
                let value = self.operand(&read, extra);
                let place = Affine::walking(vec![(axis, Dim::number(1))]);
                extra.push(Stmt::Store { to: Access { buffer, place }, value });
                buffer
            }
        };
        Access { buffer, place: Affine::default() }
    }
}

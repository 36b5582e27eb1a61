//! Which long loops threads share: those of whose rows each can be given what is its own of all that the loop writes, but for
//! sums. So can turns that carry nothing but sums, as those over the images of a batch do. They are written in pieces, by
//! `pieces.rs`.

use super::access::accesses;
use super::pass::Pass;
use super::update::Hand;
use crate::ir::dim::Dim;
use crate::ir::graph::{Dtype, Fold, Id};
use crate::ir::program::{Access, Affine, Axis, BufferId, Loop, Operand, Program, Role, Stmt, Turns, Whose};
use crate::op;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The least cost of a loop that is shared; as the runtime has it, for two pieces.
const WORTH: i64 = 2 << 20;

/// What a size is taken for that is only known at run time.
const USUAL: i64 = 1024;

/// The most slices that a shared loop may write to, as in the runtime.
const SLICES: usize = 12;

/// What a function costs in units of a sum or a product, and what a load and a store do.
const FUNCTION: i64 = 25;
const MEMORY: i64 = 2;

/// A loop that threads share.
#[derive(Default)]
pub struct Shared {
    /// Whether a row is a single element.
    pub flat: bool,
    /// What each row costs.
    pub cost: Dim,
    /// What it writes.
    pub written: BTreeMap<BufferId, Written>,
    /// What a piece reads of its own rows alone, and how much each has.
    pub read: BTreeMap<BufferId, Dim>,
    /// Sums over all rows that are numbers.
    pub totals: Vec<Id>,
    /// The parameters that move meanwhile.
    pub moved: Vec<BufferId>,
    /// Arrays that live in the loop.
    pub local: BTreeSet<BufferId>,
}

/// How pieces write to a buffer.
pub enum Written {
    /// Each row has so many elements of its own.
    Rows(Dim),
    /// All rows add to the same elements.
    Sum,
    /// The memory of a row, used again by the next.
    Own,
}

/// The loops of a pass that are shared, by their place in the body.
pub fn shared(pass: &Pass) -> HashMap<usize, Shared> {
    let body = pass.program.body.iter().enumerate().filter(|_| pass.shares);
    let long = body.filter_map(|(at, stmt)| {
        let (count, cost, tiles) = match stmt {
            Stmt::Loop(inner) => {
                let cost = cost(pass.program, &inner.body, Some(inner.axis));
                (&pass.program.axes[inner.axis.0], cost, inner.tiles)
            }
            Stmt::Turns(turns) => (&turns.count, cost(&turns.program, &turns.program.body, None), false),
            _ => return None,
        };
        is_worth(&(count * &cost), tiles).then_some((at, cost))
    });
    let long: Vec<_> = long.collect();
    if long.is_empty() {
        return HashMap::new();
    }
    let homes = homes(pass.program);
    let shared = long.into_iter().filter_map(|(at, cost)| {
        let shared = match &pass.program.body[at] {
            Stmt::Turns(turns) => Shared::of_turns(pass, turns, cost),
            _ => Shared::of(pass, at, cost, &homes),
        };
        Some((at, shared?))
    });
    shared.collect()
}

/// The only statement of the body that touches each row; nothing where there are several.
fn homes(program: &Program) -> HashMap<BufferId, Option<usize>> {
    let mut homes: HashMap<BufferId, Option<usize>> = HashMap::new();
    for (at, stmt) in program.body.iter().enumerate() {
        stmt.walk(&mut |s| {
            for (id, _) in s.touched() {
                if matches!(program.buffer(id).role, Role::Row { .. }) {
                    let home = homes.entry(id).or_insert(Some(at));
                    *home = home.filter(|home| *home == at);
                }
            }
        });
    }
    homes
}

/// How a loop uses a buffer.
#[derive(Default)]
struct Use {
    places: Vec<Affine>,
    written: bool,
    /// Whether something is done other than to add to it.
    more: bool,
}

#[derive(Default)]
struct Uses {
    buffers: BTreeMap<BufferId, Use>,
    filled: BTreeSet<BufferId>,
    started: BTreeSet<Id>,
    combined: Vec<(Id, Fold)>,
}

impl Uses {
    fn of(stmt: &Stmt) -> Self {
        let mut uses = Uses::default();
        stmt.walk(&mut |s| {
            s.operands().into_iter().filter_map(Operand::access).for_each(|access| uses.note(access, false, false));
            match s {
                Stmt::Store { to, .. } => uses.note(to, true, false),
                Stmt::Accumulate { fold, to, .. } => uses.note(to, true, *fold == Fold::Sum),
                Stmt::Fill { buffer, .. } => _ = uses.filled.insert(*buffer),
                Stmt::Start { value, .. } => _ = uses.started.insert(*value),
                Stmt::Combine { fold, value, .. } => uses.combined.push((*value, *fold)),
                Stmt::Fold { value, fold, from, axis, into, running } => {
                    let mut row = from.clone();
                    row.place.strides.push((*axis, Dim::number(1)));
                    uses.note(&row, false, false);
                    match into {
                        Some(to) => uses.note(to, true, *running && *fold == Fold::Sum),
                        None if *running => uses.combined.push((*value, *fold)),
                        None => {}
                    }
                }
                _ => {}
            }
        });
        uses
    }

    fn note(&mut self, access: &Access, written: bool, sum: bool) {
        let own = self.buffers.entry(access.buffer).or_default();
        own.written |= written;
        own.more |= !sum;
        if !own.places.contains(&access.place) {
            own.places.push(access.place.clone());
        }
    }
}

impl Shared {
    fn of(pass: &Pass, at: usize, cost: Dim, homes: &HashMap<BufferId, Option<usize>>) -> Option<Self> {
        let (program, stmt) = (pass.program, &pass.program.body[at]);
        let Stmt::Loop(inner) = stmt else { return None };
        let uses = Uses::of(stmt);
        let totals = totals(program, at, &uses)?;
        let mut shared = Shared {
            flat: is_flat(stmt, inner.axis),
            cost,
            totals,
            moved: moved_in(pass, inner).iter().map(|hand| hand.param).collect(),
            ..Shared::default()
        };
        let at_home = |id| homes.get(id) == Some(&Some(at));
        uses.buffers.iter().try_for_each(|(id, own)| shared.take(pass, inner.axis, *id, own, at_home(id)))?;
        let filled = uses.filled.iter().all(|id| shared.is_own(*id));
        let moved = shared.moved.iter().all(|id| shared.read.contains_key(id));
        (filled && moved && shared.is_possible(program, uses.buffers.keys())).then_some(shared)
    }

    /// What a piece of turns has; nothing where a turn reads what another has made.
    fn of_turns(pass: &Pass, turns: &Turns, cost: Dim) -> Option<Self> {
        if turns.tile.is_some() || turns.carried.iter().any(|carried| carried.next.is_some()) {
            return None;
        }
        let mut shared = Shared { cost, ..Shared::default() };
        let mut whole: BTreeSet<BufferId> = BTreeSet::new();
        for (own, whose) in &turns.fields {
            let own = turns.program.buffer(*own);
            let (id, reads, width) = (whose.buffer(), matches!(own.role, Role::Argument(_)), Dim::product(&own.shape));
            let before = match (reads, whose) {
                (true, Whose::Whole(_)) => {
                    whole.insert(id);
                    continue;
                }
                (true, Whose::Turn(_)) if shared.read.get(&id).is_none_or(|before| *before == width) => {
                    shared.read.insert(id, width);
                    continue;
                }
                (true, Whose::Turn(_)) => return None,
                (false, Whose::Turn(_)) => shared.written.insert(id, Written::Rows(width)),
                (false, Whose::Whole(_)) if matches!(pass.program.buffer(id).role, Role::Row { .. }) => return None,
                (false, Whose::Whole(_)) => {
                    let is_sum = turns.carried.iter().any(|carried| carried.state == id);
                    shared.written.insert(id, if is_sum { Written::Sum } else { Written::Own })
                }
            };
            if before.is_some() {
                return None;
            }
        }
        let apart = shared.read.keys().all(|id| !whole.contains(id));
        let touched = || shared.written.keys().chain(shared.read.keys()).chain(&whole);
        (apart && shared.is_possible(pass.program, touched())).then_some(shared)
    }

    /// Whether what is written overlaps with nothing else that is touched, and may be shared by its type and number.
    fn is_possible<'i>(&self, program: &Program, touched: impl IntoIterator<Item = &'i BufferId>) -> bool {
        let memory = || self.written.keys().chain(&self.local);
        let slots: BTreeSet<usize> = memory().map(|id| program.buffer(*id).slot).collect();
        let apart = |id: &BufferId| memory().any(|own| own == id) || !slots.contains(&program.buffer(*id).slot);
        let whole = slots.len() == memory().count() && touched.into_iter().all(apart);
        let real = self.written.keys().all(|id| program.buffer(*id).dtype == Dtype::Real);
        whole && real && self.written.len() <= SLICES
    }

    /// Finds what a piece has of a buffer, which may be a row of this loop; nothing where pieces cannot be told apart.
    fn take(&mut self, pass: &Pass, axis: Axis, id: BufferId, own: &Use, at_home: bool) -> Option<()> {
        let buffer = pass.program.buffer(id);
        let rows = || own.places.iter().map(|place| row_of(pass.program, place, axis)).collect::<Option<Vec<_>>>();
        let width = rows().and_then(|rows| rows.iter().all(|row| *row == rows[0]).then(|| rows[0].clone()));
        let apart = || own.places.iter().all(|place| place.stride(axis).is_none());
        match (own.written, buffer.role) {
            (false, Role::Argument(_)) if pass.is_scalar_argument(id) => {}
            (false, _) => _ = width.map(|width| self.read.insert(id, width)),
            (true, Role::Row { tile }) if at_home && (tile || apart()) => match buffer.is_local_array() {
                true => _ = self.local.insert(id),
                false => _ = self.written.insert(id, Written::Own),
            },
            (true, Role::Row { .. }) => return None,
            (true, _) => match width {
                Some(width) => _ = self.written.insert(id, Written::Rows(width)),
                None if !own.more && apart() => _ = self.written.insert(id, Written::Sum),
                None => return None,
            },
        }
        Some(())
    }

    pub fn starts(&self, value: Id) -> bool {
        self.totals.contains(&value)
    }

    /// Whether a buffer is memory of a row.
    fn is_own(&self, id: BufferId) -> bool {
        self.local.contains(&id) || matches!(self.written.get(&id), Some(Written::Own))
    }

    /// The buffers of which a piece has only its own rows.
    pub fn cut(&self) -> BTreeSet<BufferId> {
        let written = self.written.iter().filter(|(_, own)| matches!(own, Written::Rows(_))).map(|(id, _)| *id);
        written.chain(self.read.keys().copied()).collect()
    }
}

/// The sums that are numbers; nothing where something else is combined over all rows.
fn totals(program: &Program, at: usize, uses: &Uses) -> Option<Vec<Id>> {
    let mut totals: Vec<Id> = Vec::new();
    for (value, fold) in uses.combined.iter().filter(|(value, _)| !uses.started.contains(value)) {
        let here = |stmt: &Stmt| matches!(stmt, Stmt::Start { value: started, .. } if started == value);
        if *fold != Fold::Sum || !program.body[..at].iter().any(here) {
            return None;
        }
        if !totals.contains(value) {
            totals.push(*value);
        }
    }
    Some(totals)
}

/// The elements of each row along `axis`, if that is the outermost axis of what lies at `place`.
fn row_of(program: &Program, place: &Affine, axis: Axis) -> Option<Dim> {
    let [(first, width), rest @ ..] = place.strides.as_slice() else { return None };
    let extents: Vec<&Dim> = rest.iter().map(|(axis, _)| &program.axes[axis.0]).collect();
    let in_order = (0..rest.len()).all(|k| rest[k].1 == Dim::product(extents[k + 1..].iter().copied()));
    let whole = *first == axis && place.offset == Dim::number(0) && Dim::product(extents.iter().copied()) == *width;
    (whole && in_order).then(|| width.clone())
}

/// Whether a loop of this cost, over tiles perhaps, is long enough for two threads, or may be.
fn is_worth(all: &Dim, tiles: bool) -> bool {
    match all.as_number() {
        None if tiles => true,
        _ => all.evaluate(&|_| USUAL) >= WORTH,
    }
}

/// Whether a loop over `axis` goes over no other.
fn is_flat(stmt: &Stmt, axis: Axis) -> bool {
    let mut flat = true;
    stmt.walk(&mut |s| {
        if let Stmt::Loop(Loop { axis: other, .. }) | Stmt::Fold { axis: other, .. } = s {
            flat &= *other == axis;
        }
    });
    flat
}

/// What a turn of a loop over `axis` costs, or of turns; of a loop over tiles, what an element does.
fn cost(program: &Program, body: &[Stmt], axis: Option<Axis>) -> Dim {
    let times = |own: Axis| if Some(own) == axis { Dim::number(1) } else { program.axes[own.0].clone() };
    let costs = body.iter().map(|stmt| {
        let loads = stmt.operands().into_iter().filter(|operand| operand.access().is_some()).count() as i64;
        let own = match stmt {
            Stmt::Loop(inner) => return &times(inner.axis) * &cost(program, &inner.body, axis),
            Stmt::Turns(turns) => return &turns.count * &cost(&turns.program, &turns.program.body, None),
            Stmt::Product(product) => return &product.batch * &Dim::product(&product.dims),
            Stmt::Along(moved) => {
                let moved = &Dim::product(&moved.to) * &(&moved.outer * &moved.inner);
                return &moved * &Dim::number(2 * MEMORY);
            }
            Stmt::Fold { axis: own, .. } => return &times(*own) * &Dim::number(1 + MEMORY),
            Stmt::Let { op, .. } if op::find(op).is_some_and(|op| !op.cheap) => FUNCTION,
            Stmt::Store { .. } => MEMORY,
            Stmt::Accumulate { .. } => 1 + 2 * MEMORY,
            _ => 1,
        };
        Dim::number(own + loads * MEMORY)
    });
    costs.fold(Dim::number(0), |sum, cost| &sum + &cost)
}

/// The parameters that move part by part in a loop over tiles.
pub fn moved_in<'p>(pass: &'p Pass, tile: &Loop) -> Vec<&'p Hand> {
    if !tile.tiles || pass.updates.is_none() {
        return Vec::new();
    }
    let accesses = accesses(&Stmt::Loop(tile.clone()));
    let writes = |gradient| accesses.iter().any(|(access, mutable)| *mutable && access.buffer == gradient);
    pass.hands().filter(|hand| hand.in_tiles && writes(hand.gradient)).collect()
}

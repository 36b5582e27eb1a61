//! Long loops as Rust that threads share: the loop over a piece of the rows is a closure, whose arguments are the piece's
//! rows of what the loop writes, and what it sums up.
//!
//! ```text
//! let [total] = share_rows([N, 7168], [rows_of(&mut y[..], 1024)], |part, y| {
//!     let x = &x[part.start * 1024..part.end * 1024];
//!     let mut total = 0.0;
//!     for i in 0..part.end - part.start { .. }
//!     [total]
//! });
//! ```

use super::access::accesses;
use super::code::{Code, size};
use super::pass::Pass;
use super::turn::Turn;
use super::update::Hand;
use super::write::Writer;
use crate::ir::dim::Dim;
use crate::ir::graph::{Dtype, Fold, Id};
use crate::ir::program::{Access, Affine, Axis, BufferId, Loop, Operand, Program, Role, Stmt};
use crate::op;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote};
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
pub struct Shared {
    pub axis: Axis,
    /// Whether a row is a single element.
    flat: bool,
    /// What each row costs.
    cost: Dim,
    /// What it writes.
    written: BTreeMap<BufferId, Written>,
    /// What a piece reads of its own rows alone, and how much each has.
    read: BTreeMap<BufferId, Dim>,
    /// Sums over all rows that are numbers.
    totals: Vec<Id>,
    /// The parameters that move meanwhile.
    pub moved: Vec<BufferId>,
    /// Arrays that live in the loop.
    local: BTreeSet<BufferId>,
}

/// How pieces write to a buffer.
enum Written {
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
    let long = body.filter_map(|(at, stmt)| match stmt {
        Stmt::Loop(inner) => Some((at, inner, cost(pass.program, &inner.body, inner.axis))),
        _ => None,
    });
    let long: Vec<_> = long.filter(|(_, inner, cost)| is_worth(pass.program, inner, cost)).collect();
    if long.is_empty() {
        return HashMap::new();
    }
    let homes = homes(pass.program);
    long.into_iter().filter_map(|(at, _, cost)| Some((at, Shared::of(pass, at, cost, &homes)?))).collect()
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
            axis: inner.axis,
            flat: is_flat(stmt, inner.axis),
            cost,
            written: BTreeMap::new(),
            read: BTreeMap::new(),
            totals,
            moved: moved_in(pass, inner).iter().map(|hand| hand.param).collect(),
            local: BTreeSet::new(),
        };
        uses.buffers.iter().try_for_each(|(id, own)| shared.take(pass, *id, own, homes.get(id) == Some(&Some(at))))?;
        let memory = || shared.written.keys().chain(&shared.local);
        let slots: BTreeSet<usize> = memory().map(|id| program.buffer(*id).slot).collect();
        let apart = |id: &BufferId| memory().any(|own| own == id) || !slots.contains(&program.buffer(*id).slot);
        let whole = slots.len() == memory().count() && uses.buffers.keys().all(apart);
        let filled = uses.filled.iter().all(|id| shared.is_own(*id));
        let moved = shared.moved.iter().all(|id| shared.read.contains_key(id));
        let real = shared.written.keys().all(|id| program.buffer(*id).dtype == Dtype::Real);
        (whole && filled && moved && real && shared.written.len() <= SLICES).then_some(shared)
    }

    /// Finds what a piece has of a buffer, which may be a row of this loop; nothing where pieces cannot be told apart.
    fn take(&mut self, pass: &Pass, id: BufferId, own: &Use, at_home: bool) -> Option<()> {
        let buffer = pass.program.buffer(id);
        let rows = || own.places.iter().map(|place| row_of(pass.program, place, self.axis)).collect::<Option<Vec<_>>>();
        let width = rows().and_then(|rows| rows.iter().all(|row| *row == rows[0]).then(|| rows[0].clone()));
        let apart = || own.places.iter().all(|place| place.stride(self.axis).is_none());
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

    pub fn local(&self) -> &BTreeSet<BufferId> {
        &self.local
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

/// Whether a loop is long enough for two threads, or may be.
fn is_worth(program: &Program, inner: &Loop, cost: &Dim) -> bool {
    let all = &program.axes[inner.axis.0] * cost;
    match all.as_number() {
        None if inner.tiles => true,
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

/// What a turn of a loop over `axis` costs; of a loop over tiles, what an element does.
fn cost(program: &Program, body: &[Stmt], axis: Axis) -> Dim {
    let times = |own: Axis| if own == axis { Dim::number(1) } else { program.axes[own.0].clone() };
    let costs = body.iter().map(|stmt| {
        let loads = stmt.operands().into_iter().filter(|operand| operand.access().is_some()).count() as i64;
        let own = match stmt {
            Stmt::Loop(inner) => return &times(inner.axis) * &cost(program, &inner.body, axis),
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

impl Writer<'_> {
    /// `let [total] = share_rows([N, 7168], [rows_of(&mut y[..], 1024)], |part, y| { .. [total] });`
    pub fn shared_loop(&self, inner: &Loop, shared: &Shared) -> TokenStream {
        let (pass, name) = (self.pass, |id: &BufferId| self.pass.variable(*id));
        let (extent, cost, real) = (size(&pass.program.axes[inner.axis.0]), size(&shared.cost), &pass.real);
        let memory = shared.written.iter().map(|(id, written)| {
            let name = name(id);
            match written {
                Written::Rows(width) => {
                    let width = size(width);
                    quote!(rows_of(&mut #name[..], #width))
                }
                Written::Sum => quote!(sum_of(&mut #name[..])),
                Written::Own => quote!(own_of(&mut #name[..])),
            }
        });
        let slices: Vec<Ident> = shared.written.keys().map(name).collect();
        let moved: Vec<Ident> = shared.moved.iter().map(name).collect();
        let totals: Vec<Ident> = shared.totals.iter().map(|id| self.value(*id)).collect();
        let (cuts, local) = (self.cuts(inner, shared), shared.local.iter().map(|id| pass.local_array(*id)));
        let start = |id: &Id| self.stmt(&Stmt::Start { value: *id, fold: Fold::Sum }, &Turn::default());
        let (starts, body) = (shared.totals.iter().map(start), self.loop_over(inner, &Turn::in_part(shared)));
        let range = quote!(::core::ops::Range<usize>);
        let given = quote!([#extent, #cost],);
        let (function, given, part) = match (pass.updates, moved.len()) {
            (Some(updates), count @ 1..) => {
                let (update, count) = (&updates.name, Literal::usize_unsuffixed(count));
                let given = quote!(&#update, [#extent, #cost], [#(#moved),*],);
                (quote!(share_moving), given, quote!((part, [#(mut #moved),*]): (#range, [U::Param<'_>; #count])))
            }
            _ if shared.flat => (quote!(share_tiles), given, quote!(part: #range)),
            _ => (quote!(share_rows), given, quote!(part: #range)),
        };
        let result = (!totals.is_empty()).then(|| quote!(let [#(#totals),*] =));
        quote! {
            #result #function(#given [#(#memory),*], #[inline(always)] |#part, #(#slices: &mut [#real]),*| {
                #cuts
                #(#local)*
                #(#starts)*
                #body
                [#(#totals),*]
            });
        }
    }

    /// What a piece has of each array: its own rows, or all elements, whose number the compiler then knows.
    fn cuts(&self, inner: &Loop, shared: &Shared) -> TokenStream {
        let mut cuts: BTreeMap<BufferId, TokenStream> = BTreeMap::new();
        let (of_part, name) = (of_part(), |id: &BufferId| self.pass.variable(*id));
        for (id, width) in shared.read.iter().filter(|(id, _)| !shared.moved.contains(id)) {
            let (name, width) = (name(id), Some(size(width)).filter(|_| !width.is_one()));
            let times = |end: TokenStream| match &width {
                Some(width) => Code::atom(end).infix("*", width.clone()).to_token_stream(),
                None => end,
            };
            let (start, end) = (times(quote!(part.start)), times(quote!(part.end)));
            cuts.insert(*id, quote!(let #name = &#name[#start..#end];));
        }
        for (access, mutable) in accesses(&Stmt::Loop(inner.clone())).into_iter().filter(|_| !inner.tiles) {
            let id = access.buffer;
            let [(axis, stride)] = access.place.strides.as_slice() else { continue };
            let known = shared.local.contains(&id) || cuts.contains_key(&id) || self.pass.is_scalar_argument(id);
            if known || !stride.is_one() {
                continue;
            }
            let (name, all) = (name(&id), size(&Dim::product(&self.pass.program.buffer(id).shape)));
            let cut = match (*axis == shared.axis, mutable) {
                (true, true) => quote!(let #name = &mut #name[..#of_part];),
                (false, true) => quote!(let #name = &mut #name[..#all];),
                (false, false) => quote!(let #name = &#name[..#all];),
                (true, false) => continue,
            };
            cuts.insert(id, cut);
        }
        cuts.into_values().collect()
    }
}

/// The number of rows of a piece.
pub fn of_part() -> TokenStream {
    quote!(part.end - part.start)
}

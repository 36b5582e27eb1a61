//! The program: loops, products and buffers in order, one for each function that is emitted. Values keep the identity of
//! their node in the graph, so that a reader of the program knows what each one means.

use super::along::Along;
use super::dim::{Dim, Shape, show};
use super::graph::{Argument, Dtype, Fold, Goal, Graph, Id};
use std::fmt;
use std::rc::Rc;

/// The most elements of a tile: what a loop over one long axis works on at a time.
pub const TILE: i64 = 512;

/// The largest row that lies within a pass.
const LARGEST_ROW: i64 = 8 * TILE;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct BufferId(pub usize);

/// A loop variable: an axis of the iteration space, or several neighbouring ones walked as one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Axis(pub usize);

#[derive(Clone, Debug, Default)]
pub struct Program {
    pub arguments: Vec<Argument>,
    pub buffers: Vec<Buffer>,
    /// The extent of every axis, by [`Axis`].
    pub axes: Vec<Dim>,
    pub body: Vec<Stmt>,
    /// What comes out, in the order of the graph's roots; `None` is a gradient that is exactly zero.
    pub results: Vec<(Goal, Option<Operand>)>,
}

/// Memory for one value of the graph.
#[derive(Clone, Debug)]
pub struct Buffer {
    pub node: Id,
    pub name: String,
    pub role: Role,
    pub dtype: Dtype,
    /// Row-major.
    pub shape: Shape,
    /// Buffers of one slot share their memory: each is written when nothing reads the one before any more.
    pub slot: usize,
    /// The buffer of the same slot that this one is written over, element by element, while that is read.
    pub over: Option<BufferId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Comes in: argument by its index.
    Argument(usize),
    /// Goes out: result by its index.
    Result(usize),
    /// Lives within the pass.
    Scratch,
    /// Lives within one turn of a loop: a row, or a tile of at most [`TILE`] elements.
    Row { tile: bool },
}

/// An element of a buffer: the offset, and the sum of axis · stride.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    pub buffer: BufferId,
    pub place: Affine,
}

/// A place in memory that moves with the loops.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Affine {
    pub offset: Dim,
    /// Axes in the order of the loops; an axis along which the place stays the same is absent.
    pub strides: Vec<(Axis, Dim)>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Operand {
    /// A value bound by [`Stmt::Let`] or [`Stmt::Fold`], here or further out.
    Local(Id),
    Load(Access),
    Const(f64),
    Size(Dim),
    /// The loop variable of an axis.
    Position(Axis),
}

#[derive(Clone, Debug)]
pub enum Stmt {
    Product(Product),
    Along(Moved),
    Turns(Turns),
    /// `value = op(args)`, one element.
    Let {
        value: Id,
        op: &'static str,
        args: Vec<Operand>,
    },
    Loop(Loop),
    /// Every element becomes the neutral element of `fold`: an accumulator before its loop.
    Fill {
        buffer: BufferId,
        fold: Fold,
    },
    /// A scalar accumulator before its loop: the neutral element of `fold`.
    Start {
        value: Id,
        fold: Fold,
    },
    Store {
        to: Access,
        value: Operand,
    },
    /// `to = fold(to, value)`.
    Accumulate {
        fold: Fold,
        to: Access,
        value: Operand,
    },
    /// `value = fold(value, operand)` for the scalar accumulator `value`.
    Combine {
        fold: Fold,
        value: Id,
        operand: Operand,
    },
    /// `value` is all elements of the row of `from` along `axis`, combined; `from` has stride 1 there, and the access
    /// names the outer axes only. With `into`, the result is combined with the accumulator `value` instead.
    Fold {
        value: Id,
        fold: Fold,
        from: Access,
        axis: Axis,
        into: Option<Access>,
        running: bool,
    },
}

/// A loop over an axis.
#[derive(Clone, Debug)]
pub struct Loop {
    pub axis: Axis,
    /// Walks `axis` in tiles of at most [`TILE`]; a loop over the same axis inside stays within the tile.
    pub tiles: bool,
    pub body: Vec<Stmt>,
}

/// `out = op(args)` along the middle one of three axes, all of each taken as one.
#[derive(Clone, Debug)]
pub struct Moved {
    pub value: Id,
    pub out: BufferId,
    pub args: Vec<BufferId>,
    pub op: Along,
    /// How much there is before the axis.
    pub outer: Dim,
    /// How much there is after it.
    pub inner: Dim,
    /// The sizes along the axis of each argument (but for positions): one, or two of windows that are put together.
    pub from: Vec<Shape>,
    /// The sizes along the axis of the result.
    pub to: Shape,
}

/// A loop over a program of its own, which has the memory that `fields` say. What is carried starts as a copy, and what a
/// turn makes of it is copied to where it stands.
#[derive(Clone, Debug)]
pub struct Turns {
    pub value: Id,
    pub count: Dim,
    pub reverse: bool,
    pub carried: Vec<Carried>,
    pub tile: Option<Tile>,
    pub graph: Rc<Graph>,
    pub program: Rc<Program>,
    pub fields: Vec<(BufferId, Whose)>,
}

/// The memory of something that is carried from turn to turn.
#[derive(Clone, Copy, Debug)]
pub struct Carried {
    /// Nothing for zeros.
    pub start: Option<BufferId>,
    pub state: BufferId,
    /// Nothing where a turn only adds to the state.
    pub next: Option<BufferId>,
}

/// How rows become lanes before a turn.
#[derive(Clone, Debug)]
pub struct Tile {
    pub height: i64,
    /// Arrays of rows, and the lanes that their rows are copied to.
    pub lanes: Vec<(BufferId, BufferId)>,
    /// Which lanes have a row.
    pub live: BufferId,
}

/// The memory around a loop that a buffer of its program is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// All of a buffer, in every turn.
    Whole(BufferId),
    /// The part of a buffer that belongs to the turn.
    Turn(BufferId),
}

impl Turns {
    /// The memory here that turns write.
    pub fn written(&self) -> impl Iterator<Item = BufferId> {
        let own = self.fields.iter().filter(|(own, _)| !matches!(self.program.buffer(*own).role, Role::Argument(_)));
        let carried = self.carried.iter().flat_map(|c| [Some(c.state), c.next]).flatten();
        let lanes = self.tile.iter().flat_map(|t| t.lanes.iter().map(|(_, lanes)| *lanes).chain([t.live]));
        carried.chain(own.map(|(_, whose)| whose.buffer())).chain(lanes)
    }

    /// The memory here that turns read, and what is carried starts from.
    pub fn read(&self) -> impl Iterator<Item = BufferId> {
        let rows = self.tile.iter().flat_map(|t| t.lanes.iter().map(|(rows, _)| *rows));
        self.carried
            .iter()
            .filter_map(|c| c.start)
            .chain(self.fields.iter().map(|(_, whose)| whose.buffer()))
            .chain(rows)
    }
}

impl Whose {
    pub fn buffer(self) -> BufferId {
        match self {
            Whose::Whole(buffer) | Whose::Turn(buffer) => buffer,
        }
    }
}

/// `out = op(a)·op(b)`, `out += ..` where `add`: `[m, k]` times `[k, n]`, for each of a batch.
#[derive(Clone, Debug)]
pub struct Product {
    pub value: Id,
    pub out: BufferId,
    pub a: BufferId,
    pub b: BufferId,
    pub batch: Dim,
    pub dims: [Dim; 3],
    pub transposed: [bool; 2],
    pub add: bool,
}

impl Buffer {
    /// A row that is an array of constant length within the pass, instead of a slice that comes in.
    pub fn is_local_array(&self) -> bool {
        let length = Dim::product(&self.shape).as_number();
        matches!(self.role, Role::Row { .. }) && length.is_some_and(|n| n <= LARGEST_ROW)
    }
}

impl Program {
    pub fn buffer(&self, id: BufferId) -> &Buffer {
        &self.buffers[id.0]
    }
}

impl Stmt {
    /// Visits this statement and those inside it, outer ones first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Stmt)) {
        visit(self);
        if let Stmt::Loop(Loop { body, .. }) = self {
            body.iter().for_each(|s| s.walk(visit));
        }
    }

    /// The operands that are read, but for those of statements inside.
    pub fn operands(&self) -> Vec<&Operand> {
        match self {
            Stmt::Let { args, .. } => args.iter().collect(),
            Stmt::Store { value, .. } | Stmt::Accumulate { value, .. } => vec![value],
            Stmt::Combine { operand, .. } => vec![operand],
            _ => Vec::new(),
        }
    }
}

impl Affine {
    /// From the start of memory on.
    pub fn walking(strides: Vec<(Axis, Dim)>) -> Self {
        Affine { offset: Dim::number(0), strides }
    }

    pub fn stride(&self, axis: Axis) -> Option<&Dim> {
        self.strides.iter().find(|(a, _)| *a == axis).map(|(_, s)| s)
    }

    /// Where a row along `inner` starts, if its elements are neighbours.
    pub fn row_start(&self, inner: Axis) -> Option<Affine> {
        let unit = self.stride(inner).is_some_and(Dim::is_one);
        let outer = || self.strides.iter().filter(|(a, _)| *a != inner).cloned().collect();
        unit.then(|| Affine { offset: self.offset.clone(), strides: outer() })
    }

    /// What it is along `axes`, and where that starts.
    pub fn split(&self, axes: &[Axis]) -> (Affine, Affine) {
        let (own, others) = self.strides.iter().cloned().partition(|(axis, _)| axes.contains(axis));
        (Affine::walking(own), Affine { offset: self.offset.clone(), strides: others })
    }

    /// The start of memory, in every turn of every loop.
    pub fn is_start(&self) -> bool {
        self.strides.is_empty() && self.offset == Dim::number(0)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Affine { offset, strides } = &self.place;
        let offset = Some(offset.to_string()).filter(|o| o != "0");
        let terms = strides.iter().map(|(a, s)| format!("i{}*({s})", a.0));
        let terms: Vec<String> = offset.into_iter().chain(terms).collect();
        write!(f, "b{}[{}]", self.buffer.0, terms.join(" + "))
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Operand::Local(id) => write!(f, "%{}", id.0),
            Operand::Load(access) => write!(f, "{access}"),
            Operand::Const(c) => write!(f, "{c:?}"),
            Operand::Size(dim) => write!(f, "({dim})"),
            Operand::Position(axis) => write!(f, "i{}", axis.0),
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (i, b) in self.buffers.iter().enumerate() {
            writeln!(f, "b{i}: {} {} {:?} slot {} = %{}", b.name, show(&b.shape), b.role, b.slot, b.node.0)?;
        }
        self.body.iter().try_for_each(|s| show_stmt(self, s, 0, f))?;
        for (goal, value) in &self.results {
            match value {
                Some(value) => writeln!(f, "{goal:?} = {value}")?,
                None => writeln!(f, "{goal:?} = 0")?,
            }
        }
        Ok(())
    }
}

fn show_stmt(program: &Program, stmt: &Stmt, depth: usize, f: &mut fmt::Formatter) -> fmt::Result {
    write!(f, "{}", "  ".repeat(depth))?;
    match stmt {
        Stmt::Product(p) => {
            let ([m, k, n], batch) = (&p.dims, &p.batch);
            let sign = if p.add { "+=" } else { "=" };
            writeln!(f, "b{} {sign} b{} . b{} {batch} x [{m}, {k}, {n}] {:?}", p.out.0, p.a.0, p.b.0, p.transposed)
        }
        Stmt::Turns(turns) => {
            let order = if turns.reverse { "back" } else { "on" };
            let tile = turns.tile.as_ref().map_or(String::new(), |t| format!(", {} rows at a time", t.height));
            writeln!(f, "{} turns {order}, {} carried{tile}", turns.count, turns.carried.len())?;
            for (own, whose) in &turns.fields {
                writeln!(f, "{}b{} is {whose:?}", "  ".repeat(depth + 1), own.0)?;
            }
            let program = turns.program.to_string();
            program.lines().try_for_each(|line| writeln!(f, "{}{line}", "  ".repeat(depth + 2)))
        }
        Stmt::Along(Moved { out, args, op, outer, inner, from, to, .. }) => {
            let args: Vec<String> = args.iter().map(|b| format!("b{}", b.0)).collect();
            let from: Vec<String> = from.iter().map(|s| show(s)).collect();
            let sizes = format!("{outer} x {} -> {} x {inner}", from.join(" "), show(to));
            writeln!(f, "b{} = {op} ({}) {sizes}", out.0, args.join(", "))
        }
        Stmt::Let { value, op, args } => {
            let args: Vec<String> = args.iter().map(Operand::to_string).collect();
            writeln!(f, "%{} = {op}({})", value.0, args.join(", "))
        }
        Stmt::Loop(l) => {
            let step = if l.tiles { "tiles of " } else { "" };
            writeln!(f, "for i{} in {step}{}", l.axis.0, program.axes[l.axis.0])?;
            l.body.iter().try_for_each(|s| show_stmt(program, s, depth + 1, f))
        }
        Stmt::Fill { buffer, fold } => writeln!(f, "b{} = neutral {fold:?}", buffer.0),
        Stmt::Start { value, fold } => writeln!(f, "%{} = neutral {fold:?}", value.0),
        Stmt::Store { to, value } => writeln!(f, "{to} = {value}"),
        Stmt::Accumulate { fold, to, value } => writeln!(f, "{to} {fold:?}= {value}"),
        Stmt::Combine { fold, value, operand } => writeln!(f, "%{} {fold:?}= {operand}", value.0),
        Stmt::Fold { value, fold, from, axis, into, running } => {
            let target = into.as_ref().map_or(format!("%{}", value.0), Access::to_string);
            let sign = if *running { "combined with" } else { "=" };
            writeln!(f, "{target} {sign} {fold:?} of {from} along i{}", axis.0)
        }
    }
}

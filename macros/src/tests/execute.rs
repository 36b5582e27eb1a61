//! The reference interpreter of the program: slow, in `f64`, and as obvious as possible. Buffers of one slot really share
//! their memory, so that a wrong lifetime shows. In come sizes and arguments, out come the results.

use super::interpret::{Array, Sizes, along, positions, shape_of};
use crate::fuse::COPY;
use crate::ir::along::Along;
use crate::ir::dim::Dim;
use crate::ir::graph::{Fold, Goal, Id};
use crate::ir::program::{
    Access, Axis, BufferId, Loop, Moved, Operand, Product, Program, Role, Stmt, TILE, Tile, Turns, Whose,
};
use crate::op;
use std::collections::HashMap;
use std::ops::Range;

/// The result for every root; zeros for a gradient that is exactly zero.
pub fn execute(program: &Program, sizes: &Sizes, arguments: &[Array]) -> Vec<Array> {
    execute_on(program, sizes, arguments, &[])
}

/// The same, with what results hold before.
fn execute_on(program: &Program, sizes: &Sizes, arguments: &[Array], before: &[(BufferId, Vec<f64>)]) -> Vec<Array> {
    let mut machine = Machine::new(program, sizes, arguments);
    for (buffer, data) in before {
        *machine.slot(*buffer) = data.clone();
    }
    machine.block(&program.body, &HashMap::new());
    program.results.iter().enumerate().map(|(k, _)| machine.result(k)).collect()
}

/// The turns of the loops around: the position along each axis.
type Turn = HashMap<Axis, usize>;

struct Machine<'p> {
    program: &'p Program,
    sizes: &'p Sizes,
    /// By slot; memory that nothing has written yet is NaN.
    memory: HashMap<usize, Vec<f64>>,
    values: HashMap<Id, f64>,
    /// The tile that is being walked.
    tile: Option<(Axis, Range<usize>)>,
}

impl<'p> Machine<'p> {
    fn new(program: &'p Program, sizes: &'p Sizes, arguments: &[Array]) -> Self {
        let mut memory = HashMap::new();
        for buffer in &program.buffers {
            let length = shape_of(&buffer.shape, sizes).iter().product();
            let data = match buffer.role {
                Role::Argument(index) => arguments[index].data.clone(),
                _ => vec![f64::NAN; length],
            };
            assert_eq!(data.len(), length, "{}", buffer.name);
            memory.insert(buffer.slot, data);
        }
        Machine { program, sizes, memory, values: HashMap::new(), tile: None }
    }

    fn number(&self, dim: &Dim) -> usize {
        dim.evaluate(&|name| self.sizes[name] as i64) as usize
    }

    fn slot(&mut self, buffer: BufferId) -> &mut Vec<f64> {
        let slot = self.program.buffer(buffer).slot;
        self.memory.get_mut(&slot).expect("every buffer has memory")
    }

    fn result(&mut self, k: usize) -> Array {
        let (goal, value) = &self.program.results[k];
        let stored = self.program.buffers.iter().position(|b| b.role == Role::Result(k));
        match (value, stored, goal) {
            (None, _, Goal::Gradient(argument)) => {
                let shape = shape_of(&self.program.arguments[*argument].shape, self.sizes);
                Array::filled(shape, |_| 0.0)
            }
            (Some(_), Some(index), _) => {
                let shape = shape_of(&self.program.buffers[index].shape, self.sizes);
                Array { shape, data: self.slot(BufferId(index)).clone() }
            }
            (Some(operand), None, _) => Array { shape: Vec::new(), data: vec![self.operand(operand, &Turn::new())] },
            (None, ..) => panic!("{goal:?} has no value"),
        }
    }

    fn block(&mut self, body: &[Stmt], turn: &Turn) {
        body.iter().for_each(|stmt| self.stmt(stmt, turn));
    }

    fn stmt(&mut self, stmt: &Stmt, turn: &Turn) {
        match stmt {
            Stmt::Product(product) => self.product(product),
            Stmt::Along(moved) => self.along(moved),
            Stmt::Turns(turns) => self.turns(turns),
            Stmt::Let { value, op, args } => {
                let args: Vec<f64> = args.iter().map(|a| self.operand(a, turn)).collect();
                let result = if *op == COPY { args[0] } else { (op::known(op).value)(&args) };
                self.values.insert(*value, result);
            }
            Stmt::Loop(inner) => self.loop_over(inner, turn),
            Stmt::Fill { buffer, fold } => self.slot(*buffer).fill(neutral(*fold)),
            Stmt::Start { value, fold } => _ = self.values.insert(*value, neutral(*fold)),
            Stmt::Store { to, value } => {
                let value = self.operand(value, turn);
                *self.element(to, turn) = value;
            }
            Stmt::Accumulate { fold, to, value } => {
                let value = self.operand(value, turn);
                let element = self.element(to, turn);
                *element = combine(*fold, *element, value);
            }
            Stmt::Combine { fold, value, operand } => {
                let combined = combine(*fold, self.values[value], self.operand(operand, turn));
                self.values.insert(*value, combined);
            }
            Stmt::Fold { value, fold, from, axis, into, running } => {
                let row = self.fold_row(*fold, from, *axis, turn);
                let old = |of: f64| if *running { combine(*fold, of, row) } else { row };
                match into {
                    Some(to) => {
                        let element = self.element(to, turn);
                        *element = old(*element);
                    }
                    None => {
                        let before = self.values.get(value).copied().unwrap_or(f64::NAN);
                        self.values.insert(*value, old(before));
                    }
                }
            }
        }
    }

    fn loop_over(&mut self, inner: &Loop, turn: &Turn) {
        let extent = self.number(&self.program.axes[inner.axis.0]);
        if inner.tiles {
            for start in (0..extent).step_by(TILE as usize) {
                self.tile = Some((inner.axis, start..extent.min(start + TILE as usize)));
                self.block(&inner.body, turn);
            }
            self.tile = None;
            return;
        }
        for at in self.range(inner.axis, extent) {
            let mut within = turn.clone();
            within.insert(inner.axis, at);
            self.block(&inner.body, &within);
        }
    }

    /// Positions along an axis: all of them, or those of the tile around.
    fn range(&self, axis: Axis, extent: usize) -> Range<usize> {
        match &self.tile {
            Some((tiled, range)) if *tiled == axis => range.clone(),
            _ => 0..extent,
        }
    }

    fn fold_row(&mut self, fold: Fold, from: &Access, axis: Axis, turn: &Turn) -> f64 {
        let extent = self.number(&self.program.axes[axis.0]);
        let mut row = from.clone();
        row.place.strides.push((axis, Dim::number(1)));
        let mut all = neutral(fold);
        for at in self.range(axis, extent) {
            let mut within = turn.clone();
            within.insert(axis, at);
            all = combine(fold, all, *self.element(&row, &within));
        }
        all
    }

    fn element(&mut self, access: &Access, turn: &Turn) -> &mut f64 {
        let start = match (&self.program.buffer(access.buffer).role, &self.tile) {
            (Role::Row { tile: true }, Some((_, range))) => range.start,
            _ => 0,
        };
        let number = |dim: &Dim| dim.evaluate(&|name| self.sizes[name] as i64);
        let steps = access.place.strides.iter().map(|(axis, stride)| turn[axis] as i64 * number(stride));
        let index = number(&access.place.offset) + steps.sum::<i64>();
        &mut self.slot(access.buffer)[index as usize - start]
    }

    fn operand(&mut self, operand: &Operand, turn: &Turn) -> f64 {
        match operand {
            Operand::Local(id) => *self.values.get(id).unwrap_or_else(|| panic!("%{} is not bound", id.0)),
            Operand::Load(access) => *self.element(access, turn),
            Operand::Const(c) => *c,
            Operand::Size(dim) => self.number(dim) as f64,
            Operand::Position(axis) => turn[axis] as f64,
        }
    }

    fn product(&mut self, product: &Product) {
        let [m, k, n] = [0, 1, 2].map(|d| self.number(&product.dims[d]));
        let [a, b] = [product.a, product.b].map(|buffer| self.slot(buffer).clone());
        let [ta, tb] = product.transposed;
        for at in positions(&[self.number(&product.batch), m, n]) {
            let [batch, i, j] = [at[0], at[1], at[2]];
            let left = |p: usize| a[batch * m * k + if ta { p * m + i } else { i * k + p }];
            let right = |p: usize| b[batch * k * n + if tb { j * k + p } else { p * n + j }];
            let sum: f64 = (0..k).map(|p| left(p) * right(p)).sum();
            let out = &mut self.slot(product.out)[(batch * m + i) * n + j];
            *out = if product.add { *out + sum } else { sum };
        }
    }

    /// Each turn is a program that runs by itself, on copies of its memory.
    fn turns(&mut self, turns: &Turns) {
        for carried in &turns.carried {
            *self.slot(carried.state) = match carried.start {
                Some(start) => self.slot(start).clone(),
                None => vec![0.0; self.slot(carried.state).len()],
            };
        }
        let rows = self.number(&turns.count);
        let height = turns.tile.as_ref().map_or(1, |tile| tile.height as usize);
        let count = rows.div_ceil(height);
        for turn in 0..count {
            let t = if turns.reverse { count - 1 - turn } else { turn };
            if let Some(tile) = &turns.tile {
                self.lanes(tile, t * height..rows.min((t + 1) * height));
            }
            let mut given: Vec<(usize, Array)> = Vec::new();
            for (own, whose) in &turns.fields {
                if let Role::Argument(k) = turns.program.buffer(*own).role {
                    let shape = shape_of(&turns.program.buffer(*own).shape, self.sizes);
                    let length: usize = shape.iter().product();
                    let start = if matches!(whose, Whose::Turn(_)) { t * length } else { 0 };
                    let data = self.slot(whose.buffer())[start..][..length].to_vec();
                    given.push((k, Array { shape, data }));
                }
            }
            given.sort_by_key(|(k, _)| *k);
            let given: Vec<Array> = given.into_iter().map(|(_, array)| array).collect();
            let before =
                turns.fields.iter().filter(|(own, _)| matches!(turns.program.buffer(*own).role, Role::Result(_)));
            let added = before.filter_map(|(own, whose)| match whose {
                Whose::Whole(buffer) => Some((*own, *buffer)),
                Whose::Turn(_) => None,
            });
            let added: Vec<(BufferId, BufferId)> = added.collect();
            let before: Vec<(BufferId, Vec<f64>)> =
                added.into_iter().map(|(own, buffer)| (own, self.slot(buffer).clone())).collect();
            let results = execute_on(&turns.program, self.sizes, &given, &before);
            for (own, whose) in &turns.fields {
                if let Role::Result(k) = turns.program.buffer(*own).role {
                    let length = results[k].data.len();
                    let start = if matches!(whose, Whose::Turn(_)) { t * length } else { 0 };
                    self.slot(whose.buffer())[start..][..length].copy_from_slice(&results[k].data);
                }
            }
            for carried in &turns.carried {
                if let Some(next) = carried.next {
                    *self.slot(carried.state) = self.slot(next).clone();
                }
            }
        }
    }

    /// Rows as lanes: feature after feature.
    fn lanes(&mut self, tile: &Tile, rows: Range<usize>) {
        let height = tile.height as usize;
        for (array, lanes) in &tile.lanes {
            let x = self.slot(*array).clone();
            let lanes = self.slot(*lanes);
            let width = lanes.len() / height;
            for (at, lane) in lanes.iter_mut().enumerate() {
                *lane = x[(rows.start + at % height).min(rows.end - 1) * width + at / height];
            }
        }
        for (at, live) in self.slot(tile.live).iter_mut().enumerate() {
            *live = f64::from(u8::from(at < rows.len()));
        }
    }

    /// As in the graph, on arrays of three axes.
    fn along(&mut self, moved: &Moved) {
        let [outer, inner] = [&moved.outer, &moved.inner].map(|d| self.number(d));
        let around = |sizes: Vec<usize>| [vec![outer], sizes, vec![inner]].concat();
        let args = moved.args.iter().enumerate().map(|(k, buffer)| {
            let data = self.slot(*buffer).clone();
            let shape = match moved.from.get(k) {
                Some(sizes) => around(shape_of(sizes, self.sizes)),
                None => vec![data.len()],
            };
            Array { shape, data }
        });
        let args: Vec<Array> = args.collect();
        let mut sizes = shape_of(&moved.to, self.sizes);
        if let Along::Gather = moved.op {
            sizes = vec![args[1].data.len()];
        }
        let args: Vec<Array> = match moved.op {
            Along::Scatter => vec![args[0].clone().reshaped(vec![outer, args[1].data.len(), inner]), args[1].clone()],
            _ => args,
        };
        let result = along(1, &moved.op, &args.iter().collect::<Vec<_>>(), around(sizes), self.sizes);
        *self.slot(moved.out) = result.data;
    }
}

fn neutral(fold: Fold) -> f64 {
    match fold {
        Fold::Sum => 0.0,
        Fold::Prod => 1.0,
        Fold::Max => f64::NEG_INFINITY,
        Fold::Min => f64::INFINITY,
    }
}

/// NaN wins, as in the runtime.
fn combine(fold: Fold, a: f64, b: f64) -> f64 {
    match fold {
        Fold::Sum => a + b,
        Fold::Prod => a * b,
        _ if a.is_nan() || b.is_nan() => f64::NAN,
        Fold::Max => a.max(b),
        Fold::Min => a.min(b),
    }
}

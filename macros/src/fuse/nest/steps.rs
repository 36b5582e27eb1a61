//! Items that are steps of a program rather than elements of a loop nest: products of matrices, the turns of a loop with
//! their memory, and what moves along an axis.

use super::super::matrix::{Matrix, is_transposed};
use super::super::space::{Term, Work};
use super::super::turn;
use super::Nest;
use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Argument, Dtype, Graph, Id, Kind};
use crate::ir::program::{Buffer, BufferId, Carried, Moved, Product, Program, Role, Stmt, Tile, Turns, Whose};
use crate::ir::scan::Scan;
use std::collections::HashMap;
use std::rc::Rc;

/// The memory around a loop: of its arguments, of what it carries, of its parts, and of rows as lanes.
struct Memory<'m> {
    id: Id,
    args: &'m [BufferId],
    carried: &'m [Carried],
    results: &'m [BufferId],
    tile: Option<&'m Tile>,
}

impl Nest<'_> {
    pub fn emit_products(&mut self, id: Id, terms: &[Term], body: &mut Vec<Stmt>) {
        let out = self.full[&id];
        for (k, term) in terms.iter().enumerate() {
            let (a, b) = (self.full[&term.a], self.full[&term.b]);
            body.push(Stmt::Product(product(self.graph, term, [out, a, b], k > 0)));
        }
    }

    /// A loop: its body is a program of its own, whose memory is bound to that of this one.
    pub fn turns(&mut self, id: Id, args: &[Id]) -> Stmt {
        let Kind::Scan(scan) = self.graph.node(id).kind.clone() else { unreachable!("only a loop has turns") };
        let starts: Vec<Option<BufferId>> = args[..scan.carried].iter().map(|a| self.full.get(a).copied()).collect();
        let nothing = BufferId(usize::MAX);
        let args: Vec<BufferId> = args.iter().map(|a| self.full.get(a).copied().unwrap_or(nothing)).collect();
        let parts = self.parts(id, &scan);
        let wanted = |k: usize| k < scan.carried || parts[k].is_some();
        let results: Vec<BufferId> = (0..parts.len()).filter_map(|k| parts[k]).collect();
        let (graph, program, adds) = turn::program(&scan, &wanted);
        let carried: Vec<Carried> = (0..scan.carried)
            .map(|k| {
                let Argument { name, shape, .. } = scan.body.arguments[k].clone();
                let next = (!adds[k]).then(|| self.scratch(id, format!("{name}_next"), shape, Dtype::Real));
                Carried { start: starts[k], state: results[k], next }
            })
            .collect();
        let tile = scan.tile.map(|height| self.lanes(id, &scan, height, &args));
        let around = Memory { id, args: &args, carried: &carried, results: &results, tile: tile.as_ref() };
        let fields = self.fields_of(&scan, &program, &around);
        let (count, reverse) = (scan.count.clone(), scan.reverse);
        let (graph, program) = (Rc::new(graph), Rc::new(program));
        Stmt::Turns(Turns { value: id, count, reverse, carried, tile, graph, program, fields })
    }

    /// Memory for the rows of a turn as lanes.
    fn lanes(&mut self, id: Id, scan: &Scan, height: i64, args: &[BufferId]) -> Tile {
        let scanned = scan.carried..scan.carried + scan.scanned;
        let lanes = scanned.map(|k| {
            let Argument { name, shape, dtype, .. } = scan.body.arguments[k].clone();
            (args[k], self.of_tile(id, name, shape, dtype))
        });
        let lanes = lanes.collect();
        let Argument { name, shape, .. } = scan.body.arguments[scan.carried + scan.scanned].clone();
        Tile { height, lanes, live: self.of_tile(id, name, shape, Dtype::Mask) }
    }

    /// The memory of every part of a loop: of what is carried in any case, of a stack where it is read.
    fn parts(&mut self, id: Id, scan: &Scan) -> Vec<Option<BufferId>> {
        let found = |k: usize| {
            let mut live = self.space.items.iter().filter(|(_, item)| matches!(item.work, Work::Part(of) if of == id));
            live.find(|(part, _)| self.graph.node(**part).kind == Kind::Part(k)).map(|(part, _)| self.full[part])
        };
        let mut parts: Vec<Option<BufferId>> = (0..scan.results().count()).map(found).collect();
        for k in (0..scan.carried).filter(|&k| parts[k].is_none()).collect::<Vec<_>>() {
            let Argument { name, shape, .. } = scan.body.arguments[k].clone();
            parts[k] = Some(self.scratch(id, name, shape, Dtype::Real));
        }
        parts
    }

    /// Memory of a tile: numbers lie with those of the pass, what is small with the tile.
    fn of_tile(&mut self, node: Id, name: String, shape: Shape, dtype: Dtype) -> BufferId {
        let id = self.scratch(node, name, shape, dtype);
        if dtype != Dtype::Real {
            self.program.buffers[id.0].role = Role::Row { tile: false };
        }
        id
    }

    fn scratch(&mut self, node: Id, name: String, shape: Shape, dtype: Dtype) -> BufferId {
        let id = BufferId(self.program.buffers.len());
        self.program.buffers.push(Buffer { node, name, role: Role::Scratch, dtype, shape, slot: id.0, over: None });
        id
    }

    /// What each buffer of a loop's program is here; scratch is memory of this one.
    fn fields_of(
        &mut self,
        scan: &Scan,
        program: &Program,
        &Memory { id, args, carried, results, tile }: &Memory,
    ) -> Vec<(BufferId, Whose)> {
        let first_same = scan.carried + scan.scanned;
        let mut slots: HashMap<usize, Whose> = HashMap::new();
        let mut fields = Vec::new();
        for (index, buffer) in program.buffers.iter().enumerate() {
            let whose = match buffer.role {
                Role::Argument(k) if k < scan.carried => Whose::Whole(carried[k].state),
                Role::Argument(k) if k < first_same => match tile {
                    Some(tile) => Whose::Whole(tile.lanes[k - scan.carried].1),
                    None => Whose::Turn(args[k]),
                },
                Role::Argument(k) => match tile {
                    Some(tile) if k == first_same => Whose::Whole(tile.live),
                    _ => Whose::Whole(args[k]),
                },
                Role::Result(k) if k < scan.carried => Whose::Whole(carried[k].next.unwrap_or(carried[k].state)),
                Role::Result(k) => Whose::Turn(results[k]),
                _ if buffer.is_local_array() => continue,
                Role::Scratch | Role::Row { .. } => {
                    let Buffer { name, shape, dtype, .. } = buffer.clone();
                    let shared = slots.get(&buffer.slot).copied();
                    shared.unwrap_or_else(|| {
                        Whose::Whole(match tile {
                            Some(_) => self.of_tile(id, name, shape, dtype),
                            None => self.scratch(id, name, shape, dtype),
                        })
                    })
                }
            };
            slots.entry(buffer.slot).or_insert(whose);
            fields.push((BufferId(index), whose));
        }
        fields
    }

    pub fn along(&self, id: Id, args: &[Id]) -> Stmt {
        let node = self.graph.node(id);
        let Kind::Along { axis, op } = &node.kind else { unreachable!("{} is not along an axis", node.kind) };
        let index = node.args.get(1).map_or(0, |&index| self.graph.shape(index).len());
        let (takes, gives) = (op.takes(index), op.gives(index));
        let shape = self.graph.shape(node.args[0]);
        let indexed = matches!(op, Along::Gather | Along::Scatter);
        let arrays = node.args.iter().take(if indexed { 1 } else { node.args.len() });
        Stmt::Along(Moved {
            value: id,
            out: self.full[&id],
            args: args.iter().map(|a| self.full[a]).collect(),
            op: op.clone(),
            outer: Dim::product(&shape[..*axis]),
            inner: Dim::product(&shape[axis + takes..]),
            from: arrays.map(|&a| self.graph.shape(a)[*axis..axis + takes].to_vec()).collect(),
            to: node.shape[*axis..axis + gives].to_vec(),
        })
    }
}

/// The product of a contraction whose letters are laid out as matrices; operands are swapped where the result is
/// transposed.
fn product(graph: &Graph, term: &Term, [out, a, b]: [BufferId; 3], add: bool) -> Product {
    let letters = &term.letters;
    let Matrix { batch, rows, summed, columns } = Matrix::of(letters);
    let args = &graph.node(term.node).args;
    let size = |wanted: &[u8]| {
        let lettered = [(args[0], &letters.a), (args[1], &letters.b)];
        let of = |l: &u8| lettered.iter().find_map(|(id, own)| own.iter().position(|o| o == l).map(|k| (id, k)));
        Dim::product(wanted.iter().filter_map(of).map(|(id, axis)| &graph.shape(*id)[axis]))
    };
    let [batches, m, k, n] = [&batch, &rows, &summed, &columns].map(|part| size(part));
    let ta = is_transposed(&letters.a, [&batch, &rows, &summed]);
    let tb = is_transposed(&letters.b, [&batch, &summed, &columns]);
    let (a, b, dims, transposed) = match is_transposed(&letters.out, [&batch, &rows, &columns]) {
        false => (a, b, [m, k, n], [ta, tb]),
        true => (b, a, [n, k, m], [!tb, !ta]),
    };
    Product { value: term.node, out, a, b, batch: batches, dims, transposed, add }
}

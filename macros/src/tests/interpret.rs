//! The reference interpreter of the graph: slow, in `f64`, and as obvious as possible. In come sizes and arguments, out
//! come the values of the roots.

use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Fold, Graph, Id, Kind, Letters, Node};
use crate::ir::scan::Scan;
use crate::op;
use std::collections::HashMap;

/// A row-major array; masks are 0 and 1, indices whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
}

pub type Sizes = HashMap<String, usize>;

/// `N = 3, K = 4`.
pub fn sizes(pairs: &[(&str, usize)]) -> Sizes {
    pairs.iter().map(|(name, size)| (name.to_string(), *size)).collect()
}

pub fn shape_of(shape: &Shape, sizes: &Sizes) -> Vec<usize> {
    let size = |name: &str| *sizes.get(name).unwrap_or_else(|| panic!("no size for {name}")) as i64;
    shape.iter().map(|dim| dim.evaluate(&size) as usize).collect()
}

/// The value of every root; a gradient without a node is zeros of its argument's shape.
pub fn run(graph: &Graph, sizes: &Sizes, arguments: &[Array]) -> Vec<Array> {
    use crate::ir::graph::Goal;
    let values = evaluate(graph, sizes, arguments);
    let value = |root: &crate::ir::graph::Root| match (root.node, root.goal) {
        (Some(id), _) => values[id.index()].clone().expect("a root is live"),
        (None, Goal::Gradient(k)) => Array::filled(shape_of(&graph.arguments[k].shape, sizes), |_| 0.0),
        (None, goal) => panic!("{goal:?} has no value"),
    };
    graph.roots.iter().map(value).collect()
}

/// The value of every live node.
pub fn evaluate(graph: &Graph, sizes: &Sizes, arguments: &[Array]) -> Vec<Option<Array>> {
    let live = graph.live();
    let mut values: Vec<Option<Array>> = vec![None; graph.len()];
    for id in graph.ids().filter(|id| live[id.index()]) {
        let node = graph.node(id);
        let args: Vec<&Array> = node.args.iter().map(|a| values[a.index()].as_ref().expect("evaluated")).collect();
        let value = match (&node.kind, node.args.first().map(|&a| graph.node(a))) {
            (Kind::Part(k), Some(Node { kind: Kind::Scan(scan), args, .. })) => {
                let args: Vec<Array> = args.iter().map(|a| values[a.index()].clone().expect("evaluated")).collect();
                self::scan(scan, &args, sizes).swap_remove(*k)
            }
            _ => evaluate_node(graph, id, node, &args, sizes, arguments),
        };
        assert_eq!(value.shape, shape_of(&node.shape, sizes), "%{} of\n{graph}", id.0);
        values[id.index()] = Some(value);
    }
    values
}

fn evaluate_node(graph: &Graph, id: Id, node: &Node, args: &[&Array], sizes: &Sizes, arguments: &[Array]) -> Array {
    let shape = shape_of(&node.shape, sizes);
    match &node.kind {
        Kind::Arg(index) => {
            assert_eq!(arguments[*index].shape, shape, "argument `{}`", graph.arguments[*index].name);
            arguments[*index].clone()
        }
        Kind::Const(bits) => Array::filled(shape, |_| f64::from_bits(*bits)),
        Kind::Size(dim) => Array::filled(shape, |_| dim.evaluate(&|name| sizes[name] as i64) as f64),
        Kind::Iota { axis } => Array::filled(shape, |at| at[*axis] as f64),
        Kind::Map(name) => {
            let value = op::known(name).value;
            Array::filled(shape, |at| value(&args.iter().map(|a| a.at(at)).collect::<Vec<f64>>()))
        }
        Kind::Composite { .. } => panic!("expand %{} first", id.0),
        Kind::Broadcast { along } => Array::filled(shape, |at| {
            let own = along.iter().zip(&args[0].shape).map(|(&axis, &size)| if size == 1 { 0 } else { at[axis] });
            args[0].at(&own.collect::<Vec<usize>>())
        }),
        Kind::Reduce { fold, axes } => reduce(*fold, axes, args[0], shape),
        Kind::Contract(letters) => contract(letters, args[0], args[1], shape),
        Kind::Permute { order } => Array::filled(shape, |at| {
            let mut own = vec![0; order.len()];
            order.iter().zip(at).for_each(|(&axis, &position)| own[axis] = position);
            args[0].at(&own)
        }),
        Kind::Reshape => Array { shape, data: args[0].data.clone() },
        Kind::Along { axis, op } => along(*axis, op, args, shape, sizes),
        Kind::Given(_) => args[0].clone(),
        Kind::Scan(_) => Array::filled(shape, |_| 0.0),
        Kind::Part(_) => panic!("parts are taken from their loop"),
    }
}

/// The parts of a loop.
fn scan(scan: &Scan, args: &[Array], sizes: &Sizes) -> Vec<Array> {
    let count = scan.count.evaluate(&|name| sizes[name] as i64) as usize;
    let mut carried = args[..scan.carried].to_vec();
    let mut stacks: Vec<Vec<Array>> =
        vec![vec![Array::filled(vec![0], |_| 0.0); count]; scan.results().count() - scan.carried];
    for turn in 0..count {
        let t = if scan.reverse { count - 1 - turn } else { turn };
        let scanned = args[scan.carried..scan.carried + scan.scanned].iter().map(|a| a.part(t));
        let given: Vec<Array> =
            carried.iter().cloned().chain(scanned).chain(args[scan.carried + scan.scanned..].iter().cloned()).collect();
        let mut results = run(&scan.body, sizes, &given);
        let more = results.split_off(scan.carried);
        carried = results;
        stacks.iter_mut().zip(more).for_each(|(stack, part)| stack[t] = part);
    }
    let shapes = scan.results().skip(scan.carried).map(|id| shape_of(scan.body.shape(id), sizes));
    let stacks = stacks.into_iter().zip(shapes).map(|(parts, shape)| Array {
        shape: [vec![count], shape].concat(),
        data: parts.into_iter().flat_map(|p| p.data).collect(),
    });
    carried.into_iter().chain(stacks).collect()
}

/// What is done along an axis; the result has `shape`.
pub fn along(axis: usize, op: &Along, args: &[&Array], shape: Vec<usize>, sizes: &Sizes) -> Array {
    let start = |dim: &Dim| dim.evaluate(&|name| sizes[name] as i64);
    let index_rank = args.get(1).map_or(0, |index| index.shape.len());
    let (takes, gives) = (op.takes(index_rank), op.gives(index_rank));
    let x = args[0];
    // An element of `x`, given the position of one of the result and what stands in place of the axes worked along.
    let from = |at: &[usize], own: &[usize]| x.at(&[&at[..axis], own, &at[axis + gives..]].concat());
    let mut result = Array::filled(shape, |_| 0.0);
    // Adds an element of `x` to the result in the same way.
    let mut spread = |at: &[usize], own: &[usize]| {
        let offset = result.offset(&[&at[..axis], own, &at[axis + takes..]].concat());
        result.data[offset] += x.at(at);
    };
    let place = |first: i64, step: i64, k: usize| (first + step * k as i64) as usize;
    match op {
        Along::Pad { start: first, step } => {
            positions(&x.shape).iter().for_each(|at| spread(at, &[place(start(first), *step, at[axis])]));
            return result;
        }
        Along::Overlap { stride, dilation } => {
            let to = |at: &[usize]| place(*dilation * at[axis + 1] as i64, *stride, at[axis]);
            positions(&x.shape).iter().for_each(|at| spread(at, &[to(at)]));
            return result;
        }
        Along::Scatter => {
            let to = |at: &[usize]| args[1].at(&at[axis..axis + index_rank]) as usize;
            positions(&x.shape).iter().for_each(|at| spread(at, &[to(at)]));
            return result;
        }
        _ => {}
    }
    Array::filled(result.shape, |at| match op {
        Along::Slice { start: first, step } => from(at, &[place(start(first), *step, at[axis])]),
        Along::Windows { stride, dilation } => from(at, &[place(*dilation * at[axis + 1] as i64, *stride, at[axis])]),
        Along::Gather => from(at, &[args[1].at(&at[axis..axis + index_rank]) as usize]),
        Along::Cumulate { reverse: false } => (0..=at[axis]).map(|k| from(at, &[k])).sum(),
        Along::Cumulate { reverse: true } => (at[axis]..x.shape[axis]).map(|k| from(at, &[k])).sum(),
        Along::Extremum(fold) => first_extremum(*fold, (0..x.shape[axis]).map(|k| from(at, &[k]))),
        Along::Concat => {
            let (mut k, mut part) = (at[axis], 0);
            while k >= args[part].shape[axis] {
                k -= args[part].shape[axis];
                part += 1;
            }
            args[part].at(&[&at[..axis], &[k], &at[axis + 1..]].concat())
        }
        Along::Pad { .. } | Along::Overlap { .. } | Along::Scatter => unreachable!("returned above"),
    })
}

/// The position of the first NaN, else of the first maximum or minimum.
fn first_extremum(fold: Fold, row: impl Iterator<Item = f64>) -> f64 {
    let beats = |x: f64, best: f64| match fold {
        Fold::Min => x < best,
        _ => x > best,
    };
    let first = row.enumerate().reduce(|best, (k, x)| {
        let better = !best.1.is_nan() && (x.is_nan() || beats(x, best.1));
        if better { (k, x) } else { best }
    });
    first.map_or(0.0, |(k, _)| k as f64)
}

fn reduce(fold: Fold, axes: &[usize], x: &Array, shape: Vec<usize>) -> Array {
    let neutral = match fold {
        Fold::Sum => 0.0,
        Fold::Prod => 1.0,
        Fold::Max => f64::NEG_INFINITY,
        Fold::Min => f64::INFINITY,
    };
    let mut result = Array::filled(shape, |_| neutral);
    for at in positions(&x.shape) {
        let kept: Vec<usize> = (0..at.len()).filter(|a| !axes.contains(a)).map(|a| at[a]).collect();
        let offset = result.offset(&kept);
        let (old, new) = (result.data[offset], x.at(&at));
        result.data[offset] = match fold {
            Fold::Sum => old + new,
            Fold::Prod => old * new,
            Fold::Max => (op::known("max").value)(&[old, new]),
            Fold::Min => (op::known("min").value)(&[old, new]),
        };
    }
    result
}

fn contract(letters: &Letters, a: &Array, b: &Array, shape: Vec<usize>) -> Array {
    let mut extents: Vec<(u8, usize)> = Vec::new();
    for (&letter, &size) in letters.a.iter().zip(&a.shape).chain(letters.b.iter().zip(&b.shape)) {
        match extents.iter().find(|(l, _)| *l == letter) {
            Some((_, known)) => assert_eq!(*known, size),
            None => extents.push((letter, size)),
        }
    }
    let mut result = Array::filled(shape, |_| 0.0);
    for at in positions(&extents.iter().map(|e| e.1).collect::<Vec<usize>>()) {
        let position = |l: &u8| at[extents.iter().position(|e| e.0 == *l).expect("every letter has an extent")];
        let of = |letters: &[u8]| letters.iter().map(position).collect::<Vec<usize>>();
        let offset = result.offset(&of(&letters.out));
        result.data[offset] += a.at(&of(&letters.a)) * b.at(&of(&letters.b));
    }
    result
}

impl Array {
    pub fn filled(shape: Vec<usize>, mut element: impl FnMut(&[usize]) -> f64) -> Self {
        let data = positions(&shape).iter().map(|at| element(at)).collect();
        Array { shape, data }
    }

    pub fn at(&self, position: &[usize]) -> f64 {
        self.data[self.offset(position)]
    }

    /// The part at position `t` of the first axis.
    pub fn part(&self, t: usize) -> Self {
        let length: usize = self.shape[1..].iter().product();
        Array { shape: self.shape[1..].to_vec(), data: self.data[t * length..][..length].to_vec() }
    }

    pub fn reshaped(self, shape: Vec<usize>) -> Self {
        Array { shape, ..self }
    }

    fn offset(&self, position: &[usize]) -> usize {
        position.iter().zip(&self.shape).fold(0, |offset, (&at, &size)| offset * size + at)
    }
}

/// Every position in an array of this shape, in row-major order.
pub fn positions(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for &size in shape {
        all = all.iter().flat_map(|at| (0..size).map(move |i| [at.as_slice(), &[i]].concat())).collect();
    }
    all
}

/// Numbers that look random and are the same on every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.within(0.0, n as f64)) as usize
    }

    pub fn within(&mut self, low: f64, high: f64) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        low + (high - low) * ((self.0 >> 11) as f64 / (1u64 << 53) as f64)
    }

    pub fn array(&mut self, shape: Vec<usize>, low: f64, high: f64) -> Array {
        Array::filled(shape, |_| self.within(low, high))
    }
}

/// Whether all elements agree, relative to the largest of both.
pub fn close(a: &Array, b: &Array, tolerance: f64) -> bool {
    let largest = a.data.iter().chain(&b.data).filter(|v| v.is_finite()).fold(1.0f64, |m, v| m.max(v.abs()));
    let same = |(x, y): (&f64, &f64)| x == y || x.is_nan() && y.is_nan() || (x - y).abs() <= tolerance * largest;
    a.shape == b.shape && a.data.iter().zip(&b.data).all(same)
}

/// `Σ weights · output` over all outputs, derived with respect to every element of argument `k` by a central difference
/// of fourth order.
pub fn difference(graph: &Graph, sizes: &Sizes, arguments: &[Array], weights: &[Array], k: usize) -> Array {
    let total = |arguments: &[Array]| -> f64 {
        let outputs = run(graph, sizes, arguments);
        outputs.iter().zip(weights).flat_map(|(y, w)| y.data.iter().zip(&w.data)).map(|(y, w)| y * w).sum()
    };
    let mut moved = arguments.to_vec();
    let step = 1e-3;
    let data = (0..arguments[k].data.len()).map(|i| {
        let mut at = |by: f64| {
            moved[k].data[i] = arguments[k].data[i] + by;
            let value = total(&moved);
            moved[k].data[i] = arguments[k].data[i];
            value
        };
        (8.0 * (at(step) - at(-step)) - (at(2.0 * step) - at(-2.0 * step))) / (12.0 * step)
    });
    Array { shape: arguments[k].shape.clone(), data: data.collect() }
}

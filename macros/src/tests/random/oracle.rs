//! What a model computes, by the definition of the language: in come a tree and the values of its arguments, out come its
//! outputs. Of the compiler it shares only the scalar functions of the table.

use super::{Definition, Expr, Meaning, Model, Place};
use crate::ir::graph::Dtype;
use crate::op;
use crate::tests::interpret::{Array, Random, Sizes, positions, shape_of};

pub struct Oracle<'s> {
    pub sizes: &'s Sizes,
    training: bool,
    scope: Vec<(String, Array)>,
    /// The turns of the loops around.
    around: Vec<usize>,
    /// How often a seed has been read, in the order of the text.
    streams: usize,
    /// Whether every value so far was finite.
    finite: bool,
    /// By how much every number is off, relative to it.
    rough: Option<(f64, Random)>,
}

/// The outputs in training, and whether every value on the way to them is finite.
pub fn evaluate(model: &Model, sizes: &Sizes, arguments: &[Array]) -> (Vec<Array>, bool) {
    let mut oracle = Oracle::new(sizes, true);
    let outputs = oracle.outputs(model, arguments);
    (outputs, oracle.finite)
}

/// The outputs in training, if no number on the way to them is exact.
pub fn roughly(model: &Model, sizes: &Sizes, arguments: &[Array], by: f64) -> Vec<Array> {
    let rough = Some((by, Random::new(1)));
    Oracle { rough, ..Oracle::new(sizes, true) }.outputs(model, arguments)
}

/// The outputs in inference.
pub fn infer(model: &Model, sizes: &Sizes, arguments: &[Array]) -> Vec<Array> {
    Oracle::new(sizes, false).outputs(model, arguments)
}

impl<'s> Oracle<'s> {
    fn new(sizes: &'s Sizes, training: bool) -> Self {
        Oracle { sizes, training, scope: Vec::new(), around: Vec::new(), streams: 0, finite: true, rough: None }
    }

    fn outputs(&mut self, model: &Model, arguments: &[Array]) -> Vec<Array> {
        let arguments = model.arguments.iter().map(|a| a.name.clone()).zip(arguments.iter().cloned());
        self.scope.extend(arguments);
        for bound in &model.lets {
            let value = self.value(&bound.value);
            self.bind(&bound.name, value);
        }
        model.outputs.iter().map(|o| self.value(o)).collect()
    }

    pub fn bind(&mut self, name: &str, value: Array) {
        self.scope.push((name.to_string(), value));
    }

    /// The value of the innermost `name`.
    pub fn of_name(&self, name: &str) -> Array {
        self.scope.iter().rev().find(|(n, _)| n == name).expect("bound").1.clone()
    }

    /// What `body` makes of the names that are bound in it, which then stand for nothing any more.
    pub fn within<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.scope.len();
        let result = body(self);
        self.scope.truncate(length);
        result
    }

    /// A turn of a loop whose body stands in the text once, and reads seeds so often.
    pub fn turn<T>(&mut self, t: usize, body: impl FnOnce(&mut Self) -> T) -> T {
        let streams = self.streams;
        self.around.push(t);
        let result = self.within(body);
        self.around.pop();
        self.streams = streams;
        result
    }

    /// Text that was evaluated any number of times has read seeds once.
    pub fn read_seeds(&mut self, count: usize) {
        self.streams += count;
    }

    pub fn value(&mut self, expr: &Expr) -> Array {
        let mut result = match &expr.meaning {
            Meaning::Block(name) => self.within(|this| {
                let first = this.value(&expr.args[0]);
                this.bind(name, first);
                this.value(&expr.args[1])
            }),
            Meaning::Loop(turns) => turns.value(&expr.args, self),
            Meaning::Name(name) if expr.dtype == Dtype::Seed => self.stream(name),
            meaning => {
                let args: Vec<Array> = expr.args.iter().map(|a| self.value(a)).collect();
                self.of(expr, meaning, &args)
            }
        };
        assert_eq!(result.shape, shape_of(&expr.shape, self.sizes), "the shape of {}", expr.text(0));
        if let (Some((by, random)), Dtype::Real) = (&mut self.rough, expr.dtype) {
            result.data.iter_mut().for_each(|x| *x += *x * *by * random.within(-1.0, 1.0));
        }
        self.finite &= result.data.iter().all(|x| x.is_finite());
        result
    }

    fn of(&self, expr: &Expr, meaning: &Meaning, args: &[Array]) -> Array {
        match meaning {
            Meaning::Name(name) => self.of_name(name),
            Meaning::Number(n) => Array::filled(Vec::new(), |_| *n),
            Meaning::Map(op) => map(op::known(op).value, args),
            Meaning::Reduce { op, axes, keep } => reduce(op, axes, *keep, &args[0]),
            Meaning::Along { op, axis } => along(op, *axis, &args[0]),
            Meaning::Dot => dot(&args[0], &args[1]),
            Meaning::Transpose => transpose(&args[0]),
            Meaning::InsertAxis(axis) => insert_axis(&args[0], *axis),
            Meaning::By(definition) => self.by(definition, args, shape_of(&expr.shape, self.sizes)),
            Meaning::Same => args[0].clone(),
            Meaning::Block(_) | Meaning::Loop(_) => unreachable!("they bind names"),
        }
    }

    fn by(&self, definition: &Definition, args: &[Array], shape: Vec<usize>) -> Array {
        let training = self.training;
        Array::filled(shape.clone(), |at| definition.element(&Place { args, at, shape: &shape, training }))
    }

    /// Every use of a seed has a seed of its own, and in a loop every turn of it has.
    fn stream(&mut self, name: &str) -> Array {
        let number = self.streams as f64;
        self.streams += 1;
        let seed = (op::known("stream").value)(&[self.of_name(name).data[0], number]);
        let mix = op::known("mix").value;
        let own = self.around.iter().fold(seed, |seed, &turn| mix(&[seed, turn as f64]));
        Array::filled(Vec::new(), |_| own)
    }
}

/// The element of `x` that broadcasting puts at `at`.
pub fn spread(x: &Array, at: &[usize]) -> f64 {
    let own = &at[at.len() - x.shape.len()..];
    let own: Vec<usize> = own.iter().zip(&x.shape).map(|(&a, &size)| if size == 1 { 0 } else { a }).collect();
    x.at(&own)
}

fn map(function: fn(&[f64]) -> f64, args: &[Array]) -> Array {
    let rank = args.iter().map(|a| a.shape.len()).max().unwrap_or(0);
    let mut shape = vec![1; rank];
    for arg in args {
        let own = shape[rank - arg.shape.len()..].iter_mut().zip(&arg.shape);
        own.for_each(|(common, &size)| *common = if size == 1 { *common } else { size });
    }
    Array::filled(shape, |at| function(&args.iter().map(|a| spread(a, at)).collect::<Vec<f64>>()))
}

/// Lists the elements along `axes` for every place of what is left, in the shape with those axes as 1.
fn groups(x: &Array, axes: &[usize]) -> (Vec<usize>, Vec<Vec<f64>>) {
    let kept: Vec<usize> = x.shape.iter().enumerate().map(|(a, &s)| if axes.contains(&a) { 1 } else { s }).collect();
    let mut groups = vec![Vec::new(); kept.iter().product()];
    for at in positions(&x.shape) {
        let place = at.iter().zip(&kept).fold(0, |place, (&a, &size)| place * size + if size == 1 { 0 } else { a });
        groups[place].push(x.at(&at));
    }
    (kept, groups)
}

fn reduce(op: &str, axes: &[usize], keep: bool, x: &Array) -> Array {
    let (kept, groups) = groups(x, axes);
    let data = groups.iter().map(|v| fold(op, v)).collect();
    let left = || (0..kept.len()).filter(|a| !axes.contains(a)).map(|a| kept[a]).collect();
    Array { shape: if keep { kept.clone() } else { left() }, data }
}

/// A reduction of all elements.
pub fn fold(op: &str, v: &[f64]) -> f64 {
    let sum = v.iter().sum::<f64>();
    // NaN stays NaN, where `f64::max` would drop it.
    let [larger, smaller] = ["max", "min"].map(|op| op::known(op).value);
    match op {
        "sum" => sum,
        "mean" => sum / v.len() as f64,
        "max" => v.iter().fold(f64::NEG_INFINITY, |m, x| larger(&[m, *x])),
        "min" => v.iter().fold(f64::INFINITY, |m, x| smaller(&[m, *x])),
        "logsumexp" => v.iter().map(|x| x.exp()).sum::<f64>().ln(),
        "prod" => v.iter().product(),
        "var" => spread_of(v),
        "std" => spread_of(v).sqrt(),
        "norm" => v.iter().map(|x| x * x).sum::<f64>().sqrt(),
        other => panic!("{other} is no reduction"),
    }
}

/// The mean squared distance from the mean.
fn spread_of(v: &[f64]) -> f64 {
    let count = v.len() as f64;
    let mean = v.iter().sum::<f64>() / count;
    v.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count
}

fn along(op: &str, axis: usize, x: &Array) -> Array {
    let total = reduce("logsumexp", &[axis], true, x);
    let log = map(|v| v[0] - v[1], &[x.clone(), total]);
    if op == "softmax" { map(|v| v[0].exp(), &[log]) } else { log }
}

/// Vectors are rows on the left and columns on the right.
fn dot(a: &Array, b: &Array) -> Array {
    let (m, k) = if a.shape.len() == 2 { (a.shape[0], a.shape[1]) } else { (1, a.shape[0]) };
    let n = if b.shape.len() == 2 { b.shape[1] } else { 1 };
    let element = |i: usize, j: usize| (0..k).map(|p| a.data[i * k + p] * b.data[p * n + j]).sum();
    let data = (0..m).flat_map(|i| (0..n).map(move |j| element(i, j))).collect();
    let rows = if a.shape.len() == 2 { vec![m] } else { vec![] };
    let columns = if b.shape.len() == 2 { vec![n] } else { vec![] };
    Array { shape: [rows, columns].concat(), data }
}

fn transpose(x: &Array) -> Array {
    let shape: Vec<usize> = x.shape.iter().rev().copied().collect();
    Array::filled(shape, |at| x.at(&at.iter().rev().copied().collect::<Vec<usize>>()))
}

fn insert_axis(x: &Array, axis: usize) -> Array {
    let mut shape = x.shape.clone();
    shape.insert(axis, 1);
    Array { shape, data: x.data.clone() }
}

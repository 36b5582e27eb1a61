//! What a model computes, by the definition of the language: in come a tree and the values of its arguments, out come its
//! outputs. Of the compiler it shares only the scalar functions of the table.

use super::{Expr, Meaning, Model, more};
use crate::op;
use crate::tests::interpret::{Array, Sizes, positions, shape_of};

type Scope = Vec<(String, Array)>;

pub fn evaluate(model: &Model, sizes: &Sizes, arguments: &[Array]) -> Vec<Array> {
    let mut scope: Scope = model.arguments.iter().map(|a| a.name.clone()).zip(arguments.iter().cloned()).collect();
    for bound in &model.lets {
        let value = value(&bound.value, &mut scope, sizes);
        scope.push((bound.name.clone(), value));
    }
    model.outputs.iter().map(|o| value(o, &mut scope, sizes)).collect()
}

fn value(expr: &Expr, scope: &mut Scope, sizes: &Sizes) -> Array {
    if let Meaning::Block(name) = &expr.meaning {
        let first = value(&expr.args[0], scope, sizes);
        scope.push((name.clone(), first));
        let second = value(&expr.args[1], scope, sizes);
        scope.pop();
        return second;
    }
    let args: Vec<Array> = expr.args.iter().map(|a| value(a, scope, sizes)).collect();
    let result = match &expr.meaning {
        Meaning::Name(name) => scope.iter().rev().find(|(n, _)| n == name).expect("bound").1.clone(),
        Meaning::Number(n) => Array::filled(Vec::new(), |_| *n),
        Meaning::Map(op) => map(op::known(op).value, &args),
        Meaning::Reduce { op, axes, keep } => reduce(op, axes, *keep, &args[0]),
        Meaning::Along { op, axis } => along(op, *axis, &args[0]),
        Meaning::Dot => dot(&args[0], &args[1]),
        Meaning::Transpose => transpose(&args[0]),
        Meaning::InsertAxis(axis) => insert_axis(&args[0], *axis),
        Meaning::Mse => reduce("mean", &all(&args[0]), false, &map(|v| (v[0] - v[1]) * (v[0] - v[1]), &args)),
        Meaning::CrossEntropy => cross_entropy(&args[0], &args[1]),
        Meaning::More(what) => more::value(what, &args, &expr.shape, sizes),
        Meaning::Same => args[0].clone(),
        Meaning::Block(_) => unreachable!("returned above"),
    };
    assert_eq!(result.shape, shape_of(&expr.shape, sizes), "the shape of {}", expr.text(0));
    result
}

/// The position in `x` of the element that broadcasting puts at `at`.
fn spread(x: &Array, at: &[usize]) -> f64 {
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

fn all(x: &Array) -> Vec<usize> {
    (0..x.shape.len()).collect()
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

fn fold(op: &str, v: &[f64]) -> f64 {
    let sum = v.iter().sum::<f64>();
    let largest = v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match op {
        "sum" => sum,
        "mean" => sum / v.len() as f64,
        "max" => largest,
        "min" => v.iter().copied().fold(f64::INFINITY, f64::min),
        "logsumexp" => v.iter().map(|x| x.exp()).sum::<f64>().ln(),
        "norm" => v.iter().map(|x| x * x).sum::<f64>().sqrt(),
        other => panic!("{other} is no reduction"),
    }
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

fn cross_entropy(z: &Array, y: &Array) -> Array {
    let last = z.shape.len() - 1;
    let log = along("log_softmax", last, z);
    let weight = |at: &[usize]| match y.shape.len() == z.shape.len() {
        true => y.at(at),
        false => f64::from(u8::from(y.at(&at[..last]) == at[last] as f64)),
    };
    let chosen = Array::filled(z.shape.clone(), |at| -log.at(at) * weight(at));
    let rows = reduce("sum", &[last], false, &chosen);
    reduce("mean", &all(&rows), false, &rows)
}

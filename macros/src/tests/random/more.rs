//! Operations beyond those of [`grow`](super::grow): what moves elements, products with letters, norms, attention. Each grows
//! for a shape that is wanted, and has its value by definition.

use super::grow::{Grower, MODERATE, made};
use super::{Expr, Form, Meaning};
use crate::ir::dim::{Dim, Shape};
use crate::tests::interpret::{Array, Sizes, positions, shape_of};

#[derive(Clone, Debug, PartialEq)]
pub enum More {
    Flip(usize),
    Cumsum(usize),
    /// Axis `k` of the result is axis `order[k]` of the argument.
    Permute(Vec<usize>),
    Reshape,
    /// All but the first element along the axis.
    Tail(usize),
    Concat(usize),
    Gather(usize),
    /// `ik,jk->ij`.
    Einsum,
    Matmul,
    LayerNorm,
    RmsNorm,
    Attention,
    /// Windows of two along the last axis.
    Pool,
}

/// More would take products of products.
const MOST_AXES: usize = 3;

impl Grower {
    /// Another operation whose result has this shape, if there is one.
    pub fn more(&mut self, shape: &Shape, depth: usize) -> Option<Expr> {
        let rank = shape.len();
        let axis = self.random.below(rank.max(1));
        match self.random.below(13) {
            _ if rank == 0 || rank > MOST_AXES => None,
            0 => Some(self.same(More::Flip(axis), format!("flip($0, axis = {axis})"), shape, depth, 1.0)),
            1 => Some(self.same(More::Cumsum(axis), format!("cumsum($0, axis = {axis})"), shape, depth, 20.0)),
            2 => Some(self.permute(shape, depth)),
            3 if rank >= 2 => Some(self.reshape(shape, depth)),
            4 => {
                let text = format!("slice($0, axis = {axis}, start = 1)");
                Some(self.from(
                    More::Tail(axis),
                    text,
                    &[with(shape, axis, &shape[axis] + &Dim::number(1))],
                    shape,
                    depth,
                ))
            }
            5 => self.concat(shape, axis, depth),
            6 => Some(self.gather(shape, axis, depth)),
            7 if rank == 2 => {
                let (k, text) = (self.plain_dim(), "einsum(\"ik,jk->ij\", $0, $1)");
                let from = [vec![shape[0].clone(), k.clone()], vec![shape[1].clone(), k]];
                Some(self.from(More::Einsum, text.into(), &from, shape, depth))
            }
            8 if rank == 3 => {
                let k = self.plain_dim();
                let from = [with(shape, 2, k.clone()), with(shape, 1, k)];
                Some(self.from(More::Matmul, "matmul($0, $1)".into(), &from, shape, depth))
            }
            9 => Some(self.same(More::LayerNorm, "layer_norm($0, eps = 0.5)".into(), shape, depth, 1.0)),
            10 => Some(self.same(More::RmsNorm, "$0.rms_norm(eps = 0.5)".into(), shape, depth, 1.0)),
            11 if rank == 2 => {
                let (k, keys) = (self.plain_dim(), self.plain_dim());
                let from = [vec![shape[0].clone(), k.clone()], vec![keys.clone(), k], vec![keys, shape[1].clone()]];
                Some(self.from(More::Attention, "attention($0, $1, $2)".into(), &from, shape, depth))
            }
            12 if rank == 3 => {
                let from = with(shape, 2, &shape[2] * &Dim::number(2));
                Some(self.from(More::Pool, "avg_pool($0, 2)".into(), &[from], shape, depth))
            }
            _ => None,
        }
    }

    /// Of arguments of these shapes, the first as deep as may be.
    fn from(&mut self, what: More, text: String, from: &[Shape], shape: &Shape, depth: usize) -> Expr {
        let args = from.iter().enumerate().map(|(k, own)| {
            let x = self.expr(own, if k == 0 { depth } else { depth.min(1) });
            self.fit(x, MODERATE)
        });
        let args: Vec<Expr> = args.collect();
        let form = form(text, args.len());
        made(Meaning::More(what), args, shape.clone(), (-40.0, 40.0), form)
    }

    fn same(&mut self, what: More, text: String, shape: &Shape, depth: usize, grows: f64) -> Expr {
        let mut result = self.from(what, text, std::slice::from_ref(shape), shape, depth);
        result.range = (MODERATE.0 * grows, MODERATE.1 * grows);
        result
    }

    fn permute(&mut self, shape: &Shape, depth: usize) -> Expr {
        let mut order: Vec<usize> = (0..shape.len()).collect();
        (1..order.len()).for_each(|k| order.swap(k, self.random.below(k + 1)));
        let mut from = shape.clone();
        order.iter().zip(shape).for_each(|(&axis, dim)| from[axis] = dim.clone());
        let text = format!("permute($0, {order:?})");
        self.same_from(More::Permute(order), text, from, shape, depth)
    }

    /// Two neighbouring axes were one.
    fn reshape(&mut self, shape: &Shape, depth: usize) -> Expr {
        let at = self.random.below(shape.len() - 1);
        let mut from = shape.clone();
        let second = from.remove(at + 1);
        from[at] = &from[at] * &second;
        let sizes: Vec<String> = shape.iter().map(Dim::to_string).collect();
        self.same_from(More::Reshape, format!("reshape($0, [{}])", sizes.join(", ")), from, shape, depth)
    }

    fn same_from(&mut self, what: More, text: String, from: Shape, shape: &Shape, depth: usize) -> Expr {
        let x = self.expr(&from, depth);
        let range = x.range;
        made(Meaning::More(what), vec![x], shape.clone(), range, form(text, 1))
    }

    /// Where a number of elements can be divided.
    fn concat(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let size = shape[axis].as_number().filter(|n| *n > 1)?;
        let first = 1 + self.random.below(size as usize - 1) as i64;
        let from = [first, size - first].map(|n| with(shape, axis, Dim::number(n)));
        Some(self.from(More::Concat(axis), format!("concat($0, $1, axis = {axis})"), &from, shape, depth))
    }

    fn gather(&mut self, shape: &Shape, axis: usize, depth: usize) -> Expr {
        let classes = self.plain_dim();
        let x = self.expr(&with(shape, axis, classes.clone()), depth);
        let index = self.index(&shape[axis..=axis].to_vec(), &classes);
        let (range, form) = (x.range, form(format!("gather($0, $1, axis = {axis})"), 2));
        made(Meaning::More(More::Gather(axis)), vec![x, index], shape.clone(), range, form)
    }
}

fn with(shape: &Shape, axis: usize, dim: Dim) -> Shape {
    let mut shape = shape.clone();
    shape[axis] = dim;
    shape
}

fn form(text: String, holes: usize) -> Form {
    let method = text.starts_with("$0.");
    let mut form = Form::tight(text, holes);
    if method {
        form.holes[0] = super::binds::CALL;
    }
    form
}

/// The value of an operation, by definition.
pub fn value(what: &More, args: &[Array], shape: &Shape, sizes: &Sizes) -> Array {
    let (x, last) = (&args[0], args[0].shape.len().saturating_sub(1));
    let moved = |at: &[usize], axis: usize, to: usize| {
        let mut at = at.to_vec();
        at[axis] = to;
        at
    };
    Array::filled(shape_of(shape, sizes), |at| match what {
        More::Flip(axis) => x.at(&moved(at, *axis, x.shape[*axis] - 1 - at[*axis])),
        More::Cumsum(axis) => (0..=at[*axis]).map(|k| x.at(&moved(at, *axis, k))).sum(),
        More::Permute(order) => {
            let from: Vec<usize> =
                (0..at.len()).map(|axis| at[order.iter().position(|o| *o == axis).expect("all axes")]).collect();
            x.at(&from)
        }
        More::Reshape => {
            let shape = shape_of(shape, sizes);
            x.data[at.iter().zip(&shape).fold(0, |offset, (&k, &size)| offset * size + k)]
        }
        More::Tail(axis) => x.at(&moved(at, *axis, at[*axis] + 1)),
        More::Concat(axis) => match at[*axis].checked_sub(x.shape[*axis]) {
            Some(rest) => args[1].at(&moved(at, *axis, rest)),
            None => x.at(at),
        },
        More::Gather(axis) => x.at(&moved(at, *axis, args[1].data[at[*axis]] as usize)),
        More::Einsum => (0..x.shape[1]).map(|k| x.at(&[at[0], k]) * args[1].at(&[at[1], k])).sum(),
        More::Matmul => (0..x.shape[2]).map(|k| x.at(&[at[0], at[1], k]) * args[1].at(&[at[0], k, at[2]])).sum(),
        More::LayerNorm => {
            let (mean, square) = (moment(x, at, |v| v), moment(x, at, |v| v * v));
            (x.at(at) - mean) / (square - mean * mean + 0.5).sqrt()
        }
        More::RmsNorm => x.at(at) / (moment(x, at, |v| v * v) + 0.5).sqrt(),
        More::Attention => {
            let (keys, width) = (args[1].shape[0], x.shape[1]);
            let score = |key: usize| (0..width).map(|k| x.at(&[at[0], k]) * args[1].at(&[key, k])).sum::<f64>();
            let weight = |key: usize| (score(key) / (width as f64).sqrt()).exp();
            let total: f64 = (0..keys).map(weight).sum();
            (0..keys).map(|key| weight(key) / total * args[2].at(&[key, at[1]])).sum()
        }
        More::Pool => (0..2).map(|k| x.at(&moved(at, last, 2 * at[last] + k))).sum::<f64>() / 2.0,
    })
}

/// The mean of `of` each element of the row of `at`.
fn moment(x: &Array, at: &[usize], of: impl Fn(f64) -> f64) -> f64 {
    let row = &at[..at.len() - 1];
    let length = x.shape[at.len() - 1];
    let all = positions(&[length]).into_iter().map(|k| of(x.at(&[row, &k].concat())));
    all.sum::<f64>() / length as f64
}

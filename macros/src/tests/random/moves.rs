//! Operations that move elements and compute nothing: other shapes, other orders, parts and joins.

use super::build::{between, defined};
use super::grow::{Grower, Growth, MOST_AXES, is_plain};
use super::{Expr, Place, binds, oracle};
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::Dtype;
use crate::ir::model::Role;

const ALL: [Growth; 17] = [
    Grower::flip,
    Grower::cumsum,
    Grower::permute,
    Grower::reshape,
    Grower::slice,
    Grower::split_in_two,
    Grower::at,
    Grower::pad,
    Grower::concat,
    Grower::stack,
    Grower::gather,
    Grower::gather_extremum,
    Grower::embedding,
    Grower::one_hot,
    Grower::squeeze,
    Grower::flatten,
    Grower::broadcast_to,
];
/// The position with another one along an axis.
pub fn moved(at: &[usize], axis: usize, to: usize) -> Vec<usize> {
    let mut at = at.to_vec();
    at[axis] = to;
    at
}

pub fn with(shape: &Shape, axis: usize, dim: Dim) -> Shape {
    let mut shape = shape.clone();
    shape[axis] = dim;
    shape
}

fn inserted(shape: &Shape, axis: usize, dim: Dim) -> Shape {
    let mut shape = shape.clone();
    shape.insert(axis, dim);
    shape
}

fn list(shape: &Shape) -> String {
    shape.iter().map(Dim::to_string).collect::<Vec<_>>().join(", ")
}

impl Grower {
    pub fn moves(&mut self, shape: &Shape, depth: usize) -> Option<Expr> {
        if self.one_in(12) {
            return Some(self.stopped(shape, depth));
        }
        self.any_of(&ALL, shape, depth)
    }

    /// Elements of arguments of these shapes, the first argument as deep as may be.
    fn elements(
        &mut self,
        text: String,
        from: &[Shape],
        shape: &Shape,
        depth: usize,
        element: impl Fn(&Place) -> f64 + 'static,
    ) -> Expr {
        let args = self.several(from, depth, (f64::NEG_INFINITY, f64::INFINITY));
        let range = args.iter().map(|a| a.range).reduce(between).expect("there is an argument");
        defined(text, args, shape, range, element)
    }

    fn flip(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let all = self.one_in(4);
        let text = if all { "flip($0)".into() } else { format!("flip($0, axis = {axis})") };
        (!shape.is_empty()).then(|| {
            self.elements(text, std::slice::from_ref(shape), shape, depth, move |p| {
                let turned = |k: usize| if all || k == axis { p.args[0].shape[k] - 1 - p.at[k] } else { p.at[k] };
                p.args[0].at(&(0..p.at.len()).map(turned).collect::<Vec<usize>>())
            })
        })
    }

    fn cumsum(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let text = format!("cumsum($0, axis = {axis})");
        let mut sum = (!shape.is_empty()).then(|| {
            self.elements(text, std::slice::from_ref(shape), shape, depth, move |p| {
                (0..=p.at[axis]).map(|k| p.args[0].at(&moved(p.at, axis, k))).sum()
            })
        })?;
        sum.range = (5.0 * sum.range.0.min(0.0), 5.0 * sum.range.1.max(0.0));
        Some(sum)
    }

    /// Axis `k` of the result is axis `order[k]` of the argument.
    fn permute(&mut self, shape: &Shape, _: usize, depth: usize) -> Option<Expr> {
        let mut order: Vec<usize> = (0..shape.len()).collect();
        (1..order.len()).for_each(|k| order.swap(k, self.random.below(k + 1)));
        let mut from = shape.clone();
        order.iter().zip(shape).for_each(|(&axis, dim)| from[axis] = dim.clone());
        let text = format!("permute($0, {order:?})");
        (shape.len() > 1).then(|| {
            self.elements(text, &[from], shape, depth, move |p| {
                let own = |axis: usize| p.at[order.iter().position(|o| *o == axis).expect("all axes")];
                p.args[0].at(&(0..p.at.len()).map(own).collect::<Vec<usize>>())
            })
        })
    }

    /// Two neighbouring axes were one.
    fn reshape(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        if shape.len() < 2 {
            return None;
        }
        let (axis, mut from) = (axis.min(shape.len() - 2), shape.clone());
        let second = from.remove(axis + 1);
        from[axis] = &from[axis] * &second;
        let text = format!("reshape($0, [{}])", list(shape));
        Some(self.elements(text, &[from], shape, depth, move |p| {
            let joined = p.at[axis] * p.shape[axis + 1] + p.at[axis + 1];
            p.args[0].at(&[&p.at[..axis], &[joined], &p.at[axis + 2..]].concat())
        }))
    }

    fn slice(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let (start, step, rest) = (self.random.below(3), 1 + self.random.below(2), self.random.below(2));
        let size = &(shape.get(axis)? * &Dim::number(step as i64)) + &Dim::number((start + rest) as i64);
        let end = [String::new(), format!(", end = -{rest}")][rest.min(1)].clone();
        let text = match (rest, step) {
            (0, 1) => self
                .pick(&[format!("slice($0, axis = {axis}, start = {start})"), format!("slice($0, {axis}, {start})")]),
            _ => format!("$0.slice(axis = {axis}, start = {start}{end}, step = {step})"),
        };
        Some(self.elements(text, &[with(shape, axis, size)], shape, depth, move |p| {
            p.args[0].at(&moved(p.at, axis, start + step * p.at[axis]))
        }))
    }

    /// A part of what is divided, or the difference of both parts.
    fn split_in_two(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let size = shape.get(axis)?.clone();
        if self.one_in(2) {
            let text = format!("{{ let (p, q) = split($0, parts = 2, axis = {axis}); p - q }}");
            let from = with(shape, axis, &size * &Dim::number(2));
            let mut halves = self.elements(text, &[from], shape, depth, move |p| {
                let second = p.at[axis] + p.shape[axis];
                p.args[0].at(p.at) - p.args[0].at(&moved(p.at, axis, second))
            });
            halves.form.binds = binds::LOOSE;
            halves.range = (halves.range.0 - halves.range.1, halves.range.1 - halves.range.0);
            return Some(halves);
        }
        let (before, after) = (1 + self.random.below(2), self.random.below(2));
        let from = with(shape, axis, &size + &Dim::number((before + after) as i64));
        let text = format!("{{ let (_, p, _) = split($0, sizes = [{before}, {size}, {after}], axis = {axis}); p }}");
        let mut part =
            self.elements(text, &[from], shape, depth, move |p| p.args[0].at(&moved(p.at, axis, p.at[axis] + before)));
        part.form.binds = binds::LOOSE;
        Some(part)
    }

    fn at(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let size = 1 + self.random.below(3);
        let (position, last) = (self.random.below(size), self.one_in(3));
        let position = if last { size - 1 } else { position };
        let spelled = if last { "-1".to_string() } else { position.to_string() };
        let text = match (axis, self.one_in(2)) {
            (0, true) => format!("$0.at({spelled})"),
            _ => format!("$0.at({spelled}, axis = {axis})"),
        };
        let from = inserted(shape, axis, Dim::number(size as i64));
        (shape.len() < MOST_AXES).then(|| {
            self.elements(text, &[from], shape, depth, move |p| {
                p.args[0].at(&[&p.at[..axis], &[position], &p.at[axis..]].concat())
            })
        })
    }

    fn pad(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let size = shape.get(axis)?.as_number().filter(|n| *n > 1)? as usize;
        let before = self.random.below(size.min(3));
        let after = self.random.below((size - before).min(3));
        let (value, text) = self.pick(&[
            (0.0, format!("pad($0, before = {before}, after = {after}, axis = {axis})")),
            (0.0, format!("pad($0, {before}, {after}, {axis})")),
            (1.5, format!("$0.pad(axis = {axis}, before = {before}, after = {after}, value = 1.5)")),
        ]);
        let inner = size - before - after;
        let mut padded = self.elements(text, &[with(shape, axis, Dim::number(inner as i64))], shape, depth, move |p| {
            match p.at[axis].checked_sub(before).filter(|k| *k < inner) {
                Some(k) => p.args[0].at(&moved(p.at, axis, k)),
                None => value,
            }
        });
        padded.range = between(padded.range, (value, value));
        Some(padded)
    }

    /// Two or three parts, where a number of elements can be divided.
    fn concat(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let size = shape.get(axis)?.as_number().filter(|n| *n > 1)?;
        let first = 1 + self.random.below(size as usize - 1) as i64;
        let second = if size - first > 1 && self.one_in(2) { 1 } else { size - first };
        let sizes: Vec<i64> = [first, second, size - first - second].into_iter().filter(|n| *n > 0).collect();
        let from: Vec<Shape> = sizes.iter().map(|n| with(shape, axis, Dim::number(*n))).collect();
        let parts: Vec<String> = (0..from.len()).map(|k| format!("${k}")).collect();
        let [open, close] = self.pick(&[["", ""], ["[", "]"]]);
        let text = format!("concat({open}{}{close}, axis = {axis})", parts.join(", "));
        Some(self.elements(text, &from, shape, depth, move |p| {
            let (mut part, mut k) = (0, p.at[axis]);
            while k >= p.args[part].shape[axis] {
                k -= p.args[part].shape[axis];
                part += 1;
            }
            p.args[part].at(&moved(p.at, axis, k))
        }))
    }

    fn stack(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let count = shape.get(axis)?.as_number().filter(|n| (1..=3).contains(n))? as usize;
        let mut own = shape.clone();
        own.remove(axis);
        let parts: Vec<String> = (0..count).map(|k| format!("${k}")).collect();
        let text = format!("stack({}, axis = {axis})", parts.join(", "));
        Some(self.elements(text, &vec![own; count], shape, depth, move |p| {
            p.args[p.at[axis]].at(&[&p.at[..axis], &p.at[axis + 1..]].concat())
        }))
    }

    fn gather(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let (own, classes) = (shape.get(axis..=axis)?.to_vec(), self.plain_dim());
        let x = self.expr(&with(shape, axis, classes.clone()), depth);
        let index = self.index(&own, &classes);
        let (text, range) = (format!("gather($0, $1, axis = {axis})"), x.range);
        let element = move |p: &Place| p.args[0].at(&moved(p.at, axis, p.args[1].data[p.at[axis]] as usize));
        Some(defined(text, vec![x, index], shape, range, element))
    }

    /// At the positions of the largest or smallest elements of rows.
    fn gather_extremum(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let (rows, classes) = (shape.get(axis)?.clone(), Dim::number(1 + self.random.below(3) as i64));
        let (op, sign) = self.pick(&[("argmax", 1.0), ("argmin", -1.0)]);
        let (of, from) = self.pick(&[("-1", vec![rows.clone(), classes.clone()]), ("0", vec![classes.clone(), rows])]);
        let text = format!("gather($0, {op}($1, axis = {of}), axis = {axis})");
        let table = with(shape, axis, classes);
        Some(self.elements(text, &[table, from], shape, depth, move |p| {
            let row = p.at[axis];
            let at = |k: usize| sign * p.args[1].at(&if of == "0" { [k, row] } else { [row, k] });
            let best = (0..p.args[0].shape[axis]).reduce(|best, k| if at(k) > at(best) { k } else { best });
            p.args[0].at(&moved(p.at, axis, best.expect("a row has elements")))
        }))
    }

    fn embedding(&mut self, shape: &Shape, _: usize, depth: usize) -> Option<Expr> {
        let (width, rows) = shape.split_last().filter(|(_, rows)| !rows.is_empty())?;
        let classes = self.plain_dim();
        let index = self.index(&rows.to_vec(), &classes);
        let table = self.expr(&vec![classes, width.clone()], depth);
        let range = table.range;
        let element = |p: &Place| {
            let (column, row) = p.at.split_last().expect("a column");
            p.args[1].at(&[p.args[0].at(row) as usize, *column])
        };
        Some(defined("embedding($0, $1)", vec![index, table], shape, range, element))
    }

    fn one_hot(&mut self, shape: &Shape, _: usize, _: usize) -> Option<Expr> {
        let (classes, rows) = shape.split_last()?;
        if !is_plain(classes) {
            return None;
        }
        let index = self.index(&rows.to_vec(), classes);
        let element = |p: &Place| {
            let (class, row) = p.at.split_last().expect("a class");
            f64::from(u8::from(p.args[0].at(row) == *class as f64))
        };
        Some(defined(format!("one_hot($0, classes = {classes})"), vec![index], shape, (0.0, 1.0), element))
    }

    fn squeeze(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let any = !shape.iter().any(Dim::is_one);
        let text = if any && self.one_in(2) { "squeeze($0)".into() } else { format!("$0.squeeze(axis = {axis})") };
        let from = inserted(shape, axis, Dim::number(1));
        (shape.len() < MOST_AXES).then(|| {
            self.elements(text, &[from], shape, depth, move |p| {
                p.args[0].at(&[&p.at[..axis], &[0], &p.at[axis..]].concat())
            })
        })
    }

    /// Sums over two axes that have become one.
    fn flatten(&mut self, shape: &Shape, _: usize, depth: usize) -> Option<Expr> {
        let rank = shape.len();
        let from: Shape = shape.iter().cloned().chain([self.plain_dim(), self.plain_dim()]).collect();
        let text = match rank {
            0 => "sum(flatten($0))".into(),
            _ => format!("sum(flatten($0, axis = {rank}), axis = {rank})"),
        };
        let mut sum = (rank + 2 <= MOST_AXES).then(|| {
            self.elements(text, &[from], shape, depth, |p| {
                let (x, rank) = (&p.args[0], p.at.len());
                let inner = |a: usize| (0..x.shape[rank + 1]).map(move |b| (a, b));
                let all = (0..x.shape[rank]).flat_map(inner);
                all.map(|(a, b)| x.at(&[p.at, &[a, b]].concat())).sum()
            })
        })?;
        sum.range = (16.0 * sum.range.0.min(0.0), 16.0 * sum.range.1.max(0.0));
        Some(sum)
    }

    fn broadcast_to(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        shape.get(axis)?;
        let from = if self.one_in(2) { with(shape, axis, Dim::number(1)) } else { shape.get(axis + 1..)?.to_vec() };
        let text = format!("broadcast_to($0, [{}])", list(shape));
        Some(self.elements(text, &[from], shape, depth, |p| oracle::spread(&p.args[0], p.at)))
    }

    /// What lets no cotangent pass, of what has no derivative: else a difference would see more than a gradient.
    fn stopped(&mut self, shape: &Shape, depth: usize) -> Expr {
        let mask = self.mask(shape, depth);
        let element = |p: &Place| if p.args[0].at(p.at) != 0.0 { 1.5 } else { -0.5 };
        defined("stop_gradient(select($0, 1.5, -0.5))", vec![mask], shape, (-0.5, 1.5), element)
    }

    /// An input that the text alone reads.
    pub fn own_argument(&mut self, shape: Shape, role: Role) -> Expr {
        self.argument(shape, role, Dim::number(1))
    }

    /// A seed, the one that is there or another one.
    pub fn seed(&mut self) -> Expr {
        let known = self.visible(&Shape::new(), Dtype::Seed);
        match known.is_empty() || self.one_in(5) {
            true => self.own_argument(Shape::new(), Role::Random),
            false => self.pick(&known),
        }
    }
}

//! Construction: shapes, bounds and spellings of expressions whose arguments are there.

use super::grow::Grower;
use super::{Definition, Expr, Form, Meaning, Place, binds};
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::Dtype;
use crate::op::{self, Emitted, Meaning as Kind, Op};

impl Grower {
    /// Expressions of these shapes within bounds, the first as deep as may be.
    pub fn several(&mut self, shapes: &[Shape], depth: usize, bounds: (f64, f64)) -> Vec<Expr> {
        let deep = |k: usize| if k == 0 { depth } else { depth.min(1) };
        let one = |(k, shape)| {
            let x = self.expr(shape, deep(k));
            self.fit(x, bounds)
        };
        shapes.iter().enumerate().map(one).collect()
    }

    pub fn map(&mut self, op: &'static Op, args: Vec<Expr>, shape: &Shape) -> Expr {
        let Kind::Map { gives, .. } = op.meaning else { panic!("{} is not element-wise", op.name) };
        let range = range_of(op, &args);
        let form = self.spelled(op, args.len());
        Expr { meaning: Meaning::Map(op.name), args, shape: shape.clone(), dtype: gives, form, range }
    }

    /// Operators one after the other.
    pub fn chain(&mut self, ops: &[&str], x: Expr) -> Expr {
        ops.iter().fold(x, |x, op| {
            let shape = x.shape.clone();
            self.map(op::known(op), vec![x], &shape)
        })
    }

    /// The wider of the two gives the shape.
    pub fn arithmetic(&mut self, op: &str, a: Expr, b: Expr) -> Expr {
        let ones = |e: &Expr| e.shape.iter().filter(|d| !d.is_one()).count();
        let wider = if (a.shape.len(), ones(&a)) >= (b.shape.len(), ones(&b)) { &a } else { &b };
        let shape = wider.shape.clone();
        self.map(op::known(op), vec![a, b], &shape)
    }

    /// A number and an expression, in any order.
    pub fn ordered(&mut self, op: &str, number: &str, x: Expr) -> Expr {
        let number = constant(number, number.parse().expect("a number"));
        if self.one_in(2) { self.arithmetic(op, number, x) } else { self.arithmetic(op, x, number) }
    }

    /// `x` itself, or something of it that lies in the domain.
    pub fn fit(&mut self, x: Expr, (low, high): (f64, f64)) -> Expr {
        if low <= x.range.0 && x.range.1 <= high {
            return x;
        }
        let largest = x.range.0.abs().max(x.range.1.abs());
        let lifted = constant(&format!("{low}"), low);
        match self.random.below(3) {
            0 if low > 0.0 && largest + low <= high => {
                let magnitude = self.chain(&["abs"], x);
                self.arithmetic("add", magnitude, lifted)
            }
            1 if low > 0.0 && largest * largest + low <= high => {
                let square = self.chain(&["square"], x);
                self.arithmetic("add", square, lifted)
            }
            _ => self.squashed(x, low, high),
        }
    }

    fn squashed(&mut self, x: Expr, low: f64, high: f64) -> Expr {
        let bounded = self.chain(&["tanh"], x);
        let (centre, half) = ((low + high) / 2.0, (high - low) / 2.0);
        let scaled = match half == 1.0 {
            true => bounded,
            false => self.ordered("mul", &format!("{half}"), bounded),
        };
        if centre == 0.0 { scaled } else { self.ordered("add", &format!("{centre}"), scaled) }
    }

    pub fn reduce(&mut self, op: &'static str, x: Expr, axes: Vec<usize>, keep: bool) -> Expr {
        let kept = |(a, d): (usize, &Dim)| match axes.contains(&a) {
            true => keep.then(|| Dim::number(1)),
            false => Some(d.clone()),
        };
        let shape: Shape = x.shape.iter().enumerate().filter_map(kept).collect();
        let (form, largest) = (self.reduction_form(op, &x.shape, &axes, keep), x.range.0.abs().max(x.range.1.abs()));
        let count = 4f64.powi(axes.len() as i32);
        let range = match op {
            "sum" => (x.range.0.min(0.0) * count, x.range.1.max(0.0) * count),
            "norm" => (0.0, largest * count.sqrt()),
            "prod" => (-largest.max(1.0).powf(count), largest.max(1.0).powf(count)),
            "var" => (0.0, largest * largest),
            "std" => (0.0, largest),
            "logsumexp" => (x.range.0, x.range.1 + count.ln()),
            _ => x.range,
        };
        made(Meaning::Reduce { op, axes, keep }, vec![x], shape, range, form)
    }

    pub fn softmax(&mut self, op: &'static str, x: Expr, axis: usize) -> Expr {
        let spelled = self.axis(&x.shape, axis);
        let positional = self.one_in(3);
        let options = match positional {
            _ if axis + 1 == x.shape.len() && self.one_in(2) => String::new(),
            true => spelled,
            false => format!("axis = {spelled}"),
        };
        let form = self.call(op, 1, &options);
        let shape = x.shape.clone();
        let range = if op == "softmax" { (0.0, 1.0) } else { (x.range.0 - x.range.1 - 2.0, 0.0) };
        made(Meaning::Along { op, axis }, vec![x], shape, range, form)
    }

    pub fn product(&mut self, a: Expr, b: Expr) -> Expr {
        let (left, right) = (&a.shape[..a.shape.len() - 1], &b.shape[1..]);
        let shape = [left, right].concat();
        let largest = |e: &Expr| e.range.0.abs().max(e.range.1.abs());
        let bound = 4.0 * largest(&a) * largest(&b);
        let name = self.pick(&["dot", "dot", "matmul"]);
        let form = self.call(name, 2, "");
        made(Meaning::Dot, vec![a, b], shape, (-bound, bound), form)
    }

    pub fn transpose(&mut self, x: Expr) -> Expr {
        let (shape, range) = (x.shape.iter().rev().cloned().collect(), x.range);
        let name = self.pick(&["t", "t", "transpose"]);
        let form = self.call(name, 1, "");
        made(Meaning::Transpose, vec![x], shape, range, form)
    }

    pub fn insert_axis(&mut self, x: Expr, axis: usize) -> Expr {
        let (mut shape, range) = (x.shape.clone(), x.range);
        shape.insert(axis, Dim::number(1));
        let spelled = self.axis_number(axis, shape.len());
        let form = self.call("insert_axis", 1, &format!("axis = {spelled}"));
        made(Meaning::InsertAxis(axis), vec![x], shape, range, form)
    }

    fn spelled(&mut self, op: &Op, count: usize) -> Form {
        let operator = !self.one_in(6);
        match op.emitted {
            Emitted::Infix(sign) if operator => infix(sign),
            Emitted::Prefix(sign) if operator => {
                Form { text: format!("{sign}$0"), binds: binds::SIGN, holes: vec![binds::SIGN] }
            }
            _ => {
                let names: Vec<&str> = std::iter::once(op.name).chain(op.aliases.iter().copied()).collect();
                let name = self.pick(&names);
                self.call(name, count, "")
            }
        }
    }

    /// A function or a method.
    pub fn call(&mut self, name: &str, count: usize, options: &str) -> Form {
        let rest = (1..count).map(|k| format!("${k}")).chain((!options.is_empty()).then(|| options.to_string()));
        let rest: Vec<String> = rest.collect();
        if self.one_in(2) {
            let all = std::iter::once("$0".to_string()).chain(rest).collect::<Vec<_>>();
            return Form::tight(format!("{name}({})", all.join(", ")), count);
        }
        let mut form = Form::tight(format!("$0.{name}({})", rest.join(", ")), count);
        form.holes[0] = binds::CALL;
        form
    }

    fn reduction_form(&mut self, op: &str, shape: &Shape, axes: &[usize], keep: bool) -> Form {
        let kept = if keep { ", keepdims = true" } else { self.pick(&["", "", "", ", keepdims = false"]) };
        if axes.len() == shape.len() && self.one_in(2) {
            return self.call(op, 1, kept.trim_start_matches(", "));
        }
        if axes.len() != 1 {
            let axes: Vec<String> = axes.iter().map(|&a| self.axis_number(a, shape.len())).collect();
            return self.call(op, 1, &format!("axis = [{}]{kept}", axes.join(", ")));
        }
        let axis = self.axis(shape, axes[0]);
        match self.random.below(4) {
            // `max(x, 1)` is the larger of the two.
            0 if op != "max" && op != "min" => self.call(op, 1, &format!("{axis}{kept}")),
            1 if keep => self.call(&format!("{op}_axis_keep"), 1, &axis),
            1 => self.call(&format!("{op}_axis"), 1, &axis),
            _ => self.call(op, 1, &format!("axis = {axis}{kept}")),
        }
    }

    pub fn axis(&mut self, shape: &Shape, axis: usize) -> String {
        let name = shape[axis].as_name().filter(|_| shape.iter().filter(|d| **d == shape[axis]).count() == 1);
        match name {
            Some(name) if self.one_in(3) => name.to_string(),
            _ if self.one_in(6) => format!("Axis({axis})"),
            _ => self.axis_number(axis, shape.len()),
        }
    }

    fn axis_number(&mut self, axis: usize, rank: usize) -> String {
        if self.one_in(4) { format!("-{}", rank - axis) } else { axis.to_string() }
    }
}

/// Bounds of what lies within either.
pub fn between(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0.min(b.0), a.1.max(b.1))
}

pub fn made(meaning: Meaning, args: Vec<Expr>, shape: Shape, range: (f64, f64), form: Form) -> Expr {
    Expr { meaning, args, shape, dtype: Dtype::Real, form, range }
}

/// A call that is defined by the elements of its result; a receiver binds tightly.
pub fn defined(
    text: impl Into<String>,
    args: Vec<Expr>,
    shape: &Shape,
    range: (f64, f64),
    element: impl Fn(&Place) -> f64 + 'static,
) -> Expr {
    let mut form = Form::tight(text, args.len());
    if form.text.starts_with("$0.") {
        form.holes[0] = binds::CALL;
    }
    made(Meaning::By(Definition::new(element)), args, shape.clone(), range, form)
}

pub fn constant(text: &str, value: f64) -> Expr {
    let mut form = Form::tight(text, 0);
    form.binds = if text.starts_with('-') { binds::SIGN } else { binds::CALL };
    made(Meaning::Number(value), Vec::new(), Shape::new(), (value, value), form)
}

pub fn block(name: &str, first: Expr, second: Expr) -> Expr {
    let holes = vec![binds::LOOSE; 2];
    let form = Form { text: "{ let $name = $0; $1 }".into(), binds: binds::LOOSE, holes };
    let (shape, dtype, range) = (second.shape.clone(), second.dtype, second.range);
    Expr { meaning: Meaning::Block(name.into()), args: vec![first, second], shape, dtype, form, range }
}

fn infix(sign: &str) -> Form {
    let (own, left, right) = match sign {
        "+" | "-" => (binds::SUM, binds::SUM, binds::PRODUCT),
        "*" | "/" => (binds::PRODUCT, binds::PRODUCT, binds::SIGN),
        _ => (binds::COMPARISON, binds::SUM, binds::SUM),
    };
    Form { text: format!("$0 {sign} $1"), binds: own, holes: vec![left, right] }
}

/// The domain of each argument, twice as wide where the operation has values there.
pub fn widened(op: &Op) -> Vec<(f64, f64)> {
    let twice = |&(low, high): &(f64, f64)| (if low < 0.0 { 2.0 * low } else { low }, 2.0 * high);
    let wide: Vec<(f64, f64)> = op.domain.iter().map(twice).collect();
    let ends = [0, 1, 2, 3, 4, 5, 6, 7].map(|corner: usize| {
        let end = |(k, &(low, high)): (usize, &(f64, f64))| if corner >> k & 1 == 0 { low } else { high };
        (op.value)(&wide.iter().enumerate().map(end).collect::<Vec<f64>>())
    });
    if ends.iter().all(|y| y.is_finite()) { wide } else { op.domain.to_vec() }
}

/// Bounds of the result, by samples of all arguments.
fn range_of(op: &Op, args: &[Expr]) -> (f64, f64) {
    if op.name == "select" {
        return (args[1].range.0.min(args[2].range.0), args[1].range.1.max(args[2].range.1));
    }
    let sample = |e: &Expr, t: usize| e.range.0 + (e.range.1 - e.range.0) * t as f64 / 8.0;
    let grid = (0..9usize.pow(args.len() as u32)).map(|t| {
        let step = |k: usize| t / 9usize.pow(k as u32) % 9;
        (op.value)(&args.iter().enumerate().map(|(k, x)| sample(x, step(k))).collect::<Vec<f64>>())
    });
    grid.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)))
}

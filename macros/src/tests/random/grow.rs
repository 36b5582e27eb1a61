//! Grows a model out of a seed, from its shapes: every expression is made for a shape that is wanted. Arguments of
//! operations are kept inside the domain that the table states, so that values are neither NaN nor huge.

use super::{Argument, Expr, Form, Let, Meaning, Model, binds, dtype_of};
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::Dtype;
use crate::ir::model::Role;
use crate::op::{self, Emitted, Family, Last, Meaning as Kind, Op, Takes};
use crate::tests::interpret::Random;

const NAMES: [&str; 16] = ["x", "w", "b", "y", "z", "u", "v", "h", "c", "g", "a", "q", "s", "p", "r", "e"];
const DIMS: [&str; 4] = ["N", "K", "H", "D"];
/// Numbers as they are written: those that identities are about among them.
const NUMBERS: [&str; 14] =
    ["0", "1", "2", "0.5", "3", "1.0", "2.0", "-1", "-1.5", "0.25", "1e-1", "1.5f32", "0.7f64", "-2"];
const ANYTHING: (f64, f64) = (-2.0, 2.0);
const REDUCTIONS: [&str; 6] = ["sum", "mean", "max", "min", "logsumexp", "norm"];
const MOST_AXES: usize = 4;
/// More would grow without bound from layer to layer.
pub const MODERATE: (f64, f64) = (-5.0, 5.0);

/// The model of this seed.
pub fn model(seed: u64) -> Model {
    let mut grower = Grower::new(seed);
    let lets = grower.random.below(5);
    (0..lets).for_each(|_| grower.bind());
    let outputs = if grower.random.below(4) == 0 { 2 + grower.random.below(2) } else { 1 };
    let outputs = (0..outputs).map(|_| grower.output()).collect();
    grower.finish(outputs)
}

pub struct Grower {
    pub random: Random,
    dims: Vec<Dim>,
    arguments: Vec<Argument>,
    lets: Vec<Let>,
    scope: Vec<Bound>,
    /// How many more operations there may be.
    budget: usize,
}

#[derive(Clone)]
struct Bound {
    name: String,
    shape: Shape,
    dtype: Dtype,
    range: (f64, f64),
}

// --- the parts of a model ---

impl Grower {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed.wrapping_add(0x5EED));
        let named = 1 + random.below(3);
        let mut dims: Vec<Dim> = DIMS[..named].iter().map(|d| Dim::name(*d)).collect();
        dims.extend((0..random.below(3)).map(|_| Dim::number(1 + random.below(4) as i64)));
        match random.below(8) {
            0 => dims.push(&Dim::number(2) * &dims[0].clone()),
            1 => dims.push(&dims[0] + &Dim::number(1)),
            2 => dims.push(&dims[0] * &dims[named - 1].clone()),
            _ => {}
        }
        let budget = 3 + random.below(40);
        Grower { random, dims, arguments: Vec::new(), lets: Vec::new(), scope: Vec::new(), budget }
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.random.below(n) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.random.below(from.len())].clone()
    }

    fn dim(&mut self) -> Dim {
        let dims = self.dims.clone();
        if self.one_in(12) { Dim::number(1) } else { self.pick(&dims) }
    }

    /// A dimension that is a number or a name.
    pub fn plain_dim(&mut self) -> Dim {
        let dims: Vec<Dim> =
            self.dims.iter().filter(|d| d.as_name().or(d.as_number().map(|_| "")).is_some()).cloned().collect();
        if self.one_in(12) { Dim::number(1) } else { self.pick(&dims) }
    }

    /// Of one composed dimension at most, since they grow large.
    fn shape(&mut self) -> Shape {
        let rank = self.pick(&[0, 1, 1, 2, 2, 2, 2, 3]);
        (0..rank).map(|axis| if axis == 0 { self.dim() } else { self.plain_dim() }).collect()
    }

    fn bind(&mut self) {
        let (shape, depth) = (self.shape(), 1 + self.random.below(4));
        let mask = self.one_in(10);
        let value = if mask { self.mask(&shape, depth) } else { self.expr(&shape, depth) };
        let name = self.binding_name();
        let annotated = !mask && self.one_in(4);
        self.open(&name, &value);
        self.lets.push(Let { name, annotated, value });
    }

    fn output(&mut self) -> Expr {
        let shape = if self.one_in(3) { Shape::new() } else { self.shape() };
        self.budget += 3;
        let depth = 2 + self.random.below(6);
        self.expr(&shape, depth)
    }

    fn finish(mut self, outputs: Vec<Expr>) -> Model {
        if self.one_in(5) {
            let shape = self.shape();
            self.argument(shape, Role::Param, Dim::number(1));
        }
        let double = self.one_in(2);
        let mut model = Model { arguments: Vec::new(), lets: self.lets.clone(), outputs, wrt: Vec::new(), double };
        model.arguments = self.arguments.clone();
        for name in model.unreadable() {
            let dim = Dim::name(name.as_str());
            self.argument(vec![dim.clone()], Role::Input, dim);
        }
        model.arguments = self.arguments.clone();
        for at in 1..model.arguments.len() {
            model.arguments.swap(at, self.random.below(at + 1));
        }
        let inputs = model.arguments.iter().filter(|a| a.role == Role::Input);
        let wrt = inputs.filter(|_| self.random.below(2) == 0).map(|a| a.name.clone()).collect();
        model.wrt = wrt;
        model
    }

    /// A name that no argument and no binding has.
    fn fresh_name(&mut self) -> String {
        let taken = |name: &str, this: &Self| {
            let lets = this.lets.iter().map(|l| &l.name);
            let arguments = this.arguments.iter().map(|a| &a.name);
            this.scope.iter().map(|b| &b.name).chain(lets).chain(arguments).any(|n| n == name)
        };
        let start = self.random.below(NAMES.len());
        let plain = (0..NAMES.len()).map(|k| NAMES[(start + k) % NAMES.len()].to_string());
        let numbered = (2..).map(|n| format!("{}{n}", NAMES[start]));
        plain.chain(numbered).find(|name| !taken(name, self)).expect("numbers do not end")
    }

    /// A new name, or one that shadows another.
    fn binding_name(&mut self) -> String {
        let values: Vec<String> =
            self.scope.iter().filter(|b| b.dtype == Dtype::Real).map(|b| b.name.clone()).collect();
        if !values.is_empty() && self.one_in(3) { self.pick(&values) } else { self.fresh_name() }
    }

    fn open(&mut self, name: &str, value: &Expr) {
        let Expr { shape, dtype, range, .. } = value;
        self.scope.push(Bound { name: name.into(), shape: shape.clone(), dtype: *dtype, range: *range });
    }

    fn argument(&mut self, shape: Shape, role: Role, classes: Dim) -> Expr {
        let (name, dtype, range) = (self.fresh_name(), dtype_of(role), (-1.5, 1.5));
        // Outermost; its name is new, so it hides nothing and nothing hides it yet.
        self.scope.insert(0, Bound { name: name.clone(), shape: shape.clone(), dtype, range });
        self.arguments.push(Argument { name: name.clone(), role, shape: shape.clone(), classes });
        Expr::name(&name, &shape, dtype, range)
    }

    // --- leaves ---

    /// What can be named here and has this shape and kind.
    fn visible(&self, shape: &Shape, dtype: Dtype) -> Vec<Expr> {
        let last = |at: usize| self.scope[at + 1..].iter().all(|b| b.name != self.scope[at].name);
        let fits = |b: &Bound| b.shape == *shape && b.dtype == dtype;
        let found = (0..self.scope.len()).filter(|&at| last(at) && fits(&self.scope[at]));
        found.map(|at| Expr::name(&self.scope[at].name, shape, dtype, self.scope[at].range)).collect()
    }

    fn leaf(&mut self, shape: &Shape) -> Expr {
        if shape.is_empty() && self.one_in(3) {
            return self.number();
        }
        let known = self.visible(shape, Dtype::Real);
        let leaf = match known.is_empty() || self.arguments.len() < 8 && self.one_in(4) {
            true => {
                let role = self.pick(&[Role::Param, Role::Param, Role::Input]);
                self.argument(shape.clone(), role, Dim::number(1))
            }
            false => self.pick(&known),
        };
        if self.one_in(8) { self.decorated(leaf) } else { leaf }
    }

    fn number(&mut self) -> Expr {
        let text = self.pick(&NUMBERS);
        constant(text, text.trim_end_matches("f32").trim_end_matches("f64").parse().expect("a number"))
    }

    /// The same value with something around it that means nothing.
    fn decorated(&mut self, x: Expr) -> Expr {
        let (text, binds, hole) = self.pick(&[
            ("&$0", binds::SIGN, binds::SIGN),
            ("*$0", binds::SIGN, binds::SIGN),
            ("($0)", binds::CALL, binds::LOOSE),
            ("$0.clone()", binds::CALL, binds::CALL),
            ("{ $0 }", binds::LOOSE, binds::LOOSE),
        ]);
        let form = Form { text: text.into(), binds, holes: vec![hole] };
        Expr { shape: x.shape.clone(), dtype: x.dtype, range: x.range, meaning: Meaning::Same, args: vec![x], form }
    }

    // --- expressions of a shape ---

    pub fn expr(&mut self, shape: &Shape, depth: usize) -> Expr {
        if depth == 0 || self.budget == 0 {
            return self.leaf(shape);
        }
        self.budget -= 1;
        let depth = depth - 1;
        match self.random.below(100) {
            0..12 => match self.more(shape, depth) {
                Some(expr) => expr,
                None => self.unary(shape, depth),
            },
            12..22 => self.unary(shape, depth),
            22..46 => self.binary(shape, depth),
            46..52 => self.select(shape, depth),
            52..64 => self.reduction(shape, depth),
            64..70 if shape.is_empty() => self.loss(depth),
            64..70 => self.along(shape, depth),
            70..82 if shape.len() <= 2 => self.dot(shape, depth),
            70..86 => self.moved(shape, depth),
            86..90 => self.block(shape, depth),
            90..98 => self.idiom(shape, depth),
            _ => self.leaf(shape),
        }
    }

    fn unary(&mut self, shape: &Shape, depth: usize) -> Expr {
        let arity = |op: &Op| op.args.len() - usize::from(op.last != Last::Array);
        let op = self.element_wise(|op, takes| takes == Takes::Numbers && arity(op) == 1);
        let mut args = vec![self.expr(shape, depth)];
        let mut domain = op.domain[0];
        if op.last != Last::Array {
            let (low, high) = op.domain[1];
            let value = self.random.within(low, high);
            let value = if op.last == Last::Whole { value.round() } else { (value * 10.0).round() / 10.0 };
            domain = if op.last == Last::Whole && value >= 0.0 { ANYTHING } else { domain };
            args.push(constant(&format!("{value}"), value));
        } else {
            domain = widened(op)[0];
        }
        args[0] = self.fit(args[0].clone(), domain);
        self.map(op, args, shape)
    }

    fn binary(&mut self, shape: &Shape, depth: usize) -> Expr {
        let op = self.element_wise(|op, takes| takes == Takes::Numbers && op.last == Last::Array && op.args.len() == 2);
        let args = self.operands(shape, depth, 2);
        let args = args.into_iter().zip(widened(op)).map(|(arg, domain)| self.fit(arg, domain)).collect();
        self.map(op, args, shape)
    }

    fn select(&mut self, shape: &Shape, depth: usize) -> Expr {
        let shapes = self.split(shape, 3);
        // Whether a computed number is exactly 0 would be a matter of rounding.
        let m = match self.one_in(5) {
            true => self.leaf(&shapes[0]),
            false => self.mask(&shapes[0], depth),
        };
        let args = vec![m, self.expr(&shapes[1], depth), self.expr(&shapes[2], depth.saturating_sub(1))];
        self.map(op::known("select"), args, shape)
    }

    fn element_wise(&mut self, wanted: impl Fn(&Op, Takes) -> bool) -> &'static Op {
        let all: Vec<&'static Op> = op::all()
            .filter(|op| match op.meaning {
                // What lets no cotangent pass has no gradient to compare.
                Kind::Map { takes, .. } => {
                    op.family == Family::Elementwise && op.name != "stop_gradient" && wanted(op, takes)
                }
                _ => false,
            })
            .collect();
        self.pick(&all)
    }

    /// Numbers that broadcast to `shape`, the first of them as deep as may be.
    fn operands(&mut self, shape: &Shape, depth: usize, count: usize) -> Vec<Expr> {
        let deep = self.random.below(count);
        let mut operands = Vec::new();
        for (k, own) in self.split(shape, count).iter().enumerate() {
            let depth = if k == deep { depth } else { self.random.below(depth + 1) };
            operands.push(self.expr(own, depth));
        }
        operands
    }

    /// Shapes that broadcast to `shape` together, in one of NumPy's ways.
    fn split(&mut self, shape: &Shape, count: usize) -> Vec<Shape> {
        if self.one_in(2) {
            return vec![shape.clone(); count];
        }
        let (full, style) = (self.random.below(count), self.random.below(3));
        let mut shapes = vec![shape.clone(); count];
        for stretched in (0..count).filter(|k| *k != full) {
            shapes[stretched] = match style {
                0 => Shape::new(),
                1 => shape[self.random.below(shape.len() + 1)..].to_vec(),
                _ => shape.iter().map(|d| if self.one_in(2) { Dim::number(1) } else { d.clone() }).collect(),
            };
        }
        if style == 2 {
            self.exchange(&mut shapes);
        }
        shapes
    }

    /// Where two shapes are stretched, each may be the one that is, axis by axis.
    fn exchange(&mut self, shapes: &mut [Shape]) {
        for axis in 0..shapes[0].len() {
            let [a, b] = [self.random.below(shapes.len()), self.random.below(shapes.len())];
            let moved = shapes[a][axis].clone();
            shapes[a][axis] = std::mem::replace(&mut shapes[b][axis], moved);
        }
    }

    fn mask(&mut self, shape: &Shape, depth: usize) -> Expr {
        let known = self.visible(shape, Dtype::Mask);
        match self.random.below(8) {
            0 | 1 if !known.is_empty() => self.pick(&known),
            1 => self.argument(shape.clone(), Role::Mask, Dim::number(1)),
            2 => {
                let op = self.element_wise(|_, takes| takes == Takes::Comparable);
                let args = self.split(shape, 2).iter().map(|s| self.index(s, &Dim::number(3))).collect();
                self.map(op, args, shape)
            }
            _ => {
                let op = self.element_wise(|_, takes| takes == Takes::Comparable);
                let args = self.operands(shape, depth, 2);
                self.map(op, args, shape)
            }
        }
    }

    /// Labels below `classes`.
    pub fn index(&mut self, shape: &Shape, classes: &Dim) -> Expr {
        let of_classes = |e: &Expr, this: &Self| {
            this.arguments.iter().any(|a| e.meaning == Meaning::Name(a.name.clone()) && a.classes == *classes)
        };
        let known: Vec<Expr> = self.visible(shape, Dtype::Index).into_iter().filter(|e| of_classes(e, self)).collect();
        match known.is_empty() || self.one_in(3) {
            true => self.argument(shape.clone(), Role::Index, classes.clone()),
            false => self.pick(&known),
        }
    }

    fn reduction(&mut self, shape: &Shape, depth: usize) -> Expr {
        let op = self.pick(&REDUCTIONS);
        let ones: Vec<usize> = (0..shape.len()).filter(|&a| shape[a].is_one()).collect();
        if ones.is_empty() && shape.len() >= MOST_AXES {
            return self.unary(shape, depth);
        }
        let keep = !ones.is_empty() && !self.one_in(3);
        let (mut from, mut axes) = (shape.clone(), Vec::new());
        if keep {
            axes = ones.into_iter().filter(|_| self.random.below(3) > 0).collect();
            axes.iter().for_each(|&a| from[a] = self.plain_dim());
        } else {
            for _ in 0..(MOST_AXES.saturating_sub(shape.len())).min(1 + self.random.below(2)) {
                let at = self.random.below(from.len() + 1);
                axes.iter_mut().for_each(|a| *a += usize::from(*a >= at));
                axes.push(at);
                from.insert(at, self.plain_dim());
            }
            axes.sort();
        }
        let x = self.expr(&from, depth);
        let x = self.fit(x, MODERATE);
        self.reduce(op, x, axes, keep)
    }

    fn along(&mut self, shape: &Shape, depth: usize) -> Expr {
        let (op, axis) = (self.pick(&["softmax", "log_softmax"]), self.random.below(shape.len()));
        let x = self.expr(shape, depth);
        let x = self.fit(x, MODERATE);
        self.softmax(op, x, axis)
    }

    fn loss(&mut self, depth: usize) -> Expr {
        let mut shape = self.shape();
        shape.truncate(MOST_AXES - 1);
        if self.one_in(2) {
            let p = self.expr(&shape, depth);
            let (p, y) = (self.fit(p, MODERATE), self.expr(&shape, depth.min(1)));
            let (y, form) = (self.fit(y, MODERATE), self.call("mse", 2, ""));
            let range = (0.0, (p.range.1 - p.range.0 + y.range.1 - y.range.0).powi(2));
            return made(Meaning::Mse, vec![p, y], Shape::new(), range, form);
        }
        shape.push(self.plain_dim());
        let z = self.expr(&shape, depth);
        let z = self.fit(z, MODERATE);
        let y = match self.random.below(3) {
            0 => {
                let x = self.expr(&shape, depth.min(1));
                let x = self.fit(x, MODERATE);
                self.softmax("softmax", x, shape.len() - 1)
            }
            _ => self.index(&shape[..shape.len() - 1].to_vec(), &shape[shape.len() - 1].clone()),
        };
        let name = self.pick(&["softmax_cross_entropy", "cross_entropy"]);
        let form = self.call(name, 2, "");
        made(Meaning::CrossEntropy, vec![z, y], Shape::new(), (0.0, 15.0), form)
    }

    fn dot(&mut self, shape: &Shape, depth: usize) -> Expr {
        let k = self.plain_dim();
        if shape.len() == 2 && shape[0] == shape[1] && self.one_in(2) {
            let x = self.expr(&vec![shape[0].clone(), k], depth);
            let x = self.fit(x, MODERATE);
            return self.shared(x, |this, x| {
                let t = this.transpose(x.clone());
                this.product(x, t)
            });
        }
        let [a, b] = match shape.as_slice() {
            [] => [vec![k.clone()], vec![k]],
            [n] if self.one_in(2) => [vec![n.clone(), k.clone()], vec![k]],
            [n] => [vec![k.clone()], vec![k, n.clone()]],
            [m, n] => [vec![m.clone(), k.clone()], vec![k, n.clone()]],
            _ => unreachable!("a product has rank 2 at most"),
        };
        let short = self.random.below(depth + 1);
        let [first, second] = if self.one_in(2) { [depth, short] } else { [short, depth] };
        let (a, b) = (self.expr(&a, first), self.expr(&b, second));
        let (a, b) = (self.fit(a, MODERATE), self.fit(b, MODERATE));
        self.product(a, b)
    }

    /// The same elements, moved.
    fn moved(&mut self, shape: &Shape, depth: usize) -> Expr {
        let ones: Vec<usize> = (0..shape.len()).filter(|&a| shape[a].is_one()).collect();
        if !ones.is_empty() && self.one_in(2) {
            let axis = self.pick(&ones);
            let mut from = shape.clone();
            from.remove(axis);
            let x = self.expr(&from, depth);
            return self.insert_axis(x, axis);
        }
        if (1..=2).contains(&shape.len()) && !self.one_in(4) {
            let x = self.expr(&shape.iter().rev().cloned().collect(), depth);
            return self.transpose(x);
        }
        let x = self.expr(shape, depth);
        self.decorated(x)
    }

    fn block(&mut self, shape: &Shape, depth: usize) -> Expr {
        let other = self.shape();
        let first_shape = if self.one_in(3) { other } else { shape.clone() };
        let first = self.expr(&first_shape, depth);
        let name = self.binding_name();
        self.open(&name, &first);
        let second = self.expr(shape, depth);
        self.scope.pop();
        block(&name, first, second)
    }

    /// What `body` makes of a name for `x`.
    fn shared(&mut self, x: Expr, body: impl FnOnce(&mut Self, Expr) -> Expr) -> Expr {
        if let Meaning::Name(_) = x.meaning {
            return body(self, x);
        }
        let name = self.binding_name();
        self.open(&name, &x);
        let named = Expr::name(&name, &x.shape, x.dtype, x.range);
        let result = body(self, named);
        self.scope.pop();
        block(&name, x, result)
    }

    /// What people write, and identities look for.
    fn idiom(&mut self, shape: &Shape, depth: usize) -> Expr {
        let x = self.expr(shape, depth);
        let x = self.fit(x, MODERATE);
        let axis = self.random.below(shape.len().max(1));
        match self.random.below(if shape.is_empty() { 12 } else { 18 }) {
            0 => self.chain(&["sigmoid", "ln"], x),
            1 => self.chain(&["exp", "ln"], x),
            2 => self.chain(&["square", "sqrt"], x),
            3 => self.chain(&["neg", "neg"], x),
            4 => self.chain(&["neg", "square"], x),
            5 => {
                let e = self.chain(&["exp"], x);
                let sum = self.ordered("add", "1", e);
                self.chain(&["ln"], sum)
            }
            6 => {
                let s = self.chain(&["sigmoid"], x);
                self.arithmetic("sub", constant("1", 1.0), s)
            }
            7 => self.ordered("max", "0", x),
            8 => self.ordered("mul", "-1", x),
            9 => self.shared(x, |this, x| this.arithmetic("mul", x.clone(), x)),
            10 => self.shared(x, |this, x| this.arithmetic("sub", x.clone(), x)),
            11 => self.gated(x),
            12 => {
                let s = self.softmax("softmax", x, axis);
                self.chain(&["ln"], s)
            }
            13 => self.shared(x, |this, x| {
                let (top, below) = (this.chain(&["exp"], x.clone()), this.chain(&["exp"], x));
                let sum = this.reduce("sum", below, vec![axis], true);
                this.arithmetic("div", top, sum)
            }),
            14 => self.shared(x, |this, x| {
                let mean = this.reduce("mean", x.clone(), vec![axis], true);
                this.arithmetic("sub", x, mean)
            }),
            15 => self.shared(x, |this, x| {
                let largest = this.reduce("max", x.clone(), vec![axis], true);
                this.arithmetic("sub", x, largest)
            }),
            16 => self.normalised(x, axis),
            _ => self.shared(x, |this, x| {
                let norm = this.reduce("norm", x.clone(), vec![axis], true);
                let below = this.arithmetic("add", norm, constant("0.5", 0.5));
                this.arithmetic("div", x, below)
            }),
        }
    }

    /// `select(x > 0, x * exp(x), 0)`, or the other way round.
    fn gated(&mut self, x: Expr) -> Expr {
        self.shared(x, |this, x| {
            let shape = x.shape.clone();
            let m = this.map(op::known("gt"), vec![x.clone(), constant("0", 0.0)], &shape);
            let e = this.chain(&["exp"], x.clone());
            let product = this.arithmetic("mul", x, e);
            let zero = constant("0.0", 0.0);
            let args = if this.one_in(2) { vec![m, product, zero] } else { vec![m, zero, product] };
            this.map(op::known("select"), args, &shape)
        })
    }

    /// `(x - mean) / sqrt(mean((x - mean)²) + 0.1)`.
    fn normalised(&mut self, x: Expr, axis: usize) -> Expr {
        let centred = self.shared(x, |this, x| {
            let mean = this.reduce("mean", x.clone(), vec![axis], true);
            this.arithmetic("sub", x, mean)
        });
        self.shared(centred, |this, d| {
            let square = this.chain(&["square"], d.clone());
            let mean = this.reduce("mean", square, vec![axis], true);
            let sum = this.arithmetic("add", mean, constant("0.1", 0.1));
            let root = this.chain(&["sqrt"], sum);
            this.arithmetic("div", d, root)
        })
    }
}

// --- construction: shapes, bounds and spellings ---

impl Grower {
    fn map(&mut self, op: &'static Op, args: Vec<Expr>, shape: &Shape) -> Expr {
        let Kind::Map { gives, .. } = op.meaning else { panic!("{} is not element-wise", op.name) };
        let range = range_of(op, &args);
        let form = self.spelled(op, args.len());
        Expr { meaning: Meaning::Map(op.name), args, shape: shape.clone(), dtype: gives, form, range }
    }

    /// Operators one after the other.
    fn chain(&mut self, ops: &[&str], x: Expr) -> Expr {
        ops.iter().fold(x, |x, op| {
            let shape = x.shape.clone();
            self.map(op::known(op), vec![x], &shape)
        })
    }

    /// The wider of the two gives the shape.
    fn arithmetic(&mut self, op: &str, a: Expr, b: Expr) -> Expr {
        let ones = |e: &Expr| e.shape.iter().filter(|d| !d.is_one()).count();
        let wider = if (a.shape.len(), ones(&a)) >= (b.shape.len(), ones(&b)) { &a } else { &b };
        let shape = wider.shape.clone();
        self.map(op::known(op), vec![a, b], &shape)
    }

    /// A number and an expression, in any order.
    fn ordered(&mut self, op: &str, number: &str, x: Expr) -> Expr {
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

    fn reduce(&mut self, op: &'static str, x: Expr, axes: Vec<usize>, keep: bool) -> Expr {
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
            "logsumexp" => (x.range.0, x.range.1 + count.ln()),
            _ => x.range,
        };
        made(Meaning::Reduce { op, axes, keep }, vec![x], shape, range, form)
    }

    fn softmax(&mut self, op: &'static str, x: Expr, axis: usize) -> Expr {
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

    fn product(&mut self, a: Expr, b: Expr) -> Expr {
        let (left, right) = (&a.shape[..a.shape.len() - 1], &b.shape[1..]);
        let shape = [left, right].concat();
        let largest = |e: &Expr| e.range.0.abs().max(e.range.1.abs());
        let bound = 4.0 * largest(&a) * largest(&b);
        let name = self.pick(&["dot", "dot", "matmul"]);
        let form = self.call(name, 2, "");
        made(Meaning::Dot, vec![a, b], shape, (-bound, bound), form)
    }

    fn transpose(&mut self, x: Expr) -> Expr {
        let (shape, range) = (x.shape.iter().rev().cloned().collect(), x.range);
        let name = self.pick(&["t", "t", "transpose"]);
        let form = self.call(name, 1, "");
        made(Meaning::Transpose, vec![x], shape, range, form)
    }

    fn insert_axis(&mut self, x: Expr, axis: usize) -> Expr {
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
    fn call(&mut self, name: &str, count: usize, options: &str) -> Form {
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

    fn axis(&mut self, shape: &Shape, axis: usize) -> String {
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

pub fn made(meaning: Meaning, args: Vec<Expr>, shape: Shape, range: (f64, f64), form: Form) -> Expr {
    Expr { meaning, args, shape, dtype: Dtype::Real, form, range }
}

pub fn constant(text: &str, value: f64) -> Expr {
    let mut form = Form::tight(text, 0);
    form.binds = if text.starts_with('-') { binds::SIGN } else { binds::CALL };
    made(Meaning::Number(value), Vec::new(), Shape::new(), (value, value), form)
}

fn block(name: &str, first: Expr, second: Expr) -> Expr {
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
fn widened(op: &Op) -> Vec<(f64, f64)> {
    let twice = |&(low, high): &(f64, f64)| (if low < 0.0 { 2.0 * low } else { low }, 2.0 * high);
    let wide: Vec<(f64, f64)> = op.domain.iter().map(twice).collect();
    let ends = [0, 1, 2, 3].map(|corner: usize| {
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
    let grid = (0..81).map(|t| match args {
        [x] => (op.value)(&[sample(x, t % 9)]),
        [x, y] => (op.value)(&[sample(x, t % 9), sample(y, t / 9)]),
        _ => panic!("{} takes three", op.name),
    });
    grid.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)))
}

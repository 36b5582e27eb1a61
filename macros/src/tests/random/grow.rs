//! Grows a model out of a seed, from its shapes: every expression is made for a shape that is wanted. Arguments of
//! operations are kept inside the domain that the table states, so that values are neither NaN nor huge.

use super::build::{block, constant, widened};
use super::{Argument, Expr, Form, Let, Meaning, Model, binds, dtype_of};
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::Dtype;
use crate::ir::model::Role;
use crate::op::{self, Family, Last, Meaning as Kind, Op, Takes};
use crate::tests::interpret::Random;

const NAMES: [&str; 16] = ["x", "w", "b", "y", "z", "u", "v", "h", "c", "g", "a", "q", "s", "p", "r", "e"];
const DIMS: [&str; 4] = ["N", "K", "H", "D"];
/// Numbers as they are written: those that identities are about among them.
const NUMBERS: [&str; 14] =
    ["0", "1", "2", "0.5", "3", "1.0", "2.0", "-1", "-1.5", "0.25", "1e-1", "1.5f32", "0.7f64", "-2"];
pub const ANYTHING: (f64, f64) = (-2.0, 2.0);
const REDUCTIONS: [&str; 10] = ["sum", "sum", "mean", "max", "min", "logsumexp", "norm", "prod", "var", "std"];
/// An array has more at most, but a model that grows them all is slow.
pub const MOST_AXES: usize = 4;
/// More would grow without bound from layer to layer.
pub const MODERATE: (f64, f64) = (-5.0, 5.0);

/// The model of this seed.
pub fn model(seed: u64) -> Model {
    let mut grower = Grower::new(seed);
    let lets = grower.random.below(5);
    (0..lets).for_each(|_| grower.bind());
    let outputs = if !grower.of_rows && grower.random.below(4) == 0 { 2 + grower.random.below(2) } else { 1 };
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
    /// How many loops are around.
    pub around: usize,
    /// Whether it is a loss over rows of features that meet nowhere else, as is cut into tiles.
    of_rows: bool,
}

#[derive(Clone)]
struct Bound {
    name: String,
    shape: Shape,
    dtype: Dtype,
    range: (f64, f64),
}

/// How an operation grows for a shape that is wanted, along an axis of it, if it can give that shape.
pub type Growth = fn(&mut Grower, &Shape, usize, usize) -> Option<Expr>;

/// Whether it is a number or a name.
pub fn is_plain(dim: &Dim) -> bool {
    dim.as_name().is_some() || dim.as_number().is_some()
}

// --- the parts of a model ---

impl Grower {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed.wrapping_add(0x5EED));
        let of_rows = random.below(4) == 0;
        let named = if of_rows { 1 } else { 1 + random.below(3) };
        let mut dims: Vec<Dim> = DIMS[..named].iter().map(|d| Dim::name(*d)).collect();
        dims.extend((0..random.below(3)).map(|_| Dim::number(1 + random.below(4) as i64)));
        if of_rows {
            dims.push(Dim::number(2 + random.below(9) as i64));
        }
        match random.below(8) {
            _ if of_rows => {}
            0 => dims.push(&Dim::number(2) * &dims[0].clone()),
            1 => dims.push(&dims[0] + &Dim::number(1)),
            2 => dims.push(&dims[0] * &dims[named - 1].clone()),
            _ => {}
        }
        let budget = 3 + random.below(40);
        Grower { random, dims, arguments: Vec::new(), lets: Vec::new(), scope: Vec::new(), budget, around: 0, of_rows }
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.random.below(n) == 0
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.random.below(from.len())].clone()
    }

    fn dim(&mut self) -> Dim {
        let dims = self.dims.clone();
        if self.one_in(12) { Dim::number(1) } else { self.pick(&dims) }
    }

    /// A dimension that is a number or a name.
    pub fn plain_dim(&mut self) -> Dim {
        let wanted = |d: &&Dim| if self.of_rows { d.as_number().is_some() } else { is_plain(d) };
        let dims: Vec<Dim> = self.dims.iter().filter(wanted).cloned().collect();
        if self.one_in(12) { Dim::number(1) } else { self.pick(&dims) }
    }

    /// Of one composed dimension at most, since they grow large.
    pub fn shape(&mut self) -> Shape {
        if self.of_rows {
            let features = self.pick(&[0, 1, 1, 1, 1, 2]);
            return std::iter::once(self.dims[0].clone()).chain((0..features).map(|_| self.plain_dim())).collect();
        }
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
        if self.of_rows {
            return self.loss_over_rows();
        }
        let shape = if self.one_in(3) { Shape::new() } else { self.shape() };
        self.budget += 3;
        let depth = 2 + self.random.below(6);
        self.expr(&shape, depth)
    }

    fn loss_over_rows(&mut self) -> Expr {
        self.budget += 3;
        let depth = 2 + self.random.below(6);
        if self.one_in(2) {
            return self.loss(depth);
        }
        let (shape, op) = (self.shape(), self.pick(&["sum", "mean"]));
        let x = self.expr(&shape, depth);
        self.reduce(op, x, (0..shape.len()).collect(), false)
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
        let inputs = model.arguments.iter().filter(|a| a.role == Role::Input && !self.of_rows);
        let wrt = inputs.filter(|_| self.random.below(2) == 0).map(|a| a.name.clone()).collect();
        model.wrt = wrt;
        model
    }

    /// A name that no argument and no binding has.
    pub fn fresh_name(&mut self) -> String {
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

    /// From here on `name` stands for a value like this.
    pub fn open(&mut self, name: &str, value: &Expr) {
        let Expr { shape, dtype, range, .. } = value;
        self.scope.push(Bound { name: name.into(), shape: shape.clone(), dtype: *dtype, range: *range });
    }

    /// The last `count` names stand for nothing any more.
    pub fn close(&mut self, count: usize) {
        self.scope.truncate(self.scope.len() - count);
    }

    pub fn argument(&mut self, shape: Shape, role: Role, classes: Dim) -> Expr {
        let (name, dtype, range) = (self.fresh_name(), dtype_of(role), (-1.5, 1.5));
        // Outermost; its name is new, so it hides nothing and nothing hides it yet. A state is for the one call that moves it.
        if role != Role::State {
            self.scope.insert(0, Bound { name: name.clone(), shape: shape.clone(), dtype, range });
        }
        self.arguments.push(Argument { name: name.clone(), role, shape: shape.clone(), classes });
        Expr::name(&name, &shape, dtype, range)
    }

    // --- leaves ---

    /// What can be named here and has this shape and kind.
    pub fn visible(&self, shape: &Shape, dtype: Dtype) -> Vec<Expr> {
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
        let kind = self.random.below(100);
        // Of the families in other files most let rows meet, as does what goes along an axis where there is no other one.
        if self.of_rows && (kind < 18 || !(19..46).contains(&kind) && !self.has_features(shape)) {
            return if (1..=2).contains(&shape.len()) { self.dot(shape, depth) } else { self.unary(shape, depth) };
        }
        match kind {
            0..19 => match self.other(shape, depth) {
                Some(expr) => expr,
                None => self.unary(shape, depth),
            },
            19..27 => self.unary(shape, depth),
            27..28 => self.clamp(shape, depth),
            28..46 => self.binary(shape, depth),
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

    /// An operation of the families that stand in files of their own.
    fn other(&mut self, shape: &Shape, depth: usize) -> Option<Expr> {
        match self.random.below(20) {
            0..8 => self.moves(shape, depth),
            8..11 => self.products(shape, depth),
            11..15 => self.windows(shape, depth),
            15..18 => self.norms(shape, depth),
            _ => self.turns(shape, depth),
        }
    }

    /// The first of these that can give the shape, from a random one on.
    pub fn any_of(&mut self, all: &[Growth], shape: &Shape, depth: usize) -> Option<Expr> {
        let (start, axis) = (self.random.below(all.len()), self.random.below(shape.len().max(1)));
        (0..all.len()).find_map(|k| all[(start + k) % all.len()](self, shape, axis, depth))
    }

    fn clamp(&mut self, shape: &Shape, depth: usize) -> Expr {
        let op = op::known("clamp");
        let args = self.operands(shape, depth, 3);
        let args = args.into_iter().zip(op.domain.to_vec()).map(|(arg, domain)| self.fit(arg, domain)).collect();
        self.map(op, args, shape)
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
    pub fn split(&mut self, shape: &Shape, count: usize) -> Vec<Shape> {
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

    pub fn mask(&mut self, shape: &Shape, depth: usize) -> Expr {
        let known = self.visible(shape, Dtype::Mask);
        match self.random.below(9) {
            0 | 1 if !known.is_empty() => self.pick(&known),
            1 => self.argument(shape.clone(), Role::Mask, Dim::number(1)),
            8 => {
                let op = self.element_wise(|_, takes| takes == Takes::Masks);
                let shapes = self.split(shape, op.args.len());
                let args = shapes.iter().map(|s| self.mask(s, depth.saturating_sub(1))).collect();
                self.map(op, args, shape)
            }
            2 => {
                let op = self.element_wise(|_, takes| takes == Takes::Comparable);
                let args = self.split(shape, 2).iter().map(|s| self.index(s, &Dim::number(3))).collect();
                self.map(op, args, shape)
            }
            _ => {
                let op = self.element_wise(|_, takes| takes == Takes::Comparable);
                let mut args = self.operands(shape, depth, 2);
                if args.iter().any(|arg| !matches!(arg.meaning, Meaning::Name(_))) {
                    // Whether two computed numbers are the same would be a matter of rounding.
                    let second = args.remove(1);
                    args.push(self.arithmetic("add", second, constant("0.3437", 0.3437)));
                }
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
        let x = self.fit(x, if op == "prod" { ANYTHING } else { MODERATE });
        self.reduce(op, x, axes, keep)
    }

    /// Whether the last axis is not that of the rows.
    fn has_features(&self, shape: &Shape) -> bool {
        shape.last().is_some_and(|dim| dim.as_number().is_some())
    }

    /// An axis; where rows must not meet, the last one.
    pub fn any_axis(&mut self, shape: &Shape) -> usize {
        if self.of_rows { shape.len().saturating_sub(1) } else { self.random.below(shape.len().max(1)) }
    }

    fn along(&mut self, shape: &Shape, depth: usize) -> Expr {
        let (op, axis) = (self.pick(&["softmax", "log_softmax"]), self.any_axis(shape));
        let x = self.expr(shape, depth);
        let x = self.fit(x, MODERATE);
        self.softmax(op, x, axis)
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
        self.close(1);
        block(&name, first, second)
    }

    /// What `body` makes of a name for `x`.
    pub fn shared(&mut self, x: Expr, body: impl FnOnce(&mut Self, Expr) -> Expr) -> Expr {
        if let Meaning::Name(_) = x.meaning {
            return body(self, x);
        }
        let name = self.binding_name();
        self.open(&name, &x);
        let named = Expr::name(&name, &x.shape, x.dtype, x.range);
        let result = body(self, named);
        self.close(1);
        block(&name, x, result)
    }
}

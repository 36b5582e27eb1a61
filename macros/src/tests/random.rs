//! Random models: each is a tree with shapes, which has a text in the surface language and a value by the definition of
//! the language. The tree knows nothing of the compiler's phases, so that parsing and lowering are tested as well.
//!
//! [`grow`] makes a model out of a seed, [`oracle`] evaluates it, [`shrink`] makes it smaller. Operations by family, each with
//! its value by definition, stand in [`moves`], [`products`], [`windows`], [`norms`], [`losses`] and [`turns`].

pub mod build;
pub mod grow;
mod idioms;
mod losses;
mod moves;
mod norms;
pub mod oracle;
mod products;
pub mod shrink;
pub mod turns;
mod windows;

use super::interpret::{Array, Random, Sizes, shape_of};
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::Dtype;
use crate::ir::model::Role;
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use turns::Turns;

#[derive(Clone, Debug)]
pub struct Model {
    pub arguments: Vec<Argument>,
    pub lets: Vec<Let>,
    /// More than one is a tuple.
    pub outputs: Vec<Expr>,
    /// The inputs whose gradient is asked for.
    pub wrt: Vec<String>,
    pub double: bool,
}

#[derive(Clone, Debug)]
pub struct Argument {
    pub name: String,
    pub role: Role,
    pub shape: Shape,
    /// For class labels, how many there are.
    pub classes: Dim,
}

#[derive(Clone, Debug)]
pub struct Let {
    pub name: String,
    /// With its shape written behind the name.
    pub annotated: bool,
    pub value: Expr,
}

/// An expression: what it means, and how it is written.
#[derive(Clone, Debug)]
pub struct Expr {
    pub meaning: Meaning,
    pub args: Vec<Expr>,
    pub shape: Shape,
    pub dtype: Dtype,
    pub form: Form,
    /// Between what its elements lie, roughly.
    pub range: (f64, f64),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    Name(String),
    Number(f64),
    /// An element-wise operation of the table, with NumPy's broadcast.
    Map(&'static str),
    /// `sum mean max min prod var std logsumexp norm`.
    Reduce {
        op: &'static str,
        axes: Vec<usize>,
        keep: bool,
    },
    /// `softmax log_softmax`.
    Along {
        op: &'static str,
        axis: usize,
    },
    Dot,
    Transpose,
    InsertAxis(usize),
    /// Any other operation.
    By(Definition),
    /// Its argument, in parentheses or behind `&`.
    Same,
    /// `{ let name = first; second }`.
    Block(String),
    Loop(Turns),
}

/// What an operation computes: an element of its result.
#[derive(Clone)]
pub struct Definition(Rc<dyn Fn(&Place) -> f64>);

/// Where an element stands, and what it is made of.
pub struct Place<'a> {
    pub args: &'a [Array],
    pub at: &'a [usize],
    /// Of the result.
    pub shape: &'a [usize],
    /// Else it is inference.
    pub training: bool,
}

impl Definition {
    pub fn new(element: impl Fn(&Place) -> f64 + 'static) -> Self {
        Definition(Rc::new(element))
    }

    pub fn element(&self, place: &Place) -> f64 {
        (self.0)(place)
    }
}

impl PartialEq for Definition {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "by definition")
    }
}

/// A text in which `$0` stands for the first argument; how tightly it binds, and how tightly each argument must.
#[derive(Clone, Debug)]
pub struct Form {
    pub text: String,
    pub binds: u8,
    pub holes: Vec<u8>,
}

/// How tightly Rust's operators bind.
pub mod binds {
    pub const LOOSE: u8 = 0;
    pub const COMPARISON: u8 = 1;
    pub const SUM: u8 = 2;
    pub const PRODUCT: u8 = 3;
    pub const SIGN: u8 = 4;
    pub const CALL: u8 = 5;
}

impl Form {
    /// A name, a number, a call.
    pub fn tight(text: impl Into<String>, holes: usize) -> Self {
        Form { text: text.into(), binds: binds::CALL, holes: vec![binds::LOOSE; holes] }
    }
}

/// What stands for names.
pub type Scope = Vec<(String, Shape, Dtype)>;

impl Expr {
    /// Calls `visit` with this expression and all inside it, outer ones first.
    pub fn walk_mut(&mut self, visit: &mut impl FnMut(&mut Expr)) {
        visit(self);
        self.args.iter_mut().for_each(|a| a.walk_mut(visit));
    }

    pub fn name(name: &str, shape: &Shape, dtype: Dtype, range: (f64, f64)) -> Self {
        let (meaning, form) = (Meaning::Name(name.into()), Form::tight(name, 0));
        Expr { meaning, args: Vec::new(), shape: shape.clone(), dtype, form, range }
    }

    pub fn text(&self, at_least: u8) -> String {
        let mut text = match &self.meaning {
            Meaning::Name(name) => name.clone(),
            Meaning::Block(name) => self.form.text.replace("$name", name),
            Meaning::Loop(turns) => turns.text(),
            _ => self.form.text.clone(),
        };
        for (k, arg) in self.args.iter().enumerate() {
            text = text.replace(&format!("${k}"), &arg.text(self.form.holes[k]));
        }
        if self.form.binds < at_least { format!("({text})") } else { text }
    }

    /// Visits this expression and those in it.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        visit(self);
        self.args.iter().for_each(|a| a.walk(visit));
    }

    pub fn size(&self) -> usize {
        1 + self.args.iter().map(Expr::size).sum::<usize>()
    }

    /// The names that this expression itself binds.
    pub fn bound(&self) -> Vec<&str> {
        match &self.meaning {
            Meaning::Block(name) => vec![name],
            Meaning::Loop(turns) => turns.names(),
            _ => Vec::new(),
        }
    }

    /// The dimensions that it has and names.
    fn dims(&self) -> impl Iterator<Item = &Dim> {
        let count = match &self.meaning {
            Meaning::Loop(turns) => Some(&turns.count),
            _ => None,
        };
        self.shape.iter().chain(count)
    }

    /// How often a seed is read.
    pub fn draws(&self) -> usize {
        let mut count = 0;
        self.walk(&mut |e| count += usize::from(e.dtype == Dtype::Seed));
        count
    }

    /// Whether every name is bound, to a value of the shape that it has here.
    fn is_bound(&self, scope: &mut Scope) -> bool {
        match &self.meaning {
            Meaning::Name(name) => {
                let bound = scope.iter().rev().find(|(n, ..)| n == name);
                bound.is_some_and(|(_, shape, dtype)| *shape == self.shape && *dtype == self.dtype)
            }
            Meaning::Block(name) => {
                let first = self.args[0].is_bound(scope);
                scope.push((name.clone(), self.args[0].shape.clone(), self.args[0].dtype));
                let second = self.args[1].is_bound(scope);
                scope.pop();
                first && second
            }
            Meaning::Loop(turns) => turns.are_bound(&self.args, scope),
            _ => self.args.iter().all(|a| a.is_bound(scope)),
        }
    }
}

impl Model {
    /// What stands in the parentheses of `#[network(..)]`.
    pub fn options(&self) -> String {
        let double = self.double.then(|| "f64".to_string());
        let wrt = (!self.wrt.is_empty()).then(|| format!("wrt({})", self.wrt.join(", ")));
        double.into_iter().chain(wrt).collect::<Vec<_>>().join(", ")
    }

    pub fn text(&self) -> String {
        let arguments = self.arguments.iter().map(|a| format!("{}: {:?}{}", a.name, a.role, dims(&a.shape)));
        let results: Vec<String> = self.outputs.iter().map(|o| format!("Output{}", dims(&o.shape))).collect();
        let lets: String = self.lets.iter().map(|l| format!("    {}\n", l.text())).collect();
        let values: Vec<String> = self.outputs.iter().map(|o| o.text(binds::LOOSE)).collect();
        let [result, value] = match results.len() {
            1 => [results[0].clone(), values[0].clone()],
            _ => [format!("({})", results.join(", ")), format!("({})", values.join(", "))],
        };
        let arguments = arguments.collect::<Vec<_>>().join(", ");
        format!("fn model({arguments}) -> {result} {{\n{lets}    {value}\n}}")
    }

    /// All expressions, those of `let`s first.
    pub fn roots(&self) -> impl Iterator<Item = &Expr> {
        self.lets.iter().map(|l| &l.value).chain(&self.outputs)
    }

    pub fn roots_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        self.lets.iter_mut().map(|l| &mut l.value).chain(&mut self.outputs)
    }

    pub fn size(&self) -> usize {
        self.arguments.len() + self.roots().map(|e| 1 + e.size()).sum::<usize>()
    }

    /// Whether every name is bound and every dimension can be read off an argument.
    pub fn is_sound(&self) -> bool {
        let mut scope: Scope =
            self.arguments.iter().map(|a| (a.name.clone(), a.shape.clone(), dtype_of(a.role))).collect();
        let lets = self.lets.iter().all(|l| {
            let bound = l.value.is_bound(&mut scope);
            scope.push((l.name.clone(), l.value.shape.clone(), l.value.dtype));
            bound
        });
        let inputs = self.wrt.iter().all(|w| self.arguments.iter().any(|a| a.name == *w && a.role == Role::Input));
        lets && inputs && self.outputs.iter().all(|o| o.is_bound(&mut scope)) && self.unreadable().is_empty()
    }

    /// The dimensions that stand alone in no argument.
    pub fn unreadable(&self) -> BTreeSet<String> {
        let mut all: Vec<&Dim> = self.arguments.iter().flat_map(|a| a.shape.iter().chain([&a.classes])).collect();
        let mut within = |e| all.extend(Expr::dims(e));
        self.roots().for_each(|root| root.walk(&mut within));
        let all = all.into_iter().flat_map(Dim::names).map(str::to_string);
        let read: BTreeSet<&str> = self.arguments.iter().flat_map(|a| &a.shape).filter_map(Dim::as_name).collect();
        all.filter(|name| !read.contains(name.as_str())).collect()
    }

    /// Whether training draws numbers, so that each call is another one.
    pub fn draws(&self) -> bool {
        self.arguments.iter().any(|a| a.role == Role::Random)
    }

    pub fn dimensions(&self) -> BTreeSet<String> {
        self.arguments.iter().flat_map(|a| &a.shape).flat_map(Dim::names).map(str::to_string).collect()
    }

    /// A value for every argument; the same for an argument of the same name and shape in any model.
    pub fn draw(&self, sizes: &Sizes, seed: u64) -> Vec<Array> {
        self.arguments.iter().map(|a| a.draw(sizes, seed)).collect()
    }
}

impl Argument {
    fn draw(&self, sizes: &Sizes, seed: u64) -> Array {
        let shape = shape_of(&self.shape, sizes);
        let hash = self.name.bytes().fold(seed, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)));
        let mut random = Random::new(hash.wrapping_add(1));
        match self.role {
            Role::Input | Role::Param => random.array(shape, -1.5, 1.5),
            // A mean, or a variance.
            Role::State => random.array(shape, 0.5, 2.0),
            Role::Mask => Array::filled(shape, |_| random.below(2) as f64),
            Role::Random => Array::filled(shape, |_| random.below(1 << 50) as f64),
            Role::Index => {
                let classes = shape_of(&vec![self.classes.clone()], sizes)[0];
                Array::filled(shape, |_| random.below(classes.max(1)) as f64)
            }
        }
    }
}

impl Let {
    fn text(&self) -> String {
        let shape = if self.annotated { format!(": Output{}", dims(&self.value.shape)) } else { String::new() };
        format!("let {}{shape} = {};", self.name, self.value.text(binds::LOOSE))
    }
}

/// `<N, 13, {2 * H}>`, or nothing for a single number.
pub fn dims(shape: &Shape) -> String {
    let written = |d: &Dim| match (d.as_name(), d.as_number()) {
        (None, None) => format!("{{{d}}}"),
        _ => d.to_string(),
    };
    match shape.as_slice() {
        [] => String::new(),
        _ => format!("<{}>", shape.iter().map(written).collect::<Vec<_>>().join(", ")),
    }
}

pub fn dtype_of(role: Role) -> Dtype {
    match role {
        Role::Input | Role::Param | Role::State => Dtype::Real,
        Role::Index => Dtype::Index,
        Role::Mask => Dtype::Mask,
        Role::Random => Dtype::Seed,
    }
}

/// The operations that the text of a model calls, by their names in the table.
pub fn called(model: &Model) -> BTreeSet<&'static str> {
    let words = |text: &str| -> BTreeSet<String> {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let calls = text.split_inclusive('(').filter_map(|part| part.strip_suffix('('));
        calls.map(|part| part.rsplit(|c: char| !word(c)).next().unwrap_or_default().to_string()).collect()
    };
    let mut found = BTreeSet::new();
    model.roots().for_each(|root| {
        root.walk(&mut |e| {
            let own = match &e.meaning {
                Meaning::Map(op) => vec![op.to_string()],
                _ => words(&e.form.text).into_iter().collect(),
            };
            let meant = |name: &String| crate::op::apply::spelled(name, e.args.len()).map(|s| s.op.name);
            found.extend(own.iter().filter_map(meant));
        });
    });
    found
}

#[test]
fn every_operation_is_grown() {
    let found: BTreeSet<&str> = (0..2000).flat_map(|seed| called(&grow::model(seed))).collect();
    let callable = crate::op::all().filter(|op| crate::op::callable(op.name).is_some());
    let missing: Vec<&str> = callable.map(|op| op.name).filter(|name| !found.contains(name)).collect();
    assert!(missing.is_empty(), "no random model calls {missing:?}");
}

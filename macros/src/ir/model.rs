//! The syntax that is accepted, with places: what the parser makes of a function, and of the text of a rule.

use super::dim::{Dim, Shape, show};
use crate::error::Place;
use proc_macro2::Ident;
use std::collections::HashSet;
use std::fmt;

/// A network as its author wrote it.
#[derive(Clone, Debug)]
pub struct Model {
    pub options: Options,
    /// The user's other attributes, documentation among them.
    pub attributes: Vec<syn::Attribute>,
    pub visibility: syn::Visibility,
    pub name: Ident,
    pub arguments: Vec<Argument>,
    pub result: Outputs,
    pub body: Block,
}

/// What stands in the parentheses of `#[network(..)]`.
#[derive(Clone, Debug)]
pub struct Options {
    /// `f64` instead of `f32`.
    pub double: bool,
    /// The inputs whose gradient is asked for, each with its place.
    pub wrt: Vec<Ident>,
    /// Where the runtime is found: `::pullback`, or the path of `crate = ..`.
    pub runtime: syn::Path,
}

/// What an argument of a network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Data.
    Input,
    /// Learned.
    Param,
    /// Class labels; whole numbers without a gradient.
    Index,
    /// Truth values without a gradient.
    Mask,
}

/// `x: Input<N, 13>`.
#[derive(Clone, Debug)]
pub struct Argument {
    pub name: Ident,
    pub role: Role,
    pub shape: Shape,
}

/// `-> Output<N, 1>`, or a tuple of them.
#[derive(Clone, Debug)]
pub struct Outputs {
    pub shapes: Vec<(Shape, Place)>,
    /// Written as a tuple.
    pub tuple: bool,
}

/// `{ let h = ..; h }`.
#[derive(Clone, Debug)]
pub struct Block {
    pub lets: Vec<Let>,
    pub result: Expr,
}

/// `let h: Output<N, H> = value;`.
#[derive(Clone, Debug)]
pub struct Let {
    pub name: Ident,
    /// The shape of the annotation, if there is one.
    pub shape: Option<(Shape, Place)>,
    pub value: Expr,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    Name(String),
    /// A literal, integers as well.
    Number(f64),
    Call(Call),
    /// Several outputs: only as the result of a network.
    Tuple(Vec<Expr>),
    /// A list as an argument, in brackets or parentheses: the `[N, 4]` of `reshape(x, [N, 4])`.
    List(Vec<Expr>),
    Block(Box<Block>),
}

/// An operation applied: `tanh(x)`, `x.tanh()`, `a + b` (as `add`), `sum(x, axis = 0)`.
#[derive(Clone, Debug)]
pub struct Call {
    /// As written, or the operator's word: `add sub mul div neg lt gt le ge eq ne`.
    pub op: String,
    pub op_place: Place,
    pub arguments: Vec<Expr>,
    pub options: Vec<CallOption>,
    pub spelling: Spelling,
}

/// How a call was written, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    Operator,
    Function,
    Method,
}

/// `axis = 1`, `keepdims = true`.
#[derive(Clone, Debug)]
pub struct CallOption {
    pub name: String,
    pub value: Setting,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    Number(f64),
    Flag(bool),
    /// A dimension's name, `K`; in the text of a rule also a bound axis, `axis`.
    Name(String),
    /// A dimension that is neither: `2 * H`.
    Dim(Dim),
    List(Vec<Setting>),
    /// In quotes: the letters of `einsum`.
    Text(String),
}

impl Argument {
    /// The dimension names that can be read straight off this argument, with the axis.
    pub fn readable(&self) -> impl Iterator<Item = (usize, &str)> {
        self.shape.iter().enumerate().filter_map(|(axis, d)| d.as_name().map(|n| (axis, n)))
    }
}

impl Model {
    /// Every dimension that stands alone in an argument, in order of appearance, with the argument and the axis.
    pub fn sizes(&self) -> Vec<(&str, &Argument, usize)> {
        let mut sizes: Vec<(&str, &Argument, usize)> = Vec::new();
        for argument in &self.arguments {
            for (axis, name) in argument.readable() {
                if sizes.iter().all(|(n, ..)| *n != name) {
                    sizes.push((name, argument, axis));
                }
            }
        }
        sizes
    }
}

impl Block {
    /// All names that `let`s give, those in inner blocks as well.
    pub fn names(&self, names: &mut HashSet<String>) {
        for binding in &self.lets {
            let name = binding.name.to_string();
            names.insert(name.strip_prefix("r#").unwrap_or(&name).to_string());
            binding.value.names(names);
        }
        self.result.names(names);
    }
}

impl Expr {
    fn names(&self, names: &mut HashSet<String>) {
        match &self.kind {
            ExprKind::Block(block) => block.names(names),
            ExprKind::Call(call) => call.arguments.iter().for_each(|a| a.names(names)),
            ExprKind::Tuple(all) | ExprKind::List(all) => all.iter().for_each(|e| e.names(names)),
            ExprKind::Name(_) | ExprKind::Number(_) => {}
        }
    }
}

impl fmt::Display for Model {
    /// The signature, then a line for each `let`, then the result; every operation as a call.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let arguments: Vec<String> = self.arguments.iter().map(Argument::to_string).collect();
        let outputs: Vec<String> = self.result.shapes.iter().map(|(shape, _)| show(shape)).collect();
        writeln!(f, "{}({}) -> {}", self.name, arguments.join(", "), outputs.join(", "))?;
        writeln!(f, "{}", self.body)
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {:?} {}", self.name, self.role, show(&self.shape))
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.lets.iter().try_for_each(|l| writeln!(f, "let {} = {};", l.name, l.value))?;
        write!(f, "{}", self.result)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let list = |all: &[Expr]| all.iter().map(Expr::to_string).collect::<Vec<_>>().join(", ");
        match &self.kind {
            ExprKind::Name(name) => write!(f, "{name}"),
            ExprKind::Number(value) => write!(f, "{value:?}"),
            ExprKind::Call(Call { op, arguments, options, .. }) => {
                let options: String = options.iter().map(|o| format!(", {} = {:?}", o.name, o.value)).collect();
                write!(f, "{op}({}{options})", list(arguments))
            }
            ExprKind::Tuple(all) => write!(f, "({})", list(all)),
            ExprKind::List(all) => write!(f, "[{}]", list(all)),
            ExprKind::Block(block) => write!(f, "{{ {block} }}"),
        }
    }
}

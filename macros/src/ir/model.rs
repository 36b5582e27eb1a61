//! The syntax that is accepted, with places: what the parser makes of a function, and of the text of a rule.

use super::dim::{Dim, Shape, show};
use super::graph::Graph;
use super::resize::Sizes;
use crate::error::Place;
use proc_macro2::Ident;
use quote::ToTokens;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

/// A network as its author wrote it.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Model {
    pub options: Options,
    /// The user's other attributes, documentation among them.
    pub attributes: Vec<syn::Attribute>,
    pub visibility: syn::Visibility,
    pub name: Ident,
    /// Its const generics, which `dense<13, 13>` binds by position.
    pub generics: Vec<String>,
    pub arguments: Vec<Argument>,
    /// The parameters of other networks; once these are linked and spread, `arguments` has them one by one.
    pub groups: Vec<Group>,
    pub result: Outputs,
    pub body: Block,
    /// What its author says goes back to inputs, in the place of its derivative.
    pub given: Vec<(Ident, Expr)>,
    /// The networks that it calls, by their paths as written.
    pub callees: Callees,
    /// What values of callees are called here.
    pub inlined: HashSet<String>,
    /// What its dimensions are where it is called, as far as that decides an `if`.
    pub known: Sizes,
}

/// Networks by the paths under which another one calls them.
pub type Callees = HashMap<String, Rc<Network>>;

/// A network that others call: its model, spread, and the graph of it, in dimensions of its own.
#[cfg_attr(test, derive(Debug))]
pub struct Network {
    pub model: Model,
    pub graph: Graph,
}

/// What the value and its cotangent are called in `gradient(..)`.
pub const VALUE: &str = "y";
pub const COTANGENT: &str = "dy";

/// What stands in the parentheses of `#[network(..)]`.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Options {
    /// `f64` instead of `f32`.
    pub double: bool,
    /// The inputs whose gradient is asked for, each with its place.
    pub wrt: Vec<Ident>,
    /// What goes back to inputs, as it is written in `gradient(..)`.
    pub gradient: Vec<(Ident, syn::Expr)>,
    /// Whether formulas are rewritten where they would lose digits.
    pub stabilise: bool,
    /// How many turns of a loop are computed again at a time, rather than kept for the way back.
    pub checkpoint: Option<(i64, Place)>,
    /// It stands in the body of a function, whose items its module cannot name.
    pub local: bool,
    /// Only other networks call it: it has no passes of its own.
    pub part: bool,
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
    /// A seed, in training alone.
    Random,
    /// What training updates and inference reads.
    State,
}

impl Role {
    /// Lies in a group of its network's own, in the place of coming in with each call.
    pub fn is_kept(self) -> bool {
        matches!(self, Role::Param | Role::State)
    }
}

/// `x: Input<N, 13>`.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Argument {
    pub name: Ident,
    pub role: Role,
    pub shape: Shape,
    /// Where it lies in `Params`: `hidden`, `w`. Its name alone, unless it belongs to a group.
    pub path: Vec<Ident>,
    /// The stacks of networks that it lies in: outermost first, and so are the axes of the stacks, before those of the
    /// parameter itself.
    pub stacks: Vec<Stack>,
    pub init: Init,
}

/// Many networks side by side, in the path of a parameter.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Stack {
    /// The index of the name in the path behind which it lies.
    pub at: usize,
    /// How many there are for those who wrote it: a number, in which case it is an array, else a vector.
    pub is_array: bool,
    /// How many networks there are here.
    pub count: Dim,
}

/// `hidden: dense<13, 13>`: the parameters of another network; `blocks: [block<64>; 6]`: those of a stack of it.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Group {
    pub name: Ident,
    pub network: syn::Path,
    /// How many networks, in a stack.
    pub count: Option<Dim>,
    /// What its const generics are bound to; nothing where the first call says.
    pub dims: Option<Vec<Dim>>,
    pub place: Place,
    /// The index of the argument that it stands before.
    pub before: usize,
    /// What the dimensions in its parameters are here, in their order; known once it is spread.
    pub sizes: Option<Vec<Dim>>,
}

/// What a parameter holds before training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Glorot for two dimensions or more, else zeros.
    Usual,
    /// A distribution that depends on the shape alone, by its name.
    Scaled(&'static str),
    Normal(f64),
    Uniform(f64, f64),
    Constant(f64),
}

/// `-> Output<N, 1>`, or a tuple of them.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Outputs {
    pub shapes: Vec<(Shape, Place)>,
    /// Written as a tuple.
    pub tuple: bool,
}

/// `{ let h = ..; h }`.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Block {
    pub lets: Vec<Let>,
    pub result: Expr,
}

/// `let h: Output<N, H> = value;`, or `let (h, c) = value;`.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Let {
    /// The name, or the names of a tuple; none for `_`.
    pub names: Vec<Option<Ident>>,
    pub tuple: bool,
    /// The shape of the annotation, if there is one.
    pub shape: Option<(Shape, Place)>,
    pub value: Expr,
}

#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Expr {
    pub kind: ExprKind,
    pub place: Place,
}

#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
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
    For(Box<For>),
    If(Box<If>),
}

/// `if condition { then } else { otherwise }`.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct If {
    pub condition: Condition,
    pub then: Expr,
    pub otherwise: Expr,
    /// Where the condition stands.
    pub place: Place,
}

/// What decides between two branches.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub enum Condition {
    Literal(bool),
    /// Two sizes compared: `eq ne lt le gt ge`. Decided while the model is compiled.
    Sizes(&'static str, Dim, Dim),
    /// A truth value.
    Flag(Expr),
}

/// `for t in 0..T { h = ..; y }`: what is carried after the last turn, then the stack of the turns' values.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct For {
    pub index: Option<Ident>,
    pub count: Dim,
    /// The names that are bound outside and assigned to inside, in which case `body` binds them again.
    pub carried: Vec<Ident>,
    /// Its result is a tuple: of what is carried on, then of the turn's value, if it has one.
    pub body: Block,
    pub stacks: bool,
}

/// An operation applied: `tanh(x)`, `x.tanh()`, `a + b` (as `add`), `sum(x, axis = 0)`.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Call {
    /// As written, or the operator's word: `add sub mul div neg lt gt le ge eq ne`.
    pub op: String,
    /// The path of a function, as written.
    pub path: Option<syn::Path>,
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
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
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

impl Group {
    /// The dimensions in its type: what its const generics are bound to, and how many networks there are.
    pub fn written(&self) -> impl Iterator<Item = &Dim> {
        self.dims.iter().flatten().chain(&self.count)
    }

    /// Whether it is a stack of so many networks as a number says: then it is an array, else a vector.
    pub fn is_array(&self) -> bool {
        self.count.as_ref().is_some_and(|count| count.as_number().is_some())
    }
}

impl Argument {
    /// The dimension names that can be read straight off this argument, with the axis.
    pub fn readable(&self) -> impl Iterator<Item = (usize, &str)> {
        self.shape.iter().enumerate().filter_map(|(axis, d)| d.as_name().map(|n| (axis, n)))
    }

    /// The shape of the parameter itself, without the axes of stacks.
    pub fn own_shape(&self) -> &[Dim] {
        &self.shape[self.stacks.len()..]
    }

    /// The path for people: `hidden.w`, and in a stack of networks `blocks.*.w`.
    pub fn dotted(&self) -> String {
        let is_stack = |k: usize| self.stacks.iter().any(|stack| stack.at == k);
        let names = self.path.iter().enumerate();
        let names: Vec<String> =
            names.map(|(k, name)| format!("{}{}", plain(name), if is_stack(k) { ".*" } else { "" })).collect();
        names.join(".")
    }

    /// The stacks around another one.
    pub fn outside(&self, stack: &Stack) -> Vec<Stack> {
        self.stacks.iter().filter(|other| other.at < stack.at).cloned().collect()
    }

    /// Whether it is a parameter of the group called `name`, or of one within.
    pub fn is_of(&self, name: &Ident) -> bool {
        self.path.len() > 1 && self.path[0] == *name
    }
}

/// How the size behind a name is read: an axis of an argument is `factor * name + rest`.
#[cfg_attr(test, derive(Debug))]
pub struct Reading<'a> {
    pub name: &'a str,
    pub argument: &'a Argument,
    pub axis: usize,
    pub factor: Dim,
    pub rest: Dim,
}

/// What can be read off `arguments`. States say nothing: inference alone has them.
pub fn readings(arguments: &[Argument]) -> Vec<Reading<'_>> {
    let arguments = || arguments.iter().filter(|a| a.role != Role::State);
    let mut found: Vec<Reading> = Vec::new();
    for argument in arguments() {
        for (axis, name) in argument.readable() {
            if found.iter().all(|r| r.name != name) {
                found.push(Reading { name, argument, axis, factor: Dim::number(1), rest: Dim::default() });
            }
        }
    }
    let all = || arguments().flat_map(|argument| (0..argument.shape.len()).map(move |axis| (argument, axis)));
    while let Some(next) = all().find_map(|(argument, axis)| solved(&found, argument, axis)) {
        found.push(next);
    }
    found
}

/// The one name in an axis that is not known yet, if the axis says what it is.
fn solved<'a>(known: &[Reading], argument: &'a Argument, axis: usize) -> Option<Reading<'a>> {
    let dim = &argument.shape[axis];
    let unknown = dim.names().into_iter().filter(|name| known.iter().all(|r| r.name != *name));
    let [name] = unknown.collect::<Vec<_>>()[..] else { return None };
    let (factor, rest) = dim.linear_in(name)?;
    let positive = factor.terms().iter().all(|(c, _)| *c > 0);
    positive.then_some(Reading { name, argument, axis, factor, rest })
}

/// The name of an identifier without `r#`.
pub fn plain(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").map(str::to_string).unwrap_or(name)
}

/// A path without spaces.
pub fn path_text(path: &syn::Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

impl Model {
    /// Every dimension that can be read off an argument: those that stand alone in one, in order of appearance, then those
    /// that only expressions have.
    pub fn sizes(&self) -> Vec<Reading<'_>> {
        readings(&self.arguments)
    }

    /// The dimension names in the shapes of parameters and states: const generics in the order of their declaration, then
    /// the others in order of appearance.
    pub fn parameter_sizes(&self) -> Vec<&str> {
        let params = self.arguments.iter().filter(|a| a.role.is_kept());
        let counts = self.groups.iter().flat_map(|g| &g.count);
        let appearing: Vec<&str> = params.flat_map(|p| &p.shape).chain(counts).flat_map(Dim::names).collect();
        let generics = self.generics.iter().map(String::as_str).filter(|name| appearing.contains(name));
        let mut names: Vec<&str> = Vec::new();
        for name in generics.chain(appearing.iter().copied()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether its first output is a single number, which training can make small.
    pub fn has_loss(&self) -> bool {
        self.result.shapes.first().is_some_and(|(shape, _)| shape.is_empty())
    }

    /// The data that it is called with.
    pub fn inputs(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(|a| !a.role.is_kept())
    }

    /// All names of values in the body: those of `let`s, and what values of callees are called.
    pub fn names(&self) -> HashSet<String> {
        let mut names = self.inlined.clone();
        self.body.names(&mut names);
        names
    }

    /// Every call in the body, from the outside in.
    pub fn calls(&self) -> Vec<&Call> {
        let mut calls = Vec::new();
        self.body.calls(&mut calls);
        self.given.iter().for_each(|(_, value)| value.calls(&mut calls));
        calls
    }
}

impl Block {
    /// All names that `let`s give, those in inner blocks as well.
    pub fn names(&self, names: &mut HashSet<String>) {
        for binding in &self.lets {
            names.extend(binding.names().map(plain));
            binding.value.names(names);
        }
        self.result.names(names);
    }

    fn calls<'a>(&'a self, calls: &mut Vec<&'a Call>) {
        self.lets.iter().for_each(|l| l.value.calls(calls));
        self.result.calls(calls);
    }
}

impl Let {
    pub fn names(&self) -> impl Iterator<Item = &Ident> {
        self.names.iter().flatten()
    }
}

impl Expr {
    fn calls<'a>(&'a self, calls: &mut Vec<&'a Call>) {
        match &self.kind {
            ExprKind::Block(block) => block.calls(calls),
            ExprKind::Call(call) => {
                calls.push(call);
                call.arguments.iter().for_each(|a| a.calls(calls));
            }
            ExprKind::Tuple(all) | ExprKind::List(all) => all.iter().for_each(|e| e.calls(calls)),
            ExprKind::For(turns) => turns.body.calls(calls),
            ExprKind::If(choice) => choice.parts().for_each(|e| e.calls(calls)),
            ExprKind::Name(_) | ExprKind::Number(_) => {}
        }
    }

    fn names(&self, names: &mut HashSet<String>) {
        match &self.kind {
            ExprKind::Block(block) => block.names(names),
            ExprKind::Call(call) => call.arguments.iter().for_each(|a| a.names(names)),
            ExprKind::Tuple(all) | ExprKind::List(all) => all.iter().for_each(|e| e.names(names)),
            ExprKind::For(turns) => turns.body.names(names),
            ExprKind::If(choice) => choice.parts().for_each(|e| e.names(names)),
            ExprKind::Name(_) | ExprKind::Number(_) => {}
        }
    }
}

impl If {
    fn parts(&self) -> impl Iterator<Item = &Expr> {
        let flag = match &self.condition {
            Condition::Flag(flag) => Some(flag),
            Condition::Literal(_) | Condition::Sizes(..) => None,
        };
        flag.into_iter().chain([&self.then, &self.otherwise])
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Condition::Literal(value) => write!(f, "{value}"),
            Condition::Sizes(op, a, b) => write!(f, "{op}({a}, {b})"),
            Condition::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

impl fmt::Display for Model {
    /// The signature, then a line for each `let`, then the result; every operation as a call.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let groups = self.groups.iter().map(|g| format!("{}: {}", g.name, path_text(&g.network)));
        let arguments: Vec<String> = self.arguments.iter().map(Argument::to_string).chain(groups).collect();
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
        self.lets.iter().try_for_each(|l| writeln!(f, "{l}"))?;
        write!(f, "{}", self.result)
    }
}

impl fmt::Display for Let {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let names: Vec<String> = self.names.iter().map(|n| n.as_ref().map_or("_".into(), Ident::to_string)).collect();
        match self.tuple {
            true => write!(f, "let ({}) = {};", names.join(", "), self.value),
            false => write!(f, "let {} = {};", names.join(", "), self.value),
        }
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
            ExprKind::For(turns) => {
                let index = turns.index.as_ref().map_or("_".into(), Ident::to_string);
                write!(f, "for {index} in 0..{} {{ {} }}", turns.count, turns.body)
            }
            ExprKind::If(choice) => {
                let If { condition, then, otherwise, .. } = &**choice;
                write!(f, "if {condition} {{ {then} }} else {{ {otherwise} }}")
            }
        }
    }
}

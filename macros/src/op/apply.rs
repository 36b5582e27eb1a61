//! A call becomes nodes: shape inference and construction. In come an entry and its arguments in a graph, out comes the
//! result; every broadcast is then a node, and arithmetic on constants is done.

use super::{Family, Last, Meaning, Op, Takes, known, rule};
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Dtype, Graph, Id, Kind, kept_axes};
use crate::ir::model::Setting;

/// The options of a call, by name.
#[derive(Clone, Debug, Default)]
pub struct Settings(Vec<(String, Setting)>);

/// Why arguments don't fit, for the caller to put into the user's words: `{0}` and `{1}` stand for the arguments.
#[derive(Clone, Debug)]
pub struct Mismatch {
    pub text: String,
    pub hint: Option<String>,
    pub at: At,
}

/// What a mismatch is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Call,
    Operand(usize),
    Option(&'static str),
}

/// A name of the surface: the operation and what the name settles already.
#[derive(Clone, Copy)]
pub struct Spelled {
    pub op: &'static Op,
    /// `sum_axis`: an axis has to follow.
    pub needs_axis: bool,
    /// `sum_axis_keep`.
    pub keeps: bool,
}

/// What `name` means with so many arguments; `max` of one is the reduction.
pub fn spelled(name: &str, arguments: usize) -> Option<Spelled> {
    let meant = match (name, arguments) {
        ("max", 1) => "reduce_max",
        ("min", 1) => "reduce_min",
        _ => name,
    };
    let op = super::find(meant)?;
    let alias = op.name != meant && op.options.contains(&"axis");
    let keeps = alias && meant.ends_with("_axis_keep");
    Some(Spelled { op, needs_axis: keeps || alias && meant.ends_with("_axis"), keeps })
}

/// The operation `name` without options.
pub fn call(graph: &mut Graph, name: &str, args: &[Id]) -> Result<Id, Mismatch> {
    apply(graph, known(name), args, &Settings::default())
}

/// The result of `op` on `args`.
pub fn apply(graph: &mut Graph, op: &'static Op, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let args = &complete(graph, op, args, settings)[..];
    match op.meaning {
        Meaning::Map { takes, gives } => map(graph, op, args, takes, gives),
        Meaning::Composite { keeps, .. } => composite(graph, op, args[0], keeps, settings),
        Meaning::Built(build) => {
            let numeric = matches!(op.family, Family::Reduce | Family::Linear);
            match args.iter().position(|&a| numeric && graph.node(a).dtype != Dtype::Real) {
                Some(at) => Err(Mismatch::dtype(op.name, graph, args, at)),
                None => {
                    let before = graph.len();
                    build(graph, args, settings).map(|made| rule::applied(op.name, graph, before, made))
                }
            }
        }
    }
}

/// The arguments, those that were left out by their settings or defaults.
fn complete(graph: &mut Graph, op: &Op, args: &[Id], settings: &Settings) -> Vec<Id> {
    let missing = op.args[args.len().min(op.args.len())..].iter();
    let left_out: Vec<Id> = missing.map(|name| left_out(graph, op, name, settings)).collect();
    [args, &left_out].concat()
}

/// An argument that does not stand among the others.
pub fn left_out(graph: &mut Graph, op: &Op, name: &str, settings: &Settings) -> Id {
    let default = op.defaults.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
    let value = settings.number(name).or(default);
    graph.constant(value.unwrap_or_else(|| panic!("`{}` is called without `{name}`", op.name)))
}

fn map(graph: &mut Graph, op: &'static Op, args: &[Id], takes: Takes, gives: Dtype) -> Result<Id, Mismatch> {
    let mut args = args.to_vec();
    check_constant(graph, op, &args)?;
    if let (Last::Whole, Some(last)) = (op.last, args.last_mut()) {
        // There is one whole 0, where floating point has two.
        let whole = graph.as_constant(*last).expect("checked above") + 0.0;
        *last = graph.constant(whole);
    }
    if takes == Takes::MaskFirst && graph.node(args[0]).dtype == Dtype::Real {
        let zero = graph.constant(0.0);
        args[0] = call(graph, "ne", &[args[0], zero])?;
    }
    check_dtypes(graph, op, &args, takes)?;
    let shape = common_shape(graph, op, &args)?;
    if gives == Dtype::Real
        && let Some(values) = args.iter().map(|&a| graph.as_constant(a)).collect::<Option<Vec<f64>>>()
    {
        let folded = graph.constant((op.value)(&values));
        return Ok(graph.broadcast_to(folded, &shape));
    }
    let args = args.iter().map(|&a| graph.broadcast_to(a, &shape)).collect();
    Ok(graph.map(op.name, args, gives))
}

fn check_constant(graph: &Graph, op: &Op, args: &[Id]) -> Result<(), Mismatch> {
    let last = args.len() - 1;
    let complaint = match (op.last, graph.as_constant(args[last])) {
        (Last::Array, _) | (Last::Number, Some(_)) => return Ok(()),
        (Last::Whole, Some(n)) if n.fract() == 0.0 && n.abs() <= f64::from(i32::MAX) => return Ok(()),
        (Last::Whole, Some(_)) => "a whole power; write `powf` for any other",
        _ => "a number that is written out",
    };
    let Op { name, args, .. } = op;
    Err(Mismatch::new(format!("`{name}({})` needs {complaint}", args.join(", "))).at(At::Operand(last)))
}

fn check_dtypes(graph: &Graph, op: &Op, args: &[Id], takes: Takes) -> Result<(), Mismatch> {
    let found: Vec<Dtype> = args.iter().map(|&a| graph.node(a).dtype).collect();
    let wanted = |position: usize| match takes {
        Takes::MaskFirst if position == 0 => Dtype::Mask,
        Takes::Masks => Dtype::Mask,
        Takes::Each(kinds) => kinds[position],
        Takes::Comparable if found.iter().all(|d| *d == Dtype::Index) => Dtype::Index,
        _ => Dtype::Real,
    };
    match (0..found.len()).find(|&position| found[position] != wanted(position)) {
        Some(position) => Err(Mismatch::dtype(op.name, graph, args, position)),
        None => Ok(()),
    }
}

fn composite(graph: &mut Graph, op: &'static Op, x: Id, keeps: bool, settings: &Settings) -> Result<Id, Mismatch> {
    if graph.node(x).dtype != Dtype::Real {
        return Err(Mismatch::dtype(op.name, graph, &[x], 0));
    }
    let shape = graph.shape(x).clone();
    let axes = match settings.axes(&shape)? {
        Some(axes) => axes,
        None if !keeps => (0..shape.len()).collect(),
        None if shape.is_empty() => {
            return Err(Mismatch::new(format!("`{}` needs an axis, but {{0}} is a single number", op.name)));
        }
        None => vec![shape.len() - 1],
    };
    let result = if keeps { shape.clone() } else { kept_axes(shape.len(), &axes).map(|a| shape[a].clone()).collect() };
    let kind = Kind::Composite { op: op.name, axes: axes.clone() };
    let node = graph.add(kind, vec![x], result, Dtype::Real);
    Ok(if !keeps && settings.flag("keepdims") { graph.keep_axes(node, &shape, &axes) } else { node })
}

/// NumPy's rule over all arguments.
fn common_shape(graph: &Graph, op: &Op, args: &[Id]) -> Result<Shape, Mismatch> {
    let mut shape = Shape::new();
    for (position, &arg) in args.iter().enumerate() {
        shape = broadcast_shape(&shape, graph.shape(arg))
            .ok_or_else(|| unbroadcastable(op, args.len(), position, &shape, graph.shape(arg)))?;
    }
    Ok(shape)
}

/// The shape that both are broadcast to: aligned at the right, equal sizes or 1.
pub fn broadcast_shape(a: &[Dim], b: &[Dim]) -> Option<Shape> {
    let rank = a.len().max(b.len());
    let one = Dim::number(1);
    let size = |shape: &[Dim], axis: usize| match (axis + shape.len()).checked_sub(rank) {
        Some(own) => shape[own].clone(),
        None => one.clone(),
    };
    (0..rank)
        .map(|axis| match (size(a, axis), size(b, axis)) {
            (a, b) if a == b || b.is_one() => Some(a),
            (a, b) => a.is_one().then_some(b),
        })
        .collect()
}

/// `earlier` is the common shape of the arguments before `position`.
fn unbroadcastable(op: &Op, count: usize, position: usize, earlier: &[Dim], shape: &[Dim]) -> Mismatch {
    let first = position.saturating_sub(1);
    let mut text = format!("cannot broadcast {{{first}}} {} with {{{position}}} {}", show(earlier), show(shape));
    if count > 2 || !matches!(op.emitted, super::Emitted::Infix(_)) {
        text = format!("{text} in `{}`", op.name);
    }
    let mismatch = Mismatch::new(text);
    let reversed: Shape = shape.iter().rev().cloned().collect();
    if shape.len() == 2 && broadcast_shape(earlier, &reversed).is_some() {
        return mismatch.hint(format!("{{{position}}} fits when it is transposed: write `.t()` after it"));
    }
    let (long, short, which) =
        if earlier.len() > shape.len() { (earlier, shape, position) } else { (shape, earlier, first) };
    if !short.is_empty() && short.len() < long.len() && long[..short.len()] == *short {
        let column: Shape = short.iter().cloned().chain(vec![Dim::number(1); long.len() - short.len()]).collect();
        let axis = short.len();
        let end = format!("axes are aligned at the end; to make {{{which}}} {}", show(&column));
        return mismatch
            .hint(format!("{end}, reduce with `keepdims = true` or write `insert_axis(.., axis = {axis})`"));
    }
    let unequal = earlier.iter().rev().zip(shape.iter().rev()).find(|(a, b)| a != b && !a.is_one() && !b.is_one());
    match unequal {
        Some((a, b)) => mismatch.rigid(a, b),
        None => mismatch,
    }
}

impl Mismatch {
    pub fn new(text: impl Into<String>) -> Self {
        Mismatch { text: text.into(), hint: None, at: At::Call }
    }

    pub fn at(self, at: At) -> Self {
        Mismatch { at, ..self }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Mismatch { hint: Some(hint.into()), ..self }
    }

    /// Two sizes that would have to be equal: the mend where one of them is a name.
    pub fn rigid(self, a: &Dim, b: &Dim) -> Self {
        match (a.as_name(), b.as_name(), a.as_number().or(b.as_number())) {
            (Some(a), Some(b), _) => {
                self.hint(format!("`{a}` and `{b}` are different sizes; use one name if they are equal"))
            }
            (Some(name), _, Some(n)) | (_, Some(name), Some(n)) => {
                self.hint(format!("`{name}` may be any size; write {n} in its place if it is always {n}"))
            }
            _ => self,
        }
    }

    /// The argument at `position` is of the wrong kind.
    pub fn dtype(name: &str, graph: &Graph, args: &[Id], position: usize) -> Self {
        let found = match graph.node(args[position]).dtype {
            Dtype::Real => "numbers",
            Dtype::Index => "indices",
            Dtype::Mask => "a mask",
            Dtype::Seed => "a seed",
        };
        let wanted = match known(name).meaning {
            Meaning::Map { takes: Takes::MaskFirst, .. } if position == 0 => "a mask",
            Meaning::Map { takes: Takes::Masks, .. } => "a mask",
            _ => "numbers",
        };
        let mismatch = Mismatch::new(format!("`{name}` takes {wanted} here, but {{{position}}} holds {found}"));
        let mismatch = mismatch.at(At::Operand(position));
        match found {
            "a seed" => mismatch.hint("a seed is for what is random, such as `dropout`"),
            "a mask" => mismatch.hint(format!("choose by it: `select({{{position}}}, a, b)`")),
            "numbers" if wanted == "a mask" => mismatch.hint(format!("compare {{{position}}} with a number")),
            _ => mismatch,
        }
    }
}

impl Settings {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, setting)| setting)
    }

    pub fn set(&mut self, name: impl Into<String>, setting: Setting) {
        self.0.push((name.into(), setting));
    }

    /// Sets an option that may be set already.
    pub fn replace(&mut self, name: &str, setting: Setting) {
        self.0.retain(|(n, _)| n != name);
        self.set(name, setting);
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            Some(Setting::Number(value)) => Some(*value),
            _ => None,
        }
    }

    /// A whole number within `least..`, or `otherwise` where it is left out.
    pub fn whole(&self, name: &'static str, least: i64, otherwise: i64) -> Result<i64, Mismatch> {
        self.pair(name, least, otherwise).map(|[first, _]| first)
    }

    /// A whole number for both of two axes, or a list of one for each.
    pub fn pair(&self, name: &'static str, least: i64, otherwise: i64) -> Result<[i64; 2], Mismatch> {
        let wanted = || Mismatch::new(format!("`{name}` takes whole numbers from {least} on")).at(At::Option(name));
        let one = |setting: &Setting| match setting {
            Setting::Number(n) if n.fract() == 0.0 && *n >= least as f64 && *n <= f64::from(i32::MAX) => Ok(*n as i64),
            _ => Err(wanted()),
        };
        match self.get(name) {
            None => Ok([otherwise; 2]),
            Some(Setting::List(list)) if list.len() == 2 => Ok([one(&list[0])?, one(&list[1])?]),
            Some(setting) => one(setting).map(|n| [n; 2]),
        }
    }

    /// A dimension: a number, a name, or an expression of them.
    pub fn dim(&self, name: &'static str) -> Result<Option<Dim>, Mismatch> {
        let wanted = || Mismatch::new(format!("`{name}` takes a size")).at(At::Option(name));
        self.get(name).map(|setting| as_dim(setting).ok_or_else(wanted)).transpose()
    }

    /// Dimensions: a list, or a single one.
    pub fn dims(&self, name: &'static str) -> Result<Vec<Dim>, Mismatch> {
        let wanted = |example: &str| Mismatch::new(format!("`{name}` takes a list{example}")).at(At::Option(name));
        let list = match self.get(name) {
            None => return Err(Mismatch::new(format!("`{name} = [..]` is missing"))),
            Some(Setting::List(list)) => list.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        list.iter().map(as_dim).collect::<Option<_>>().ok_or_else(|| wanted(" of sizes, as in `[N, 4]`"))
    }

    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(&Setting::Flag(true))
    }

    /// The option `axis` as ascending axes of `shape`.
    pub fn axes(&self, shape: &[Dim]) -> Result<Option<Vec<usize>>, Mismatch> {
        let list = match self.get("axis") {
            None => return Ok(None),
            Some(Setting::List(list)) => list.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        let mut axes = list.iter().map(|one| axis_of(one, shape)).collect::<Result<Vec<usize>, Mismatch>>()?;
        axes.sort_unstable();
        match axes.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(Mismatch::new("an axis is named twice").at(At::Option("axis"))),
            false => Ok(Some(axes)),
        }
    }
}

/// A size; negative numbers are for the caller to judge.
fn as_dim(setting: &Setting) -> Option<Dim> {
    match setting {
        Setting::Number(n) if n.fract() == 0.0 && n.abs() <= f64::from(i32::MAX) => Some(Dim::number(*n as i64)),
        Setting::Name(name) => Some(Dim::name(name.clone())),
        Setting::Dim(dim) => Some(dim.clone()),
        _ => None,
    }
}

/// A number as an axis below `rank`, from the end where it is negative.
pub fn axis_number(setting: &Setting, rank: usize) -> Option<usize> {
    let Setting::Number(n) = setting else { return None };
    let axis = if *n < 0.0 { n + rank as f64 } else { *n };
    (axis.fract() == 0.0 && axis >= 0.0 && axis < rank as f64).then_some(axis as usize)
}

fn axis_of(setting: &Setting, shape: &[Dim]) -> Result<usize, Mismatch> {
    let shown = show(shape);
    let text = match setting {
        Setting::Name(name) => {
            let mut named = (0..shape.len()).filter(|&axis| shape[axis].as_name() == Some(name));
            match (named.next(), named.next()) {
                (Some(axis), None) => return Ok(axis),
                (None, _) => format!("no axis of {{0}} {shown} is `{name}`"),
                (Some(_), Some(_)) => format!("several axes of {{0}} {shown} are `{name}`: give the axis as a number"),
            }
        }
        Setting::Number(n) => match axis_number(setting, shape.len()) {
            Some(axis) => return Ok(axis),
            None if shape.is_empty() => "{0} is a single number and has no axis".to_string(),
            None => format!("{{0}} {shown} has no axis {n}: its axes are 0 to {}", shape.len() - 1),
        },
        _ => "an axis is a number or the name of a dimension".to_string(),
    };
    Err(Mismatch::new(text).at(At::Option("axis")))
}

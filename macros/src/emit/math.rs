//! The mathematics of a node as one line of text: `sigmoid(x·w + b)`.

use crate::ir::along::Along;
use crate::ir::dim::Dim;
use crate::ir::graph::{Fold, Graph, Id, Kind, Letters};
use crate::op::{self, Emitted};

/// Above this many characters, a formula is cut.
const LONGEST: usize = 160;

/// The formula of `id`; an operand that `named` knows goes by its name, others are written out.
pub fn formula(graph: &Graph, id: Id, named: &dyn Fn(Id) -> Option<String>) -> String {
    let text = Math { graph, named }.node(id, 12).0;
    match text.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// How strongly a text holds together: sums least, names and calls most.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Bond {
    Compare,
    Sum,
    Product,
    Atom,
}

struct Math<'a> {
    graph: &'a Graph,
    named: &'a dyn Fn(Id) -> Option<String>,
}

impl Math<'_> {
    fn operand(&self, id: Id, depth: usize) -> (String, Bond) {
        match (self.named)(id) {
            Some(name) => (name, Bond::Atom),
            None if depth == 0 => ("…".into(), Bond::Atom),
            None => self.node(id, depth - 1),
        }
    }

    fn at_least(&self, id: Id, bond: Bond, depth: usize) -> String {
        let (text, own) = self.operand(id, depth);
        if own < bond { format!("({text})") } else { text }
    }

    fn node(&self, id: Id, depth: usize) -> (String, Bond) {
        let node = self.graph.node(id);
        match &node.kind {
            Kind::Arg(index) => (self.graph.arguments[*index].name.clone(), Bond::Atom),
            Kind::Const(bits) => number(f64::from_bits(*bits)),
            Kind::Size(dim) => size(dim),
            Kind::Iota { axis } => (format!("position in {}", node.shape[*axis]), Bond::Atom),
            Kind::Broadcast { .. } | Kind::Reshape | Kind::Given(_) => self.operand(node.args[0], depth),
            Kind::Permute { .. } => (format!("{}ᵀ", self.at_least(node.args[0], Bond::Atom, depth)), Bond::Atom),
            Kind::Reduce { fold, axes } => (self.reduction(node.args[0], *fold, axes, depth), Bond::Atom),
            Kind::Contract(letters) => (self.contraction(&node.args, letters, depth), Bond::Product),
            Kind::Along { op, .. } => (self.along(op, &node.args, depth), Bond::Atom),
            Kind::Scan(scan) => (format!("{} turns", scan.count), Bond::Atom),
            Kind::Part(_) => (node.note.name.as_deref().unwrap_or("a part").to_string(), Bond::Atom),
            Kind::Composite { op, .. } => (format!("{op}({})", self.operand(node.args[0], depth).0), Bond::Atom),
            Kind::Map(op) => self.elementwise(op, &node.args, depth),
        }
    }

    fn reduction(&self, arg: Id, fold: Fold, axes: &[usize], depth: usize) -> String {
        let shape = self.graph.shape(arg);
        let over: Vec<String> = axes.iter().map(|&k| shape[k].to_string()).collect();
        let word = match fold {
            Fold::Sum => "Σ",
            Fold::Max => "max",
            Fold::Min => "min",
            Fold::Prod => "Π",
        };
        format!("{word}[{}]({})", over.join(", "), self.operand(arg, depth).0)
    }

    /// `x[2..]` for a slice, a word for what has no notation.
    fn along(&self, op: &Along, args: &[Id], depth: usize) -> String {
        let all: Vec<String> = args.iter().map(|&a| self.operand(a, depth).0).collect();
        let x = || self.at_least(args[0], Bond::Atom, depth);
        match op {
            Along::Slice { start, step: 1 } => format!("{}[{start}..]", x()),
            Along::Slice { start, step } => format!("{}[{start}.. by {step}]", x()),
            Along::Gather => format!("{}[{}]", x(), all[1]),
            Along::Pad { .. } => format!("pad({})", all[0]),
            Along::Concat => format!("[{}]", all.join("; ")),
            Along::Scatter => format!("scatter({})", all.join(", ")),
            Along::Windows { .. } => format!("windows({})", all[0]),
            Along::Overlap { .. } => format!("overlap({})", all[0]),
            Along::Cumulate { .. } => format!("cumsum({})", all[0]),
            Along::Extremum(Fold::Min) => format!("argmin {}", x()),
            Along::Extremum(_) => format!("argmax {}", x()),
        }
    }

    fn contraction(&self, args: &[Id], letters: &Letters, depth: usize) -> String {
        let side = |id: Id, turned: bool| {
            let text = self.at_least(id, Bond::Atom, depth);
            if turned { format!("{text}ᵀ") } else { text }
        };
        let out = |l: Option<&u8>| l.is_some_and(|l| letters.out.contains(l));
        let swapped = letters.out.len() > 1 && !letters.a.contains(&letters.out[0]);
        let turn_a = letters.a.len() > 1 && out(letters.a.last()) && !out(letters.a.first());
        let turn_b = letters.b.len() > 1 && out(letters.b.first()) && !out(letters.b.last());
        match swapped {
            false => format!("{}·{}", side(args[0], turn_a), side(args[1], turn_b)),
            true => format!("{}·{}", side(args[1], !turn_b), side(args[0], !turn_a)),
        }
    }

    fn elementwise(&self, name: &str, args: &[Id], depth: usize) -> (String, Bond) {
        let Some(op) = op::find(name) else { return self.operand(args[0], depth) };
        match op.emitted {
            Emitted::Infix(sign) => self.infix(sign, args, depth),
            Emitted::Prefix(_) => (format!("−{}", self.at_least(args[0], Bond::Product, depth)), Bond::Product),
            _ => {
                let filled = op.args.iter().zip(args).fold(op.math.to_string(), |text, (arg, id)| {
                    let hole = format!("{{{arg}}}");
                    // A call's parentheses hold its arguments together; elsewhere they need their own.
                    let inside_call = op.math.contains('(');
                    let bond = if inside_call { Bond::Compare } else { Bond::Atom };
                    text.replace(&hole, &self.at_least(*id, bond, depth))
                });
                (filled, if op.math.contains(" ? ") { Bond::Compare } else { Bond::Atom })
            }
        }
    }

    fn infix(&self, sign: &str, args: &[Id], depth: usize) -> (String, Bond) {
        let (shown, bond, right) = match sign {
            "+" => ("+", Bond::Sum, Bond::Sum),
            "-" => ("−", Bond::Sum, Bond::Product),
            "*" => ("·", Bond::Product, Bond::Product),
            "/" => ("/", Bond::Product, Bond::Atom),
            other => (other, Bond::Compare, Bond::Sum),
        };
        let left = if bond == Bond::Compare { Bond::Sum } else { bond };
        let text = format!("{} {shown} {}", self.at_least(args[0], left, depth), self.at_least(args[1], right, depth));
        (text, bond)
    }
}

fn number(value: f64) -> (String, Bond) {
    (format!("{value}"), if value < 0.0 { Bond::Sum } else { Bond::Atom })
}

fn size(dim: &Dim) -> (String, Bond) {
    let bond = match (dim.as_name(), dim.terms().len()) {
        (Some(_), _) => Bond::Atom,
        (None, 1) => Bond::Product,
        _ => Bond::Sum,
    };
    (dim.to_string().replace('*', "·"), bond)
}

/// A number of elements for people: `N · 13`.
pub fn count(shape: &[Dim]) -> String {
    let dims: Vec<String> = shape.iter().map(Dim::to_string).collect();
    if dims.is_empty() { "1".into() } else { dims.join(" · ") }
}

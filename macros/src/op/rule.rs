//! The text of a rule becomes nodes: the one notation, with names bound to nodes of a graph. A text that does not fit is
//! a mistake in the table, which its tests find.

use super::apply::{self, Mismatch, Settings};
use crate::ir::graph::{Graph, Id};
use crate::ir::model::{Block, Call, Expr, ExprKind, Setting};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What the names of a text stand for.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    names: Vec<(String, Id)>,
    pub axes: Option<Vec<usize>>,
}

impl Bindings {
    pub fn new(names: &[&str], ids: &[Id]) -> Self {
        let names = names.iter().map(|n| n.to_string()).zip(ids.iter().copied()).collect();
        Bindings { names, axes: None }
    }

    pub fn over(self, axes: &[usize]) -> Self {
        Bindings { axes: Some(axes.to_vec()), ..self }
    }

    /// A later binding shadows an earlier one.
    pub fn bind(&mut self, name: &str, id: Id) {
        self.names.push((name.to_string(), id));
    }

    pub fn get(&self, name: &str) -> Option<Id> {
        self.names.iter().rev().find(|(n, _)| n == name).map(|(_, id)| *id)
    }
}

thread_local! {
    /// Texts that were parsed already.
    static PARSED: RefCell<HashMap<&'static str, Rc<Expr>>> = RefCell::default();
}

/// The expression of a text in the table.
pub fn parsed(text: &'static str) -> Rc<Expr> {
    let known = PARSED.with_borrow(|parsed| parsed.get(text).cloned());
    known.unwrap_or_else(|| {
        let expr = Rc::new(parse(text));
        PARSED.with_borrow_mut(|parsed| parsed.insert(text, expr.clone()));
        expr
    })
}

/// An expansion begins. What another one has parsed is of no use: an expression holds places in the source, which last no
/// longer than the expansion.
pub fn forget() {
    PARSED.with_borrow_mut(HashMap::clear);
}

/// The same, of a text that is read once.
pub fn parse(text: &str) -> Expr {
    crate::parse::parse_expr(text).unwrap_or_else(|e| panic!("the rule `{text}` is no expression: {e}"))
}

/// The part of an entry that defines a composite, among the positions of its derivatives.
pub const DEFINITION: usize = 100;
/// The part of an identity that is put in place of the other.
pub const RIGHT_SIDE: usize = 101;
/// A text that a rule in Rust writes; it goes by itself.
pub const WRITTEN: usize = 102;

/// The text of a part of an entry or an identity; tests put a broken one in its place.
#[cfg(not(test))]
pub fn current(_owner: &str, _part: usize, text: &'static str) -> &'static str {
    text
}

/// What a rule has made of a graph that had `before` nodes; tests break it where the rule has no text. A rule goes by its
/// name, or by its text up to the `=`.
#[cfg(not(test))]
pub fn applied(_rule: &str, _graph: &mut Graph, _before: usize, made: Id) -> Id {
    made
}

#[cfg(test)]
pub use crate::tests::mutations::{applied, current};

/// The nodes of a text.
pub fn write(graph: &mut Graph, text: &'static str, bindings: &Bindings) -> Id {
    instantiate(graph, &parsed(current(text, WRITTEN, text)), bindings)
}

/// The nodes of an expression.
pub fn instantiate(graph: &mut Graph, expr: &Expr, bindings: &Bindings) -> Id {
    match &expr.kind {
        ExprKind::Name(name) => {
            bindings.get(name).unwrap_or_else(|| panic!("a rule names `{name}`, which is not bound"))
        }
        ExprKind::Number(value) => graph.constant(*value),
        ExprKind::Call(call) => instantiate_call(graph, call, bindings),
        ExprKind::Block(block) => instantiate_block(graph, block, bindings),
        ExprKind::Tuple(_) | ExprKind::List(_) | ExprKind::For(_) | ExprKind::If(_) => panic!("a rule gives one value"),
    }
}

fn instantiate_block(graph: &mut Graph, block: &Block, bindings: &Bindings) -> Id {
    let mut inner = bindings.clone();
    for bound in &block.lets {
        let value = instantiate(graph, &bound.value, &inner);
        bound.names().for_each(|name| inner.bind(&name.to_string(), value));
    }
    instantiate(graph, &block.result, &inner)
}

fn instantiate_call(graph: &mut Graph, call: &Call, bindings: &Bindings) -> Id {
    let args: Vec<Id> = call.arguments.iter().map(|a| instantiate(graph, a, bindings)).collect();
    let mut settings = Settings::default();
    for option in &call.options {
        settings.set(&option.name, resolved(&option.value, bindings));
    }
    let spelled = apply::spelled(&call.op, args.len()).unwrap_or_else(|| panic!("a rule calls `{}`", call.op));
    apply::apply(graph, spelled.op, &args, &settings)
        .unwrap_or_else(|Mismatch { text, .. }| panic!("a rule does not fit: {text}, in `{}`", call.op))
}

/// `axis = axis` is the axes that are bound.
fn resolved(setting: &Setting, bindings: &Bindings) -> Setting {
    match (setting, &bindings.axes) {
        (Setting::Name(name), Some(axes)) if name == "axis" => {
            Setting::List(axes.iter().map(|&a| Setting::Number(a as f64)).collect())
        }
        _ => setting.clone(),
    }
}

/// A text on one line, for people.
pub fn on_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

//! `if`. What is decided while the model is compiled leaves nothing but the branch that is taken, and the other one is not
//! looked at. A network that compares its sizes is lowered anew where it is called, where more is known of them. A flag
//! selects one of two values.

use super::call::NetworkCall;
use super::solve::{Sizes, dim, shape};
use super::{Lowering, Origin, Step};
use crate::error::{Place, error};
use crate::ir::dim::{Dim, show};
use crate::ir::graph::Dtype;
use crate::ir::model::{Block, CallOption, Condition, Expr, ExprKind, If, Model, Network, Role, Setting};
use crate::op::apply;

impl<'m> Lowering<'m> {
    pub fn choose(&mut self, expr: &'m Expr, choice: &'m If) {
        let decided = match &choice.condition {
            Condition::Literal(value) => Ok(*value),
            Condition::Sizes(op, a, b) => self.compared(op, a, b),
            Condition::Flag(flag) if self.is_flag(flag) => {
                self.steps.push(Step::Select(choice));
                return self.steps.extend([&choice.otherwise, &choice.then, flag].map(Step::Visit));
            }
            Condition::Flag(_) => {
                let advice = "use `select(condition, a, b)`, `max`, `relu` or `abs`";
                let text = format!("`if` on values is not differentiable and not supported: {advice}");
                return self.fail(error(choice.place, text));
            }
        };
        match decided {
            Ok(true) => self.steps.push(Step::Visit(&choice.then)),
            Ok(false) => self.steps.push(Step::Visit(&choice.otherwise)),
            Err(text) => self.fail(error(choice.place.to(Place { end: choice.place.end, ..expr.place }), text)),
        }
    }

    /// Names are different sizes, unless something says that they are equal; what is taken for different is noted.
    fn compared(&mut self, op: &str, a: &Dim, b: &Dim) -> Result<bool, String> {
        let [known_a, known_b] = [a, b].map(|size| dim(&self.model.known, size));
        let is_open = (&known_a - &known_b).as_number().is_none();
        if is_open && matches!(op, "eq" | "ne") {
            self.outermost().apart.push((a.clone(), b.clone()));
        }
        decide(op, &known_a, &known_b)
    }

    /// A single truth value that comes in from outside.
    fn is_flag(&self, condition: &Expr) -> bool {
        let ExprKind::Name(name) = &condition.kind else { return false };
        let bound = self.scope.iter().rev().find(|b| b.name == *name);
        matches!(bound.map(|b| b.origin), Some(Origin::Argument(a)) if a.role == Role::Mask && a.shape.is_empty())
    }

    /// One of two values of one shape.
    pub fn select(&mut self, choice: &'m If) {
        let values = self.values.split_off(self.values.len() - 3);
        let [Some(flag), Some(a), Some(b)] = values[..] else { return self.values.push(None) };
        let [then, otherwise] = [a, b].map(|id| self.graph.shape(id).clone());
        if then != otherwise || [a, b].iter().any(|id| self.graph.node(*id).dtype != Dtype::Real) {
            let shapes = format!("one is {} and the other {}", show(&then), show(&otherwise));
            let text = self.with_open(format!("both branches of an `if` have one shape, but {shapes}"));
            return self.fail(error(choice.otherwise.place, text));
        }
        let selected = apply::call(&mut self.graph, "select", &[flag, a, b]).expect("a flag spreads over any shape");
        self.values.push(Some(selected));
    }

    /// The network as it is in these sizes, if they decide anything in it.
    pub fn chosen(&mut self, planned: &NetworkCall, sizes: &Sizes) -> syn::Result<Option<Network>> {
        if !compares(&planned.network.model) {
            return Ok(None);
        }
        let known: Sizes = sizes.iter().map(|(name, size)| (name.clone(), dim(&self.model.known, size))).collect();
        let mut model = planned.network.model.clone();
        rename(&mut model, &equal(&known));
        model.known = known;
        let graph = super::lower(&model).map_err(|inner| {
            let text = format!("in `{}` with these sizes: {inner}", planned.name());
            error(planned.expr.place, text)
        })?;
        let apart = graph.apart.iter().map(|(a, b)| (dim(sizes, a), dim(sizes, b)));
        self.outermost().apart.extend(apart.collect::<Vec<_>>());
        Ok(Some(Network { model, graph }))
    }
}

fn decide(op: &str, a: &Dim, b: &Dim) -> Result<bool, String> {
    let difference = a - b;
    match (op, difference.as_number()) {
        ("eq", number) => Ok(number == Some(0)),
        ("ne", number) => Ok(number != Some(0)),
        ("lt", Some(number)) => Ok(number < 0),
        ("le", Some(number)) => Ok(number <= 0),
        ("gt", Some(number)) => Ok(number > 0),
        ("ge", Some(number)) => Ok(number >= 0),
        _ => Err(format!("which of {a} and {b} is greater is not known while this is compiled: `if` compares numbers")),
    }
}

/// Whether a network, or one in it, compares sizes.
fn compares(model: &Model) -> bool {
    let mut found = false;
    let mut look = |expr: &mut Expr| {
        found |= matches!(&expr.kind, ExprKind::If(choice) if matches!(choice.condition, Condition::Sizes(..)));
    };
    each(&mut model.body.clone(), &mut look);
    found || model.callees.values().any(|network| compares(&network.model))
}

/// Of names that stand for one size, all become the first.
fn equal(known: &Sizes) -> Sizes {
    let first = |size: &Dim| known.iter().find(|(_, other)| *other == size).map(|(name, _)| Dim::name(&**name));
    known.iter().filter_map(|(name, size)| Some((name.clone(), first(size)?))).collect()
}

/// Puts other names in the place of dimensions.
fn rename(model: &mut Model, names: &Sizes) {
    model.arguments.iter_mut().for_each(|a| a.shape = shape(names, &a.shape));
    model.result.shapes.iter_mut().for_each(|(s, _)| *s = shape(names, s));
    let stacks = model.arguments.iter_mut().flat_map(|a| &mut a.stacks);
    stacks.for_each(|stack| stack.count = dim(names, &stack.count));
    let dims =
        model.groups.iter_mut().flat_map(|g| g.dims.iter_mut().chain(&mut g.sizes).flatten().chain(&mut g.count));
    dims.for_each(|d| *d = dim(names, d));
    each(&mut model.body, &mut |expr| match &mut expr.kind {
        ExprKind::Call(call) => {
            call.options.iter_mut().for_each(|o: &mut CallOption| rename_setting(&mut o.value, names))
        }
        ExprKind::For(turns) => {
            turns.count = dim(names, &turns.count);
            rename_lets(&mut turns.body, names);
        }
        ExprKind::Block(block) => rename_lets(block, names),
        _ => {}
    });
    rename_lets(&mut model.body, names);
}

fn rename_lets(block: &mut Block, names: &Sizes) {
    let shapes = block.lets.iter_mut().filter_map(|l| l.shape.as_mut());
    shapes.for_each(|(s, _)| *s = shape(names, s));
}

fn rename_setting(setting: &mut Setting, names: &Sizes) {
    match setting {
        Setting::Name(name) => {
            if let Some(new) = names.get(name.as_str()).and_then(Dim::as_name) {
                *name = new.to_string();
            }
        }
        Setting::Dim(size) => *size = dim(names, size),
        Setting::List(all) => all.iter_mut().for_each(|s| rename_setting(s, names)),
        Setting::Number(_) | Setting::Flag(_) | Setting::Text(_) => {}
    }
}

/// Visits every expression of a block.
fn each(block: &mut Block, visit: &mut dyn FnMut(&mut Expr)) {
    block.lets.iter_mut().for_each(|l| each_in(&mut l.value, visit));
    each_in(&mut block.result, visit);
}

fn each_in(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    visit(expr);
    match &mut expr.kind {
        ExprKind::Block(block) => each(block, visit),
        ExprKind::Call(call) => call.arguments.iter_mut().for_each(|a| each_in(a, visit)),
        ExprKind::Tuple(all) | ExprKind::List(all) => all.iter_mut().for_each(|e| each_in(e, visit)),
        ExprKind::For(turns) => each(&mut turns.body, visit),
        ExprKind::If(choice) => {
            each_in(&mut choice.then, visit);
            each_in(&mut choice.otherwise, visit);
        }
        ExprKind::Name(_) | ExprKind::Number(_) => {}
    }
}

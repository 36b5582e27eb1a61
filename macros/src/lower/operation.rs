//! A call of an operation: its options by name and by position, and its arity, each with what to say where it is wrong.

use super::{counted, meant};
use crate::error::{Place, error, nearest};
use crate::ir::dim::Dim;
use crate::ir::model::{Call, Expr, ExprKind, Group, Model, Setting, Spelling};
use crate::op::Family;
use crate::op::apply::{Settings, Spelled};

/// A call whose name, arity and options are right.
pub struct Planned<'m> {
    pub expr: &'m Expr,
    pub call: &'m Call,
    pub spelled: Spelled,
    pub operands: &'m [Expr],
    pub settings: Settings,
    /// Where the axis is given, for messages.
    pub axis_place: Place,
}

impl<'m> Planned<'m> {
    pub fn options(&mut self) -> syn::Result<()> {
        let defaults = self.spelled.op.defaults.iter().map(|(name, _)| *name);
        let known: Vec<&str> = self.spelled.op.options.iter().copied().chain(defaults).collect();
        for option in &self.call.options {
            let (name, op) = (&option.name, &self.call.op);
            if !known.contains(&name.as_str()) {
                let near = nearest(name, known.iter().copied());
                let takes = match known.as_slice() {
                    [] => format!("`{op}` takes no options, but `{name}` was given"),
                    _ => format!("`{op}` has no option `{name}`; it takes {}", listed(&known)),
                };
                return Err(error(option.place, takes + &meant(near)));
            }
            let positional = &self.spelled.op.args[..self.operands.len().min(self.spelled.op.args.len())];
            if self.settings.get(name).is_some() || positional.contains(&name.as_str()) {
                return Err(error(option.place, format!("`{name}` is given twice")));
            }
            let array =
                self.spelled.op.family == Family::Normalisation && self.spelled.op.args.contains(&name.as_str());
            let named = array && matches!(option.value, Setting::Name(_));
            if let Some(wanted) = misfit(name, &option.value).filter(|_| !named) {
                return Err(error(option.place, format!("`{name}` takes {wanted}")));
            }
            if name == "axis" {
                self.axis_place = option.place;
            }
            self.settings.set(name, option.value.clone());
        }
        Ok(())
    }

    /// `sum_axis(x, 0)`, `softmax(x, K)`, `slice(x, 0, 1, 3)`: what stands after the arguments are options in order.
    pub fn positional_options(&mut self, takes: usize) -> syn::Result<()> {
        let op = self.spelled.op;
        let most = match op.repeats {
            // Only a number is no array.
            true => self.operands.iter().take_while(|e| !matches!(e.kind, ExprKind::Number(_))).count(),
            false => takes.min(self.operands.len()),
        };
        let (operands, more) = self.operands.split_at(most);
        let free = op.positional.iter().filter(|name| op.options.contains(name) && self.settings.get(name).is_none());
        let free: Vec<&&str> = free.collect();
        if more.is_empty() || more.len() > free.len() {
            return Ok(());
        }
        for (name, expr) in free.into_iter().zip(more) {
            let wanted = || match *name {
                "axis" => format!("the axis of `{}` is a number or the name of a dimension", self.call.op),
                _ => format!("`{name}` takes {}", accepted(name)),
            };
            let value = setting(expr).filter(|value| fits(name, value)).ok_or_else(|| error(expr.place, wanted()))?;
            self.settings.set(*name, value);
            self.axis_place = expr.place;
        }
        self.operands = operands;
        Ok(())
    }

    /// A size that an option names is one of the model's.
    pub fn known_dimensions(&self, model: &Model) -> syn::Result<()> {
        if self.settings.is_empty() {
            return Ok(());
        }
        let groups = model.groups.iter().flat_map(Group::written);
        let known: Vec<&str> =
            model.arguments.iter().flat_map(|a| &a.shape).chain(groups).flat_map(Dim::names).collect();
        for name in self.spelled.op.options.iter().filter(|name| **name != "axis") {
            let Some(value) = self.settings.get(name) else { continue };
            if let Some(unknown) = named(value).into_iter().find(|n| !known.contains(&n.as_str())) {
                let place = self.call.options.iter().find(|o| o.name == **name).map_or(self.axis_place, |o| o.place);
                let near = nearest(&unknown, known.iter().copied());
                let hint = near.map_or(String::new(), |near| format!(": did you mean `{near}`?"));
                return Err(error(place, format!("no argument has a dimension `{unknown}`{hint}")));
            }
        }
        Ok(())
    }
}

/// The names of dimensions in an option.
fn named(value: &Setting) -> Vec<String> {
    match value {
        Setting::Name(name) => vec![name.clone()],
        Setting::Dim(dim) => dim.names().into_iter().map(str::to_string).collect(),
        Setting::List(list) => list.iter().flat_map(named).collect(),
        _ => Vec::new(),
    }
}

/// What an option takes, where this value is no such thing.
fn misfit(option: &str, value: &Setting) -> Option<&'static str> {
    (!fits(option, value)).then(|| accepted(option))
}

fn fits(option: &str, value: &Setting) -> bool {
    match option {
        "keepdims" | "causal" => matches!(value, Setting::Flag(_)),
        "equation" => matches!(value, Setting::Text(_)),
        "axis" | "axes" | "shape" | "sizes" | "start" | "end" | "before" | "after" | "classes" => {
            !matches!(value, Setting::Flag(_) | Setting::Text(_))
        }
        "size" | "stride" | "padding" | "output_padding" | "dilation" => {
            matches!(value, Setting::Number(_) | Setting::List(_))
        }
        _ => matches!(value, Setting::Number(_)),
    }
}

/// What an option takes.
fn accepted(option: &str) -> &'static str {
    match option {
        "keepdims" | "causal" => "`true` or `false`",
        "equation" => "its letters in quotes, as in `\"ij,jk->ik\"`",
        "axis" => "a number or the name of a dimension",
        "axes" => "a list of axes, as in `[1, 0]`",
        "shape" | "sizes" => "a list of sizes, as in `[N, 4]`",
        "start" | "end" | "before" | "after" | "classes" => "a number or the name of a dimension",
        "size" | "stride" | "padding" | "output_padding" | "dilation" => "a whole number, or a list of two",
        _ => "a number",
    }
}

/// An argument read as the value of an option.
fn setting(expr: &Expr) -> Option<Setting> {
    match &expr.kind {
        ExprKind::Number(value) => Some(Setting::Number(*value)),
        ExprKind::Name(name) => Some(Setting::Name(name.clone())),
        ExprKind::List(list) => list.iter().map(setting).collect::<Option<_>>().map(Setting::List),
        ExprKind::Call(call) if call.op == "neg" => match setting(&call.arguments[0])? {
            Setting::Number(value) => Some(Setting::Number(-value)),
            _ => None,
        },
        _ => dimension(expr).map(Setting::Dim),
    }
}

/// An argument read as a size: `2 * H + 1`.
fn dimension(expr: &Expr) -> Option<Dim> {
    match &expr.kind {
        ExprKind::Number(value) if value.fract() == 0.0 => Some(Dim::number(*value as i64)),
        ExprKind::Name(name) => Some(Dim::name(name.clone())),
        ExprKind::Block(block) if block.lets.is_empty() => dimension(&block.result),
        ExprKind::Call(call) if call.spelling == Spelling::Operator && call.arguments.len() == 2 => {
            let (a, b) = (dimension(&call.arguments[0])?, dimension(&call.arguments[1])?);
            match call.op.as_str() {
                "add" => Some(&a + &b),
                "sub" => Some(&a - &b),
                "mul" => Some(&a * &b),
                "div" => b.as_number().filter(|by| *by > 0).map(|by| a.quotient(by)),
                _ => None,
            }
        }
        _ => None,
    }
}

pub fn wrong_arity(expr: &Expr, call: &Call, needs: usize, takes: usize) -> syn::Error {
    // The receiver of a method is not among what stands in its parentheses.
    let receiver = usize::from(call.spelling == Spelling::Method);
    let (needs_here, takes_here) = (needs.saturating_sub(receiver), takes.saturating_sub(receiver));
    let given = call.arguments.len() - receiver;
    let wanted = if needs == takes { counted(takes_here) } else { format!("{needs_here} to {}", counted(takes_here)) };
    let text = match given {
        0 => format!("`{}` takes {}", call.op, wanted),
        1 => format!("`{}` takes {} but 1 was given", call.op, wanted),
        n => format!("`{}` takes {} but {n} were given", call.op, wanted),
    };
    match call.arguments.get(takes) {
        Some(surplus) => error(surplus.place, text),
        None => error(call.op_place.to(expr.place), text),
    }
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    quoted.join(" and ")
}

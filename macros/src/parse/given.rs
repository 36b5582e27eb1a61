//! In: a model and what its `gradient(..)` says. Out: for each input that is named, the expression of what goes back to it.

use super::{expr, signature};
use crate::error::{Errors, error};
use crate::fence;
use crate::ir::model::{COTANGENT, Expr, Model, Role, VALUE};
use proc_macro2::Ident;
use syn::ext::IdentExt;

pub fn read(model: &Model) -> syn::Result<Vec<(Ident, Expr)>> {
    let Some((first, _)) = model.options.gradient.first() else { return Ok(Vec::new()) };
    fits(model, first)?;
    let mut errors = Errors::new();
    let mut given = Vec::new();
    for (name, value) in &model.options.gradient {
        let argument = model.arguments.iter().find(|a| a.role == Role::Input && a.name.unraw() == name.unraw());
        let read = match argument {
            None => Err(signature::no_input(model, name, "gradient")),
            Some(argument) => fence::expression(value)
                .and_then(|()| expr::within(model, value))
                .map(|value| (argument.name.clone(), value)),
        };
        given.extend(read.map_err(|e| errors.push(e)).ok());
    }
    errors.finish(given)
}

/// Whether a model can have its derivative given: one value, of data alone, whose names are free.
fn fits(model: &Model, first: &Ident) -> syn::Result<()> {
    let has_params = !model.groups.is_empty() || model.arguments.iter().any(|a| a.role.is_kept());
    let own = |a: &Ident| [VALUE, COTANGENT].iter().any(|name| a.unraw() == name);
    match model.arguments.iter().find(|a| own(&a.name)) {
        _ if has_params => Err(error(
            first.span(),
            "`gradient` is for networks without parameters and states: put what needs it into one, and call that",
        )),
        _ if model.result.tuple => {
            Err(error(first.span(), "`gradient` is for networks of one value, and this one returns a tuple"))
        }
        Some(argument) => {
            let text = "`y` is the value in `gradient`, and `dy` its cotangent: give this argument another name";
            Err(error(argument.name.span(), text))
        }
        None => Ok(()),
    }
}

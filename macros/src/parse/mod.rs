//! In: the tokens of `#[network(options)] item`. Out: the model, every expression of which has a place in the user's
//! source; or what was found, with as much of the item as is needed to stand in for it.

mod dims;
mod expr;
mod given;
mod init;
mod item;
mod options;
mod signature;

use crate::error::error;
use crate::fence;
use crate::ir::model::{Expr, Model, Options};
use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::ItemFn;

/// A model that could not be read.
#[cfg_attr(test, derive(Debug))]
pub struct Failure {
    /// What was found; nothing where rustc reports the source by itself.
    pub error: Option<syn::Error>,
    pub known: Known,
}

/// How much of the item is known in spite of an error, so that its users get no errors of their own.
#[cfg_attr(test, derive(Debug))]
pub enum Known {
    Nothing,
    /// Something else than a function, to be left as it is.
    Item(TokenStream),
    /// A function whose signature is not that of a model. This one takes arguments of any type; its body is empty.
    Function(Box<ItemFn>),
    /// The signature of a model; its body is a placeholder.
    Model(Box<Model>),
}

impl Failure {
    /// The items that report what was found. Where rustc is to report the source, they make sure that it has.
    pub fn report(&self) -> TokenStream {
        match (&self.error, &self.known) {
            (Some(error), _) => error.to_compile_error(),
            (None, Known::Function(function)) => last_resort(&function.sig.ident),
            (None, Known::Model(model)) => last_resort(&model.name),
            (None, _) => TokenStream::new(),
        }
    }
}

/// A lint that rustc comes to if it has found nothing else, for syntax that is Rust and that syn cannot read.
fn last_resort(name: &Ident) -> TokenStream {
    quote_spanned! {name.span()=>
        const _: () = {
            #[must_use = "`#[network]` cannot read this function: it is written in unusual syntax"]
            const fn #name() -> bool {
                false
            }
            #[deny(unused_must_use)]
            #name();
        };
    }
}

/// Reads a network. Findings gather within a phase (options, fence, signature, body) and stop between them.
pub fn parse(options: TokenStream, item: TokenStream) -> Result<Model, Failure> {
    let options = options::read(options);
    let function = match item::read(item.clone()) {
        Ok(function) => function,
        Err(unreadable) => return Err(refused(options, *unreadable)),
    };
    phases(&options, &function, &item)
        .map_err(|error| Failure { error: Some(error), known: known(options.ok(), &function) })
}

fn refused(options: syn::Result<Options>, found: item::Unreadable) -> Failure {
    match found.known {
        Err(known) => Failure { error: found.error, known },
        Ok(function) => {
            let error = options.as_ref().err().cloned().or(found.error);
            Failure { error, known: known(options.ok(), &function) }
        }
    }
}

fn phases(options: &syn::Result<Options>, function: &ItemFn, tokens: &TokenStream) -> syn::Result<Model> {
    let options = options.clone()?;
    fence::check(function, tokens)?;
    let mut model = signature::read(options, function)?;
    signature::check_wrt(&model)?;
    model.body = expr::body(&model, &function.block)?;
    model.given = given::read(&model)?;
    Ok(model)
}

/// What the signature alone says.
fn known(options: Option<Options>, function: &ItemFn) -> Known {
    match signature::read(options.unwrap_or_default(), function) {
        Ok(mut model) => {
            let inputs = std::mem::take(&mut model.options.wrt).into_iter();
            model.options.wrt = inputs.filter(|name| signature::is_input(&model, name)).collect();
            Known::Model(Box::new(model))
        }
        Err(_) => Known::Function(Box::new(item::stand_in(function))),
    }
}

/// Reads the text of a rule: `dy * (1 - y * y)`.
pub fn parse_expr(text: &str) -> syn::Result<Expr> {
    let tokens: TokenStream = text.parse()?;
    item::check_depth(&tokens).map_err(|at| error(at, item::TOO_DEEP))?;
    expr::free(&syn::parse2(tokens)?)
}

#[cfg(test)]
#[path = "../tests/parse.rs"]
mod tests;

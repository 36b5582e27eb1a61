//! In: what stands in the parentheses of `#[network(..)]`. Out: options, each given at most once.

use super::item::{TOO_DEEP, check_depth};
use crate::error::{Errors, Place, error, nearest};
use crate::ir::model::Options;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Meta, Token};

const NAMES: [&str; 9] = ["f32", "f64", "wrt", "gradient", "stabilise", "checkpoint", "part", "local", "crate"];
const ALL: &str = "the options are `f32`, `f64`, `wrt(x, y)`, `gradient(x = dy)`, `stabilise = false`, `checkpoint = 5`, \
                   `part`, `local` and `crate = path`";

const CHECKPOINT: &str =
    "`checkpoint` is how many turns of a loop are computed again at a time: write `checkpoint = 5`";
const GRADIENT: &str =
    "`gradient` says what goes back to each input, from the value `y` and its cotangent `dy`: write `gradient(x = dy)`";
const STABILISE: &str = "`stabilise` is true or false: write `stabilise = false`";

impl Default for Options {
    fn default() -> Self {
        Options {
            double: false,
            wrt: Vec::new(),
            gradient: Vec::new(),
            stabilise: true,
            checkpoint: None,
            local: false,
            part: false,
            runtime: syn::parse_quote!(::pullback),
        }
    }
}

pub fn read(tokens: TokenStream) -> syn::Result<Options> {
    let place = Place::of(&tokens, Span::call_site());
    let list = Punctuated::<Meta, Token![,]>::parse_terminated;
    let list = syn::parse::Parser::parse2(list, tokens);
    let list = list.map_err(|_| error(place, format!("these options cannot be read: {ALL}")))?;
    let mut reader = Reader::default();
    list.iter().for_each(|meta| reader.option(meta));
    reader.errors.finish(reader.options)
}

#[derive(Default)]
struct Reader {
    options: Options,
    seen: Vec<String>,
    errors: Errors,
}

impl Reader {
    fn option(&mut self, meta: &Meta) {
        let place = Place::of(meta, Span::call_site());
        let Some(name) = meta.path().get_ident().map(Ident::to_string) else {
            return self.errors.push(error(place, format!("unknown option: {ALL}")));
        };
        match (name.as_str(), meta) {
            ("f32" | "f64", Meta::Path(_)) => {
                self.options.double = name == "f64";
                self.once("element type", place);
            }
            ("wrt", Meta::List(list)) => {
                self.wrt(list);
                self.once("`wrt`", place);
            }
            ("gradient", Meta::List(list)) => {
                self.gradient(list);
                self.once("`gradient`", place);
            }
            ("crate", Meta::NameValue(pair)) => {
                self.runtime(&pair.value);
                self.once("`crate`", place);
            }
            ("stabilise", Meta::NameValue(pair)) => {
                self.stabilise(&pair.value);
                self.once("`stabilise`", place);
            }
            ("checkpoint", Meta::NameValue(pair)) => {
                self.checkpoint(&pair.value, place);
                self.once("`checkpoint`", place);
            }
            ("local", Meta::Path(_)) => {
                self.options.local = true;
                self.once("`local`", place);
            }
            ("part", Meta::Path(_)) => {
                self.options.part = true;
                self.once("`part`", place);
            }
            ("checkpoint", _) => self.errors.push(error(place, CHECKPOINT)),
            ("f32" | "f64" | "local" | "part", _) => {
                self.errors.push(error(place, format!("`{name}` takes no value: write `{name}`")))
            }
            ("wrt", _) => self.errors.push(error(place, "`wrt` names the inputs to derive by: write `wrt(x, y)`")),
            ("gradient", _) => self.errors.push(error(place, GRADIENT)),
            ("stabilise", _) => self.errors.push(error(place, STABILISE)),
            ("crate", _) => self.errors.push(error(place, "`crate` says where the runtime is: write `crate = path`")),
            _ => self.errors.push(unknown(&name, meta)),
        }
    }

    fn once(&mut self, what: &str, place: Place) {
        match self.seen.iter().any(|w| w == what) {
            true => self.errors.push(error(place, format!("the {what} is given twice: remove one of them"))),
            false => self.seen.push(what.into()),
        }
    }

    fn wrt(&mut self, list: &syn::MetaList) {
        let place = Place::of(list, Span::call_site());
        match list.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated) {
            Ok(names) if !names.is_empty() => names.into_iter().for_each(|name| self.wrt_name(name)),
            _ => self.errors.push(error(place, "`wrt` names the inputs to derive by: write `wrt(x, y)`")),
        }
    }

    fn wrt_name(&mut self, name: Ident) {
        match self.options.wrt.iter().any(|n| n.unraw() == name.unraw()) {
            true => self.errors.push(error(name.span(), format!("`{name}` stands in `wrt` twice"))),
            false => self.options.wrt.push(name),
        }
    }

    fn gradient(&mut self, list: &syn::MetaList) {
        let place = Place::of(list, Span::call_site());
        if let Err(at) = check_depth(&list.tokens) {
            return self.errors.push(error(at, TOO_DEEP));
        }
        match list.parse_args_with(Punctuated::<Given, Token![,]>::parse_terminated) {
            Ok(all) if !all.is_empty() => all.into_iter().for_each(|given| self.given(given)),
            _ => self.errors.push(error(place, GRADIENT)),
        }
    }

    fn given(&mut self, Given { name, value }: Given) {
        match self.options.gradient.iter().any(|(n, _)| n.unraw() == name.unraw()) {
            true => self.errors.push(error(name.span(), format!("`{name}` stands in `gradient` twice"))),
            false => self.options.gradient.push((name, value)),
        }
    }

    fn stabilise(&mut self, value: &syn::Expr) {
        match value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Bool(wanted), .. }) => self.options.stabilise = wanted.value,
            other => self.errors.push(error(Place::of(other, Span::call_site()), STABILISE)),
        }
    }

    fn checkpoint(&mut self, value: &syn::Expr, place: Place) {
        let turns = match value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) => number.base10_parse::<u32>().ok(),
            _ => None,
        };
        match turns.filter(|turns| *turns > 0) {
            Some(turns) => self.options.checkpoint = Some((i64::from(turns), place)),
            None => self.errors.push(error(Place::of(value, Span::call_site()), CHECKPOINT)),
        }
    }

    fn runtime(&mut self, value: &syn::Expr) {
        match value {
            syn::Expr::Path(path) if path.qself.is_none() && is_of_a_crate(&path.path) => {
                self.options.runtime = path.path.clone()
            }
            other => {
                let place = Place::of(other, Span::call_site());
                self.errors.push(error(place, "`crate` takes a path: write `crate = pullback` or `crate = ::a::b`"));
            }
        }
    }
}

/// Whether a `use` can go through the path: not by way of `Self`, nor of something generic.
fn is_of_a_crate(path: &syn::Path) -> bool {
    syn::parse2::<syn::ItemUse>(quote!(use #path::emitted;)).is_ok()
}

/// `x = dy`.
struct Given {
    name: Ident,
    value: syn::Expr,
}

impl Parse for Given {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let name = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Given { name, value: input.parse()? })
    }
}

fn unknown(name: &str, meta: &Meta) -> syn::Error {
    let place = Place::of(meta.path(), Span::call_site());
    let hint = nearest(name, NAMES).map_or(String::new(), |near| format!(", did you mean `{near}`?"));
    error(place, format!("unknown option `{name}`{hint}: {ALL}").replace("?:", "?"))
}

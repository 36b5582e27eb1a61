//! In: the tokens that `#[network]` stands on. Out: a function that is safe to walk; or, of anything else, what to say
//! about it and what of it can be kept.
//!
//! rustc reads an item before it hands it to the attribute, reports what is no Rust, and hands on the tokens all the
//! same. So what syn cannot read has been reported, and a second message would be noise. Exceptions stand in `silent`.

use super::Known;
use crate::error::{Place, error};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::visit::{self, Visit};
use syn::{Expr, FnArg, Item, ItemFn, Lit, Pat, TraitItemFn, Type};

pub const TOO_DEEP: &str = "this model is nested too deep: give names to parts of it with `let`";

/// An item that is no function of a model.
pub struct Unreadable {
    pub error: Option<syn::Error>,
    /// The function with an empty body, or what else is known.
    pub known: Result<ItemFn, Known>,
}

pub fn read(tokens: TokenStream) -> Result<ItemFn, Box<Unreadable>> {
    if let Err(at) = check_depth(&tokens) {
        return Err(Box::new(signature_only(Some(error(at, TOO_DEEP)), tokens)));
    }
    match syn::parse2::<ItemFn>(tokens.clone()) {
        Ok(function) if is_refused(&function) || lacks_a_name(&function, &tokens) => {
            Err(Box::new(signature_only(None, tokens)))
        }
        Ok(function) => Ok(function),
        Err(_) => Err(Box::new(no_function(tokens))),
    }
}

/// A function of the same name that takes as many arguments, of any type: all parameters together are one.
pub fn stand_in(function: &ItemFn) -> ItemFn {
    let is_param = |a: &FnArg| {
        matches!(a, FnArg::Typed(typed) if matches!(&*typed.ty, Type::Path(path)
        if path.path.segments.first().is_some_and(|s| s.ident == "Param")))
    };
    let inputs = function.sig.inputs.iter().filter(|a| matches!(a, FnArg::Typed(_)) && !is_param(a)).count();
    let arguments = vec![quote!(_: impl ::core::marker::Sized); inputs + 1];
    let (visibility, name) = (&function.vis, &function.sig.ident);
    syn::parse_quote!(#visibility fn #name(#(#arguments),*) -> ! {})
}

fn no_function(tokens: TokenStream) -> Unreadable {
    let nothing = |error| Unreadable { error: Some(error), known: Err(Known::Nothing) };
    if let Some((at, word)) = silent(&tokens) {
        return nothing(error(at, format!("a model cannot be `{word}`: it is a plain `fn`")));
    }
    if let Ok(function) = syn::parse2::<TraitItemFn>(tokens.clone()) {
        let at = signature_place(&function.sig, &tokens);
        return nothing(error(at, "a model needs a body: write `{ .. }` with the value to return"));
    }
    match syn::parse2::<Item>(tokens.clone()) {
        Ok(Item::Verbatim(_)) if !words(&tokens).any(|word| word == "fn") => {
            let at = Place::of(&tokens, Span::call_site()).start;
            nothing(error(at, "`#[network]` goes on a function, not on an item of this kind"))
        }
        Ok(Item::Verbatim(_) | Item::Fn(_)) | Err(_) => signature_only(None, tokens),
        Ok(item) => Unreadable { error: Some(not_a_function(&item)), known: Err(Known::Item(tokens)) },
    }
}

/// A function of which the body is left aside.
fn signature_only(error: Option<syn::Error>, tokens: TokenStream) -> Unreadable {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    if let Some(TokenTree::Group(body)) = tokens.last_mut().filter(|t| is_braces(t)) {
        let mut empty = Group::new(Delimiter::Brace, TokenStream::new());
        empty.set_span(body.span());
        *body = empty;
    }
    let tokens: TokenStream = tokens.into_iter().collect();
    let function = check_depth(&tokens).ok().and_then(|()| syn::parse2(tokens).ok());
    Unreadable { error, known: function.ok_or(Known::Nothing) }
}

fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Whether there is something that rustc has refused before the attribute saw it.
fn is_refused(function: &ItemFn) -> bool {
    let mut refused = Refused(false);
    refused.visit_signature(&function.sig);
    refused.visit_block(&function.block);
    refused.0
}

/// syn takes `Input<N>` alone for an argument and makes up a `_` before it.
fn lacks_a_name(function: &ItemFn, tokens: &TokenStream) -> bool {
    let made_up_or_not = |a: &&FnArg| matches!(a, FnArg::Typed(typed) if matches!(*typed.pat, Pat::Wild(_)));
    let after_fn = tokens.clone().into_iter().skip_while(|t| !matches!(t, TokenTree::Ident(word) if word == "fn"));
    let arguments = after_fn.into_iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(group.stream()),
        _ => None,
    });
    let arguments: Vec<String> = arguments.into_iter().flatten().map(|token| token.to_string()).collect();
    let written = arguments.windows(2).filter(|pair| pair[0] == "_" && pair[1] == ":").count();
    function.sig.inputs.iter().filter(made_up_or_not).count() > written
}

struct Refused(bool);

impl<'a> Visit<'a> for Refused {
    fn visit_expr(&mut self, expr: &'a Expr) {
        self.0 |= match expr {
            Expr::Let(_) | Expr::Yield(_) => true,
            Expr::Verbatim(tokens) => !tokens.is_empty(),
            Expr::Closure(e) => e.lifetimes.is_some(),
            Expr::Struct(e) => e.path.is_ident("gen"),
            Expr::Lit(e) => is_malformed(&e.lit),
            _ => false,
        };
        visit::visit_expr(self, expr);
    }

    fn visit_type(&mut self, ty: &'a Type) {
        self.0 |= matches!(ty, Type::Verbatim(_));
        visit::visit_type(self, ty);
    }

    /// A `let` may stand in a condition.
    fn visit_expr_if(&mut self, _: &'a syn::ExprIf) {}

    fn visit_expr_while(&mut self, _: &'a syn::ExprWhile) {}

    fn visit_arm(&mut self, _: &'a syn::Arm) {}
}

/// `0b12`, `1e`, `'ab'`: syn sees a suffix, or nothing it knows.
fn is_malformed(literal: &Lit) -> bool {
    match literal {
        Lit::Verbatim(_) => true,
        Lit::Int(n) => is_digitless(n.base10_digits(), n.suffix()),
        Lit::Float(n) => is_digitless(n.base10_digits(), n.suffix()),
        Lit::Char(c) => {
            let text = c.token().to_string();
            !text.starts_with("'\\") && text.chars().count() > 3
        }
        _ => false,
    }
}

fn is_digitless(digits: &str, suffix: &str) -> bool {
    let exponent = suffix.trim_end_matches(['+', '-', '_']);
    digits == "0" && suffix.starts_with(['b', 'o', 'x']) || exponent.eq_ignore_ascii_case("e")
}

/// A word before `fn` that rustc takes to be syntax and objects to later, where there is anything left to object to.
fn silent(tokens: &TokenStream) -> Option<(Span, String)> {
    let mut words = words(tokens).take_while(|word| word != "fn");
    let word = words.find(|word| word == "default" || word == "safe")?;
    Some((word.span(), word.to_string()))
}

fn words(tokens: &TokenStream) -> impl Iterator<Item = Ident> {
    tokens.clone().into_iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    })
}

fn signature_place(sig: &syn::Signature, tokens: &TokenStream) -> Place {
    Place { start: sig.fn_token.span, ..Place::of(tokens, sig.fn_token.span) }
}

fn not_a_function(item: &Item) -> syn::Error {
    let (at, what): (Span, &str) = match item {
        Item::Const(i) => (i.const_token.span, "constant"),
        Item::Enum(i) => (i.enum_token.span, "enum"),
        Item::ExternCrate(i) => (i.extern_token.span, "`extern crate`"),
        Item::ForeignMod(i) => (i.abi.extern_token.span, "`extern` block"),
        Item::Impl(i) => (i.impl_token.span, "`impl` block"),
        Item::Macro(i) => (i.mac.bang_token.span, "macro"),
        Item::Mod(i) => (i.mod_token.span, "module"),
        Item::Static(i) => (i.static_token.span, "static"),
        Item::Struct(i) => (i.struct_token.span, "struct"),
        Item::Trait(i) => (i.trait_token.span, "trait"),
        Item::TraitAlias(i) => (i.trait_token.span, "trait alias"),
        Item::Type(i) => (i.type_token.span, "type"),
        Item::Union(i) => (i.union_token.span, "union"),
        Item::Use(i) => (i.use_token.span, "`use`"),
        other => (syn::spanned::Spanned::span(other), "item of this kind"),
    };
    error(at, format!("`#[network]` goes on a function, not on a {what}"))
}

/// What syn needs of the stack for a token, in bytes, in a build without optimisation (measured).
mod cost {
    pub const LIMIT: usize = 6 << 20;
    pub const BRACES: usize = 24 << 10;
    pub const GROUP: usize = 16 << 10;
    pub const WORD: usize = 8 << 10;
    pub const SIGN: usize = 4 << 10;
    pub const OPERATOR: usize = 2 << 10;
}

/// Finds the token at which a recursive descent could run out of stack: 300 calls inside each other are well within it.
pub fn check_depth(tokens: &TokenStream) -> Result<(), Span> {
    descend(tokens.clone(), 0)
}

fn descend(tokens: TokenStream, outside: usize) -> Result<(), Span> {
    let mut used = outside;
    let mut after_operand = false;
    for token in tokens {
        let (cost, operand) = match &token {
            TokenTree::Group(group) => {
                let own = if is_braces(&token) { cost::BRACES } else { cost::GROUP };
                if used + own > cost::LIMIT {
                    return Err(group.span_open());
                }
                descend(group.stream(), used + own)?;
                (0, true)
            }
            TokenTree::Punct(p) if matches!(p.as_char(), ',' | ';') => {
                (used, after_operand) = (outside, false);
                continue;
            }
            TokenTree::Punct(p) if after_operand && p.as_char() != '<' => (cost::OPERATOR, false),
            TokenTree::Punct(p) if p.as_char() == '<' => (cost::WORD, false),
            TokenTree::Punct(_) => (cost::SIGN, false),
            TokenTree::Ident(_) if after_operand => (cost::WORD, true),
            TokenTree::Ident(_) | TokenTree::Literal(_) => (0, true),
        };
        used += cost;
        after_operand = operand;
        if used > cost::LIMIT {
            return Err(token.span());
        }
    }
    Ok(())
}

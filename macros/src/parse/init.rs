//! In: the attributes of an argument. Out: what its `#[init(..)]` asks for, if it has one.

use crate::error::{Place, error, nearest};
use crate::ir::dim::Dim;
use crate::ir::model::{Init, Role};
use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Token};

/// Every initialiser, and what its numbers are.
const ALL: [(&str, &[&str]); 10] = [
    ("he", &[]),
    ("glorot", &[]),
    ("glorot_normal", &[]),
    ("lecun", &[]),
    ("normal", &["std"]),
    ("uniform", &["low", "high"]),
    ("orthogonal", &[]),
    ("constant", &["value"]),
    ("zeros", &[]),
    ("ones", &[]),
];

pub fn is_init(attribute: &Attribute) -> bool {
    attribute.path().is_ident("init")
}

/// The initialiser among `attributes`, with its place.
pub fn read(attributes: &[Attribute]) -> syn::Result<Option<(Init, Place)>> {
    let mut given = attributes.iter().filter(|a| is_init(a));
    let Some(first) = given.next() else { return Ok(None) };
    match given.next() {
        Some(second) => Err(error(place(second), "a parameter has one initialiser: remove one of them")),
        None => one(first).map(|init| Some((init, place(first)))),
    }
}

fn one(attribute: &Attribute) -> syn::Result<Init> {
    let refuse = || error(place(attribute), format!("an initialiser is written `#[init(he)]`: {}", listed()));
    let expr: Expr = attribute.parse_args().map_err(|_| refuse())?;
    let (path, numbers) = match &expr {
        Expr::Path(path) => (path, Punctuated::<Expr, Token![,]>::new()),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => (path, call.args.clone()),
            _ => return Err(refuse()),
        },
        _ => return Err(refuse()),
    };
    let name = path.path.get_ident().ok_or_else(refuse)?;
    let text = name.unraw().to_string();
    let Some((known, takes)) = ALL.iter().find(|(known, _)| *known == text) else {
        let hint = nearest(&text, ALL.map(|(known, _)| known));
        let hint = hint.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(error(name.span(), format!("unknown initialiser `{text}`: {}{hint}", listed())));
    };
    let numbers = numbers.iter().map(number).collect::<syn::Result<Vec<f64>>>()?;
    if numbers.len() != takes.len() {
        return Err(error(place(&expr), format!("this initialiser is written `#[init({})]`", shown(known, takes))));
    }
    meant(known, &numbers).map_err(|message| error(place(&expr), message))
}

fn meant(name: &'static str, numbers: &[f64]) -> Result<Init, &'static str> {
    match (name, numbers) {
        ("zeros", _) => Ok(Init::Constant(0.0)),
        ("ones", _) => Ok(Init::Constant(1.0)),
        ("constant", [value]) => Ok(Init::Constant(*value)),
        ("normal", [std]) if *std < 0.0 => Err("a standard deviation is not negative"),
        ("normal", [std]) => Ok(Init::Normal(*std)),
        ("uniform", [low, high]) if low > high => Err("the lower bound comes first: write `uniform(low, high)`"),
        ("uniform", [low, high]) => Ok(Init::Uniform(*low, *high)),
        _ => Ok(Init::Scaled(name)),
    }
}

fn number(expr: &Expr) -> syn::Result<f64> {
    let refuse = || error(place(expr), "an initialiser takes numbers, as in `normal(0.02)`");
    let finite = |n: f64| if n.is_finite() { Ok(n) } else { Err(error(place(expr), "this number is too large")) };
    match expr {
        Expr::Group(group) => number(&group.expr),
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => number(&unary.expr).map(|n| -n),
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Int(n) => n.base10_parse().map_err(|_| refuse()).and_then(finite),
            syn::Lit::Float(n) => n.base10_parse().map_err(|_| refuse()).and_then(finite),
            _ => Err(refuse()),
        },
        _ => Err(refuse()),
    }
}

/// Whether an argument of this role and shape can have this initialiser.
pub fn fits(init: Init, role: Role, shape: &[Dim]) -> Result<(), String> {
    match init {
        _ if role != Role::Param && !(role == Role::State && matches!(init, Init::Constant(_))) => {
            Err(format!("only a `Param` has an initialiser, and this is of the kind `{role:?}`"))
        }
        Init::Scaled(name) if shape.len() < 2 => {
            let advice = "write `#[init(normal(0.02))]`, `#[init(zeros)]` or `#[init(ones)]`";
            Err(format!("`{name}` scales by what goes in and out of a matrix, and this is none: {advice}"))
        }
        _ => Ok(()),
    }
}

fn shown(name: &str, takes: &[&str]) -> String {
    if takes.is_empty() { name.into() } else { format!("{name}({})", takes.join(", ")) }
}

fn listed() -> String {
    let all: Vec<String> = ALL.iter().map(|(name, takes)| format!("`{}`", shown(name, takes))).collect();
    format!("there are {}", all.join(", "))
}

fn place(tokens: &impl ToTokens) -> Place {
    Place::of(tokens, Span::call_site())
}

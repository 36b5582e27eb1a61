//! In: a dimension as it stands in a type or in an option. Out: a polynomial, small enough to reckon with, and the
//! names in it with their places.

use crate::error::{Place, error};
use crate::ir::dim::{Dim, Factor};
use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::{BinOp, Expr, GenericArgument, Lit, Stmt, Type};

/// A dimension with what messages need.
pub struct Written {
    pub dim: Dim,
    pub names: Vec<(String, Span)>,
    pub place: Place,
}

const ACCEPTED: &str = "a dimension is a number, a name, or an expression in braces such as `{2 * H + 1}`";
/// Words that are a path in Rust, and cannot be made a name by `r#` either.
const NEVER_NAMES: [&str; 4] = ["Self", "self", "super", "crate"];
const NEGATIVE: &str = "a dimension is not negative";
/// The largest size of an axis, and the largest sum of a polynomial's coefficients.
const LARGEST: i64 = i32::MAX as i64;
const MOST_TERMS: usize = 64;

/// One of the dimensions in `Input<N, 13, {2 * H}>`.
pub fn argument(argument: &GenericArgument) -> syn::Result<Written> {
    let place = Place::of(argument, Span::call_site());
    match argument {
        GenericArgument::Type(ty) => named(ty, place),
        GenericArgument::Const(expr) => expression(expr),
        _ => Err(error(place, ACCEPTED)),
    }
}

fn named(ty: &Type, place: Place) -> syn::Result<Written> {
    match ty {
        Type::Group(group) => named(&group.elem, place),
        Type::Path(path) if path.qself.is_none() => match path.path.get_ident() {
            Some(name) => Written::name(name),
            None => Err(error(place, ACCEPTED)),
        },
        Type::Infer(_) => Err(error(place, "`_` is no dimension: give it a name, such as `N`")),
        _ => Err(error(place, ACCEPTED)),
    }
}

/// A polynomial: `2 * H + 1`, in braces or not.
pub fn expression(expr: &Expr) -> syn::Result<Written> {
    let place = Place::of(expr, Span::call_site());
    match expr {
        Expr::Group(group) => expression(&group.expr),
        Expr::Paren(paren) => expression(&paren.expr),
        Expr::Block(block) if block.label.is_none() => match block.block.stmts.as_slice() {
            [Stmt::Expr(inner, None)] => Ok(Written { place, ..expression(inner)? }),
            _ => Err(error(place, ACCEPTED)),
        },
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(n) => number(n, place),
            _ => Err(error(place, "a dimension is a whole number")),
        },
        Expr::Path(path) => match path.path.get_ident() {
            Some(name) if path.qself.is_none() => Written::name(name),
            _ => Err(error(place, "a path is no dimension: write a name or a number")),
        },
        Expr::Binary(binary) => combined(binary),
        Expr::Unary(_) => Err(error(place, NEGATIVE)),
        _ => Err(error(place, ACCEPTED)),
    }
}

fn number(n: &syn::LitInt, place: Place) -> syn::Result<Written> {
    match n.base10_parse::<i64>() {
        Ok(value) if value < 0 => Err(error(place, NEGATIVE)),
        Ok(value) if value <= LARGEST => Ok(Written { dim: Dim::number(value), names: Vec::new(), place }),
        _ => Err(error(place, format!("this dimension is too large: the most is {LARGEST}"))),
    }
}

fn combined(binary: &syn::ExprBinary) -> syn::Result<Written> {
    let (a, b) = (expression(&binary.left)?, expression(&binary.right)?);
    let place = a.place.to(b.place);
    if let BinOp::Div(_) = binary.op {
        return divided(a, &b, place);
    }
    let (size_a, size_b) = (size(&a.dim), size(&b.dim));
    let (dim, bound): (fn(&Dim, &Dim) -> Dim, i64) = match binary.op {
        BinOp::Add(_) => (|a, b| a + b, size_a + size_b),
        BinOp::Sub(_) => (|a, b| a - b, size_a + size_b),
        BinOp::Mul(_) => (|a, b| a * b, size_a.saturating_mul(size_b)),
        _ => {
            return Err(error(
                Place::of(&binary.op, place.start),
                "a dimension is made with `+`, `-`, `*` and `/` only",
            ));
        }
    };
    let terms = a.dim.terms().len() * b.dim.terms().len();
    if bound > LARGEST || terms > MOST_TERMS * MOST_TERMS {
        return Err(error(place, format!("this dimension is too large: the most is {LARGEST}")));
    }
    let dim = dim(&a.dim, &b.dim);
    if dim.terms().len() > MOST_TERMS {
        return Err(error(place, format!("this dimension has more than {MOST_TERMS} terms")));
    }
    Ok(Written { dim, names: [a.names, b.names].concat(), place })
}

/// Rounded down, as whole numbers are divided in Rust.
fn divided(a: Written, b: &Written, place: Place) -> syn::Result<Written> {
    match b.dim.as_number() {
        Some(0) => Err(error(b.place, "a dimension cannot be divided by 0")),
        Some(by) if size(&a.dim).saturating_mul(by) <= LARGEST => Ok(Written { dim: a.dim.quotient(by), place, ..a }),
        Some(_) => Err(error(place, format!("this dimension is too large: the most is {LARGEST}"))),
        None => Err(error(b.place, "a dimension is divided by a number only, as in `{H / 2}`")),
    }
}

/// The sum of the coefficients, and of those within quotients, which bounds every one of them.
fn size(dim: &Dim) -> i64 {
    let factor = |factor: &Factor| match factor {
        Factor::Name(_) => 1,
        Factor::Quotient(of, by) => size(of).saturating_mul(*by),
    };
    let term = |(c, factors): &(i64, &[Factor])| {
        factors.iter().map(factor).fold(c.abs(), |all, size| all.saturating_mul(size))
    };
    dim.terms().iter().map(term).fold(0, i64::saturating_add)
}

impl Written {
    fn name(name: &Ident) -> syn::Result<Self> {
        let text = name.unraw().to_string();
        if NEVER_NAMES.contains(&text.as_str()) {
            return Err(error(name.span(), format!("`{text}` is no dimension: give it a name, such as `N`")));
        }
        Ok(Written { dim: Dim::name(text.clone()), names: vec![(text, name.span())], place: name.span().into() })
    }

    /// A name and nothing else, so that its size is that of an axis.
    pub fn is_name(&self) -> bool {
        self.dim.as_name().is_some()
    }
}

//! The parts of a loop as Rust reads it, `for t in 0..T { h = ..; y }`: what counts, up to where, what it carries from turn
//! to turn, and the value that each turn ends with.

use super::{Binding, binding, look_through};
use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Expr, Lit, Local, Pat, Stmt};

/// The name that a loop counts with.
pub fn index(turns: &syn::ExprForLoop) -> Option<Option<&Ident>> {
    match &*turns.pat {
        Pat::Wild(_) => Some(None),
        Pat::Ident(name) if matches!(binding(&turns.pat), Binding::Plain) => Some(Some(&name.ident)),
        _ => None,
    }
}

/// The end of `0..T`.
pub fn count(turns: &syn::ExprForLoop) -> Option<&Expr> {
    let Expr::Range(range) = look_through(&turns.expr) else { return None };
    let start = matches!(range.start.as_deref().map(look_through),
        Some(Expr::Lit(syn::ExprLit { lit: Lit::Int(n), .. })) if n.base10_digits() == "0");
    let open = matches!(range.limits, syn::RangeLimits::HalfOpen(_));
    range.end.as_deref().filter(|_| start && open)
}

/// The names that are assigned to: one, or those of a tuple, in which `_` takes no name.
pub fn targets(left: &Expr) -> Option<Vec<Option<&Ident>>> {
    let name = |expr: &'_ Expr| matches!(look_through(expr), Expr::Path(p) if p.path.get_ident().is_some());
    let ident = |expr| match look_through(expr) {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    };
    match look_through(left) {
        Expr::Path(path) => path.path.get_ident().map(|name| vec![Some(name)]),
        Expr::Tuple(all) => all
            .elems
            .iter()
            .map(|e| match e {
                Expr::Infer(_) => Some(None),
                e if name(e) => Some(ident(e)),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// What a loop carries from turn to turn: the names that its body assigns to and does not bind itself, each once.
pub fn carried(turns: &syn::ExprForLoop) -> Vec<Ident> {
    let mut bound: Vec<Ident> = Vec::new();
    let mut carried: Vec<Ident> = Vec::new();
    for stmt in &turns.body.stmts {
        match stmt {
            Stmt::Local(local) => bound.extend(bound_names(&local.pat)),
            Stmt::Expr(Expr::Assign(assign), _) => {
                carried.extend(targets(&assign.left).into_iter().flatten().flatten().cloned());
            }
            Stmt::Expr(Expr::ForLoop(inner), _) => carried.extend(self::carried(inner)),
            _ => {}
        }
        if let Stmt::Local(Local { init: Some(init), .. }) = stmt
            && let Expr::ForLoop(inner) = &*init.expr
        {
            carried.extend(self::carried(inner));
        }
        carried.retain(|name| !bound.contains(name));
    }
    let mut once: Vec<Ident> = Vec::new();
    carried.into_iter().for_each(|name| {
        if !once.contains(&name) {
            once.push(name)
        }
    });
    once
}

fn bound_names(pat: &Pat) -> Vec<Ident> {
    match pat {
        Pat::Ident(name) => vec![name.ident.clone()],
        Pat::Type(typed) => bound_names(&typed.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().flat_map(bound_names).collect(),
        _ => Vec::new(),
    }
}

/// The value at the end of a block.
pub fn result(block: &syn::Block) -> Option<&Expr> {
    match block.stmts.last() {
        Some(Stmt::Expr(value, None)) if !matches!(value, Expr::ForLoop(_)) => Some(value),
        _ => None,
    }
}

/// The names that any loop assigns to, in what `visit` walks through.
pub fn carried_within(visit: impl FnOnce(&mut Loops)) -> Vec<Ident> {
    let mut loops = Loops(Vec::new());
    visit(&mut loops);
    loops.0
}

pub struct Loops(Vec<Ident>);

impl<'a> Visit<'a> for Loops {
    fn visit_expr_for_loop(&mut self, turns: &'a syn::ExprForLoop) {
        self.0.extend(carried(turns));
        visit::visit_expr_for_loop(self, turns);
    }
}

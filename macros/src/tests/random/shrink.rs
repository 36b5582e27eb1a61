//! Makes a model that fails smaller while it still fails: in come a model and a judge, out comes a model of which no part
//! can be left out.

use super::build::constant;
use super::{Argument, Expr, Model, dtype_of};
use crate::ir::dim::Dim;
use crate::ir::graph::Dtype;
use crate::ir::model::Role;

/// The most models that are judged.
const PATIENCE: usize = 4000;

pub fn shrink(model: &Model, fails: impl Fn(&Model) -> bool) -> Model {
    let mut smallest = model.clone();
    let mut judged = 0;
    loop {
        let size = smallest.size();
        let mut candidates: Vec<Model> = smaller(&smallest).into_iter().filter(|m| m.is_sound()).collect();
        candidates.retain(|m| m.size() < size);
        candidates.sort_by_key(Model::size);
        let found = candidates.into_iter().find(|m| {
            judged += 1;
            judged < PATIENCE && fails(m)
        });
        match found {
            Some(model) => smallest = model,
            None => return smallest,
        }
    }
}

fn smaller(model: &Model) -> Vec<Model> {
    let parts = [without_outputs(model), without_lets(model), without_arguments(model), without_options(model)];
    parts.into_iter().flatten().chain(with_parts_replaced(model)).collect()
}

fn without<T: Clone>(list: &[T], at: usize) -> Vec<T> {
    let mut rest = list.to_vec();
    rest.remove(at);
    rest
}

fn without_outputs(model: &Model) -> Vec<Model> {
    let count = model.outputs.len();
    let at = (0..count).filter(|_| count > 1);
    at.map(|k| Model { outputs: without(&model.outputs, k), ..model.clone() }).collect()
}

fn without_lets(model: &Model) -> Vec<Model> {
    (0..model.lets.len()).map(|k| Model { lets: without(&model.lets, k), ..model.clone() }).collect()
}

fn without_arguments(model: &Model) -> Vec<Model> {
    let drop = |k: usize| {
        let mut smaller = Model { arguments: without(&model.arguments, k), ..model.clone() };
        smaller.wrt.retain(|w| *w != model.arguments[k].name);
        smaller
    };
    (0..model.arguments.len()).map(drop).collect()
}

/// As large as before; with the next argument that goes, they count.
fn without_options(model: &Model) -> Vec<Model> {
    vec![Model { wrt: Vec::new(), ..model.clone() }, Model { double: false, ..model.clone() }]
}

/// Each expression, replaced by a part of it or by the simplest one of its shape.
fn with_parts_replaced(model: &Model) -> Vec<Model> {
    let mut found = Vec::new();
    let mut all = Vec::new();
    model.roots().for_each(|root| root.walk(&mut |e| all.push(e.clone())));
    for (at, expr) in all.iter().enumerate().filter(|(_, e)| !e.args.is_empty()) {
        for part in parts(expr).into_iter().chain(leaves(model, expr)) {
            found.push(replaced(model, at, &part));
        }
        if expr.dtype == Dtype::Real {
            found.push(with_fresh_argument(model, at, expr));
        }
    }
    found
}

fn parts(expr: &Expr) -> Vec<Expr> {
    let mut parts = Vec::new();
    expr.args.iter().for_each(|arg| {
        arg.walk(&mut |e| {
            if e.shape == expr.shape && e.dtype == expr.dtype {
                parts.push(e.clone());
            }
        });
    });
    parts
}

fn leaves(model: &Model, expr: &Expr) -> Vec<Expr> {
    let fits = |a: &&Argument| a.shape == expr.shape && dtype_of(a.role) == expr.dtype;
    let named = model.arguments.iter().filter(fits).map(|a| Expr::name(&a.name, &a.shape, expr.dtype, (-1.5, 1.5)));
    let number = (expr.shape.is_empty() && expr.dtype == Dtype::Real).then(|| constant("2", 2.0));
    named.chain(number).collect()
}

/// The model with the expression that is reached as number `at` replaced.
fn replaced(model: &Model, at: usize, by: &Expr) -> Model {
    let mut model = model.clone();
    let mut next = 0;
    for root in model.roots_mut() {
        replace(root, at, by, &mut next);
    }
    model
}

fn replace(expr: &mut Expr, at: usize, by: &Expr, next: &mut usize) {
    *next += 1;
    if *next == at + 1 {
        *next += expr.size() - 1;
        *expr = by.clone();
        return;
    }
    expr.args.iter_mut().for_each(|a| replace(a, at, by, next));
}

fn with_fresh_argument(model: &Model, at: usize, expr: &Expr) -> Model {
    let free = |name: &String| {
        let mut used = model.arguments.iter().any(|a| a.name == *name) || model.lets.iter().any(|l| l.name == *name);
        model.roots().for_each(|r| r.walk(&mut |e| used |= e.bound().contains(&name.as_str())));
        !used
    };
    let name = (0..).map(|n| format!("p{n}")).find(free).expect("numbers do not end");
    let leaf = Expr::name(&name, &expr.shape, Dtype::Real, (-1.5, 1.5));
    let mut model = replaced(model, at, &leaf);
    let argument = Argument { name, role: Role::Param, shape: expr.shape.clone(), classes: Dim::number(1) };
    model.arguments.push(argument);
    model
}

//! What must not matter does not: the names of values, `let`s in the place of nesting, the order of arguments, unused
//! ones, and the run in which a model is compiled; and twice the cotangent gives exactly twice the gradients.

use super::execute::execute;
use super::interpret::{Array, Sizes, close};
use super::linking::composed;
use super::properties::Case;
use super::random::turns::Turns;
use super::random::{Argument, Expr, Let, Meaning, Model, dims, grow};
use crate::emit::Passes;
use crate::ir::dim::Dim;
use crate::ir::graph::{Dtype, Goal};
use crate::ir::model::Role;
use crate::{parse, pipeline};
use proc_macro2::TokenStream;
use std::collections::{BTreeSet, HashSet};

const MODELS: u64 = 300;

/// Names that generated code, its derivatives or the runtime might use for themselves.
const NASTY: &[&str] = &[
    "d_x",
    "adj_x",
    "out",
    "params",
    "saved",
    "__t0",
    "r#type",
    "matmul",
    "i",
    "j",
    "rows",
    "N",
    "K",
    "d_output",
    "output",
    "gradients",
    "workspace",
    "sum",
    "exp",
    "d_d_x",
    "r#fn",
    "value",
    "shape",
    "x_2",
    "i_",
    "usize",
    "f64",
    "Params",
    "forward",
    "d_params",
    "é",
    "_x",
    "dense",
    "array",
    "tile",
    "simd",
    "core",
    "pullback",
    "d_type_",
];

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn compiled(model: &Model) -> Passes {
    let parsed = parse::parse(tokens(&model.options()), tokens(&model.text()));
    let parsed = parsed.unwrap_or_else(|f| panic!("{}\n{:?}", model.text(), f.error.map(|e| e.to_string())));
    pipeline::compile(&parsed).unwrap_or_else(|e| panic!("{}\n{e}", model.text()))
}

/// Values and gradients, for cotangents of `seed` everywhere.
fn results(model: &Model, sizes: &Sizes, arguments: &[Array], seed: f64) -> [Vec<Array>; 2] {
    results_of(&compiled(model), model.outputs.len(), (sizes, arguments), seed)
}

fn results_of(passes: &Passes, outputs: usize, (sizes, arguments): (&Sizes, &[Array]), seed: f64) -> [Vec<Array>; 2] {
    let kept = execute(&passes.forward.program, sizes, arguments);
    let cotangents: Vec<Array> =
        kept[..outputs].iter().map(|y| Array::filled(y.shape.clone(), |at| seed * (1.0 + at.len() as f64))).collect();
    let states = passes.forward.graph.roots.iter().filter(|r| matches!(r.goal, Goal::State(_))).count();
    let (values, saved) = kept.split_at(outputs + states);
    let gradients = execute(&passes.backward.program, sizes, &[arguments, &cotangents, saved].concat());
    [values.to_vec(), gradients]
}

/// Whether all elements are the same in every bit, but for what NaNs carry and the sign of a zero.
fn same(a: &[Array], b: &[Array]) -> bool {
    let bits = |(x, y): (&f64, &f64)| x == y || x.is_nan() && y.is_nan();
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.shape == y.shape && x.data.iter().zip(&y.data).all(bits))
}

fn each_model(check: impl Fn(&Model, &Case, u64)) {
    for seed in 0..MODELS {
        let model = grow::model(seed);
        check(&model, &Case::new(&model, seed), seed);
    }
}

/// Both models, for a failure.
fn both(seed: u64, a: &Model, b: &Model) -> String {
    format!("seed {seed}\n{}\n{}", a.text(), b.text())
}

// --- names ---

fn rename_expr(expr: &mut Expr, new: &impl Fn(&str) -> String) {
    expr.walk_mut(&mut |e| match &mut e.meaning {
        Meaning::Name(name) | Meaning::Block(name) => *name = new(name),
        Meaning::Loop(turns) => turns.rename(new),
        _ => {}
    });
}

fn renamed(model: &Model, new: impl Fn(&str) -> String) -> Model {
    let mut model = model.clone();
    model.arguments.iter_mut().for_each(|a| a.name = new(&a.name));
    model.lets.iter_mut().for_each(|l| l.name = new(&l.name));
    model.wrt.iter_mut().for_each(|w| *w = new(w));
    model.roots_mut().for_each(|root| rename_expr(root, &new));
    model
}

/// Every name of a value, in order of appearance.
fn names(model: &Model) -> Vec<String> {
    let arguments = model.arguments.iter().map(|a| a.name.clone());
    let mut all: Vec<String> = arguments.chain(model.lets.iter().map(|l| l.name.clone())).collect();
    let mut note = |e: &Expr| all.extend(e.bound().into_iter().map(str::to_string));
    model.roots().for_each(|root| root.walk(&mut note));
    let mut seen = HashSet::new();
    all.retain(|name| seen.insert(name.clone()));
    all
}

#[test]
fn names_do_not_matter() {
    each_model(|model, case, seed| {
        let old = names(model);
        let new = |name: &str| {
            let at = old.iter().position(|n| n == name).expect("a name of the model") + seed as usize;
            let plain = NASTY[at % NASTY.len()];
            if old.len() > NASTY.len() { format!("nasty_{at}") } else { plain.to_string() }
        };
        let other = renamed(model, new);
        let [values, gradients] = results(model, &case.sizes, &case.arguments, 1.0);
        let [again, derived] = results(&other, &case.sizes, &case.arguments, 1.0);
        assert!(same(&values, &again) && same(&gradients, &derived), "{}", both(seed, model, &other));
        names_are_distinct(&compiled(&other), &both(seed, model, &other));
    });
}

/// No pass gives a name twice, but to buffers that share their memory on purpose.
fn names_are_distinct(passes: &Passes, what: &str) {
    for pass in
        [Some(&passes.infer), Some(&passes.forward), Some(&passes.backward), passes.step.as_ref()].into_iter().flatten()
    {
        let mut seen: HashSet<&str> = HashSet::new();
        let buffers = pass.program.buffers.iter().zip(&pass.names.buffers);
        let own = buffers.filter(|(b, _)| b.over.is_none()).map(|(_, name)| name);
        for name in own.chain(&pass.names.indices).chain(pass.names.values.values()) {
            assert!(seen.insert(name), "`{name}` is given twice\n{what}\n{}", pass.program);
            assert!(syn::parse_str::<syn::Ident>(name).is_ok(), "`{name}` is no name\n{what}");
        }
    }
}

// --- lets and nesting ---

/// What is to stand for names; nothing else does for those of a loop.
type Scope = Vec<(String, Option<Expr>)>;

/// The expression with every `let` written out in the places of its name.
fn inlined(expr: &Expr, scope: &mut Scope) -> Expr {
    match &expr.meaning {
        Meaning::Name(name) => match scope.iter().rev().find(|(n, _)| n == name) {
            Some((_, Some(value))) => value.clone(),
            _ => expr.clone(),
        },
        Meaning::Block(name) => {
            let first = inlined(&expr.args[0], scope);
            scope.push((name.clone(), Some(first)));
            let second = inlined(&expr.args[1], scope);
            scope.pop();
            second
        }
        Meaning::Loop(turns) => in_loop(turns, expr, scope, &mut inlined),
        _ => Expr { args: expr.args.iter().map(|a| inlined(a, scope)).collect(), ..expr.clone() },
    }
}

/// A loop, what is before it by `outside`; all that may read the names that it binds stays in it.
fn in_loop(turns: &Turns, expr: &Expr, scope: &mut Scope, outside: &mut dyn FnMut(&Expr, &mut Scope) -> Expr) -> Expr {
    let before = turns.carried.len() + turns.parts.len();
    let mut args: Vec<Expr> = expr.args[..before].iter().map(|a| outside(a, scope)).collect();
    let length = scope.len();
    scope.extend(turns.names().into_iter().map(|name| (name.to_string(), None)));
    args.extend(expr.args[before..].iter().map(|a| inlined(a, scope)));
    scope.truncate(length);
    Expr { args, ..expr.clone() }
}

fn nested(model: &Model) -> Model {
    let mut scope = Scope::new();
    for bound in &model.lets {
        let value = inlined(&bound.value, &mut scope);
        scope.push((bound.name.clone(), Some(value)));
    }
    let outputs = model.outputs.iter().map(|o| inlined(o, &mut scope)).collect();
    Model { lets: Vec::new(), outputs, ..model.clone() }
}

/// A name for the expression, and for every part of it, each bound by a `let`.
fn flattened(expr: &Expr, scope: &mut Scope, lets: &mut Vec<Let>) -> Expr {
    match &expr.meaning {
        Meaning::Name(_) => inlined(expr, scope),
        Meaning::Number(_) => expr.clone(),
        Meaning::Block(name) => {
            let first = flattened(&expr.args[0], scope, lets);
            scope.push((name.clone(), Some(first)));
            let second = flattened(&expr.args[1], scope, lets);
            scope.pop();
            second
        }
        meaning => {
            let whole = match meaning {
                Meaning::Loop(turns) => in_loop(turns, expr, scope, &mut |e, scope| flattened(e, scope, lets)),
                _ => Expr { args: expr.args.iter().map(|a| flattened(a, scope, lets)).collect(), ..expr.clone() },
            };
            let name = format!("t{}", lets.len());
            let named = Expr::name(&name, &expr.shape, expr.dtype, expr.range);
            lets.push(Let { name, annotated: expr.dtype == Dtype::Real, value: whole });
            named
        }
    }
}

fn flat(model: &Model) -> Model {
    let (mut scope, mut lets) = (Scope::new(), Vec::new());
    for bound in &model.lets {
        let value = flattened(&bound.value, &mut scope, &mut lets);
        scope.push((bound.name.clone(), Some(value)));
    }
    let outputs = model.outputs.iter().map(|o| flattened(o, &mut scope, &mut lets)).collect();
    Model { lets, outputs, ..model.clone() }
}

/// What is written twice draws numbers twice, and moves a state twice.
fn may_be_written_twice(model: &Model) -> bool {
    !model.arguments.iter().any(|a| matches!(a.role, Role::Random | Role::State))
}

#[test]
fn lets_and_nesting_mean_the_same() {
    each_model(|model, case, seed| {
        if !may_be_written_twice(model) {
            return;
        }
        let [values, gradients] = results(model, &case.sizes, &case.arguments, 1.0);
        for other in [flat(model), nested(model)].iter().filter(|m| m.size() < 2000) {
            let [again, derived] = results(other, &case.sizes, &case.arguments, 1.0);
            assert!(same(&values, &again), "{}\n{values:?}\n{again:?}", both(seed, model, other));
            // Another order of nodes is another order of sums.
            let near = gradients.iter().zip(&derived).all(|(a, b)| close(a, b, 1e-11));
            assert!(near, "{}\n{gradients:?}\n{derived:?}", both(seed, model, other));
        }
    });
}

// --- arguments ---

/// The model with two more arguments, which nothing reads, and all in reverse; and where each argument then is.
fn reordered(model: &Model) -> (Model, Vec<usize>) {
    let unused = |name: &str, role| {
        let classes = Dim::number(1);
        Argument { name: name.into(), role, shape: vec![Dim::number(3), classes.clone()], classes }
    };
    let mut other = model.clone();
    other.arguments.insert(0, unused("unused_parameter", Role::Param));
    other.arguments.push(unused("unused_input", Role::Input));
    other.arguments.reverse();
    let count = model.arguments.len();
    (other, (0..count).map(|k| count - k).collect())
}

/// The positions of arguments in the order in which their gradients come.
fn wanted(model: &Model) -> Vec<String> {
    let params = model.arguments.iter().filter(|a| a.role == Role::Param).map(|a| a.name.clone());
    params.chain(model.wrt.iter().cloned()).collect()
}

#[test]
fn the_order_of_arguments_and_unused_ones_do_not_matter() {
    each_model(|model, case, seed| {
        let (other, places) = reordered(model);
        let mut arguments = vec![Array::filled(vec![3, 1], |_| f64::NAN); other.arguments.len()];
        places.iter().zip(&case.arguments).for_each(|(&place, a)| arguments[place] = a.clone());
        let [values, gradients] = results(model, &case.sizes, &case.arguments, 1.0);
        let [again, derived] = results(&other, &case.sizes, &arguments, 1.0);
        assert!(same(&values, &again), "{}", both(seed, model, &other));
        let (old, new) = (wanted(model), wanted(&other));
        for (name, gradient) in new.iter().zip(&derived) {
            match old.iter().position(|n| n == name) {
                Some(k) => assert!(
                    same(&gradients[k..=k], std::slice::from_ref(gradient)),
                    "`{name}` of {}\n{:?}\n{gradient:?}",
                    both(seed, model, &other),
                    gradients[k]
                ),
                None => assert!(gradient.data.iter().all(|g| g.to_bits() == 0), "{}", both(seed, model, &other)),
            }
        }
    });
}

// --- calls ---

/// Whether an argument belongs to the network, and not to who calls it.
fn is_own(argument: &Argument) -> bool {
    matches!(argument.role, Role::Param | Role::State)
}

/// A network that does nothing but call the model, under options of its own.
fn caller(model: &Model) -> String {
    let inputs: Vec<&Argument> = model.arguments.iter().filter(|a| !is_own(a)).collect();
    let declared: String = inputs.iter().map(|a| format!("{}: {:?}{}, ", a.name, a.role, dims(&a.shape))).collect();
    let given: Vec<&str> = inputs.iter().map(|a| a.name.as_str()).collect();
    let results: Vec<String> = model.outputs.iter().map(|o| format!("Output{}", dims(&o.shape))).collect();
    let result = if results.len() == 1 { results[0].clone() } else { format!("({})", results.join(", ")) };
    let bound = generics(model).join(", ");
    format!("fn caller({declared}called: model<{bound}>) -> {result} {{ called({}) }}", given.join(", "))
}

fn generics(model: &Model) -> Vec<String> {
    let names: BTreeSet<&str> = model.arguments.iter().flat_map(|a| &a.shape).flat_map(Dim::names).collect();
    names.into_iter().map(str::to_string).collect()
}

#[test]
fn a_call_changes_nothing() {
    each_model(|model, case, seed| {
        // A seed that is handed on has been used once more.
        if model.draws() {
            return;
        }
        let generics: Vec<String> = generics(model).iter().map(|name| format!("const {name}: usize")).collect();
        let callee = model.text().replacen("fn model(", &format!("fn model<{}>(", generics.join(", ")), 1);
        let caller = caller(model);
        let passes = pipeline::compile(&composed(&model.options(), &[&callee, &caller]));
        let passes = passes.unwrap_or_else(|e| panic!("seed {seed}\n{callee}\n{caller}\n{e}"));
        let with_role = model.arguments.iter().zip(&case.arguments);
        let (params, inputs): (Vec<_>, Vec<_>) = with_role.partition(|(a, _)| is_own(a));
        let arguments: Vec<Array> = inputs.into_iter().chain(params).map(|(_, array)| array.clone()).collect();
        let [values, gradients] = results(model, &case.sizes, &case.arguments, 1.0);
        let [again, derived] = results_of(&passes, model.outputs.len(), (&case.sizes, &arguments), 1.0);
        assert!(same(&values, &again), "seed {seed}\n{callee}\n{values:?}\n{again:?}");
        // Another order of nodes is another order of sums.
        let near = gradients.len() == derived.len() && gradients.iter().zip(&derived).all(|(a, b)| close(a, b, 1e-11));
        assert!(near, "seed {seed}\n{callee}\n{gradients:?}\n{derived:?}");
    });
}

// --- numbers and text ---

#[test]
fn twice_the_cotangent_gives_exactly_twice_the_gradients() {
    each_model(|model, case, seed| {
        let [_, once] = results(model, &case.sizes, &case.arguments, 0.7);
        let [_, twice] = results(model, &case.sizes, &case.arguments, 1.4);
        let doubled = |a: &Array| Array { shape: a.shape.clone(), data: a.data.iter().map(|x| 2.0 * x).collect() };
        let doubled: Vec<Array> = once.iter().map(doubled).collect();
        assert!(same(&doubled, &twice), "seed {seed}\n{}\n{doubled:?}\n{twice:?}", model.text());
    });
}

#[test]
fn the_emitted_code_is_the_same_on_every_run_and_is_rust() {
    each_model(|model, _, seed| {
        let emit = || pipeline::network(tokens(&model.options()), tokens(&model.text()));
        let (first, second) = (emit(), emit());
        assert!(first.to_string() == second.to_string(), "seed {seed} is emitted in two ways\n{}", model.text());
        let file: syn::File = syn::parse2(first).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{}", model.text()));
        let text = prettyplease::unparse(&file);
        assert!(!text.contains("compile_error"), "seed {seed} is refused\n{}", model.text());
        syn::parse_file(&text).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
    });
}

//! The conformance cases of the workspace, in `f64` and in the interpreter: the models that the root package compiles, and
//! the values that were evaluated to fifty digits. A rule that is wrong in all phases alike is wrong here, without rustc.

#[path = "../../../tests/conformance/case.rs"]
#[allow(dead_code)]
mod case;
#[path = "../../../tests/conformance/compare.rs"]
#[allow(dead_code)]
mod compare;
#[path = "../../../tests/conformance/generate/mod.rs"]
#[allow(dead_code)]
mod generate;

use super::interpret::{Array, Sizes, run};
use crate::differentiate::Seed;
use crate::{lower, parse, simplify, verify};
use case::{CASES, Case, OUTPUT, Tensors, gradient};
use generate::{FORMS, Form, Network, element_types, waits_for};
use ndarray::ArrayD;

/// Every case that runs, by its id, in both forms.
pub fn networks() -> impl Iterator<Item = (&'static str, Form)> {
    let has_doubles = |case: &_| element_types(case).any(|element| element == "f64");
    let running = CASES.iter().filter(move |(_, case)| waits_for(case).is_none() && has_doubles(case));
    running.flat_map(|(id, _)| FORMS.map(|form| (id.as_str(), form)))
}

/// Value and gradients of one case are what they should be.
pub fn check(id: &str, form: Form) {
    let network = Network { case: &CASES[id], element: "f64", form };
    let (options, item) = (network.options(), network.item());
    let model = parse::parse(options.parse().expect("tokens"), item.parse().expect("tokens"));
    let model = model.unwrap_or_else(|f| panic!("{item}: {:?}", f.error.map(|e| e.to_string())));
    let graph = lower::lower(&model).unwrap_or_else(|e| panic!("{item}: {e}"));
    let case = Case::load(id, "f64");
    let differentiable = |k: &usize| case.vars[&graph.arguments[*k].name].is_differentiable;
    let wanted: Vec<usize> = (0..graph.arguments.len()).filter(differentiable).collect();
    let (stable, _) = simplify::stabilise(&simplify::resolve(&graph, true));
    let joint = simplify::simplify(&super::derived(&stable, &wanted, Seed::Argument));
    verify::graph(&joint, true).unwrap_or_else(|e| panic!("{item}: {e}"));

    let mut sizes = Sizes::new();
    let mut arrays = Vec::new();
    for argument in &graph.arguments {
        let array = &case.vars[&argument.name].array;
        let names = argument.shape.iter().zip(array.shape()).filter_map(|(dim, size)| Some((dim.as_name()?, size)));
        sizes.extend(names.map(|(name, &size)| (name.to_string(), size)));
        arrays.push(in_order(array));
    }
    arrays.push(in_order(&case.cotangent));
    let names = wanted.iter().map(|&k| gradient(&graph.arguments[k].name));
    let names = std::iter::once(OUTPUT.to_string()).chain(names);
    let found: Tensors = names.zip(run(&joint, &sizes, &arrays).into_iter().map(owned)).collect();
    let wrong = case.mismatches(&found);
    assert!(wrong.is_empty() || case.is_stretch, "{id}, {form:?}: {wrong:?}\n{item}\n{joint}");
}

fn in_order(array: &ArrayD<f64>) -> Array {
    Array { shape: array.shape().to_vec(), data: array.iter().copied().collect() }
}

fn owned(array: Array) -> ArrayD<f64> {
    ArrayD::from_shape_vec(array.shape, array.data).expect("as many elements as the shape says")
}

#[test]
fn every_case_has_its_values_and_gradients() {
    assert!(networks().count() > 200);
    networks().for_each(|(id, form)| check(id, form));
}

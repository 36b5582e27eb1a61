//! One case in one element type: each of its networks in every memory layout, and what has to hold between the runs.
use crate::case::{Case, OUTPUT, Tensors, Var, gradient};
use crate::compare::{Array, Mismatch, bit_differences, disagreements, doubling_differences};
use crate::layout::{Layout, MEMORIES, Memory, lay};
use crate::report::Report;
use crate::surface::{Element, Fused, Gradients, Passes, Surface, Values};
use ndarray::ArrayD;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `networks`, which are spellings of one function, and panics with everything that was found wrong.
pub fn run<T: Element>(id: &str, networks: &[Surface<T>]) {
    let case = Case::load(id, T::NAME);
    let mut report = Report::default();
    let results: Vec<Tensors> =
        networks.iter().filter_map(|network| run_everywhere(&case, network, &mut report)).collect();
    for other in results.iter().skip(1).filter(|_| !case.is_stretch) {
        report.at = format!("{} against {}", networks[1].name, networks[0].name);
        check_agreement(&case, other, &results[0], &mut report);
    }
    report.finish(&format!("{id} {}", T::NAME));
}

/// Runs a network in every memory layout; the result is that of the first.
fn run_everywhere<T: Element>(case: &Case, network: &Surface<T>, report: &mut Report) -> Option<Tensors> {
    let mut first: Option<Tensors> = None;
    for memory in MEMORIES {
        report.at = format!("{}, {}", network.name, memory.name);
        match catch_unwind(AssertUnwindSafe(|| run_once(case, network, memory, report))) {
            Err(panic) => report.add(format!("panicked: {}", message(&*panic))),
            Ok(found) => match &first {
                Some(first) => compare("bits of the first layout", &found, first, bit_differences, report),
                None => first = Some(found),
            },
        }
    }
    first
}

fn message(panic: &dyn std::any::Any) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_string())
}

/// One layout: both passes, the plain call, and for a scalar the fused calls.
fn run_once<T: Element>(case: &Case, network: &Surface<T>, memory: Memory, report: &mut Report) -> Tensors {
    let values = values(case, memory);
    let cotangents = [1.0, 1.0, 2.0].map(|factor| narrow(&case.cotangent.mapv(|value| factor * value), memory.inputs));
    let passes = (network.passes)(&values, &cotangents);
    let [found, same_saved, doubled] = [0, 1, 2].map(|which| tensors(&passes.output, &passes.gradients[which]));
    let again = (network.passes)(&values, &cotangents[..1]);
    let again = tensors(&again.output, &again.gradients[0]);
    let inferred = Tensors::from([(OUTPUT.to_string(), (network.infer)(&values))]);
    check_answer("forward and backward", case, &found, report);
    check_answer("plain call", case, &inferred, report);
    check_all_gradients(case, &found, report);
    compare("backward a second time", &same_saved, &found, bit_differences, report);
    compare("both passes a second time", &again, &found, bit_differences, report);
    check_doubling::<T>(&doubled, &found, report);
    if let Some(fused) = network.fused {
        let one = narrow(&case.cotangent.mapv(|_| 1.0), memory.inputs);
        check_fused(case, &fused(&values), &(network.passes)(&values, &[one]), report);
    }
    found
}

fn values<T: Element>(case: &Case, memory: Memory) -> Values<T> {
    let layout = |var: &Var| if var.is_input { memory.inputs } else { memory.params };
    Values(case.vars.iter().map(|(name, var)| (name.clone(), narrow(&var.array, layout(var)))).collect())
}

fn narrow<T: Element>(array: &Array, layout: Layout) -> ArrayD<T> {
    lay(&array.mapv(T::narrow), layout)
}

fn tensors(output: &Array, gradients: &Gradients) -> Tensors {
    let gradients = gradients.iter().map(|(name, array)| (gradient(name), array.clone()));
    gradients.chain([(OUTPUT.to_string(), output.clone())]).collect()
}

fn check_answer(what: &str, case: &Case, found: &Tensors, report: &mut Report) {
    for (name, mismatch) in case.mismatches(found) {
        let line = format!("{what}: {name}{mismatch}");
        if case.is_stretch { report.note(line) } else { report.add(line) }
    }
}

fn check_all_gradients(case: &Case, found: &Tensors, report: &mut Report) {
    for (name, _) in case.vars.iter().filter(|(_, var)| var.is_differentiable) {
        if !found.contains_key(&gradient(name)) {
            report.add(format!("forward and backward: no {}", gradient(name)));
        }
    }
}

/// Twice the cotangent gives exactly twice the gradients.
fn check_doubling<T: Element>(doubled: &Tensors, once: &Tensors, report: &mut Report) {
    let (mut doubled, mut once) = (doubled.clone(), once.clone());
    doubled.remove(OUTPUT);
    once.remove(OUTPUT);
    let rule = |twice: &Array, once: &Array| doubling_differences(twice, once, T::SMALLEST_NORMAL);
    compare("twice the cotangent", &doubled, &once, rule, report);
}

/// `value_and_grad` agrees with the two passes for a cotangent of 1, and with itself in a workspace to the bit.
fn check_fused(case: &Case, fused: &Fused, passes: &Passes, report: &mut Report) {
    let all = |(value, gradients): &(f64, Gradients)| tensors(&Array::from_elem(vec![], *value), gradients);
    let fresh = all(&fused[0]);
    let scale = case.cotangent.iter().map(|value| 1.0 / value.abs()).fold(1.0, f64::max);
    for (name, want) in tensors(&passes.output, &passes.gradients[0]) {
        let tolerance = case.ideal[&name].tolerance * scale;
        for mismatch in disagreements(&fresh[&name], &want, tolerance) {
            report.add(format!("value_and_grad against a cotangent of 1: {name}{mismatch}"));
        }
    }
    for (time, reused) in ["first", "second"].into_iter().zip(&fused[1..]) {
        let what = format!("value_and_grad_into, {time} use of the workspace");
        compare(&what, &all(reused), &fresh, bit_differences, report);
    }
}

/// Two networks of one function give the same to the tolerance.
fn check_agreement(case: &Case, found: &Tensors, first: &Tensors, report: &mut Report) {
    for (name, got) in found {
        for mismatch in disagreements(got, &first[name], case.ideal[name].tolerance) {
            report.add(format!("{name}{mismatch}"));
        }
    }
}

fn compare(
    what: &str,
    found: &Tensors,
    want: &Tensors,
    rule: impl Fn(&Array, &Array) -> Vec<Mismatch>,
    report: &mut Report,
) {
    for (name, got) in found {
        for mismatch in rule(got, &want[name]) {
            report.add(format!("{what}: {name}{mismatch}"));
        }
    }
}

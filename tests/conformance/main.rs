//! The conformance suite: every case in `cases/`, compiled as real networks and compared with values that were
//! evaluated to fifty digits. The build script writes the networks and their tests; see README.md.
mod case;
mod compare;
mod generate;
mod kinks;
mod layout;
mod report;
mod run;
mod self_test;
mod surface;

use case::CASES;
use generate::spell::{Program, Spelling};
use generate::status;
use pullback::network;
use report::show;
use run::run;
use std::collections::BTreeSet;
use std::path::Path;
use surface::{Element, Gradients, Passes, Surface, Tensor, surface, view};

include!(concat!(env!("OUT_DIR"), "/conformance.rs"));

/// A case is in the suite or is listed with a reason; the lists are shown at every run.
#[test]
fn every_case_runs_or_is_listed() {
    let waiting = WAITING.iter().map(|(id, state, why)| format!("{state}: {id} ({why})"));
    let failing = status::FAILING.iter().map(|(id, element, why)| format!("failing: {id} {element} ({why})"));
    show(&waiting.chain(failing).collect::<Vec<_>>().join("\n"));
    let listed: BTreeSet<&str> = RUNNING.iter().copied().chain(WAITING.iter().map(|(id, ..)| *id)).collect();
    let all: BTreeSet<&str> = CASES.keys().map(String::as_str).collect();
    assert_eq!(listed, all, "the suite was generated from other cases than these");
    assert_eq!(listed.len(), RUNNING.len() + WAITING.len(), "a case is listed twice");
}

/// What was compiled is what the generator makes of the cases that are there now.
#[test]
fn the_suite_is_that_of_the_cases() {
    let cases = generate::read_cases(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(generate::suite(&cases) == include_str!(concat!(env!("OUT_DIR"), "/conformance.rs")));
}

/// A core case may be known to fail; it may not wait for an operation.
#[test]
fn every_core_case_is_compiled() {
    let refused = |id: &str| status::REFUSED.iter().any(|(refused, _)| *refused == id);
    let waiting = WAITING.iter().map(|(id, ..)| *id).filter(|id| CASES[*id]["optional"] == false && !refused(id));
    assert_eq!(waiting.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_lists_name_cases_that_exist() {
    let failing = status::FAILING.iter().map(|(id, ..)| *id);
    for id in failing.chain(status::REFUSED.iter().map(|(id, _)| *id)) {
        assert!(CASES.contains_key(id), "{id} is listed and isn't a case");
    }
}

/// The printer of programs puts operands and parentheses where the cases' own texts have them.
#[test]
fn the_text_spelling_is_that_of_the_cases() {
    for (id, case) in CASES.iter() {
        assert_eq!(Program::of(case).text(Spelling::Text), case["text"], "{id}");
        if let Some(nested) = Program::nested(case) {
            assert_eq!(nested.text(Spelling::Text), case["nested_text"], "{id}, nested");
        }
    }
}

//! A conformance case as a test needs it: its arrays, what is expected of them, and by which policy.
use super::compare::{Array, Expected, Mismatch, differences};
use super::generate::read_cases;
use super::generate::spell::text_of;
use ndarray::ArrayD;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

/// The parts of a case that this suite understands. One with another part must not pass by being read in half.
const KNOWN: &[&str] = &[
    "cotangent",
    "depth",
    "dtypes",
    "grads",
    "group",
    "id",
    "ieee",
    "ieee32",
    "nested",
    "nested_text",
    "note",
    "ops",
    "optional",
    "out",
    "policy",
    "program",
    "size",
    "smooth",
    "subgrad",
    "tags",
    "text",
    "title",
    "tol",
    "vars",
];

pub static CASES: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let cases = read_cases(Path::new(env!("CARGO_MANIFEST_DIR")));
    cases.into_iter().map(|case| (text_of(&case["id"]).to_string(), case)).collect()
});

/// The tensors of a run by name: the output, and each gradient.
pub type Tensors = BTreeMap<String, Array>;

/// The output and the gradients that a run may give.
pub type Answer = BTreeMap<String, Expected>;

pub struct Var {
    pub array: Array,
    pub is_input: bool,
    pub is_differentiable: bool,
}

pub struct Case {
    pub vars: BTreeMap<String, Var>,
    pub cotangent: Array,
    pub ideal: Answer,
    /// What the expression gives as IEEE arithmetic evaluates it naively, where that passes as well.
    pub ieee: Option<Answer>,
    /// No mainstream library passes all of these: a wrong answer is shown and doesn't fail.
    pub is_stretch: bool,
}

/// The name of the output among the tensors of an [`Answer`]; a gradient has the name of its variable behind `d `.
pub const OUTPUT: &str = "output";

pub fn gradient(variable: &str) -> String {
    format!("d {variable}")
}

impl Case {
    pub fn load(id: &str, element: &str) -> Self {
        let case = CASES.get(id).unwrap_or_else(|| panic!("no case has the id {id}"));
        let parts = case.as_object().expect("a case is an object").keys();
        let unknown: Vec<&String> = parts.filter(|part| !KNOWN.contains(&part.as_str())).collect();
        assert!(unknown.is_empty(), "{id}: this suite doesn't know what to do with {unknown:?}");
        let vars = case["vars"].as_array().expect("a case has vars");
        let ieee = case.get(if element == "f32" { "ieee32" } else { "ieee" });
        Case {
            vars: vars.iter().map(|var| (text_of(&var["name"]).to_string(), Var::read(var))).collect(),
            cotangent: array(&case["cotangent"]),
            ideal: answer(case, case, element),
            ieee: ieee.filter(|_| case["policy"] == "ideal_or_ieee").map(|ieee| answer(case, ieee, element)),
            is_stretch: case["policy"] == "stretch",
        }
    }

    /// The rule of the cases: all tensors are as they ideally are, or, where the case allows it, all as IEEE arithmetic has
    /// them.
    pub fn mismatches(&self, found: &Tensors) -> Vec<(String, Mismatch)> {
        let wrong = |answer: &Answer| -> Vec<(String, Mismatch)> {
            let places = |(name, got): (&String, &Array)| -> Vec<(String, Mismatch)> {
                differences(got, &answer[name]).into_iter().map(|mismatch| (name.clone(), mismatch)).collect()
            };
            found.iter().flat_map(places).collect()
        };
        match &self.ieee {
            Some(ieee) if wrong(ieee).is_empty() => Vec::new(),
            _ => wrong(&self.ideal),
        }
    }
}

impl Var {
    fn read(var: &Value) -> Self {
        Var { array: array(var), is_input: var["role"] == "input", is_differentiable: var["diff"] != false }
    }
}

/// The expectations of `case` with the values of `source`: the case itself, or its `ieee` part.
fn answer(case: &Value, source: &Value, element: &str) -> Answer {
    let tolerance = |tensor: &str| case["tol"][tensor][element].as_f64().expect("a tolerance for every tensor");
    let output = Expected { values: values(&source["out"]), tolerance: tolerance("out"), bounds: None };
    let gradients = source["grads"].as_object().expect("a case has gradients").iter().map(|(name, want)| {
        let bounds = case.get("subgrad").and_then(|bounds| bounds.get(name));
        let bounds = bounds.map(|bounds| (array(&bounds["lo"]), array(&bounds["hi"])));
        let tolerance = tolerance(&format!("grad:{name}"));
        (gradient(name), Expected { values: values(want), tolerance, bounds })
    });
    gradients.chain([(OUTPUT.to_string(), output)]).collect()
}

fn array(tensor: &Value) -> Array {
    values(tensor).mapv(|value| value.expect("`any` has no place in an array that is given"))
}

/// The elements of a tensor, row by row; `None` for one that isn't compared.
fn values(tensor: &Value) -> ArrayD<Option<f64>> {
    let list = |key: &str| tensor[key].as_array().unwrap_or_else(|| panic!("a tensor has {key}"));
    let shape: Vec<usize> = list("shape").iter().map(|size| size.as_u64().expect("a size") as usize).collect();
    let data = list("data").iter().map(element).collect();
    ArrayD::from_shape_vec(shape, data).expect("as many elements as the shape says")
}

fn element(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("any") => None,
        Some("nan") => Some(f64::NAN),
        Some("inf") => Some(f64::INFINITY),
        Some("-inf") => Some(f64::NEG_INFINITY),
        _ => Some(value.as_f64().unwrap_or_else(|| panic!("{value} is no element of a tensor"))),
    }
}

#[test]
fn a_tensor_may_hold_what_json_has_no_number_for() {
    let read = values(&serde_json::json!({"shape": [2, 2], "data": ["nan", "-inf", "any", -0.0]}));
    assert!(read[[0, 0]].is_some_and(f64::is_nan));
    assert_eq!(read[[0, 1]], Some(f64::NEG_INFINITY));
    assert_eq!(read[[1, 0]], None);
    assert_eq!(read[[1, 1]].map(f64::to_bits), Some((-0.0_f64).to_bits()));
}

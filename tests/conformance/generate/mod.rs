//! From the conformance cases to Rust source: a module a case, with its networks and a test for each element type.
pub mod dims;
pub mod spell;
pub mod status;

use serde_json::Value;
use spell::{Program, Spelling, arguments, operation, text_of};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Every case of every file, in the order of the files' names; `package` is the workspace's, or stands in it.
pub fn read_cases(package: &Path) -> Vec<Value> {
    let folder = package.ancestors().map(|folder| folder.join("tests/conformance/cases")).find(|cases| cases.is_dir());
    let folder = fs::read_dir(folder.expect("the folder of the cases is there")).expect("a readable folder");
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("a readable folder").path()).collect();
    files.sort();
    files
        .iter()
        .filter(|file| file.extension().is_some_and(|kind| kind == "json"))
        .flat_map(|file| read(file))
        .collect()
}

fn read(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut parsed: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    match parsed["cases"].take() {
        Value::Array(cases) => cases,
        _ => panic!("{}: no list of cases", file.display()),
    }
}

/// The whole suite: a module for each case, and lists of the ones that run and of the ones that wait.
pub fn suite(cases: &[Value]) -> String {
    let (mut suite, mut running, mut waiting) = (String::new(), Vec::new(), Vec::new());
    for case in cases {
        match waits_for(case) {
            Some(wait) => {
                suite += &waiting_module(case, &wait);
                waiting.push((id(case), wait.state, wait.reason));
            }
            None => {
                suite += &running_module(case);
                running.push(id(case));
            }
        }
    }
    writeln!(suite, "const RUNNING: &[&str] = &{running:?};").expect("a string can be written to");
    writeln!(suite, "const WAITING: &[(&str, &str, &str)] = &{waiting:?};").expect("a string can be written to");
    suite
}

/// A case that can't be compiled today.
pub struct Wait {
    state: &'static str,
    reason: String,
}

pub fn waits_for(case: &Value) -> Option<Wait> {
    if let Some((_, why)) = status::REFUSED.iter().find(|(refused, _)| *refused == id(case)) {
        return Some(Wait { state: "refused", reason: why.to_string() });
    }
    let missing = all_operations(Program::of(case)).into_iter().find(|op| !status::ENABLED.contains(&op.as_str()));
    missing.map(|reason| Wait { state: "not yet", reason })
}

fn all_operations(program: Program<'_>) -> Vec<String> {
    let mut nodes: Vec<&Value> = program.nodes().collect();
    let mut operations = Vec::new();
    while let Some(node) = nodes.pop() {
        operations.push(operation(node).to_string());
        nodes.extend(arguments(node));
    }
    operations
}

/// A test that isn't run, for a case that can't be compiled: the suite's own output then shows it.
fn waiting_module(case: &Value, wait: &Wait) -> String {
    let why = format!("{} ({})", wait.state, wait.reason);
    let tests = element_types(case).map(|element| {
        format!("    #[test]\n    #[ignore = {why:?}]\n    fn {element}() {{\n        panic!({why:?});\n    }}\n")
    });
    format!("mod {} {{\n{}}}\n", id(case), tests.collect::<String>())
}

fn running_module(case: &Value) -> String {
    let tests = element_types(case).map(|element| {
        let networks = FORMS.map(|form| Network { case, element, form });
        let networks = || networks.iter().filter(|network| network.is_compiled());
        let sources = networks().map(Network::source).collect::<String>();
        let surfaces = networks().map(Network::surface).collect::<String>();
        let expected = if fails(case, element) { "    #[should_panic]\n" } else { "" };
        let run = format!("run({:?}, &[\n{surfaces}        ]);", id(case));
        format!("{sources}    #[test]\n{expected}    fn {element}() {{\n        {run}\n    }}\n")
    });
    format!("mod {} {{\n    use super::*;\n{}}}\n", id(case), tests.collect::<String>())
}

fn fails(case: &Value, element: &str) -> bool {
    status::FAILING.iter().any(|(failing, of, _)| *failing == id(case) && *of == element)
}

fn id(case: &Value) -> &str {
    text_of(&case["id"])
}

pub fn element_types(case: &Value) -> impl Iterator<Item = &str> {
    case["dtypes"].as_array().expect("a case has element types").iter().map(text_of)
}

/// The two networks of a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// As the case has it: lets, dimensions in numbers, the order of its vars.
    Written,
    /// The same function in other words: lets nested into one expression, dimensions in names, vars in reverse order.
    General,
}

pub const FORMS: [Form; 2] = [Form::Written, Form::General];

pub struct Network<'a> {
    pub case: &'a Value,
    pub element: &'a str,
    pub form: Form,
}

impl Network<'_> {
    fn name(&self) -> String {
        let form = if self.form == Form::Written { "written" } else { "general" };
        format!("{form}_{}", self.element)
    }

    /// Compiling is what the suite takes its time for: the general form of a case without lets is in one element type.
    fn is_compiled(&self) -> bool {
        let turn = ["f64", "f32"][self.letters() / 3 % 2] == self.element;
        self.form == Form::Written || turn || Program::nested(self.case).is_some()
    }

    /// What decides whose turn it is: it goes by the case's name, so that it stays when other cases come.
    fn letters(&self) -> usize {
        id(self.case).bytes().map(usize::from).sum()
    }

    /// The spellings take turns. The text of a `select` leaves it to the reader that a number is compared with 0.
    fn spelling(&self) -> Spelling {
        let turn = self.letters() + 2 * usize::from(self.form == Form::General) + usize::from(self.element == "f32");
        let text = if self.uses("select") { Spelling::Named } else { Spelling::Text };
        [text, Spelling::Named, Spelling::Ndarray][turn % 3]
    }

    fn uses(&self, op: &str) -> bool {
        all_operations(Program::of(self.case)).iter().any(|used| used == op)
    }

    fn program(&self) -> Program<'_> {
        let nested = Program::nested(self.case).filter(|_| self.form == Form::General);
        nested.unwrap_or(Program::of(self.case))
    }

    fn source(&self) -> String {
        let options = Some(self.options()).filter(|options| !options.is_empty());
        let options = options.map(|options| format!("({options})")).unwrap_or_default();
        format!("\n    #[network{options}]\n    {}\n\n", self.item())
    }

    /// The function.
    pub fn item(&self) -> String {
        let vars = vars(self.case);
        let signature = self.signature(&vars);
        let mut arguments: Vec<String> = vars.iter().zip(&signature.vars).map(|(var, dims)| var.typed(dims)).collect();
        if self.form == Form::General {
            arguments.reverse();
        }
        let body = self.program().text(self.spelling()).replace('\n', "\n        ");
        format!(
            "pub fn {}({}) -> {} {{\n        {body}\n    }}",
            self.name(),
            arguments.join(", "),
            with_dims("Output", &signature.output),
        )
    }

    fn signature(&self, vars: &[Var]) -> dims::Signature {
        let numbers = |shape: &[usize]| shape.iter().map(usize::to_string).collect::<Vec<_>>();
        let shapes: Vec<_> = vars.iter().map(|var| (var.name.clone(), var.shape.clone())).collect();
        let general = dims::general(&shapes, self.program()).filter(|_| self.form == Form::General);
        general.unwrap_or_else(|| dims::Signature {
            vars: vars.iter().map(|var| numbers(&var.shape)).collect(),
            output: numbers(&shape(&self.case["out"])),
        })
    }

    /// What stands in the parentheses of `#[network(..)]`.
    pub fn options(&self) -> String {
        let vars = &vars(self.case);
        let element = Some(self.element.to_string()).filter(|element| element != "f32");
        let wrt = wanted(vars).map(|var| var.name.as_str()).collect::<Vec<_>>().join(", ");
        let wrt = Some(format!("wrt({wrt})")).filter(|_| wanted(vars).next().is_some());
        element.into_iter().chain(wrt).collect::<Vec<_>>().join(", ")
    }

    /// The call of `surface!` for this network.
    fn surface(&self) -> String {
        let mut vars = vars(self.case);
        if self.form == Form::General {
            vars.reverse();
        }
        let inputs = vars.iter().filter(|var| var.is_input).map(|var| format!("{}: {}", var.name, var.shape.len()));
        let params = vars.iter().filter(|var| !var.is_input).map(|var| var.name.clone());
        let wrt = wanted(&vars).map(|var| var.name.clone());
        format!(
            "            surface!({}: {}, inputs({}), params({}), wrt({}), output {}),\n",
            self.name(),
            self.element,
            inputs.collect::<Vec<_>>().join(", "),
            params.collect::<Vec<_>>().join(", "),
            wrt.collect::<Vec<_>>().join(", "),
            shape(&self.case["out"]).len(),
        )
    }
}

struct Var {
    name: String,
    is_input: bool,
    differentiable: bool,
    shape: Vec<usize>,
}

impl Var {
    fn typed(&self, dims: &[String]) -> String {
        format!("{}: {}", self.name, with_dims(if self.is_input { "Input" } else { "Param" }, dims))
    }
}

fn vars(case: &Value) -> Vec<Var> {
    let vars = case["vars"].as_array().expect("a case has vars");
    vars.iter()
        .map(|var| Var {
            name: text_of(&var["name"]).to_string(),
            is_input: var["role"] == "input",
            differentiable: var["diff"] != false,
            shape: shape(var),
        })
        .collect()
}

/// The inputs whose gradients are asked for.
fn wanted(vars: &[Var]) -> impl Iterator<Item = &Var> {
    vars.iter().filter(|var| var.is_input && var.differentiable)
}

fn with_dims(kind: &str, dims: &[String]) -> String {
    if dims.is_empty() { kind.to_string() } else { format!("{kind}<{}>", dims.join(", ")) }
}

fn shape(tensor: &Value) -> Vec<usize> {
    let sizes = tensor["shape"].as_array().expect("a tensor has a shape");
    sizes.iter().map(|size| size.as_u64().expect("a size is a whole number") as usize).collect()
}

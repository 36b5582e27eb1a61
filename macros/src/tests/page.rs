//! The page of operations in the documentation of the runtime, written from the table. It changes only by an explicit
//! `PULLBACK_BLESS=1 cargo test -p pullback-macros page`; that it is up to date is tested here.

use super::operations::{IN_TRAINING, MODELS};
use crate::op::{self, Derivative, Family, Identity, Last, Meaning, Op, Takes, When, rule};
use std::fmt::Write;
use std::path::Path;

const INTRODUCTION: &str = "\
Every operation that a model may call, written from the compiler's table of operations: this page is a test's output.

In a derivative `y` is the result, `dy` its cotangent, `d_x` what goes back to `x`, and `axis` the axes of the call. Where
arguments were broadcast, what goes back is summed over the axes along which they were. Error bounds are those of
[`math`](crate::math), in units in the last place, for `f32` and for `f64`.
";

const FAMILIES: [(Family, &str); 8] = [
    (Family::Elementwise, "Element by element"),
    (Family::Reduce, "Reductions"),
    (Family::Linear, "Products"),
    (Family::Shape, "Shapes"),
    (Family::Windows, "Convolution and pooling"),
    (Family::Normalisation, "Normalisation and attention"),
    (Family::Random, "Randomness"),
    (Family::Composite, "Softmax, norms and losses"),
];

fn page() -> String {
    let mut page = INTRODUCTION.to_string();
    for (family, title) in FAMILIES {
        write!(page, "\n# {title}\n").expect("a string takes all");
        op::all().filter(|op| op.family == family).for_each(|op| page.push_str(&entry(op)));
    }
    page
}

fn entry(op: &Op) -> String {
    let mut lines = vec![format!("\n## `{}`\n", signature(op)), format!("{}\n", escaped(op.doc))];
    let mut item = |label: &str, text: String| lines.push(format!("- {label}: {text}"));
    if !op.aliases.is_empty() {
        item("also", code_list(op.aliases));
    }
    if !op.options.is_empty() {
        item("options", code_list(op.options));
    }
    item("formula", format!("`{}`", formula(op)));
    item("shapes", shapes(op).to_string());
    MODELS.iter().chain(IN_TRAINING).filter(|(_, body)| calls(body, op)).take(3).for_each(|(signature, body)| {
        item("example", format!("`{signature}`: `{}`", rule::on_one_line(body)));
    });
    derivatives(op).into_iter().for_each(|text| item("derivative", text));
    if !op.kinks.is_empty() {
        item("kinks", format!("at {}", op.kinks.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")));
    }
    if let Some(bounds) = bounds(op) {
        item("error", bounds);
    }
    op.identities.iter().filter(|i| reported(i)).for_each(|i| {
        item("rewritten for stability", format!("`{}` becomes `{}`", i.from, i.to));
    });
    lines.join("\n") + "\n"
}

/// `clamp(x, lo = -1, hi = 1)`.
fn signature(op: &Op) -> String {
    let default = |name: &str| op.defaults.iter().find(|(n, _)| *n == name);
    let last = |k: usize| k + 1 == op.args.len() && op.repeats;
    let argument = |(k, name): (usize, &&str)| match default(name) {
        Some((_, value)) => format!("{name} = {value}"),
        None if last(k) => format!("{name}, .."),
        None => name.to_string(),
    };
    let arguments: Vec<String> = op.args.iter().enumerate().map(argument).collect();
    format!("{}({})", op.name, arguments.join(", "))
}

/// The notation for people, with the arguments' names in place.
fn formula(op: &Op) -> String {
    op.args.iter().fold(op.math.to_string(), |math, name| math.replace(&format!("{{{name}}}"), name))
}

fn shapes(op: &Op) -> &'static str {
    match (op.meaning, op.family, op.last) {
        (_, Family::Elementwise, Last::Number) => "that of the first argument; the last is a number of the source",
        (_, Family::Elementwise, Last::Whole) => "that of the first argument; the last is a whole number of the source",
        (Meaning::Map { takes: Takes::MaskFirst, .. }, ..) => "broadcast as in NumPy; the first is a mask",
        (Meaning::Map { takes: Takes::Masks, .. }, ..) => "masks, broadcast as in NumPy",
        (_, Family::Elementwise, _) if op.args.len() > 1 => "broadcast as in NumPy",
        (_, Family::Elementwise, _) => "that of the argument",
        (Meaning::Composite { keeps: true, .. }, ..) => "that of the argument",
        (Meaning::Composite { .. }, ..) | (_, Family::Reduce, _) => {
            "without the axes; `keepdims = true` leaves 1 there"
        }
        (_, Family::Random, _) => "that of the first argument; the second is a `Random`",
        (_, Family::Composite, _) => "arrays of one shape, or labels for rows, to a single number",
        _ => "as the line above says",
    }
}

fn calls(body: &str, op: &Op) -> bool {
    let names = std::iter::once(&op.name).chain(op.aliases);
    let word =
        |name: &str, at: usize| !body[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') && !name.is_empty();
    names.into_iter().any(|name| body.match_indices(&format!("{name}(")).any(|(at, _)| word(name, at)))
}

fn derivatives(op: &Op) -> Vec<String> {
    let list = |texts: &[&str], write: &dyn Fn(&str) -> String| {
        let pairs = op.args.iter().zip(texts).filter(|(_, text)| !text.is_empty());
        pairs.map(|(arg, text)| format!("`d_{arg} = {}`", write(&rule::on_one_line(text)))).collect()
    };
    match op.derivative {
        Derivative::Partials(texts) => list(texts, &|text| format!("dy * ({text})")),
        Derivative::Pullback(texts) => list(texts, &|text| text.to_string()),
        Derivative::Inner => vec!["of the operations that it is made of".to_string()],
        Derivative::None => vec!["none: no gradient passes".to_string()],
    }
}

/// The bounds in the row of the runtime's table, if there is one.
fn bounds(op: &Op) -> Option<String> {
    let op::Emitted::Function(function) = op.emitted else { return None };
    let table = include_str!("../../../runtime/src/math.rs");
    let row = table.lines().find(|line| line.starts_with("//! |") && line.contains(&format!("[`{function}`]")))?;
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    Some(format!("at most {} and {} units in the last place", cells[2], cells[3]))
}

fn reported(identity: &Identity) -> bool {
    matches!(identity.when, When::Stability | When::Alone)
}

fn code_list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Rustdoc takes brackets for links and angles for tags, except in code.
fn escaped(text: &str) -> String {
    let escape = |(k, part): (usize, &str)| match k % 2 {
        0 => part.replace('[', "\\[").replace('<', "\\<"),
        _ => part.to_string(),
    };
    text.split('`').enumerate().map(escape).collect::<Vec<_>>().join("`")
}

#[test]
fn the_page_of_operations_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src/operations.md");
    let now = page();
    if std::env::var_os("PULLBACK_BLESS").is_some() {
        std::fs::write(&path, &now).expect("a writable page");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        now == kept,
        "the table has changed; write its page with `PULLBACK_BLESS=1 cargo test -p pullback-macros page`"
    );
}

#[test]
fn every_operation_is_on_the_page() {
    let page = page();
    for op in op::all().filter(|op| op.family != Family::Internal) {
        assert!(page.contains(&format!("\n## `{}(", op.name)), "{}", op.name);
    }
}

/// The text of every source of the workspace in which tests stand.
fn sources(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a readable folder").map(|e| e.expect("an entry").path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            found.push_str(&std::fs::read_to_string(&entry).expect("a readable source"));
        }
    }
}

#[test]
fn every_convention_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = String::new();
    ["macros/src/tests", "runtime/src", "runtime/tests", "tests"].iter().for_each(|f| sources(&root.join(f), &mut all));
    let page = include_str!("../../../runtime/src/conventions.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() >= 25);
    for row in rows {
        let test = row.trim_end_matches(" |").rsplit("| ").next().expect("a row has cells").trim_matches('`');
        // Some tests are made by a macro from their name.
        let found = all.contains(&format!("fn {test}()")) || all.contains(&format!("!({test} "));
        assert!(found, "no test is called `{test}`:\n{row}");
    }
}

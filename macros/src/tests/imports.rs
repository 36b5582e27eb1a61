//! Imports run one way: error <- ir <- op <- phases <- pipeline, and no phase imports another.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use syn::UseTree;
use syn::visit::{self, Visit};

const PHASES: [&str; 15] = [
    "fence",
    "parse",
    "link",
    "lower",
    "checkpoint",
    "differentiate",
    "simplify",
    "partition",
    "fuse",
    "hoist",
    "sample",
    "tile",
    "name",
    "emit",
    "verify",
];

/// What may be imported against the rule: by whom, and what.
const EXCEPTIONS: &[(&str, &str)] = &[
    // The text of rules and identities is in the notation of models.
    ("op", "parse::parse_expr"),
    ("differentiate", "parse::parse_expr"),
    ("simplify", "parse::parse_expr"),
    // The parser reads nothing that the fence beside it has not let in.
    ("parse", "fence"),
    // What `name` and `checkpoint` hand to `emit`.
    ("emit", "name::Names"),
    ("emit", "checkpoint::Cut"),
];

/// How far a module is from the bottom; phases stand side by side.
fn layer(module: &str) -> usize {
    match module {
        "error" => 0,
        "ir" => 1,
        "op" => 2,
        phase if PHASES.contains(&phase) => 3,
        "pipeline" => 4,
        "lib" => 5,
        other => panic!("`{other}` has no place in the layers: give it one here"),
    }
}

fn allowed(from: &str, to: &str) -> bool {
    let target = to.split("::").next().expect("a name");
    let except =
        EXCEPTIONS.iter().any(|(by, what)| *by == from && (to == *what || to.starts_with(&format!("{what}::"))));
    target == from || layer(target) < layer(from) || except
}

/// The paths below `crate` that a file names.
#[derive(Default)]
struct Imports(BTreeSet<String>);

impl<'a> Visit<'a> for Imports {
    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        // What is there for tests alone may look into them.
        if item.attrs.iter().any(|a| a.path().is_ident("cfg")) {
            return;
        }
        self.tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.note(path.segments.iter().map(|s| s.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

impl Imports {
    fn note(&mut self, path: Vec<String>) {
        if path.len() > 1 && path[0] == "crate" {
            self.0.insert(path[1..].join("::"));
        }
    }

    fn tree(&mut self, tree: &UseTree, before: &mut Vec<String>) {
        let last = match tree {
            UseTree::Group(group) => return group.items.iter().for_each(|t| self.tree(t, before)),
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before);
                before.pop();
                return;
            }
            UseTree::Name(name) => name.ident.to_string(),
            UseTree::Rename(rename) => rename.ident.to_string(),
            UseTree::Glob(_) => "*".to_string(),
        };
        let path: Vec<String> = before.iter().cloned().chain((last != "self").then_some(last)).collect();
        self.note(path);
    }
}

fn imports(source: &str) -> BTreeSet<String> {
    let mut imports = Imports::default();
    imports.visit_file(&syn::parse_file(source).expect("our own source is Rust"));
    imports.0
}

/// Every source file of the compiler but for its tests.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path());
    let mut found: Vec<PathBuf> = entries
        .filter(|path| !path.ends_with("src/tests"))
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect();
    found.sort();
    found
}

#[test]
fn imports_run_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = files(&source);
    assert!(files.len() > PHASES.len());
    for file in files {
        let inside = file.strip_prefix(&source).expect("a file of ours");
        let module = inside.iter().next().expect("a name").to_str().expect("text").trim_end_matches(".rs");
        for import in imports(&std::fs::read_to_string(&file).expect("text")) {
            assert!(allowed(module, &import), "{} may not use crate::{import}", inside.display());
        }
    }
}

#[test]
fn a_wrong_import_is_noticed() {
    let found = imports("use crate::{ir::{self, graph::Id}, parse}; fn f() -> crate::lower::X { crate::fuse::g() }");
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, ["fuse::g", "ir", "ir::graph::Id", "lower::X", "parse"]);
    assert!(["fuse::g", "parse", "lower::X"].iter().all(|import| !allowed("op", import)));
    assert!(["error::Place", "ir", "op::find", "parse::parse_expr"].iter().all(|import| allowed("simplify", import)));
    assert!(!allowed("ir", "op::find") && !allowed("partition", "verify") && allowed("pipeline", "verify"));
}

//! Gives every value of a program the name under which it is emitted: the user's, or one derived from it. No name is a
//! keyword, a function of the runtime, or given twice.

use crate::ir::graph::{Goal, Graph, Id};
use crate::ir::program::{BufferId, Program, Role, Stmt};
use crate::op::{self, Emitted};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Names that emitted passes use for themselves.
const TAKEN: &[&str] = &[
    "matmul",
    "matmul_nt",
    "matmul_tn",
    "matmul_tt",
    "matmul_add",
    "matmul_nt_add",
    "matmul_tn_add",
    "matmul_tt_add",
    "sum",
    "max_of",
    "min_of",
    "prod_of",
    "batched",
    "lanes_of",
    "live_lanes",
    "rows_within",
    "distinct",
    "in_parts",
    "apart",
    "pad",
    "concat",
    "gather",
    "scatter",
    "overlap",
    "cumsum",
    "cumsum_from_end",
    "argmax",
    "argmin",
    "tiles",
    "rows",
    "simd",
    "f32",
    "f64",
    "usize",
    "bool",
    "self",
];

const INDICES: &[&str] = &["i", "j", "k", "l", "m", "n", "p", "q", "r", "s"];

#[derive(Debug, Default)]
pub struct Names {
    pub buffers: Vec<String>,
    pub values: HashMap<Id, String>,
    /// Loop variables, by the depth of the loop.
    pub indices: Vec<String>,
    /// Of the programs of loops.
    pub loops: HashMap<Id, Names>,
}

/// The names of `program`; those in `outside` (dimensions) are taken already, and `users` are those of the author's `let`s
/// and arguments.
pub fn name(graph: &Graph, program: &Program, outside: &[String], users: &HashSet<String>) -> Names {
    let mut pool = Pool::new(outside);
    let mut names = Names { buffers: vec![String::new(); program.buffers.len()], ..Names::default() };
    for pass in 0..3 {
        for (index, buffer) in program.buffers.iter().enumerate() {
            let wanted = match (pass, buffer.role) {
                (0, Role::Argument(_)) => buffer.name.clone(),
                (1, Role::Result(root)) => result_name(graph, program, root, &buffer.name, users),
                (2, Role::Scratch | Role::Row { .. }) => or_value(&buffer.name),
                _ => continue,
            };
            names.buffers[index] = pool.take(&wanted);
        }
    }
    for index in 0..program.buffers.len() {
        let last = last_over(program, BufferId(index));
        if matches!(program.buffer(last).role, Role::Result(_)) {
            names.buffers[index] = names.buffers[last.0].clone();
        }
    }
    let mut bound = BTreeMap::new();
    let deepest = depths(&program.body, 0, &mut bound);
    names.indices = (0..deepest.max(INDICES.len())).map(|k| pool.take(INDICES[k.min(INDICES.len() - 1)])).collect();
    for (id, depth) in bound {
        let name = pool.take(&value_name(graph, program, id, depth));
        names.values.insert(id, name);
    }
    for stmt in &program.body {
        if let Stmt::Turns(turns) = stmt {
            names.loops.insert(turns.value, self::name(&turns.graph, &turns.program, outside, users));
        }
    }
    names
}

/// The values that statements bind, each with the number of loops around it; and how many loops there are at the deepest.
fn depths(body: &[Stmt], depth: usize, found: &mut BTreeMap<Id, usize>) -> usize {
    let mut deepest = depth;
    for stmt in body {
        match stmt {
            Stmt::Let { value, .. } | Stmt::Start { value, .. } => _ = found.insert(*value, depth),
            Stmt::Fold { value, into: None, running: false, .. } => _ = found.insert(*value, depth),
            // A loop over tiles has no variable of its own.
            Stmt::Loop(inner) => deepest = deepest.max(depths(&inner.body, depth + usize::from(!inner.tiles), found)),
            _ => {}
        }
    }
    deepest
}

/// The buffer that is written over this one last of all; if that is a result, the whole chain goes by its name.
fn last_over(program: &Program, buffer: BufferId) -> BufferId {
    match program.buffers.iter().position(|b| b.over == Some(buffer)) {
        Some(next) => last_over(program, BufferId(next)),
        None => buffer,
    }
}

fn or_value(name: &str) -> String {
    if name.is_empty() { "value".into() } else { name.into() }
}

/// `d_w` for the gradient of `w`; an output that its author did not name is the output; saved values go by their node.
fn result_name(graph: &Graph, program: &Program, root: usize, node: &str, users: &HashSet<String>) -> String {
    match program.results[root].0 {
        Goal::Gradient(argument) => format!("d_{}", graph.arguments[argument].name),
        Goal::State(argument) => format!("{}_next", graph.arguments[argument].name),
        Goal::Output(_) if !users.contains(node) => "output".into(),
        _ => or_value(node),
    }
}

/// An element of an array that is kept is called after the array; the loop's index tells the two apart.
fn value_name(graph: &Graph, program: &Program, id: Id, depth: usize) -> String {
    let own = graph.name_of(id);
    match program.buffers.iter().any(|b| b.node == id && !matches!(b.role, Role::Argument(_))) {
        true if depth == 0 => format!("{own}_total"),
        true => format!("{own}_{}", INDICES[(depth - 1).min(INDICES.len() - 1)]),
        false => own,
    }
}

/// The names that are taken: by Rust and the runtime, and by what has a name already.
struct Pool {
    reserved: HashSet<String>,
    given: HashSet<String>,
}

impl Pool {
    fn new(outside: &[String]) -> Self {
        let functions = op::all().filter_map(|op| match op.emitted {
            Emitted::Function(function) => Some(function),
            _ => None,
        });
        let reserved = TAKEN.iter().copied().chain(functions).map(str::to_string);
        Pool { reserved: reserved.collect(), given: outside.iter().cloned().collect() }
    }

    /// `wanted`, or with the first number that makes it free.
    fn take(&mut self, wanted: &str) -> String {
        let plain = wanted.strip_prefix("r#").unwrap_or(wanted);
        let keyword = plain == "gen" || syn::parse_str::<syn::Ident>(plain).is_err();
        let first = if keyword || self.reserved.contains(plain) { 1 } else { 2 };
        let bare = (first == 2).then(|| plain.to_string());
        let mut all = bare.into_iter().chain((first..).map(|n| format!("{plain}_{n}")));
        let name = all.find(|n| !self.given.contains(n) && !self.reserved.contains(n)).expect("numbers do not end");
        self.given.insert(name.clone());
        name
    }
}

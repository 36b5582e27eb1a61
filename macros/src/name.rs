//! Gives every value of a program the name under which it is emitted: the user's, or one derived from it. No name is a
//! keyword, a function of the runtime, or given twice.

use crate::ir::graph::{Goal, Graph, Id};
use crate::ir::program::{BufferId, Program, Role, Stmt};
use crate::op::{self, Emitted};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

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
    "in_parts",
    "apart",
    "part",
    "own_of",
    "rows_of",
    "share_moving",
    "share_rows",
    "share_tiles",
    "sum_of",
    "together",
    "within",
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
    let over = over(program);
    for index in 0..program.buffers.len() {
        let last = last_over(&over, BufferId(index));
        if matches!(program.buffer(last).role, Role::Result(_)) {
            names.buffers[index] = names.buffers[last.0].clone();
        }
    }
    let mut bound = BTreeMap::new();
    let deepest = depths(&program.body, 0, &mut bound);
    names.indices = (0..deepest.max(INDICES.len())).map(|k| pool.take(INDICES[k.min(INDICES.len() - 1)])).collect();
    let written = program.buffers.iter().filter(|b| !matches!(b.role, Role::Argument(_)));
    let written: HashSet<Id> = written.map(|b| b.node).collect();
    for (id, depth) in bound {
        let name = pool.take(&value_name(graph, &written, id, depth));
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

/// For a buffer that another is written over, that other.
fn over(program: &Program) -> HashMap<BufferId, BufferId> {
    let buffers = program.buffers.iter().enumerate().rev();
    buffers.filter_map(|(index, b)| Some((b.over?, BufferId(index)))).collect()
}

/// The buffer that is written over this one last of all; if that is a result, the whole chain goes by its name.
fn last_over(over: &HashMap<BufferId, BufferId>, buffer: BufferId) -> BufferId {
    match over.get(&buffer) {
        Some(next) => last_over(over, *next),
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
fn value_name(graph: &Graph, written: &HashSet<Id>, id: Id, depth: usize) -> String {
    let own = graph.name_of(id);
    match written.contains(&id) {
        true if depth == 0 => format!("{own}_total"),
        true => format!("{own}_{}", INDICES[(depth - 1).min(INDICES.len() - 1)]),
        false => own,
    }
}

/// The names that are taken, beside those of Rust and the runtime.
struct Pool {
    given: HashSet<String>,
    /// For a name that was wanted, the first number behind it that may be free.
    next: HashMap<String, usize>,
}

impl Pool {
    fn new(outside: &[String]) -> Self {
        Pool { given: outside.iter().cloned().collect(), next: HashMap::new() }
    }

    /// `wanted`, or with the first number that makes it free.
    fn take(&mut self, wanted: &str) -> String {
        let plain = wanted.strip_prefix("r#").unwrap_or(wanted);
        let next = self.next.entry(plain.to_string()).or_insert_with(|| first(plain));
        loop {
            let name = match *next {
                ALONE => plain.to_string(),
                number => format!("{plain}_{number}"),
            };
            *next = match *next {
                ALONE => 2,
                number => number + 1,
            };
            if !reserved().contains(&*name) && self.given.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// In the place of a number, the name without one.
const ALONE: usize = 0;

/// What is tried first for a name.
fn first(plain: &str) -> usize {
    let keyword = plain == "gen" || syn::parse_str::<syn::Ident>(plain).is_err();
    if keyword || reserved().contains(plain) { 1 } else { ALONE }
}

/// The names that Rust and the runtime have.
fn reserved() -> &'static HashSet<&'static str> {
    static RESERVED: OnceLock<HashSet<&'static str>> = OnceLock::new();
    RESERVED.get_or_init(|| {
        let functions = op::all().filter_map(|op| match op.emitted {
            Emitted::Function(function) => Some(function),
            _ => None,
        });
        TAKEN.iter().copied().chain(functions).collect()
    })
}

//! Identities, to a fixpoint. In comes a graph, out comes one that computes the same, with fewer or cheaper nodes; after
//! [`simplify`], every composite is expanded and nothing dead is left.
//!
//! Those that are notation stand in the table and are matched there; those about axes stand in [`structure`].

pub mod structure;
mod vectors;

use crate::ir::graph::{Goal, Graph, Id, Kind, Node};
use crate::ir::model::{Expr, ExprKind};
use crate::ir::scan::Shared;
use crate::op::rule::{self, Bindings};
use crate::op::{self, Identity, Meaning, When, apply, matching, naming};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::OnceLock;
use structure::Structural;

/// More sweeps than any graph takes: every identity ends in fewer, cheaper or further moved nodes.
const SWEEPS: usize = 100;

/// Rewrites what would lose digits or overflow, before differentiation, and says what it rewrote.
pub fn stabilise(graph: &Graph) -> (Graph, Vec<String>) {
    let rules = Rules::new(&[When::Stability, When::Alone, When::Always], structure::BEFORE);
    let mut inside = BTreeSet::new();
    let graph = in_loops(graph, &mut |body| {
        let (body, fired) = stabilise(body);
        inside.extend(fired);
        body
    });
    let (mut stable, mut fired) = rules.fixpoint(graph);
    fired.extend(inside);
    naming::name_all(&mut stable);
    (stable, fired.into_iter().collect())
}

/// What stands in place of [`stabilise`] where the author opts out: names alone.
pub fn as_written(graph: &Graph) -> Graph {
    let mut named = graph.clone();
    naming::name_all(&mut named);
    named
}

/// Expands the composites and applies the identities that floating point allows.
pub fn simplify(graph: &Graph) -> Graph {
    let rules = Rules::new(&[When::Always, When::Derived], structure::AFTER);
    let (mut simple, _) = rules.fixpoint(in_loops(&expand(graph), &mut simplify));
    naming::name_all(&mut simple);
    simple
}

/// The graph with all bodies of its loops changed.
fn in_loops(graph: &Graph, change: &mut dyn FnMut(&Graph) -> Graph) -> Graph {
    if graph.has_loops() { graph.with_bodies(change) } else { graph.clone() }
}

/// What is one thing in training and another in inference, as the one or as the other; inference updates no state.
pub fn resolve(graph: &Graph, training: bool) -> Graph {
    let mut graph = in_loops(graph, &mut |body| resolve(body, training));
    graph.roots.retain(|r| training || !matches!(r.goal, Goal::State(_)));
    graph.rebuild(|new, node, args| match &node.kind {
        Kind::Map("training") => args[usize::from(!training)],
        Kind::Given(gradients) => {
            let gradients = Kind::Given(Shared::new(resolve(gradients, training)));
            new.add(gradients, args, node.shape.clone(), node.dtype)
        }
        _ => new.like(node, args),
    })
}

/// Every composite by its definition; a given derivative has served its turn.
pub fn expand(graph: &Graph) -> Graph {
    in_loops(graph, &mut expand).rebuild(|new, node, args| {
        let (name, axes) = match &node.kind {
            Kind::Composite { op, axes } => (op, axes),
            Kind::Given(_) => return args[0],
            _ => return new.like(node, args),
        };
        let op = op::known(name);
        let Meaning::Composite { text, .. } = op.meaning else { unreachable!("`{name}` is a composite") };
        let start = new.len();
        let text = rule::current(name, rule::DEFINITION, text);
        let result = rule::instantiate(new, &rule::parsed(text), &Bindings::new(op.args, &args).over(axes));
        annotate(new, start, node, Some(format!("{name}: {}", rule::on_one_line(text)).into()));
        result
    })
}

/// Gives nodes that stand for `node` its place, and its rule unless there is a nearer one.
fn annotate(graph: &mut Graph, start: usize, node: &Node, rule: Option<Rc<str>>) {
    for id in graph.ids_from(start) {
        let note = graph.note_mut(id);
        note.place = note.place.or(node.note.place);
        note.rule = note.rule.take().or_else(|| node.note.rule.clone()).or_else(|| rule.clone());
    }
}

struct Rules {
    when: &'static [When],
    /// By the outermost operation of the left side, the left sides parsed as soon as a graph has such an operation.
    identities: RefCell<HashMap<&'static str, Rc<[Parsed]>>>,
    structural: &'static [Structural],
}

struct Parsed {
    identity: &'static Identity,
    from: Rc<Expr>,
}

/// What is known of a node in the graph that is being rewritten.
#[derive(Clone, Copy)]
pub struct Site {
    /// No output depends on it.
    derived: bool,
    /// Its arguments have no other user.
    alone: bool,
}

impl Rules {
    fn new(when: &'static [When], structural: &'static [Structural]) -> Self {
        Rules { when, identities: RefCell::default(), structural }
    }

    /// The identities about an operation.
    fn about(&self, head: &'static str) -> Rc<[Parsed]> {
        let parse = |&identity: &&'static Identity| Parsed { identity, from: rule::parsed(identity.from) };
        let of_table = || by_head().get(head).into_iter().flatten().filter(|i| self.when.contains(&i.when));
        let mut identities = self.identities.borrow_mut();
        identities.entry(head).or_insert_with(|| of_table().map(parse).collect()).clone()
    }

    fn fixpoint(&self, mut graph: Graph) -> (Graph, BTreeSet<String>) {
        let mut fired = BTreeSet::new();
        for _ in 0..SWEEPS {
            let (next, changed) = self.sweep(&graph, &mut fired);
            graph = next;
            if !changed {
                break;
            }
        }
        (graph, fired)
    }

    /// Once over the graph, arguments first.
    fn sweep(&self, graph: &Graph, fired: &mut BTreeSet<String>) -> (Graph, bool) {
        let sites = sites(graph);
        let live = graph.live();
        let mut ids = graph.ids().filter(|id| live[id.index()]);
        let mut changed = false;
        let next = graph.rebuild(|new, node, args| {
            let site = sites[ids.next().expect("one for each live node").index()];
            let mut id = new.like(node, args);
            new.inherit(id, &node.note);
            let start = new.len();
            while let Some(better) = self.once(new, id, site, fired) {
                (id, changed) = (better, true);
            }
            annotate(new, start, node, None);
            id
        });
        (next, changed)
    }

    fn once(&self, graph: &mut Graph, id: Id, site: Site, fired: &mut BTreeSet<String>) -> Option<Id> {
        let rewritten = |identity: &Structural| {
            let before = graph.len();
            let better = (identity.about)(&graph.node(id).kind).then(|| (identity.rewrite)(graph, id, site))??;
            Some(rule::applied(identity.name, graph, before, better))
        };
        let structural = self.structural.iter().find_map(rewritten);
        structural.or_else(|| self.by_identity(graph, id, site, fired))
    }

    fn by_identity(&self, graph: &mut Graph, id: Id, site: Site, fired: &mut BTreeSet<String>) -> Option<Id> {
        let candidates = self.about(head(graph.node(id))?);
        let applies = |p: &&Parsed| match p.identity.when {
            When::Derived => site.derived,
            When::Alone => site.alone,
            When::Stability | When::Always => true,
        };
        let found = candidates.iter().filter(applies).find_map(|p| Some((p, matching::find(graph, &p.from, id)?)));
        let (Parsed { identity, .. }, bindings) = found?;
        let to = rule::parsed(rule::current(identity.name, rule::RIGHT_SIDE, identity.to));
        let (before, shape) = (graph.len(), graph.shape(id).clone());
        let result = rule::instantiate(graph, &to, &bindings);
        let result = rule::applied(identity.name, graph, before, result);
        if matches!(identity.when, When::Stability | When::Alone) {
            fired.insert(format!("{}: {} => {}", identity.name, identity.from, identity.to));
        }
        Some(graph.broadcast_to(result, &shape))
    }
}

/// The identities by the outermost operation of their left sides: found out once, and kept beyond one compilation, which
/// the expressions themselves cannot be.
fn by_head() -> &'static HashMap<&'static str, Vec<&'static Identity>> {
    static BY_HEAD: OnceLock<HashMap<&'static str, Vec<&'static Identity>>> = OnceLock::new();
    BY_HEAD.get_or_init(|| {
        let mut by_head: HashMap<_, Vec<_>> = HashMap::new();
        for identity in op::identities() {
            let from = rule::parsed(identity.from);
            let ExprKind::Call(call) = &from.kind else { unreachable!("an identity is about calls") };
            let head = apply::spelled(&call.op, call.arguments.len()).expect("an identity is about known operations");
            by_head.entry(head.op.name).or_default().push(identity);
        }
        by_head
    })
}

/// The operation that an identity about this node starts with.
fn head(node: &Node) -> Option<&'static str> {
    match &node.kind {
        Kind::Map(op) | Kind::Composite { op, .. } => Some(op),
        _ => None,
    }
}

fn sites(graph: &Graph) -> Vec<Site> {
    let needed = graph.live_for(|goal| !matches!(goal, Goal::Gradient(_)));
    let mut uses = vec![0; graph.len()];
    graph.users().iter().enumerate().for_each(|(index, users)| uses[index] = users.len());
    graph.roots.iter().filter_map(|r| r.node).for_each(|id| uses[id.index()] += 1);
    let single = |id: &Id| uses[id.index()] <= 1 || graph.as_constant(*id).is_some();
    let site = |id: Id| Site { derived: !needed[id.index()], alone: graph.node(id).args.iter().all(single) };
    graph.ids().map(site).collect()
}

//! Save or recompute. In comes a joint graph of outputs and gradients, out come two: forward gives the outputs and what
//! is kept, backward takes what was kept and gives the gradients. No argument, constant or size is ever kept.

use crate::ir::along::Along;
use crate::ir::graph::{Argument, Goal, Graph, Id, Kind, Root, Source};
use crate::op::{self, naming};

/// Forward has the network's arguments; backward has those of the joint graph, at the same positions, then one for each
/// kept value, whose note says why it is kept.
pub fn partition(joint: &Graph) -> (Graph, Graph) {
    let plan = Plan::new(joint);
    (forward(joint, &plan.saved), backward(joint, &plan))
}

struct Plan {
    /// In the order of the graph.
    saved: Vec<Id>,
    reasons: Vec<String>,
}

impl Plan {
    fn new(joint: &Graph) -> Self {
        let forward = with_parts(joint, joint.live_for(|goal| matches!(goal, Goal::Output(_) | Goal::State(_))));
        let mut readers = readers(joint, &forward);
        let dear = |id: &Id| !free(joint, *id) && !cheap(joint, *id);
        let mut kept: Vec<bool> = joint.ids().map(|id| readers[id.index()].is_some() && dear(&id)).collect();
        let mut at_hand = available(joint, &kept);
        for id in joint.ids() {
            let Some(reason) = readers[id.index()].clone().filter(|_| !at_hand[id.index()]) else { continue };
            let keep = smaller_sources(joint, &kept, id).unwrap_or_else(|| vec![id]);
            for source in keep {
                kept[source.index()] = true;
                readers[source.index()].get_or_insert_with(|| format!("{reason} for what follows from it"));
            }
            at_hand = available(joint, &kept);
        }
        let saved: Vec<Id> = joint.ids().filter(|id| kept[id.index()]).collect();
        let reason = |id: &Id| readers[id.index()].clone().expect("whatever is kept has a reader");
        Plan { reasons: saved.iter().map(reason).collect(), saved }
    }
}

/// What backward has without keeping more: cheap steps from what is free or kept.
fn available(joint: &Graph, kept: &[bool]) -> Vec<bool> {
    let mut available = vec![false; joint.len()];
    for id in joint.ids() {
        let follows = || cheap(joint, id) && joint.node(id).args.iter().all(|a| available[a.index()]);
        available[id.index()] = kept[id.index()] || free(joint, id) || follows();
    }
    available
}

/// At most two values of lower rank from which cheap steps lead to `id`: a mean, rather than all that it was taken from.
fn smaller_sources(joint: &Graph, kept: &[bool], id: Id) -> Option<Vec<Id>> {
    let (mut open, mut sources) = (vec![id], Vec::new());
    while let Some(next) = open.pop() {
        if kept[next.index()] || free(joint, next) || sources.contains(&next) {
            continue;
        }
        if cheap(joint, next) {
            open.extend(&joint.node(next).args);
        } else {
            sources.push(next);
        }
        if sources.len() > 2 {
            return None;
        }
    }
    let rank = |id: Id| joint.shape(id).iter().filter(|d| !d.is_one()).count();
    sources.iter().all(|&s| rank(s) < rank(id)).then_some(sources)
}

/// All parts of a loop come with it.
fn with_parts(joint: &Graph, mut forward: Vec<bool>) -> Vec<bool> {
    for id in joint.ids() {
        let node = joint.node(id);
        forward[id.index()] |= matches!(node.kind, Kind::Part(_)) && forward[node.args[0].index()];
    }
    forward
}

/// For each forward value that backward reads, by which rule. What only moves elements is looked through.
fn readers(joint: &Graph, forward: &[bool]) -> Vec<Option<String>> {
    let backward = joint.live_for(|goal| matches!(goal, Goal::Gradient(_)));
    let mut readers: Vec<Option<String>> = vec![None; joint.len()];
    for root in joint.roots.iter().filter(|r| matches!(r.goal, Goal::Gradient(_))) {
        if let Some(id) = root.node.filter(|id| forward[id.index()]) {
            readers[id.index()] = Some("it is a gradient".to_string());
        }
    }
    for id in joint.ids().filter(|id| backward[id.index()] && !forward[id.index()]) {
        let node = joint.node(id);
        let by = node.note.rule.as_deref().map_or("backward", |rule| rule.split(':').next().unwrap_or(rule));
        for arg in node.args.iter().filter(|a| forward[a.index()]) {
            readers[arg.index()].get_or_insert_with(|| format!("backward of {by} needs it"));
        }
    }
    for id in joint.ids().rev() {
        if moves(joint, id)
            && let Some(reason) = readers[id.index()].take()
        {
            readers[joint.node(id).args[0].index()].get_or_insert(reason);
        }
    }
    readers
}

/// A broadcast, a part or another order of the same elements.
fn moves(graph: &Graph, id: Id) -> bool {
    match &graph.node(id).kind {
        Kind::Broadcast { .. } | Kind::Permute { .. } | Kind::Reshape => true,
        Kind::Along { op, .. } => op.is_view(),
        _ => false,
    }
}

/// At hand in backward without being kept.
fn free(graph: &Graph, id: Id) -> bool {
    matches!(graph.node(id).kind, Kind::Arg(_) | Kind::Const(_) | Kind::Size(_) | Kind::Iota { .. })
}

/// Not worth the memory.
fn cheap(graph: &Graph, id: Id) -> bool {
    match &graph.node(id).kind {
        Kind::Map(name) => op::known(name).cheap,
        // A copy, against the memory of a copy.
        Kind::Along { op: Along::Pad { .. } | Along::Concat | Along::Gather, .. } => true,
        _ => moves(graph, id),
    }
}

fn forward(joint: &Graph, saved: &[Id]) -> Graph {
    let mut graph = joint.clone();
    graph.arguments.retain(|a| matches!(a.source, Source::User(_)));
    graph.roots.retain(|r| matches!(r.goal, Goal::Output(_) | Goal::State(_)));
    graph.roots.extend(saved.iter().map(|&id| Root { goal: Goal::Saved, node: Some(id) }));
    graph.rebuild(|new, node, args| new.like(node, args))
}

fn backward(joint: &Graph, plan: &Plan) -> Graph {
    let mut graph = joint.clone();
    graph.roots.retain(|r| matches!(r.goal, Goal::Gradient(_)));
    let first = joint.arguments.len();
    graph.arguments.extend(plan.saved.iter().map(|&id| {
        let node = joint.node(id);
        let name = node.note.name.as_deref().map(str::to_string).or_else(|| naming::suggest(joint, id));
        let name = name.unwrap_or_else(|| "value".to_string());
        Argument { name, source: Source::Saved, shape: node.shape.clone(), dtype: node.dtype }
    }));
    cut(&graph, plan, first)
}

/// Puts arguments in the place of the kept values, then drops what no gradient needs any more.
fn cut(graph: &Graph, plan: &Plan, first: usize) -> Graph {
    let live = graph.live();
    let mut ids = graph.ids().filter(|id| live[id.index()]);
    let cut = graph.rebuild(|new, node, args| {
        let id = ids.next().expect("one for each live node");
        let Ok(k) = plan.saved.binary_search(&id) else { return new.like(node, args) };
        let argument = new.argument(first + k);
        new.note_mut(argument).rule = Some(format!("saved: {}", plan.reasons[k]).into());
        argument
    });
    cut.rebuild(|new, node, args| new.like(node, args))
}

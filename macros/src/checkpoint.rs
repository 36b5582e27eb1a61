//! Bounded memory. In comes a graph, out comes one of the same values whose loops are loops over segments of so many turns:
//! a segment keeps what it starts from, and its turns are computed again on the way back (Griewank, 1992). What is left over
//! at the end is a loop of its own.
//!
//! A count that is a name, `T`, becomes `5 * T_segments + T_rest`, two names that stand for its quotient and its remainder.

use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Argument, Graph, Id, Kind, Source};
use crate::ir::model::Role;
use crate::ir::resize::{Sizes, resized};
use crate::ir::scan::{Scan, outputs};
use std::collections::{BTreeSet, HashMap};

/// A size that is cut: `of` is `turns * segments + rest`.
#[derive(Clone, Debug)]
pub struct Cut {
    pub of: String,
    pub turns: i64,
    pub segments: String,
    pub rest: String,
}

impl Cut {
    fn whole(&self) -> Dim {
        &(&Dim::number(self.turns) * &Dim::name(&*self.segments)) + &Dim::name(&*self.rest)
    }
}

/// The graph with its outermost loops in segments, and the sizes that are cut for it; or a count that cannot be.
pub fn checkpoint(graph: &Graph, turns: i64) -> Result<(Graph, Vec<Cut>), Dim> {
    let cuts = cuts(graph, turns)?;
    let sizes: Sizes = cuts.iter().map(|cut| (cut.of.clone(), cut.whole())).collect();
    let goals = graph.roots.iter().map(|r| r.goal);
    let mut cut = resized(graph, &sizes);
    cut.roots.iter_mut().zip(goals).for_each(|(root, goal)| root.goal = goal);
    let mut parts: HashMap<Id, Vec<Id>> = HashMap::new();
    let segmented = cut.rebuild(|new, node, args| match &node.kind {
        Kind::Scan(scan) => match Segmented::new(scan, turns, &cuts) {
            Some(segmented) => {
                let (id, all) = segmented.grow(new, &args);
                parts.insert(id, all);
                id
            }
            None => new.like(node, args),
        },
        Kind::Part(k) if parts.contains_key(&args[0]) => parts[&args[0]][*k],
        _ => new.like(node, args),
    });
    Ok((segmented, cuts))
}

/// The names that counts of loops have to be cut by.
fn cuts(graph: &Graph, turns: i64) -> Result<Vec<Cut>, Dim> {
    let shapes = graph.arguments.iter().flat_map(|a| &a.shape);
    let mut taken: BTreeSet<String> = shapes.flat_map(Dim::names).map(str::to_string).collect();
    let mut cuts: Vec<Cut> = Vec::new();
    for count in counts(graph).into_iter().filter(|count| count.divided(turns).is_none()) {
        let of = count.as_name().ok_or_else(|| count.clone())?.to_string();
        if cuts.iter().all(|cut| cut.of != of) {
            let [segments, rest] = ["segments", "rest"].map(|word| free(format!("{of}_{word}"), &mut taken));
            cuts.push(Cut { of, turns, segments, rest });
        }
    }
    Ok(cuts)
}

/// How often the outermost loops turn.
fn counts(graph: &Graph) -> Vec<Dim> {
    let live = graph.live();
    let scans = graph.ids().filter(|id| live[id.index()]).filter_map(|id| match &graph.node(id).kind {
        Kind::Scan(scan) => Some(scan.count.clone()),
        _ => None,
    });
    scans.collect()
}

fn free(mut name: String, taken: &mut BTreeSet<String>) -> String {
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}

/// A loop of `segments` loops of `turns` turns each, and one of those that are left.
struct Segmented<'s> {
    scan: &'s Scan,
    turns: Dim,
    segments: Dim,
    rest: Dim,
}

impl<'s> Segmented<'s> {
    /// Nothing for a loop that is a segment at most.
    fn new(scan: &'s Scan, turns: i64, cuts: &[Cut]) -> Option<Self> {
        let cut = cuts.iter().find(|cut| cut.whole() == scan.count);
        let (segments, rest) = match cut {
            Some(cut) => (Dim::name(&*cut.segments), Dim::name(&*cut.rest)),
            None => {
                let segments = scan.count.divided(turns)?;
                let rest = &scan.count - &(&segments * &Dim::number(turns));
                (segments, rest)
            }
        };
        let is_short = scan.count.as_number().is_some_and(|count| count <= turns);
        (!is_short).then(|| Segmented { scan, turns: Dim::number(turns), segments, rest })
    }

    fn is_scanned(&self, argument: usize) -> bool {
        (self.scan.carried..self.scan.carried + self.scan.scanned).contains(&argument)
    }

    /// The loop over segments, and all values of the whole.
    fn grow(&self, new: &mut Graph, args: &[Id]) -> (Id, Vec<Id>) {
        let head = &self.segments * &self.turns;
        let own = args.iter().enumerate().map(|(k, &arg)| match self.is_scanned(k) {
            true => {
                let part = new.slice(arg, 0, Dim::number(0), 1, head.clone());
                let shape = [&[self.segments.clone(), self.turns.clone()], &new.shape(arg)[1..]].concat();
                new.reshape(part, &shape)
            }
            false => arg,
        });
        let own = own.collect();
        let id = new.scan(self.outer(), own);
        let parts = (0..self.scan.results().count()).map(|k| {
            let part = new.part(id, k);
            if k < self.scan.carried {
                return part;
            }
            let shape = [std::slice::from_ref(&head), &new.shape(part)[2..]].concat();
            new.reshape(part, &shape)
        });
        let parts: Vec<Id> = parts.collect();
        match self.rest == Dim::number(0) {
            true => (id, parts),
            false => (id, self.finish(new, args, parts, &head)),
        }
    }

    /// One segment as a turn.
    fn outer(&self) -> Scan {
        let arguments = self.scan.body.arguments.iter().enumerate().map(|(k, argument)| {
            let turns = self.is_scanned(k).then(|| self.turns.clone());
            let shape: Shape = turns.into_iter().chain(argument.shape.clone()).collect();
            Argument { source: Source::User(Role::Input), shape, ..argument.clone() }
        });
        let mut body = Graph::new(arguments.collect());
        let args = (0..body.arguments.len()).map(|k| body.argument(k)).collect();
        let id = body.scan(Scan { count: self.turns.clone(), ..self.scan.with_body(self.scan.body.clone()) }, args);
        let results: Vec<Id> = (0..self.scan.results().count()).map(|k| body.part(id, k)).collect();
        body.roots = outputs(results);
        Scan { count: self.segments.clone(), recomputed: true, ..self.scan.with_body(body) }
    }

    /// The turns that are left, behind the segments, whose values are `parts`.
    fn finish(&self, new: &mut Graph, args: &[Id], parts: Vec<Id>, head: &Dim) -> Vec<Id> {
        let own = args.iter().enumerate().map(|(k, &arg)| match self.is_scanned(k) {
            true => new.slice(arg, 0, head.clone(), 1, self.rest.clone()),
            false => parts[..self.scan.carried].get(k).copied().unwrap_or(arg),
        });
        let own = own.collect();
        let id = new.scan(Scan { count: self.rest.clone(), ..self.scan.with_body(self.scan.body.clone()) }, own);
        let all = parts.into_iter().enumerate().map(|(k, before)| {
            let part = new.part(id, k);
            match k < self.scan.carried {
                true => part,
                false => new.along(0, Along::Concat, vec![before, part], std::slice::from_ref(&self.scan.count)),
            }
        });
        all.collect()
    }
}

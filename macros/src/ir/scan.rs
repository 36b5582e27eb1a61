//! Loops: a body that is repeated, each turn on what the one before has left and on its own part of arrays.

use super::dim::{Dim, Shape};
use super::graph::{Goal, Graph, Id, Kind, Root};
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

/// `count` turns of `body`. Its arguments are what is carried from turn to turn, then one element along the first axis of
/// each array that is scanned, then what is the same in all turns. Its roots are what is carried on, then what each turn
/// adds to a stack. All have rank 1 or more, but for arguments that are never written.
///
/// A [`Scan`](super::graph::Kind::Scan) node has the arguments in this order, with starts in the place of what is carried;
/// its parts are the last values of what is carried, then the stacks, whose first axis is `count`.
#[derive(Clone, Debug)]
pub struct Scan {
    pub count: Dim,
    /// Walks from the last turn to the first; stacks are in the order of turns all the same.
    pub reverse: bool,
    /// Takes so many elements of the first axis at a time, as the last axis of the body's arguments: lanes. Behind the
    /// arguments that are scanned stands a mask of the lanes that have an element; the others hold a copy of the last one.
    pub tile: Option<i64>,
    /// Memory is dear: its turns keep nothing for the way back but what they start from, and nothing of all turns at once is
    /// taken out of it.
    pub recomputed: bool,
    pub body: Graph,
    pub carried: usize,
    pub scanned: usize,
}

/// A loop, or another thing, that nodes share; only the same one is equal.
#[derive(Clone, Debug)]
pub struct Shared<T = Scan>(Rc<T>);

impl<T> Shared<T> {
    pub fn new(shared: T) -> Self {
        Shared(Rc::new(shared))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Eq for Shared<T> {}

impl<T> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Rc::as_ptr(&self.0).hash(state);
    }
}

impl Scan {
    /// The same loop with another body.
    pub fn with_body(&self, body: Graph) -> Self {
        Scan { body, count: self.count.clone(), ..*self }
    }

    /// What a turn adds to what is carried as `k`, if that is all that is done with it: no other node and no other result
    /// reads what comes in or what goes on.
    pub fn added(&self, k: usize) -> Option<Id> {
        let body = &self.body;
        let root = self.results().nth(k)?;
        let node = body.node(root);
        let carried = |id: Id| body.node(id).kind == Kind::Arg(k);
        let more = match (&node.kind, node.args.as_slice()) {
            (Kind::Map("add"), &[a, b]) if carried(a) && !carried(b) => b,
            (Kind::Map("add"), &[a, b]) if carried(b) && !carried(a) => a,
            _ => return None,
        };
        let live = body.live();
        let readers = |of: &dyn Fn(Id) -> bool| {
            let inside = body.ids().filter(|id| live[id.index()] && body.node(*id).args.iter().any(|a| of(*a))).count();
            inside + self.results().filter(|r| of(*r)).count()
        };
        (readers(&carried) == 1 && readers(&|id| id == root) == 1).then_some(more)
    }

    /// The nodes of the roots.
    pub fn results(&self) -> impl Iterator<Item = Id> {
        self.body.roots.iter().map(|r| r.node.expect("every result of a turn has a value"))
    }
}

/// A value of rank 0 lies in loops as an array of one element.
pub fn one_or_more(shape: &[Dim]) -> Shape {
    if shape.is_empty() { vec![Dim::number(1)] } else { shape.to_vec() }
}

/// Roots of a body, in order.
pub fn outputs(nodes: impl IntoIterator<Item = Id>) -> Vec<Root> {
    nodes.into_iter().enumerate().map(|(k, id)| Root { goal: Goal::Output(k), node: Some(id) }).collect()
}

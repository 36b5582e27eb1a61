//! A product whose terms are summed where they overlap is a product of windows: what a stretch of one operand gives to an
//! element is what the element reads of that stretch. The way back of a convolution, and a transposed convolution, are
//! convolutions then, and nothing is kept of the terms, which take the window's size times the memory of the sums.
//!
//! ```text
//! y[i + d·k] += g[i] · w[k]    for all i, k
//! y[j] = Σₖ padded[j + d·k] · w[K - 1 - k]    where padded has d·(K - 1) zeros in front of g
//! ```

use crate::ir::along::Along;
use crate::ir::dim::Dim;
use crate::ir::graph::{Graph, Id, Kind, Letters};

/// Overlaps of longer windows read more of the operand than they would add up.
const MOST: i64 = 4;

pub fn correlate(graph: &Graph) -> Graph {
    let (live, users) = (graph.live(), graph.users());
    let alone = |id: Id| {
        let is_root = graph.roots.iter().any(|root| root.node == Some(id));
        !is_root && users[id.index()].iter().filter(|user| live[user.index()]).count() == 1
    };
    // The last node of each, which is all that others see of it.
    let mut ends = vec![None; graph.len()];
    for id in graph.ids().filter(|id| live[id.index()]) {
        if let Some(lapped) = Lapped::of(graph, id)
            && lapped.inner.iter().all(|&inner| alone(inner))
        {
            lapped.inner.iter().for_each(|inner| ends[inner.index()] = None);
            ends[id.index()] = Some(id);
        }
    }
    let mut ids = graph.ids().filter(|id| live[id.index()]);
    graph.rebuild(|new, node, args| {
        let id = ids.next().expect("all live nodes are rebuilt, in order");
        let made = new.like(node, args);
        match ends[id.index()].and_then(|_| Lapped::of(new, made)) {
            Some(lapped) => {
                let note = graph.node(id).note.clone();
                let result = lapped.correlated(new);
                new.inherit(result, &note);
                result
            }
            None => made,
        }
    })
}

/// An axis along which terms overlap.
struct Lap {
    /// The letters of its two axes in the terms; the first one stays for what they become.
    count: u8,
    window: u8,
    /// How far terms of a window lie apart.
    dilation: i64,
    /// What is wanted of the sums: from where on, and how many.
    start: i64,
    len: Dim,
}

/// Terms of a product, summed where they overlap.
struct Lapped {
    /// The operand whose elements give to stretches, and the other, with their letters.
    given: (Id, Vec<u8>),
    weights: (Id, Vec<u8>),
    laps: Vec<Lap>,
    out: Vec<u8>,
    given_first: bool,
    /// The product and what follows, but for the last.
    inner: Vec<Id>,
}

impl Lapped {
    fn of(graph: &Graph, id: Id) -> Option<Self> {
        let (mut inner, mut at) = (Vec::new(), id);
        let mut down = |at: &mut Id| {
            *at = graph.node(*at).args[0];
            inner.push(*at);
        };
        let (mut slices, mut overlaps) = (Vec::new(), Vec::new());
        while let Kind::Along { axis, op: Along::Slice { start, step: 1 } } = &graph.node(at).kind {
            slices.push((*axis, start.as_number()?, graph.shape(at)[*axis].clone()));
            down(&mut at);
        }
        while let Kind::Along { axis, op: Along::Overlap { stride: 1, dilation } } = graph.node(at).kind {
            overlaps.push((axis, dilation, graph.shape(at)[axis].clone()));
            down(&mut at);
        }
        let mut order: Vec<usize> = (0..graph.shape(at).len()).collect();
        if let Kind::Permute { order: permuted } = &graph.node(at).kind {
            order.clone_from(permuted);
            down(&mut at);
        }
        let Kind::Contract(Letters { a, b, out }) = &graph.node(at).kind else { return None };
        let mut out: Vec<u8> = order.iter().map(|&axis| out[axis]).collect();
        let mut laps: Vec<Lap> = Vec::new();
        for (axis, dilation, len) in overlaps.into_iter().rev() {
            let window = out.remove(axis + 1);
            laps.push(Lap { count: out[axis], window, dilation, start: 0, len });
        }
        for (axis, start, len) in slices.into_iter().rev() {
            let lap = laps.iter_mut().find(|lap| lap.count == out[axis])?;
            (lap.start, lap.len) = (lap.start + start, len);
        }
        let first = laps.first()?;
        let given_first = a.contains(&first.count);
        let [x, y] = [graph.node(at).args[0], graph.node(at).args[1]];
        let (given, weights) = if given_first { ((x, a), (y, b)) } else { ((y, b), (x, a)) };
        let (given, weights) = ((given.0, given.1.clone()), (weights.0, weights.1.clone()));
        let lapped = Lapped { given, weights, laps, out, given_first, inner };
        (lapped.is_possible(graph) && lapped.pays(graph)).then_some(lapped)
    }

    fn size(graph: &Graph, (id, letters): &(Id, Vec<u8>), letter: u8) -> Dim {
        let axis = letters.iter().position(|l| *l == letter).expect("a letter of the operand");
        graph.shape(*id)[axis].clone()
    }

    /// The zeros in front of the operand that windows are taken of.
    fn before(&self, graph: &Graph, lap: &Lap) -> Option<i64> {
        let window = Self::size(graph, &self.weights, lap.window).as_number()?;
        Some(lap.dilation * (window - 1) - lap.start).filter(|before| *before >= 0)
    }

    /// The terms of one lap come from one operand, and their windows from the other; all that is read lies in numbers.
    fn is_possible(&self, graph: &Graph) -> bool {
        let (given, weights) = (&self.given.1, &self.weights.1);
        self.laps.iter().all(|lap| {
            let apart = given.contains(&lap.count)
                && !given.contains(&lap.window)
                && weights.contains(&lap.window)
                && !weights.contains(&lap.count);
            apart
                && self.before(graph, lap).is_some_and(|before| {
                    let count = Self::size(graph, &self.given, lap.count);
                    let window = Self::size(graph, &self.weights, lap.window);
                    let total = &lap.len + &(&(&window - &Dim::number(1)) * &Dim::number(lap.dilation));
                    (&total - &(&count + &Dim::number(before))).as_number().is_some_and(|after| after >= 0)
                })
        })
    }

    /// Windows of the operand, whose sums are of so many terms, are not much more than the terms that each element has.
    fn pays(&self, graph: &Graph) -> bool {
        let is_lap = |letter: &u8| self.laps.iter().any(|lap| lap.window == *letter || lap.count == *letter);
        let own = |from: &(Id, Vec<u8>), other: &[u8]| {
            let letters = from.1.iter().filter(|l| !is_lap(l) && !other.contains(l));
            letters.map(|l| Self::size(graph, from, *l)).reduce(|a, b| &a * &b).map_or(Some(1), |dim| dim.as_number())
        };
        let summed = self.weights.1.iter().filter(|l| self.given.1.contains(l) && !self.out.contains(l));
        let summed = summed.map(|l| Self::size(graph, &self.weights, *l)).reduce(|a, b| &a * &b);
        let summed = summed.map_or(Some(1), |dim| dim.as_number());
        summed.zip(own(&self.weights, &self.given.1)).is_none_or(|(summed, own)| summed <= MOST * own)
    }

    fn correlated(&self, graph: &mut Graph) -> Id {
        let ((mut given, mut letters), (mut weights, others)) = (self.given.clone(), self.weights.clone());
        let axis = |letters: &[u8], letter: u8| letters.iter().position(|l| *l == letter).expect("a letter of it");
        let sizes: Vec<(Dim, i64)> = self
            .laps
            .iter()
            .map(|lap| {
                let before = self.before(graph, lap).expect("it is possible");
                (Self::size(graph, &self.weights, lap.window), before)
            })
            .collect();
        for (lap, (window, before)) in self.laps.iter().zip(&sizes) {
            let total = &lap.len + &(&(window - &Dim::number(1)) * &Dim::number(lap.dilation));
            given = graph.pad(given, axis(&letters, lap.count), Dim::number(*before), 1, total);
            let last = window - &Dim::number(1);
            weights = graph.slice(weights, axis(&others, lap.window), last, -1, window.clone());
        }
        for (lap, (window, _)) in self.laps.iter().zip(&sizes) {
            let at = axis(&letters, lap.count);
            let op = Along::Windows { stride: 1, dilation: lap.dilation };
            given = graph.along(at, op, vec![given], &[lap.len.clone(), window.clone()]);
            letters.insert(at + 1, lap.window);
        }
        let ((a, la), (b, lb)) = if self.given_first {
            ((given, letters), (weights, others))
        } else {
            ((weights, others), (given, letters))
        };
        graph.contract(a, b, Letters { a: la, b: lb, out: self.out.clone() })
    }
}

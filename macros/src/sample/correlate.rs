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

/// The most terms of a sum in place of one term that overlaps: more windows are read than terms would be written.
const MOST: i64 = 4;

pub fn correlate(graph: &Graph) -> Graph {
    let (live, users) = (graph.live(), graph.users());
    let alone = |id: Id| {
        let is_root = graph.roots.iter().any(|root| root.node == Some(id));
        !is_root && users[id.index()].iter().filter(|user| live[user.index()]).count() == 1
    };
    // The last node of each, which is all that others see of it.
    let mut is_end = vec![false; graph.len()];
    for id in graph.ids().filter(|id| live[id.index()]) {
        if let Some(lapped) = Lapped::of(graph, id)
            && lapped.inner.iter().all(|&inner| alone(inner))
        {
            lapped.inner.iter().for_each(|inner| is_end[inner.index()] = false);
            is_end[id.index()] = true;
        }
    }
    let mut ids = graph.ids().filter(|id| live[id.index()]);
    graph.rebuild(|new, node, args| {
        let id = ids.next().expect("all live nodes are rebuilt, in order");
        let made = new.like(node, args);
        let lapped = is_end[id.index()].then(|| Lapped::of(new, made)).flatten();
        lapped.map_or(made, |lapped| lapped.correlated(new))
    })
}

/// An axis along which terms overlap.
struct Lap {
    /// The letters of its two axes in the terms; the first one stays for what they become.
    count: u8,
    window: u8,
    /// The elements of a window.
    size: i64,
    /// How far terms of a window lie apart.
    dilation: i64,
    /// What is wanted of the sums: from where on, and how many.
    start: i64,
    len: Dim,
}

impl Lap {
    /// The zeros in front of the operand that windows are taken of.
    fn before(&self) -> i64 {
        self.dilation * (self.size - 1) - self.start
    }

    /// The size of that operand, with the zeros around it.
    fn padded(&self) -> Dim {
        &self.len + &Dim::number(self.dilation * (self.size - 1))
    }
}

/// An operand of a product, with the letters of its axes.
#[derive(Clone)]
struct Operand {
    id: Id,
    letters: Vec<u8>,
}

impl Operand {
    fn axis(&self, letter: u8) -> usize {
        self.letters.iter().position(|l| *l == letter).expect("a letter of the operand")
    }

    fn size(&self, graph: &Graph, letter: u8) -> Dim {
        graph.shape(self.id)[self.axis(letter)].clone()
    }
}

/// Terms of a product, summed where they overlap.
struct Lapped {
    /// The operand whose elements give to stretches, and the other.
    given: Operand,
    weights: Operand,
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
        let [a, b] =
            [(0, a), (1, b)].map(|(k, letters)| Operand { id: graph.node(at).args[k], letters: letters.clone() });
        let (first, ..) = overlaps.last()?;
        let given_first = a.letters.contains(&out[*first]);
        let (given, weights) = if given_first { (a, b) } else { (b, a) };
        let mut laps: Vec<Lap> = Vec::new();
        for (axis, dilation, len) in overlaps.into_iter().rev() {
            let (count, window) = (out[axis], out.remove(axis + 1));
            let apart =
                |from: &Operand, own: u8, other: u8| from.letters.contains(&own) && !from.letters.contains(&other);
            if !apart(&given, count, window) || !apart(&weights, window, count) {
                return None;
            }
            let size = weights.size(graph, window).as_number()?;
            laps.push(Lap { count, window, size, dilation, start: 0, len });
        }
        for (axis, start, len) in slices.into_iter().rev() {
            let lap = laps.iter_mut().find(|lap| lap.count == out[axis])?;
            (lap.start, lap.len) = (lap.start + start, len);
        }
        let lapped = Lapped { given, weights, laps, out, given_first, inner };
        (lapped.is_possible(graph) && lapped.pays(graph)).then_some(lapped)
    }

    /// All of what is given is read, and lies between zeros in numbers.
    fn is_possible(&self, graph: &Graph) -> bool {
        self.laps.iter().all(|lap| {
            let until = &self.given.size(graph, lap.count) + &Dim::number(lap.before());
            lap.before() >= 0 && (&lap.padded() - &until).as_number().is_some_and(|after| after >= 0)
        })
    }

    /// What each window has terms of is not much more than what each element of the weights gives to.
    fn pays(&self, graph: &Graph) -> bool {
        let of_weights = |wanted: &dyn Fn(u8) -> bool| {
            let letters = self.weights.letters.iter().filter(|l| wanted(**l));
            let sizes: Vec<Dim> = letters.map(|l| self.weights.size(graph, *l)).collect();
            Dim::product(&sizes).as_number()
        };
        let is_given = |letter: u8| self.given.letters.contains(&letter);
        let summed = of_weights(&|letter| is_given(letter) && !self.out.contains(&letter));
        let own = of_weights(&|letter| !is_given(letter) && self.laps.iter().all(|lap| lap.window != letter));
        summed.zip(own).is_none_or(|(summed, own)| summed <= MOST * own)
    }

    fn correlated(self, graph: &mut Graph) -> Id {
        let Lapped { mut given, mut weights, laps, out, given_first, .. } = self;
        for lap in &laps {
            given.id = graph.pad(given.id, given.axis(lap.count), Dim::number(lap.before()), 1, lap.padded());
            let (last, size) = (Dim::number(lap.size - 1), Dim::number(lap.size));
            weights.id = graph.slice(weights.id, weights.axis(lap.window), last, -1, size);
        }
        for lap in &laps {
            let (axis, op) = (given.axis(lap.count), Along::Windows { stride: 1, dilation: lap.dilation });
            given.id = graph.along(axis, op, vec![given.id], &[lap.len.clone(), Dim::number(lap.size)]);
            given.letters.insert(axis + 1, lap.window);
        }
        let (a, b) = if given_first { (given, weights) } else { (weights, given) };
        graph.contract(a.id, b.id, Letters { a: a.letters, b: b.letters, out })
    }
}

//! A loop that is too long for the processor becomes several. A core looks some hundred operations ahead: in a chain of
//! several functions of `math` it sees no further than one turn, and waits for each function in it. In a loop of one or two
//! of them it works on the next turns meanwhile. What one part hands to the next is a row that stays in the first-level
//! cache.

use super::super::space::{Read, Work};
use super::Nest;
use crate::ir::graph::{Dtype, Id};
use crate::ir::program::Axis;
use crate::op;
use std::collections::{HashMap, HashSet};

/// The operations that are in flight at once, in the order of the program.
const WINDOW: usize = 96;

/// What a function of `math` counts for: sums and products of a polynomial, and what reduces its argument.
const FUNCTION: usize = 25;

/// The fewest turns that pay for a loop of their own.
const FEWEST: i64 = 64;

/// The most operations that are done again in a later part rather than handed on.
const AGAIN: usize = 2;

/// Operations that are not cheap, but no long chains either.
const SHORT: [&str; 5] = ["sqrt", "rsqrt", "hypot", "floor", "round"];

impl Nest<'_> {
    /// `items` of a loop over `axis` alone, in the order of the loops that they are to be.
    pub fn in_parts(&self, items: &[Id], axis: Axis) -> Vec<Vec<Id>> {
        let enough = self.extent(axis).as_number().is_none_or(|n| n >= FEWEST);
        let chain = items.iter().map(|id| self.weight(*id)).sum::<usize>() > WINDOW;
        if !(enough && chain) {
            return vec![items.to_vec()];
        }
        let depths = self.depths(items);
        let mut parts: Vec<Vec<Id>> = Vec::new();
        let mut weight = 0;
        for depth in 0..=depths.values().copied().max().unwrap_or(0) {
            let level: Vec<Id> = items.iter().copied().filter(|id| depths[id] == depth).collect();
            let more: usize = level.iter().map(|id| self.weight(*id)).sum();
            match parts.last_mut().filter(|_| weight + more <= WINDOW) {
                Some(part) => part.extend(level),
                None => {
                    parts.push(level);
                    weight = 0;
                }
            }
            weight += more;
        }
        parts.iter_mut().for_each(|part| part.sort());
        parts
    }

    /// How many functions stand before each item, one in the argument of the other. What is no function itself is counted to
    /// the first that reads it, unless it takes several values there where it gives one.
    fn depths(&self, items: &[Id]) -> HashMap<Id, usize> {
        let mut depths: HashMap<Id, usize> = HashMap::new();
        for &id in items {
            let sources = self.item(id).sources();
            let after = sources.iter().filter_map(|s| Some(depths.get(s)? + usize::from(self.is_function(*s))));
            let depth = after.max().unwrap_or(0);
            depths.insert(id, depth);
        }
        let mut first: HashMap<Id, usize> = HashMap::new();
        for &id in items.iter().rev() {
            let own: HashSet<Id> = self.item(id).sources().into_iter().filter(|s| depths.contains_key(s)).collect();
            if let Some(&reader) = first.get(&id).filter(|_| own.len() <= 1 && !self.is_function(id)) {
                depths.insert(id, reader);
            }
            for source in own {
                let depth = first.entry(source).or_insert(usize::MAX);
                *depth = depths[&id].min(*depth);
            }
        }
        depths
    }

    fn is_function(&self, id: Id) -> bool {
        let Some(item) = self.space.items.get(&id) else { return false };
        match item.work {
            Work::Map(name) => !SHORT.contains(&name) && op::find(name).is_some_and(|op| !op.cheap),
            _ => false,
        }
    }

    fn weight(&self, id: Id) -> usize {
        if self.is_function(id) { FUNCTION } else { 1 }
    }

    /// Gives rows along `axis` to what one of `parts` hands to a later one.
    pub fn hand_on(&mut self, parts: &[Vec<Id>], prefix: &[Axis], axis: Axis, tile: bool) {
        let mut open: Vec<(Id, usize)> = Vec::new();
        for (k, part) in parts.iter().enumerate() {
            open.extend(part.iter().flat_map(|id| self.values_read(*id)).map(|id| (id, k)));
        }
        let made: HashMap<Id, usize> =
            parts.iter().enumerate().flat_map(|(k, part)| part.iter().map(move |id| (*id, k))).collect();
        let mut handed: HashSet<Id> = HashSet::new();
        open.sort();
        while let Some((id, reader)) = open.pop() {
            let earlier = made.get(&id).is_some_and(|k| *k < reader);
            if !earlier || self.stored(id).is_some() || !handed.insert(id) {
                continue;
            }
            let again = self.graph.node(id).dtype != Dtype::Real
                || self.cost_again(id, prefix).is_some_and(|cost| cost <= AGAIN);
            match again {
                true => open.extend(self.values_read(id).into_iter().map(|source| (source, reader))),
                false => _ = self.row(id, vec![axis], tile),
            }
        }
    }

    fn values_read(&self, id: Id) -> Vec<Id> {
        let value = |read: &Read| match read {
            Read::Value(id) => Some(*id),
            _ => None,
        };
        self.item(id).reads.iter().filter_map(value).collect()
    }
}

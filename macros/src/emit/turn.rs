//! Where the writer of statements stands.

use super::share::Shared;
use crate::ir::program::{Affine, Axis, BufferId};
use proc_macro2::Ident;
use std::collections::{BTreeSet, HashMap};

/// The loops around, and which variables are slices of one row by now.
#[derive(Clone, Default)]
pub struct Turn {
    pub loops: Vec<(Axis, Ident)>,
    pub tile: Option<Axis>,
    /// The axis of a loop that is shared, and the buffers of which there are only the rows of a piece.
    pub part: Option<(Axis, BTreeSet<BufferId>)>,
    /// Buffers whose variable is a row, with the place that the row starts at.
    pub rows: HashMap<BufferId, Affine>,
    /// Rows of buffers of which a loop reads several, with their own names.
    pub several: Vec<(BufferId, Affine, Ident)>,
    /// The axis of a loop over groups of few neighbours, of which rows were bound.
    pub groups: Option<Axis>,
}

impl Turn {
    /// Within a piece of a shared loop.
    pub fn in_part(axis: Axis, shared: &Shared) -> Self {
        Turn { part: Some((axis, shared.cut())), ..Turn::default() }
    }

    pub fn is_part(&self, axis: Axis) -> bool {
        self.part.as_ref().is_some_and(|(part, _)| *part == axis)
    }

    pub fn is_cut(&self, id: BufferId) -> bool {
        self.part.as_ref().is_some_and(|(_, cut)| cut.contains(&id))
    }

    pub fn is_around(&self, axis: Axis) -> bool {
        self.loops.iter().any(|(around, _)| *around == axis)
    }

    pub fn in_groups(&self) -> bool {
        self.groups.is_some_and(|axis| self.is_around(axis))
    }
}

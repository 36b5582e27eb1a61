//! What is done along one axis while all others stay as they are: slices and their like. Each but the extremum is linear,
//! and the list holds the transpose of every one, so that it is closed under differentiation.

use super::dim::Dim;
use super::graph::Fold;
use std::fmt;

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Along {
    /// The elements at `start + step · k`; a view.
    Slice { start: Dim, step: i64 },
    /// The transpose of a slice: its elements stand at `start + step · k`, among zeros.
    Pad { start: Dim, step: i64 },
    /// The arguments one after another.
    Concat,
    /// The elements at the positions that the second argument holds, whose axes take the place of this one.
    Gather,
    /// The transpose of a gather: elements are summed at the positions that the second argument holds.
    Scatter,
    /// Overlapping windows: the axis becomes `[count, size]`, with element `stride · i + dilation · p` at `[i, p]`; a view.
    Windows { stride: i64, dilation: i64 },
    /// The transpose of windows: each element is summed where it came from.
    Overlap { stride: i64, dilation: i64 },
    /// Sums of all elements so far; with `reverse`, from here on.
    Cumulate { reverse: bool },
    /// The position of the first maximum or minimum, as an index; the axis disappears. NaN counts as an extremum.
    Extremum(Fold),
}

impl Along {
    /// How many arguments it has; `None` for any number.
    pub fn arguments(&self) -> Option<usize> {
        match self {
            Along::Concat => None,
            Along::Gather | Along::Scatter => Some(2),
            _ => Some(1),
        }
    }

    /// How many axes of the argument it takes.
    pub fn takes(&self, index_rank: usize) -> usize {
        match self {
            Along::Scatter => index_rank,
            Along::Overlap { .. } => 2,
            _ => 1,
        }
    }

    /// How many axes stand in their place.
    pub fn gives(&self, index_rank: usize) -> usize {
        match self {
            Along::Gather => index_rank,
            Along::Windows { .. } => 2,
            Along::Extremum(_) => 0,
            _ => 1,
        }
    }

    /// The same in other dimensions.
    pub fn with_sizes(&self, size: &dyn Fn(&Dim) -> Dim) -> Self {
        match self {
            Along::Slice { start, step } => Along::Slice { start: size(start), step: *step },
            Along::Pad { start, step } => Along::Pad { start: size(start), step: *step },
            other => other.clone(),
        }
    }

    /// Another way to look at the argument's memory, which computes and moves nothing.
    pub fn is_view(&self) -> bool {
        matches!(self, Along::Slice { .. } | Along::Windows { .. })
    }
}

impl fmt::Display for Along {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Along::Slice { start, step } => write!(f, "slice from {start} by {step}"),
            Along::Pad { start, step } => write!(f, "pad from {start} by {step}"),
            Along::Concat => write!(f, "concat"),
            Along::Gather => write!(f, "gather"),
            Along::Scatter => write!(f, "scatter"),
            Along::Windows { stride, dilation } => write!(f, "windows by {stride}, dilated {dilation}"),
            Along::Overlap { stride, dilation } => write!(f, "overlap by {stride}, dilated {dilation}"),
            Along::Cumulate { reverse: false } => write!(f, "cumulate"),
            Along::Cumulate { reverse: true } => write!(f, "cumulate from the end"),
            Along::Extremum(fold) => write!(f, "position of {fold:?}"),
        }
    }
}

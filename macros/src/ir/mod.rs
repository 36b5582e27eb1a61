//! The three representations of a network, from syntax to loops: [`model`], [`graph`], [`program`]; and dimensions.

pub mod along;
pub mod dim;
pub mod graph;
pub mod hash;
pub mod life;
pub mod model;
pub mod program;
pub mod resize;
pub mod scan;

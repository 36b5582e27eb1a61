//! Tests of the phases, on an interpreter of the graph.

pub mod execute;
mod golden;
pub mod interpret;
mod middle;
mod properties;
pub mod random;
mod table;

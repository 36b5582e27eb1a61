//! Tests of the phases, on an interpreter of the graph.

pub mod interpret;
mod middle;
mod table;

//! Tests of the phases, on an interpreter of the graph.

pub mod execute;
mod fuzz;
mod golden;
mod imports;
pub mod interpret;
mod metamorphic;
pub mod middle;
pub mod mutations;
mod operations;
mod page;
mod properties;
pub mod random;
mod stability;
mod table;

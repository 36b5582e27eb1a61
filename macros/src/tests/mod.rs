//! Tests of the phases, on an interpreter of the graph.

mod checkpoint;
mod choices;
mod clock;
mod conformance;
mod convolution;
mod dimensions;
mod edges;
pub mod execute;
mod expansion;
mod fuzz;
mod golden;
mod imports;
pub mod interpret;
mod linking;
mod metamorphic;
pub mod middle;
pub mod mutations;
mod operations;
mod page;
mod parts;
mod properties;
pub mod random;
mod repetition;
mod stability;
mod table;
mod turns;

use crate::differentiate::{Seed, differentiate};
use crate::ir::graph::Graph;
use crate::{partition, pipeline};
use proc_macro2::{TokenStream, TokenTree};

/// The gradients of the `wanted` arguments beside the outputs, turns of loops divided as the pipeline does.
fn derived(graph: &Graph, wanted: &[usize], seed: Seed) -> Graph {
    differentiate(graph, wanted, seed, &|joint| partition::partition(&pipeline::tidy(joint)))
}

/// How many tokens there are: groups, and what is within them.
fn count(tokens: &TokenStream) -> usize {
    let inside = |t: TokenTree| if let TokenTree::Group(g) = t { count(&g.stream()) } else { 0 };
    tokens.clone().into_iter().map(|t| 1 + inside(t)).sum()
}

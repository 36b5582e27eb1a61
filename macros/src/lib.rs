//! The compiler behind `pullback`: `#[network]` reads a model written as nested functions, derives its backward pass, and
//! leaves behind fused forward and backward functions.
//!
//! The phases are pure functions, one file each: `fence` and `parse` read the tokens into a model, `link` finds the networks
//! that it calls, `lower` makes a graph of it, `checkpoint` cuts its loops into segments where memory is dear, `differentiate` adds the way back, `simplify` rewrites, `partition` divides what is saved from what is computed
//! again, `fuse` makes loops and buffers, `name` gives names, `emit` writes Rust. `pipeline` is the recipe. Set
//! `PULLBACK_DUMP` to any value to see the state after each phase.

mod checkpoint;
mod differentiate;
mod emit;
mod error;
mod fence;
mod fuse;
mod hoist;
mod ir;
mod link;
mod lower;
mod name;
mod op;
mod parse;
mod partition;
mod pipeline;
mod sample;
mod simplify;
mod tile;
mod verify;

/// Derives the backward pass of a network; see the documentation of the crate `pullback`.
#[proc_macro_attribute]
pub fn network(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    pipeline::network(options.into(), item.into()).into()
}

/// Where the macro behind a network's name hands back what it was asked for; nothing to call by hand.
#[doc(hidden)]
#[proc_macro]
pub fn link(request: proc_macro::TokenStream) -> proc_macro::TokenStream {
    pipeline::link(request.into()).into()
}

#[cfg(test)]
mod tests;

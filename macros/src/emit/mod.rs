//! A model and its compiled passes come in, the items that the macro leaves behind go out: the function of inference, and
//! a module with parameters, gradients, passes, and the functions that call them.

mod access;
pub mod code;
mod entry;
mod groups;
mod math;
mod pass;
mod pieces;
mod rows;
mod share;
mod surface;
mod turn;
mod types;
mod update;
mod visit;
mod write;

use crate::checkpoint::Cut;
use crate::ir::dim::Dim;
use crate::ir::graph::{Goal, Graph, Id};
use crate::ir::model::Model;
use crate::ir::program::Program;
use crate::name::Names;
use code::docs;
use proc_macro2::TokenStream;
use quote::quote;
use surface::Surface;

/// One pass, ready to be written down.
pub struct Compiled {
    pub graph: Graph,
    pub program: Program,
    pub names: Names,
}

/// All passes of a network.
pub struct Passes {
    /// The outputs alone.
    pub infer: Compiled,
    /// The outputs, and what backward needs.
    pub forward: Compiled,
    /// The gradients for cotangents of the outputs.
    pub backward: Compiled,
    /// Value and gradients at once, for networks that return a scalar.
    pub step: Option<Compiled>,
    /// The model as it was lowered, before anything was expanded.
    pub model: Graph,
    /// What was rewritten for stability, each a line.
    pub rewrites: Vec<String>,
    /// Sizes that are cut into a quotient and a remainder.
    pub cuts: Vec<Cut>,
    /// Sizes that must be different.
    pub apart: Vec<(Dim, Dim)>,
    /// Sizes that may come out below zero.
    pub differences: Vec<Dim>,
    /// Index arguments, and what their values must be below.
    pub labels: Vec<(usize, Dim)>,
}

/// Everything that stands in place of the user's function.
pub fn emit(model: &Model, passes: &Passes) -> TokenStream {
    let surface = Surface::new(model, Some(passes));
    let types = types::types(&surface, Some(passes));
    let functions = entry::functions(&surface, Some(passes));
    module(&surface, passes, quote!(#types #functions))
}

/// What stands in place of a function that only other networks call: a module with its parameters.
pub fn emit_part(model: &Model, graph: &Graph) -> TokenStream {
    let surface = Surface::new(model, None);
    let (visibility, name, runtime) = (&model.visibility, &model.name, &model.options.runtime);
    let (attributes, _) = surface.attributes();
    let formulas = docs(fenced(&formulas(&surface, graph)).iter().map(String::as_str));
    let (aliases, types) = (surface.aliases(), types::parts(&surface));
    quote! {
        #aliases
        #(#attributes)*
        #formulas
        #[allow(dead_code, non_snake_case, clippy::all)]
        #visibility mod #name {
            use #runtime::emitted::*;

            #types
        }
    }
}

/// The same items without passes, after an error: whoever uses the network gets no further errors.
pub fn stubs(model: &Model) -> TokenStream {
    let surface = Surface::new(model, None);
    let types = types::types(&surface, None);
    let functions = entry::functions(&surface, None);
    let inference = entry::inference(&surface);
    let (visibility, name, runtime) = (&model.visibility, &model.name, &model.options.runtime);
    let aliases = surface.aliases();
    quote! {
        #aliases
        #[allow(unused, non_snake_case, clippy::all)]
        #inference
        #[allow(unused, non_snake_case, clippy::all)]
        #visibility mod #name { use #runtime::emitted::*; #types #functions }
    }
}

fn module(surface: &Surface, passes: &Passes, items: TokenStream) -> TokenStream {
    let model = surface.model;
    let (visibility, name, runtime) = (&model.visibility, &model.name, &model.options.runtime);
    let (on_function, on_module) = surface.attributes();
    let formulas = formulas(surface, &passes.model);
    let inference = entry::inference(surface);
    let function_docs = docs(fenced(&formulas).iter().map(String::as_str));
    let explanation = explanation(surface, passes, formulas);
    let summary = format!("What `#[network]` derives from [`{name}`](fn@{name}).");
    let module_docs = docs([summary.as_str()]);
    let aliases = surface.aliases();
    quote! {
        #aliases
        #(#on_function)*
        #function_docs
        #[allow(dead_code)]
        #inference

        #module_docs
        #(#on_module)*
        #[allow(dead_code, non_snake_case, unused_doc_comments, unused_variables, unused_mut, clippy::all)]
        #visibility mod #name {
            use #runtime::emitted::*;

            #explanation
            #items
        }
    }
}

/// A constant that says what the network computes, and what was rewritten so that it keeps its digits.
fn explanation(surface: &Surface, passes: &Passes, mut lines: Vec<String>) -> TokenStream {
    if !passes.rewrites.is_empty() {
        lines.push("\nRewritten for stability:".to_string());
        lines.extend(passes.rewrites.iter().map(|rewrite| format!("- {rewrite}")));
    }
    let text: syn::LitStr = syn::parse_str(&format!("r#\"{}\"#", lines.join("\n"))).expect("formulas have no quotes");
    let name = surface.own("EXPLANATION");
    quote! {
        /// The network's mathematics, and what was rewritten for stability; `stabilise = false` leaves all as it is written.
        pub const #name: &str = #text;
    }
}

fn fenced(lines: &[String]) -> Vec<String> {
    let fence = |text: &str| vec![text.to_string()];
    [fence(""), fence("```text"), lines.to_vec(), fence("```")].concat()
}

/// The formulas of the author's values and of the outputs.
fn formulas(surface: &Surface, graph: &Graph) -> Vec<String> {
    let users = surface.model.names();
    let named = |id: Id| graph.node(id).note.name.as_deref().filter(|name| users.contains(*name)).map(str::to_string);
    let live = graph.live();
    let values = graph.ids().filter(|id| live[id.index()]).filter_map(|id| Some((named(id)?, id)));
    let lets = values.map(|(name, id)| format!("{name} = {}", math::formula(graph, id, &named)));
    let outputs = graph.roots.iter().filter(|r| matches!(r.goal, Goal::Output(_))).filter_map(|r| r.node);
    let outputs = outputs.filter(|id| named(*id).is_none());
    let outputs = outputs.map(|id| math::formula(graph, id, &named));
    lets.chain(outputs).collect()
}

//! The types of a network: `Params`, `Gradients`, `Saved`, `Workspace`, with public fields and documented shapes.

use super::code::{docs, ident, sizes};
use super::entry::memory;
use super::surface::{Surface, length, plain, shape_words};
use super::{Compiled, Passes};
use crate::ir::dim::Shape;
use crate::ir::graph::{Dtype, Goal, Kind, Source};
use crate::ir::model::Argument;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

pub fn types(surface: &Surface, passes: Option<&Passes>) -> TokenStream {
    let params = params(surface);
    let gradients = gradients(surface);
    let saved = saved(surface, passes);
    let workspace = passes.and_then(|p| p.step.as_ref()).map(|step| workspace(surface, step));
    let stub = (passes.is_none() && surface.is_scalar()).then(|| {
        quote!(
            #[derive(Clone, Debug, Default)]
            pub struct Workspace {
                pub gradients: Gradients,
            }
        )
    });
    quote!(#params #gradients #saved #workspace #stub)
}

fn field(surface: &Surface, name: &Ident, (shape, dtype): (&Shape, Dtype), more: &str) -> TokenStream {
    let (kind, text) = (surface.owned(shape, dtype), format!("{}{more}.", shape_words(shape)));
    let docs = docs([text.as_str()]);
    quote!(#docs pub #name: #kind)
}

fn params(surface: &Surface) -> TokenStream {
    let doc = docs([format!("The parameters of `{}`.", surface.model.name).as_str()]);
    let fields = surface.params().map(|p| field(surface, &p.name, (&p.shape, Dtype::Real), ""));
    let sizes_of: Vec<Ident> = surface.parameter_sizes();
    let zeros = surface.params().map(|p| {
        let (name, value) = (&p.name, zeros(&p.shape));
        quote!(#name: #value)
    });
    let initial = surface.params().map(|p| {
        let (name, value) = (&p.name, initial(&p.shape));
        quote!(#name: #value)
    });
    let visited = visited(surface, &ident("Params"));
    quote! {
        #doc
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Params { #(#fields),* }

        impl Params {
            /// Zeros everywhere.
            pub fn zeros(#(#sizes_of: usize),*) -> Self {
                Self { #(#zeros),* }
            }

            /// Matrices from Glorot's uniform distribution, zeros for vectors and scalars.
            pub fn init(rng: &mut impl Rng, #(#sizes_of: usize),*) -> Self {
                Self { #(#initial),* }
            }
        }

        #visited
    }
}

fn zeros(shape: &Shape) -> TokenStream {
    let (dims, length) = (sizes(shape), length(shape));
    if shape.is_empty() { quote!(0.0) } else { quote!(array(#dims, vec![0.0; #length])) }
}

fn initial(shape: &Shape) -> TokenStream {
    let dims = sizes(shape);
    if shape.len() < 2 { zeros(shape) } else { quote!(glorot(rng, #dims)) }
}

fn gradients(surface: &Surface) -> TokenStream {
    let doc = docs([format!("The gradients of `{}`: field for field as [`Params`].", surface.model.name).as_str()]);
    let of = |a: &Argument| format!(": the gradient with respect to `{}`", plain(&a.name));
    let all = surface.params().chain(surface.wrt());
    let fields = all.map(|p| field(surface, &p.name, (&p.shape, Dtype::Real), &of(p)));
    let visited = visited(surface, &ident("Gradients"));
    quote! {
        #doc
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Gradients { #(#fields),* }

        #visited
    }
}

/// The visit of all parameters by index.
fn visited(surface: &Surface, of: &Ident) -> TokenStream {
    let real = &surface.real;
    let names: Vec<&Ident> = surface.params().map(|p| &p.name).collect();
    let count = Literal::usize_unsuffixed(names.len());
    let numbers: Vec<Literal> = (0..names.len()).map(Literal::usize_unsuffixed).collect();
    let paths = surface.params().map(|p| plain(&p.name));
    let (views, views_mut): (Vec<_>, Vec<_>) = surface.params().map(view_arms).unzip();
    quote! {
        impl ParamSet for #of {
            type Elem = #real;

            fn count(&self) -> usize {
                #count
            }

            fn path(&self, index: usize) -> String {
                let paths: [&str; #count] = [#(#paths),*];
                paths[index].to_string()
            }

            fn array(&self, index: usize) -> ArrayViewD<'_, #real> {
                match index {
                    #(#numbers => #views,)*
                    _ => no_such_array(index, #count),
                }
            }

            fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, #real> {
                match index {
                    #(#numbers => #views_mut,)*
                    _ => no_such_array(index, #count),
                }
            }
        }
    }
}

fn view_arms(param: &Argument) -> (TokenStream, TokenStream) {
    let name = &param.name;
    match param.shape.is_empty() {
        true => (quote!(scalar_view(&self.#name)), quote!(scalar_view_mut(&mut self.#name))),
        false => (quote!(self.#name.view().into_dyn()), quote!(self.#name.view_mut().into_dyn())),
    }
}

/// Why each saved value is kept, in order: the backward pass knows what it needs them for.
fn reasons(backward: &Compiled) -> Vec<String> {
    let graph = &backward.graph;
    let saved = (0..graph.arguments.len()).filter(|k| graph.arguments[*k].source == Source::Saved);
    let node = |k| graph.ids().find(|id| graph.node(*id).kind == Kind::Arg(k));
    let why = saved.map(|k| node(k).and_then(|id| graph.node(id).note.rule.clone()));
    why.map(|why| why.map(|w| format!(" ({w})")).unwrap_or_default()).collect()
}

/// The values that the forward pass keeps: name, shape and kind of element.
pub fn kept(forward: &Compiled) -> Vec<(Ident, Shape, Dtype)> {
    let saved = forward.graph.roots.iter().filter(|r| r.goal == Goal::Saved).filter_map(|r| r.node);
    let mut kept = Vec::new();
    for id in saved {
        let node = forward.graph.node(id);
        let name = saved_name(forward, kept.len());
        kept.push((ident(&name), node.shape.clone(), node.dtype));
    }
    kept
}

/// The name of saved value `k`: its node's, told apart by a number where two have the same.
fn saved_name(forward: &Compiled, k: usize) -> String {
    let names: Vec<String> = forward
        .graph
        .roots
        .iter()
        .filter(|r| r.goal == Goal::Saved)
        .filter_map(|r| r.node)
        .map(|id| forward.graph.node(id).note.name.clone().unwrap_or_else(|| "value".into()))
        .collect();
    match names[..k].iter().filter(|n| **n == names[k]).count() {
        0 => names[k].clone(),
        before => format!("{}_{}", names[k], before + 1),
    }
}

fn saved(surface: &Surface, passes: Option<&Passes>) -> TokenStream {
    let kept = passes.map(|p| kept(&p.forward)).unwrap_or_default();
    let reasons = passes.map(|p| reasons(&p.backward)).unwrap_or_default();
    let doc =
        docs([format!("What the forward pass of `{}` keeps for the backward pass.", surface.model.name).as_str()]);
    let fields =
        kept.iter().zip(&reasons).map(|((name, shape, dtype), why)| field(surface, name, (shape, *dtype), why));
    let bytes = docs([format!("The size in bytes: {}.", bytes_formula(surface, &kept)).as_str()]);
    let sizes = kept.iter().map(|(name, shape, dtype)| {
        let element = surface.element_of(*dtype);
        let count = if shape.is_empty() { quote!(1) } else { quote!(self.#name.len()) };
        quote!(#count * ::core::mem::size_of::<#element>())
    });
    quote! {
        #doc
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Saved { #(#fields),* }

        impl Saved {
            #bytes
            pub fn bytes(&self) -> usize {
                let sizes: &[usize] = &[#(#sizes),*];
                sizes.iter().sum()
            }
        }
    }
}

/// `4 · N · 13 + 4 · N`
fn bytes_formula(surface: &Surface, kept: &[(Ident, Shape, Dtype)]) -> String {
    let width = |dtype| match dtype {
        Dtype::Mask => 1,
        Dtype::Real if !surface.model.options.double => 4,
        _ => 8,
    };
    let terms = kept.iter().map(|(_, shape, dtype)| format!("{} · {}", width(*dtype), super::math::count(shape)));
    let terms: Vec<String> = terms.collect();
    if terms.is_empty() { "0".into() } else { terms.join(" + ") }
}

fn workspace(surface: &Surface, step: &Compiled) -> TokenStream {
    let doc =
        docs([format!("Every buffer of a step of `{}`; grows at first use, and is used again.", surface.model.name)
            .as_str()]);
    let memory = memory(surface, step);
    let fields = memory.scratch.iter().map(|(name, shape, dtype)| {
        let docs = docs([format!("{}.", shape_words(shape)).as_str()]);
        let element = surface.element_of(*dtype);
        quote!(#docs pub #name: Vec<#element>)
    });
    let copies = memory.copies.iter().map(|(name, of, element)| {
        let docs = docs([format!("A copy of `{of}`, where it does not come in standard layout.").as_str()]);
        quote!(#docs pub #name: Vec<#element>)
    });
    quote! {
        #doc
        #[derive(Clone, Debug, Default)]
        pub struct Workspace {
            /// The gradients of the last step.
            pub gradients: Gradients,
            #(#fields,)*
            #(#copies,)*
        }
    }
}

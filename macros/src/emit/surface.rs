//! The words of the emitted surface: the types of arguments, the names of what the macro adds beside the user's, and
//! which attributes go where.

use super::code::{ident, size};
use super::{Compiled, Passes};
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Dtype, Source};
use crate::ir::model::{Argument, Model, Role};
use crate::ir::program::{self, Buffer};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use std::collections::HashSet;

pub struct Surface<'a> {
    pub model: &'a Model,
    pub real: Ident,
    /// Names that the user's arguments, dimensions and the passes' variables have.
    taken: HashSet<String>,
}

impl<'a> Surface<'a> {
    pub fn new(model: &'a Model, passes: Option<&Passes>) -> Self {
        let mut taken: HashSet<String> = model.arguments.iter().map(|a| plain(&a.name)).collect();
        taken.extend(dimension_names(model));
        for compiled in
            passes.into_iter().flat_map(|p| [Some(&p.infer), Some(&p.forward), Some(&p.backward), p.step.as_ref()])
        {
            taken.extend(compiled.into_iter().flat_map(inner_names));
        }
        Surface { model, real: ident(if model.options.double { "f64" } else { "f32" }), taken }
    }

    /// A name of our own, out of the way of the user's.
    pub fn own(&self, name: &str) -> Ident {
        let mut name = name.to_string();
        while self.taken.contains(&name) {
            name.push('_');
        }
        ident(&name)
    }

    pub fn inputs(&self) -> impl Iterator<Item = &'a Argument> {
        self.model.arguments.iter().filter(|a| a.role != Role::Param)
    }

    pub fn params(&self) -> impl Iterator<Item = &'a Argument> {
        self.model.arguments.iter().filter(|a| a.role == Role::Param)
    }

    /// The inputs whose gradient is asked for.
    pub fn wrt(&self) -> impl Iterator<Item = &'a Argument> {
        let wrt = &self.model.options.wrt;
        wrt.iter().filter_map(|name| self.model.arguments.iter().find(|a| a.name == *name))
    }

    /// The names that `let`s in the body give.
    pub fn names_of_lets(&self) -> HashSet<String> {
        let mut names = HashSet::new();
        self.model.body.names(&mut names);
        names
    }

    pub fn index_of(&self, argument: &Argument) -> usize {
        self.model.arguments.iter().position(|a| a.name == argument.name).expect("an argument of the model")
    }

    /// The variable of an input in emitted functions: its name, unless that is a dimension's as well.
    pub fn variable(&self, argument: &Argument) -> Ident {
        match dimension_names(self.model).contains(&plain(&argument.name)) {
            true => format_ident!("{}_", plain(&argument.name)),
            false => argument.name.clone(),
        }
    }

    pub fn element(&self, role: Role) -> Ident {
        match role {
            Role::Index => ident("usize"),
            Role::Mask => ident("bool"),
            Role::Input | Role::Param => self.real.clone(),
        }
    }

    pub fn element_of(&self, dtype: Dtype) -> Ident {
        match dtype {
            Dtype::Real => self.real.clone(),
            Dtype::Index => ident("usize"),
            Dtype::Mask => ident("bool"),
        }
    }

    /// `Array2<f32>`, or `f32` for a scalar.
    pub fn owned(&self, shape: &Shape, dtype: Dtype) -> TokenStream {
        let element = self.element_of(dtype);
        match shape.len() {
            0 => quote!(#element),
            rank => {
                let array = format_ident!("Array{rank}");
                quote!(#array<#element>)
            }
        }
    }

    /// `ArrayView2<'a, f32>`, or `f32`.
    pub fn view(&self, rank: usize, role: Role) -> TokenStream {
        let element = self.element(role);
        match rank {
            0 => quote!(#element),
            rank => {
                let view = format_ident!("ArrayView{rank}");
                quote!(#view<'a, #element>)
            }
        }
    }

    /// What an emitted function takes for it; `at` is the path of the names, empty within the module.
    pub fn accepted(&self, rank: usize, role: Role, at: &TokenStream) -> TokenStream {
        match rank {
            0 => self.view(rank, role),
            _ => {
                let view = self.view(rank, role);
                quote!(impl ::core::convert::Into<#at #view>)
            }
        }
    }

    /// All dimension names that can be read, in order.
    pub fn sizes(&self) -> Vec<Ident> {
        self.model.sizes().iter().map(|(name, ..)| ident(name)).collect()
    }

    /// The dimension names in the shapes of parameters, in order of appearance.
    pub fn parameter_sizes(&self) -> Vec<Ident> {
        let mut names: Vec<&str> = Vec::new();
        for dim in self.params().flat_map(|p| &p.shape) {
            names.extend(dim.names().into_iter().filter(|n| !names.contains(n)).collect::<Vec<_>>());
        }
        names.into_iter().map(ident).collect()
    }

    /// Attributes of the function, and those that concern the module as well.
    pub fn attributes(&self) -> (Vec<&syn::Attribute>, Vec<&syn::Attribute>) {
        let all = &self.model.attributes;
        let both = ["cfg", "allow", "expect", "warn", "deny", "deprecated"];
        let on_module = all.iter().filter(|a| both.iter().any(|name| a.path().is_ident(name)));
        (all.iter().collect(), on_module.collect())
    }

    pub fn is_tuple(&self) -> bool {
        self.model.result.tuple
    }

    /// The network's output: an array, a scalar, or a tuple of them; `at` as above.
    pub fn output(&self, at: &TokenStream) -> TokenStream {
        let types: Vec<TokenStream> = self
            .model
            .result
            .shapes
            .iter()
            .map(|(shape, _)| {
                let owned = self.owned(shape, Dtype::Real);
                if shape.is_empty() { owned } else { quote!(#at #owned) }
            })
            .collect();
        self.tuple(types)
    }

    /// One value, or as many as the network has outputs.
    pub fn tuple(&self, parts: Vec<TokenStream>) -> TokenStream {
        if self.is_tuple() { quote!((#(#parts,)*)) } else { quote!(#(#parts)*) }
    }

    pub fn is_scalar(&self) -> bool {
        !self.is_tuple() && self.model.result.shapes.iter().all(|(s, _)| s.is_empty())
    }
}

/// The variables of a pass, but for cotangents, which have the name that they come in under.
fn inner_names(compiled: &Compiled) -> impl Iterator<Item = String> {
    let program = &compiled.program;
    let cotangent = |b: &Buffer| {
        matches!(b.role, program::Role::Argument(k)
        if matches!(program.arguments[k].source, Source::Cotangent(_)))
    };
    let all = program.buffers.iter().zip(&compiled.names.buffers);
    all.filter(move |(b, _)| !cotangent(b)).map(|(_, name)| name.clone())
}

/// The name of an identifier without `r#`.
pub fn plain(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").map(str::to_string).unwrap_or(name)
}

fn dimension_names(model: &Model) -> HashSet<String> {
    let shapes = model.arguments.iter().map(|a| &a.shape).chain(model.result.shapes.iter().map(|(s, _)| s));
    shapes.flatten().flat_map(Dim::names).map(str::to_string).collect()
}

/// A shape for documentation: `` `[N, 13]` ``, `a scalar`.
pub fn shape_words(shape: &[Dim]) -> String {
    if shape.is_empty() { "A scalar".into() } else { format!("`{}`", show(shape)) }
}

/// What memory for elements of a kind is filled with at first.
pub fn blank(dtype: Dtype) -> TokenStream {
    match dtype {
        Dtype::Real => quote!(0.0),
        Dtype::Index => quote!(0),
        Dtype::Mask => quote!(false),
    }
}

/// The number of elements as an expression.
pub fn length(shape: &[Dim]) -> TokenStream {
    let code = size(&Dim::product(shape));
    quote!(#code)
}

//! The entry check: views of all inputs, the sizes behind the names of dimensions, and what is said of arrays that do not
//! have the shapes that the network declares.

use super::{Entry, data};
use crate::emit::code::{ident, size, sizes};
use crate::emit::surface::{Surface, each, field_of, size_in_stacks, vectors};
use crate::ir::dim::{Dim, show};
use crate::ir::model::{Argument, Reading, Role, plain};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// `[("N", N, "x")]`
pub fn named_sizes(surface: &Surface) -> TokenStream {
    let all = surface.model.sizes().into_iter().map(|Reading { name, argument, .. }| {
        let (value, from) = (ident(name), argument.dotted());
        quote!((#name, #value, #from))
    });
    quote!([#(#all),*])
}

impl Entry<'_> {
    /// `let Sizes { N } = checked(sizes(x, params));`
    pub(super) fn entry(&self) -> TokenStream {
        let (views, params) = (self.views(), self.surface.own("params"));
        let names = self.surface.data().map(|a| self.surface.variable(a));
        let dims = self.surface.sizes();
        let cuts = self.passes.into_iter().flat_map(|p| &p.cuts).map(|cut| {
            let turns = Literal::usize_unsuffixed(cut.turns as usize);
            let [of, segments, rest] = [&cut.of, &cut.segments, &cut.rest].map(|name| ident(name));
            quote!(let (#segments, #rest) = (#of / #turns, #of % #turns);)
        });
        quote!(#views let Sizes { #(#dims),* } = checked(sizes(#(#names,)* #params)); #(#cuts)*)
    }

    /// The same, and that the state has the shapes that the network declares.
    pub(super) fn stateful_entry(&self) -> TokenStream {
        let (entry, network, state) = (self.entry(), self.surface.model.name.to_string(), self.surface.own("state"));
        let checks = self.surface.states().filter(|a| !a.shape.is_empty()).map(|argument| {
            let (field, path, dims) =
                (field_of(argument), format!("state.{}", argument.dotted()), sizes(&argument.shape));
            let (written, names) = (show(&argument.shape), &self.named_sizes);
            quote!(checked(expect_shape(#network, #path, #state.#field.shape(), &#dims, #written, &#names));)
        });
        quote!(#entry #(#checks)*)
    }

    pub(super) fn cotangents(&self) -> TokenStream {
        let surface = self.surface;
        let shapes = &surface.model.result.shapes;
        let all: Vec<Ident> = (0..shapes.len()).map(|k| self.cotangent(k)).collect();
        let whole = surface.own("d_output");
        let split = surface.is_tuple().then(|| quote!(let (#(#all,)*) = #whole;));
        let network = surface.model.name.to_string();
        let checks = all.iter().zip(shapes).filter(|(_, (s, _))| !s.is_empty()).map(|(name, (shape, _))| {
            let (view, dims) = (surface.view(shape.len(), Role::Input), sizes(shape));
            quote! {
                let #name: #view = #name.into();
                checked(expect_cotangent(#network, #name.shape(), &#dims));
            }
        });
        quote!(#split #(#checks)*)
    }

    pub(super) fn check_saved(&self) -> TokenStream {
        let (network, saved) = (self.surface.model.name.to_string(), self.surface.own("saved"));
        let arrays = self.kept.iter().filter(|(_, shape, _)| !shape.is_empty());
        let checks = arrays.map(|(name, shape, _)| {
            let (path, dims, written) = (format!("saved.{name}"), sizes(shape), show(shape));
            let names = &self.named_sizes;
            quote!(checked(expect_shape(#network, #path, #saved.#name.shape(), &#dims, #written, &#names));)
        });
        quote!(#(#checks)*)
    }

    pub(super) fn check(&self) -> TokenStream {
        let surface = self.surface;
        let (taken, params) = (data(surface, &quote!()), surface.own("params"));
        let names: Vec<Ident> = surface.data().map(|a| surface.variable(a)).collect();
        let (views, dims) = (self.views(), surface.sizes());
        let sizes = self.sizes();
        quote! {
            /// The entry check alone: whether the shapes are those that the network declares.
            pub fn check<'a>(#taken #params: &Params) -> Result<(), ShapeError> {
                #views
                sizes(#(#names,)* #params).map(|_| ())
            }

            /// The sizes behind the names of dimensions.
            struct Sizes { #(#dims: usize),* }

            #sizes
        }
    }

    pub(super) fn sizes(&self) -> TokenStream {
        let surface = self.surface;
        let inputs = surface.data().map(|a| {
            let (name, view) = (surface.variable(a), surface.view(a.shape.len(), a.role));
            quote!(#name: #view,)
        });
        let dims = surface.sizes();
        let reads = surface.model.sizes().into_iter().map(|reading| {
            let (name, value) = (ident(reading.name), self.read(&reading));
            quote!(let #name = #value;)
        });
        let checks = surface.model.arguments.iter().filter(|a| a.role != Role::State && !a.own_shape().is_empty());
        let checks = checks.map(|a| self.expectation(a));
        let labels = self.passes.into_iter().flat_map(|p| &p.labels).map(|(index, below)| {
            let argument = &surface.model.arguments[*index];
            let (network, word) = (surface.model.name.to_string(), plain(&argument.name));
            let (variable, below) = (surface.variable(argument), size(below));
            match argument.shape.is_empty() {
                true => quote!(expect_index(#network, #word, &[#variable], #below)?;),
                false => quote!(expect_index(#network, #word, &flat(#variable), #below)?;),
            }
        });
        let apart = self.passes.into_iter().flat_map(|p| &p.apart).map(|(a, b)| {
            let (network, names) = (surface.model.name.to_string(), [a, b].map(Dim::to_string));
            let ([name_a, name_b], a, b) = (names, size(a), size(b));
            quote!(expect_apart(#network, (#name_a, #a), (#name_b, #b))?;)
        });
        let differences = self.passes.into_iter().flat_map(|p| &p.differences).map(|difference| {
            let (network, written, names) = (surface.model.name.to_string(), difference.to_string(), &self.named_sizes);
            let (more, less) = difference.signs();
            let (more, less) = (size(&more), size(&less));
            quote!(expect_size(#network, #written, (#more, #less), &#names)?;)
        });
        let params = surface.own("params");
        let counts = vectors(surface.params()).into_iter().map(|(stack, count)| {
            let (network, path, written) = (surface.model.name.to_string(), stack.dotted(), count.to_string());
            let (names, count, path_names) = (&self.named_sizes, size(&count), &stack.path);
            match stack.stacks.is_empty() {
                true => {
                    quote!(expect_count(#network, #path, #params.#(#path_names).*.len(), (#count, #written), &#names)?;)
                }
                false => {
                    let stacks = each(&params, &stack, false);
                    quote! {
                        for stack in #stacks {
                            expect_count(#network, #path, stack.len(), (#count, #written), &#names)?;
                        }
                    }
                }
            }
        });
        quote! {
            #[inline]
            fn sizes<'a>(#(#inputs)* #params: &Params) -> Result<Sizes, ShapeError> {
                #(#reads)*
                #(#differences)*
                #(#counts)*
                #(#checks)*
                #(#labels)*
                #(#apart)*
                Ok(Sizes { #(#dims),* })
            }
        }
    }

    /// `(x.shape()[1] + 1) / 2`; where no size fits, what is made of it is not the shape that was found.
    fn read(&self, Reading { argument, axis, factor, rest, .. }: &Reading) -> TokenStream {
        let (more, less) = rest.signs();
        let mut value = match argument.stacks.iter().all(|stack| stack.is_array) {
            true => {
                let (array, axis) = (self.array(argument), Literal::usize_unsuffixed(axis - argument.stacks.len()));
                quote!(#array.shape()[#axis])
            }
            false => size_in_stacks(&self.surface.own("params"), argument, *axis),
        };
        if more != Dim::default() {
            let more = size(&more);
            value = quote!(#value.saturating_sub(#more));
        }
        if less != Dim::default() {
            let less = size(&less);
            value = quote!((#value + #less));
        }
        let by = size(factor);
        match factor.as_number() {
            Some(1) => value,
            Some(_) => quote!(#value / #by),
            None => quote!(#value.checked_div(#by).unwrap_or(0)),
        }
    }

    pub(super) fn array(&self, argument: &Argument) -> TokenStream {
        match argument.role {
            Role::Param => {
                let (params, field) = (self.surface.own("params"), field_of(argument));
                quote!(#params.#field)
            }
            _ => {
                let variable = self.surface.variable(argument);
                quote!(#variable)
            }
        }
    }

    pub(super) fn expectation(&self, argument: &Argument) -> TokenStream {
        let (network, name) = (self.surface.model.name.to_string(), argument.dotted());
        let (array, dims, names) = (self.array(argument), sizes(argument.own_shape()), &self.named_sizes);
        let written = show(argument.own_shape());
        if argument.stacks.is_empty() {
            return quote!(expect_shape(#network, #name, #array.shape(), &#dims, #written, &#names)?;);
        }
        let arrays = each(&self.surface.own("params"), argument, false);
        quote! {
            for array in #arrays {
                expect_shape(#network, #name, array.shape(), &#dims, #written, &#names)?;
            }
        }
    }

    /// `let x = x.into();` for all inputs that are arrays.
    pub(super) fn views(&self) -> TokenStream {
        let arrays = self.surface.inputs().filter(|a| !a.shape.is_empty());
        let all = arrays.map(|a| {
            let (name, view) = (self.surface.variable(a), self.surface.view(a.shape.len(), a.role));
            quote!(let #name: #view = #name.into();)
        });
        quote!(#(#all)*)
    }
}

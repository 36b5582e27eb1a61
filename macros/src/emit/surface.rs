//! The words of the emitted surface: the types of arguments, the names of what the macro adds beside the user's, and
//! which attributes go where.

use super::code::{ident, size};
use super::{Compiled, Passes};
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Dtype, Source};
use crate::ir::model::{Argument, Group, Model, Role, Stack, plain};
use crate::ir::program::{self, Buffer};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use std::collections::HashSet;
use syn::spanned::Spanned;

/// A field of `Params`.
pub enum Field<'a> {
    Param(&'a Argument),
    Group(&'a Group),
}

pub struct Surface<'a> {
    pub model: &'a Model,
    pub real: Ident,
    /// The names of dimensions.
    dimensions: HashSet<String>,
    /// Names that the user's arguments, dimensions and the passes' variables have.
    taken: HashSet<String>,
}

impl<'a> Surface<'a> {
    pub fn new(model: &'a Model, passes: Option<&Passes>) -> Self {
        let mut taken: HashSet<String> = model.arguments.iter().map(|a| plain(&a.name)).collect();
        let dimensions = dimension_names(model);
        taken.extend(dimensions.iter().cloned());
        for compiled in
            passes.into_iter().flat_map(|p| [Some(&p.infer), Some(&p.forward), Some(&p.backward), p.step.as_ref()])
        {
            taken.extend(compiled.into_iter().flat_map(inner_names));
        }
        Surface { model, real: ident(if model.options.double { "f64" } else { "f32" }), dimensions, taken }
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
        self.model.inputs()
    }

    /// The inputs of inference, and those that have a shape: without what is for training alone.
    pub fn data(&self) -> impl Iterator<Item = &'a Argument> {
        self.inputs().filter(|a| a.role != Role::Random)
    }

    pub fn params(&self) -> impl Iterator<Item = &'a Argument> {
        self.model.arguments.iter().filter(|a| a.role == Role::Param)
    }

    pub fn states(&self) -> impl Iterator<Item = &'a Argument> {
        self.model.arguments.iter().filter(|a| a.role == Role::State)
    }

    pub fn has_state(&self) -> bool {
        self.states().next().is_some()
    }

    /// The inputs whose gradient is asked for.
    pub fn wrt(&self) -> impl Iterator<Item = &'a Argument> {
        let wrt = &self.model.options.wrt;
        wrt.iter().filter_map(|name| self.model.arguments.iter().find(|a| a.name == *name))
    }

    /// The fields of `State`: groups that have one, and its own.
    pub fn state_fields(&self) -> Vec<Field<'a>> {
        let is_stateful = |g: &&Group| self.states().any(|s| s.is_of(&g.name));
        let groups = self.model.groups.iter().filter(is_stateful).map(Field::Group);
        groups.chain(self.states().filter(|a| a.path.len() == 1).map(Field::Param)).collect()
    }

    /// The fields of `Params`, in the order of the arguments.
    pub fn fields(&self) -> Vec<Field<'a>> {
        let mut fields = Vec::new();
        for k in 0..=self.model.arguments.len() {
            fields.extend(self.model.groups.iter().filter(|g| g.before == k).map(Field::Group));
            let own = self.model.arguments.get(k).filter(|a| a.role == Role::Param && a.path.len() == 1);
            fields.extend(own.map(Field::Param));
        }
        fields
    }

    /// The parameters of a group, and of the groups within.
    pub fn has_params(&self, group: &Group) -> bool {
        self.params().any(|p| p.is_of(&group.name))
    }

    /// The module of a group's network, as it is seen from this network's.
    pub fn module_of(&self, group: &Group) -> TokenStream {
        let path = &group.network;
        let first = path.segments[0].ident.to_string();
        let rest = path.segments.iter().skip(1);
        match first.as_str() {
            _ if path.leading_colon.is_some() => quote!(#path),
            "crate" => quote!(#path),
            "self" => quote!(super #(::#rest)*),
            "super" => quote!(super::#path),
            _ if path.segments.len() == 1 => quote!(super::#path),
            _ => {
                let alias = self.alias(group);
                quote!(super::#alias)
            }
        }
    }

    /// What brings the networks of groups to where `super` reaches them: a path may begin with a crate, which `super`
    /// does not know.
    pub fn aliases(&self) -> TokenStream {
        if self.model.options.local {
            return self.locals();
        }
        let reserved = ["crate", "self", "super"];
        let relative = self.model.groups.iter().filter(|g| {
            let path = &g.network;
            path.leading_colon.is_none()
                && path.segments.len() > 1
                && reserved.iter().all(|word| path.segments[0].ident != *word)
        });
        let uses = relative.map(|group| {
            let (path, alias) = (&group.network, self.alias(group));
            quote!(#[doc(hidden)] #[allow(unused_imports)] use #path as #alias;)
        });
        quote!(#(#uses)*)
    }

    /// The place of a group among those that the module cannot name.
    pub fn local(&self, group: &Group) -> Option<Literal> {
        let place = self.model.groups.iter().position(|g| g.name == group.name)?;
        self.model.options.local.then(|| Literal::usize_unsuffixed(place))
    }

    /// For a network in the body of a function, what tells its module of the networks of its groups.
    fn locals(&self) -> TokenStream {
        let (name, runtime, groups) = (&self.model.name, &self.model.options.runtime, self.own("Groups"));
        let all = self.model.groups.iter().filter_map(|group| Some((group, self.local(group)?)));
        let all = all.map(|(group, place)| {
            let path = &group.network;
            let elements = self.has_params(group).then(|| quote!(<T>));
            let sizes = (0..group.sizes.as_ref().map_or(0, Vec::len)).map(Literal::usize_unsuffixed);
            let sizes: Vec<TokenStream> = sizes.map(|k| quote!(sizes[#k])).collect();
            let (state, start) = match self.states().any(|s| s.is_of(&group.name)) {
                true => (quote!(#path::State<T>), quote!(#path::state(#(#sizes),*))),
                false => (quote!(()), TokenStream::new()),
            };
            let (zeros, initial) = match group.sizes {
                Some(_) => (quote!(#path::zeros(#(#sizes),*)), quote!(#path::init(rng, #(#sizes),*))),
                None => [(); 2].map(|()| quote!(unreachable!("the network has an error"))).into(),
            };
            quote! {
                #[doc(hidden)]
                #[allow(non_local_definitions, unused_variables)]
                impl #runtime::emitted::Local<#place> for #name::#groups {
                    type Params<T> = #path::Params #elements;
                    type Gradients<T> = #path::Gradients #elements;
                    type State<T> = #state;

                    fn zeros<T: #runtime::emitted::Real>(sizes: &[usize]) -> Self::Params<T> {
                        #zeros
                    }

                    fn init<T: #runtime::emitted::Real>(
                        rng: &mut impl #runtime::emitted::Rng,
                        sizes: &[usize],
                    ) -> Self::Params<T> {
                        #initial
                    }

                    fn state<T: #runtime::emitted::Real>(sizes: &[usize]) -> Self::State<T> {
                        #start
                    }
                }
            }
        });
        quote!(#(#all)*)
    }

    fn alias(&self, group: &Group) -> Ident {
        format_ident!("__{}_{}", plain(&self.model.name), plain(&group.name), span = group.network.span())
    }

    pub fn index_of(&self, argument: &Argument) -> usize {
        let mut all = self.model.arguments.iter();
        let same = all.clone().position(|a| std::ptr::eq(a, argument));
        same.or_else(|| all.position(|a| a.name == argument.name)).expect("an argument of the model")
    }

    /// The variable of an input in emitted functions: its name, unless that is a dimension's as well.
    pub fn variable(&self, argument: &Argument) -> Ident {
        match self.dimensions.contains(&plain(&argument.name)) {
            true => format_ident!("{}_", plain(&argument.name)),
            false => argument.name.clone(),
        }
    }

    pub fn element(&self, role: Role) -> Ident {
        match role {
            Role::Index => ident("usize"),
            Role::Mask => ident("bool"),
            Role::Random => ident("u64"),
            Role::Input | Role::Param | Role::State => self.real.clone(),
        }
    }

    pub fn element_of(&self, dtype: Dtype) -> Ident {
        match dtype {
            Dtype::Real => self.real.clone(),
            Dtype::Index => ident("usize"),
            Dtype::Mask => ident("bool"),
            Dtype::Seed => ident("u64"),
        }
    }

    /// `Array2<f32>`, or `f32` for a scalar.
    pub fn owned(&self, shape: &Shape, dtype: Dtype) -> TokenStream {
        self.array_of(shape.len(), &self.element_of(dtype))
    }

    /// The same for a type of element and a number of axes.
    pub fn array_of(&self, rank: usize, element: &Ident) -> TokenStream {
        match rank {
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
        self.model.sizes().iter().map(|reading| ident(reading.name)).collect()
    }

    /// The dimension names in the shapes of parameters, in order of appearance.
    pub fn parameter_sizes(&self) -> Vec<Ident> {
        self.model.parameter_sizes().into_iter().map(ident).collect()
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

    /// The same, but arrays as views of memory that lives as long as `'w`.
    pub fn viewed_output(&self) -> TokenStream {
        let view = |shape: &Shape| match shape.len() {
            0 => self.real.to_token_stream(),
            rank => {
                let (view, real) = (format_ident!("ArrayView{rank}"), &self.real);
                quote!(#view<'w, #real>)
            }
        };
        self.tuple(self.model.result.shapes.iter().map(|(shape, _)| view(shape)).collect())
    }

    /// Whether there is an array among the outputs.
    pub fn has_arrays(&self) -> bool {
        self.model.result.shapes.iter().any(|(shape, _)| !shape.is_empty())
    }

    /// One value, or as many as the network has outputs.
    pub fn tuple(&self, parts: Vec<TokenStream>) -> TokenStream {
        if self.is_tuple() { quote!((#(#parts,)*)) } else { quote!(#(#parts)*) }
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

/// The field of an argument in `Params`: `hidden.w`, and in a stack the first of them, `blocks[0].w`.
pub fn field_of(argument: &Argument) -> TokenStream {
    let names = argument.path.iter().enumerate().map(|(k, name)| {
        let first = argument.stacks.iter().any(|stack| stack.at == k).then(|| quote!([0]));
        quote!(#name #first)
    });
    quote!(#(#names).*)
}

/// The arrays of a parameter in a stack of networks, one after another: `params.blocks.iter().map(|block| &block.w)`.
pub fn each(all: &Ident, argument: &Argument, mutable: bool) -> TokenStream {
    let (iter, sign) = if mutable { (ident("iter_mut"), quote!(&mut)) } else { (ident("iter"), quote!(&)) };
    let mut start = 0;
    let mut tokens = TokenStream::new();
    for &Stack { at, .. } in &argument.stacks {
        let names = &argument.path[start..=at];
        tokens = match start {
            0 => quote!(#all.#(#names).*.#iter()),
            _ => quote!(#tokens.flat_map(|block| block.#(#names).*.#iter())),
        };
        start = at + 1;
    }
    let names = &argument.path[start..];
    quote!(#tokens.map(|block| #sign block.#(#names).*))
}

/// The stacks that are vectors, each once, as if it were an array: its path, and what lies around it.
pub fn vectors<'a>(arguments: impl Iterator<Item = &'a Argument>) -> Vec<(Argument, Dim)> {
    let mut found: Vec<(Argument, Dim)> = Vec::new();
    for argument in arguments {
        for stack in argument.stacks.iter().filter(|stack| !stack.is_array) {
            let (path, stacks) = (argument.path[..=stack.at].to_vec(), argument.outside(stack));
            if found.iter().all(|(known, _)| known.path != path) {
                found.push((Argument { path, stacks, ..argument.clone() }, stack.count.clone()));
            }
        }
    }
    found
}

/// A size of the first array of a parameter in stacks, which may be empty: `params.blocks.first().map_or(0, |block|
/// block.w.shape()[1])`; or of the stack itself that is the axis, `params.blocks.len()`.
pub fn size_in_stacks(all: &Ident, argument: &Argument, axis: usize) -> TokenStream {
    let (around, last, size) = match argument.stacks.get(axis) {
        Some(stack) => (axis, stack.at, quote!(len())),
        None => {
            let axis = Literal::usize_unsuffixed(axis - argument.stacks.len());
            (argument.stacks.len(), argument.path.len() - 1, quote!(shape()[#axis]))
        }
    };
    let mut start = 0;
    let mut tokens = TokenStream::new();
    for stack in &argument.stacks[..around] {
        let names = &argument.path[start..=stack.at];
        tokens = match start {
            0 => quote!(#all.#(#names).*.first()),
            _ => quote!(#tokens.and_then(|block| block.#(#names).*.first())),
        };
        start = stack.at + 1;
    }
    let names = &argument.path[start..=last];
    match around {
        0 => quote!(#all.#(#names).*.#size),
        _ => quote!(#tokens.map_or(0, |block| block.#(#names).*.#size)),
    }
}

/// The same as views.
pub fn each_view(all: &Ident, argument: &Argument, mutable: bool) -> TokenStream {
    let each = each(all, argument, mutable);
    match (argument.own_shape().is_empty(), mutable) {
        (true, false) => quote!(#each.map(scalar_view)),
        (true, true) => quote!(#each.map(scalar_view_mut)),
        (false, false) => quote!(#each.map(|array| array.view())),
        (false, true) => quote!(#each.map(|array| array.view_mut())),
    }
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
        Dtype::Index | Dtype::Seed => quote!(0),
        Dtype::Mask => quote!(false),
    }
}

/// The number of elements as an expression.
pub fn length(shape: &[Dim]) -> TokenStream {
    let code = size(&Dim::product(shape));
    quote!(#code)
}

//! The types of a network: `Params`, `Gradients`, `Saved`, `Workspace`, with public fields and documented shapes.

use super::code::{docs, ident, size, sizes};
use super::entry::{Memory, memory};
use super::surface::{Field, Surface, length, shape_words};
use super::visit::visited;
use super::{Compiled, Passes};
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Dtype, Goal, Kind, Source};
use crate::ir::model::{Argument, Group, Init, plain};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::HashMap;

/// What a network has that others call, and their callers need.
pub fn parts(surface: &Surface) -> TokenStream {
    let params = params(surface);
    let state = surface.has_state().then(|| state(surface));
    let gradients = gradients(surface);
    let groups = surface.own("Groups");
    let groups = surface.model.options.local.then(|| quote!(#[doc(hidden)] pub struct #groups;));
    quote!(#groups #params #state #gradients)
}

/// All types of a network.
pub fn types(surface: &Surface, passes: Option<&Passes>) -> TokenStream {
    let parts = parts(surface);
    let saved = saved(surface, passes);
    let workspace = passes.and_then(|p| p.step.as_ref()).map(|step| workspace(surface, step));
    let stub = (passes.is_none() && surface.model.has_loss()).then(|| {
        quote!(
            #[derive(Clone, Debug, Default)]
            pub struct Workspace {
                pub gradients: Gradients,
            }
        )
    });
    quote!(#parts #saved #workspace #stub)
}

fn field(surface: &Surface, name: &Ident, (shape, dtype): (&Shape, Dtype), more: &str) -> TokenStream {
    let (kind, text) = (surface.owned(shape, dtype), format!("{}{more}.", shape_words(shape)));
    let docs = docs([text.as_str()]);
    quote!(#docs pub #name: #kind)
}

/// A field of `Params` or `Gradients`, whose elements are of the type `T`.
fn generic_field(surface: &Surface, argument: &Argument, more: &str) -> TokenStream {
    let (name, text) = (&argument.name, format!("{}{more}.", shape_words(&argument.shape)));
    let (docs, kind) = (docs([text.as_str()]), surface.array_of(argument.shape.len(), &ident("T")));
    quote!(#docs pub #name: #kind)
}

/// The same for a group; `of` is `Params` or `Gradients`.
fn group_field(surface: &Surface, group: &Group, of: &str) -> TokenStream {
    let (name, module) = (&group.name, surface.module_of(group));
    let has_elements = of == "State" || surface.has_params(group);
    let of = ident(of);
    let docs = docs([format!("Those of `{}`.", plain(&group.network.segments.last().expect("a name").ident)).as_str()]);
    let one = match surface.local(group) {
        Some(place) => {
            let (groups, element) = (surface.own("Groups"), element(surface));
            quote!(<#groups as Local<#place>>::#of<#element>)
        }
        None => {
            let elements = has_elements.then(|| quote!(<T>));
            quote!(#module::#of #elements)
        }
    };
    match &group.count {
        Some(count) if group.is_array() => {
            let count = size(count);
            quote!(#docs pub #name: [#one; #count])
        }
        Some(_) => quote!(#docs pub #name: Vec<#one>),
        None => quote!(#docs pub #name: #one),
    }
}

/// The type of elements within the types of the module: `T`, if any of them has elements.
fn element(surface: &Surface) -> Ident {
    let has_elements = surface.params().chain(surface.states()).next().is_some();
    if has_elements { ident("T") } else { surface.real.clone() }
}

/// `Default` for a type of these fields: Rust derives it for short arrays alone.
fn default(surface: &Surface, of: &str, fields: &[&Ident], has_elements: bool) -> (TokenStream, TokenStream) {
    let stack = |name: &Ident| surface.model.groups.iter().any(|g| g.name == *name && g.is_array());
    if !fields.iter().any(|name| stack(name)) {
        return (quote!(Default,), TokenStream::new());
    }
    let of = ident(of);
    let (all, elements) = if has_elements { (quote!(<T: Default>), quote!(<T>)) } else { Default::default() };
    let values = fields.iter().map(|name| match stack(name) {
        true => quote!(#name: ::core::array::from_fn(|_| Default::default())),
        false => quote!(#name: Default::default()),
    });
    let implementation = quote! {
        impl #all Default for #of #elements {
            fn default() -> Self {
                #of { #(#values),* }
            }
        }
    };
    (TokenStream::new(), implementation)
}

/// The names of the fields of `Params`.
fn field_names<'a>(surface: &Surface<'a>) -> Vec<&'a Ident> {
    let name = |field| match field {
        Field::Param(param) => &param.name,
        Field::Group(group) => &group.name,
    };
    surface.fields().into_iter().map(name).collect()
}

fn params(surface: &Surface) -> TokenStream {
    let doc = docs([format!("The parameters of `{}`.", surface.model.name).as_str()]);
    let fields = surface.fields().into_iter().map(|field| match field {
        Field::Param(param) => generic_field(surface, param, ""),
        Field::Group(group) => group_field(surface, group, "Params"),
    });
    let (sizes, visited) = (
        surface.parameter_sizes(),
        visited(surface, "Params", (surface.fields(), surface.params().collect()), surface.params().next().is_some()),
    );
    let (generics, all, elements) = generics(surface, surface.params().next().is_some());
    let fields_of = || surface.fields();
    let zeros = initialised(surface, fields_of(), "zeros", &quote!(), &|_, shape| zeros(shape));
    let initial = initialised(surface, fields_of(), "init", &quote!(rng,), &initial);
    let (derived, default) = default(surface, "Params", &field_names(surface), surface.params().next().is_some());
    let order = in_order(surface);
    quote! {
        #doc
        #[derive(Clone, Debug, #derived PartialEq)]
        pub struct Params #generics { #(#fields),* }

        #default

        impl Params {
            /// Zeros everywhere.
            #order
            pub fn zeros(#(#sizes: usize),*) -> Self {
                self::zeros(#(#sizes),*)
            }

            /// What each parameter's `#[init(..)]` says; else matrices from Glorot's uniform distribution, and zeros for
            /// vectors and scalars.
            #order
            pub fn init(rng: &mut impl Rng, #(#sizes: usize),*) -> Self {
                self::init(rng, #(#sizes),*)
            }
        }

        /// As [`Params::zeros`], with elements of any type.
        pub fn zeros #all(#(#sizes: usize),*) -> Params #elements {
            Params { #zeros }
        }

        /// As [`Params::init`], with elements of any type.
        pub fn init #all(rng: &mut impl Rng, #(#sizes: usize),*) -> Params #elements {
            Params { #initial }
        }

        #visited
    }
}

fn state(surface: &Surface) -> TokenStream {
    let doc = docs([format!("What `{}` keeps from step to step beside its parameters.", surface.model.name).as_str()]);
    let fields = surface.state_fields().into_iter().map(|field| match field {
        Field::Param(state) => generic_field(surface, state, ""),
        Field::Group(group) => group_field(surface, group, "State"),
    });
    let (sizes, (generics, all, elements)) = (surface.parameter_sizes(), generics(surface, true));
    let order = in_order(surface);
    let start = |start, shape: &Shape| initial(if start == Init::Usual { Init::Constant(0.0) } else { start }, shape);
    let initial = initialised(surface, surface.state_fields(), "state", &quote!(), &start);
    let visited = visited(surface, "State", (surface.state_fields(), surface.states().collect()), true);
    quote! {
        #doc
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct State #generics { #(#fields),* }

        impl State {
            /// As each `#[init(..)]` says, else zeros.
            #order
            pub fn new(#(#sizes: usize),*) -> Self {
                self::state(#(#sizes),*)
            }
        }

        /// As [`State::new`], with elements of any type.
        pub fn state #all(#(#sizes: usize),*) -> State #elements {
            State { #initial }
        }

        #visited
    }
}

/// In which order the sizes of parameters are given.
fn in_order(surface: &Surface) -> TokenStream {
    let sizes: Vec<String> = surface.model.parameter_sizes().into_iter().map(|name| format!("`{name}`")).collect();
    if sizes.len() < 2 {
        return TokenStream::new();
    }
    let order = "const generics as they are declared, then the other names as the parameters have them";
    docs(["", format!("The sizes are {}: {order}.", sizes.join(", ")).as_str()])
}

/// What stands behind the name of a type that has elements: `<T = f32>`, `<T: Real>`, `<T>`.
pub fn generics(surface: &Surface, has_elements: bool) -> (TokenStream, TokenStream, TokenStream) {
    let real = &surface.real;
    match has_elements {
        true => (quote!(<T = #real>), quote!(<T: Real>), quote!(<T>)),
        false => Default::default(),
    }
}

/// The fields of `Params` with their values; a group's come from the function `of` of its network.
fn initialised(
    surface: &Surface,
    fields: Vec<Field>,
    of: &str,
    first: &TokenStream,
    value: &dyn Fn(Init, &Shape) -> TokenStream,
) -> TokenStream {
    let of = ident(of);
    let fields = fields.into_iter().map(|field| match field {
        Field::Param(param) => {
            let (name, value) = (&param.name, value(param.init, &param.shape));
            quote!(#name: #value)
        }
        Field::Group(Group { name, sizes: None, .. }) => quote!(#name: unreachable!("the network has an error")),
        Field::Group(group) => {
            let (name, module) = (&group.name, surface.module_of(group));
            let sizes = group.sizes.iter().flatten().map(size);
            let one = match surface.local(group) {
                Some(place) => {
                    let (groups, element) = (surface.own("Groups"), element(surface));
                    quote!(<#groups as Local<#place>>::#of::<#element>(#first &[#(#sizes),*]))
                }
                None => quote!(#module::#of(#first #(#sizes),*)),
            };
            match &group.count {
                Some(_) if group.is_array() => quote!(#name: ::core::array::from_fn(|_| #one)),
                Some(count) => {
                    let count = size(count);
                    quote!(#name: (0..#count).map(|_| #one).collect())
                }
                None => quote!(#name: #one),
            }
        }
    });
    quote!(#(#fields),*)
}

fn zeros(shape: &Shape) -> TokenStream {
    filled(shape, quote!(T::ZERO))
}

fn filled(shape: &Shape, value: TokenStream) -> TokenStream {
    let (dims, length) = (sizes(shape), length(shape));
    if shape.is_empty() { value } else { quote!(array(#dims, vec![#value; #length])) }
}

fn initial(init: Init, shape: &Shape) -> TokenStream {
    let dims = sizes(shape);
    match init {
        Init::Usual if shape.len() < 2 => zeros(shape),
        Init::Usual => quote!(glorot(rng, #dims)),
        Init::Scaled(name) => {
            let name = ident(name);
            quote!(#name(rng, #dims))
        }
        Init::Constant(0.0) => zeros(shape),
        Init::Constant(1.0) => filled(shape, quote!(T::ONE)),
        Init::Constant(value) => filled(shape, quote!(T::from_f64(#value))),
        Init::Normal(std) => drawn(shape, quote!(normal), quote!(#std)),
        Init::Uniform(low, high) => drawn(shape, quote!(uniform), quote!(#low, #high)),
    }
}

fn drawn(shape: &Shape, from: TokenStream, numbers: TokenStream) -> TokenStream {
    let dims = sizes(shape);
    match shape.is_empty() {
        true => quote!(#from(rng, [1], #numbers)[0]),
        false => quote!(#from(rng, #dims, #numbers)),
    }
}

fn gradients(surface: &Surface) -> TokenStream {
    let doc = docs([format!("The gradients of `{}`: field for field as [`Params`].", surface.model.name).as_str()]);
    let gradient =
        |a: &Argument| generic_field(surface, a, &format!(": the gradient with respect to `{}`", plain(&a.name)));
    let fields = surface.fields().into_iter().map(|field| match field {
        Field::Param(param) => gradient(param),
        Field::Group(group) => group_field(surface, group, "Gradients"),
    });
    let fields = fields.chain(surface.wrt().map(gradient));
    let has_elements = surface.params().chain(surface.wrt()).next().is_some();
    let (generics, ..) = generics(surface, has_elements);
    let visited = visited(surface, "Gradients", (surface.fields(), surface.params().collect()), has_elements);
    let names: Vec<&Ident> = field_names(surface).into_iter().chain(surface.wrt().map(|a| &a.name)).collect();
    let (derived, default) = default(surface, "Gradients", &names, has_elements);
    quote! {
        #doc
        #[derive(Clone, Debug, #derived PartialEq)]
        pub struct Gradients #generics { #(#fields),* }

        #default

        #visited
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

/// A value that the forward pass keeps: name, shape and kind of element.
pub type Kept = (Ident, Shape, Dtype);

/// The values that the forward pass keeps, told apart by a number where two have the same name.
pub fn kept(forward: &Compiled) -> Vec<Kept> {
    let saved = forward.graph.roots.iter().filter(|r| r.goal == Goal::Saved).filter_map(|r| r.node);
    let mut seen: HashMap<String, usize> = HashMap::new();
    let named = saved.map(|id| {
        let (node, name) = (forward.graph.node(id), forward.graph.name_of(id));
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count > 1 { format!("{name}_{count}") } else { name };
        (ident(&name), node.shape.clone(), node.dtype)
    });
    named.collect()
}

fn saved(surface: &Surface, passes: Option<&Passes>) -> TokenStream {
    let kept = passes.map(|p| kept(&p.forward)).unwrap_or_default();
    let reasons = passes.map(|p| reasons(&p.backward)).unwrap_or_default();
    let doc =
        docs([format!("What the forward pass of `{}` keeps for the backward pass.", surface.model.name).as_str()]);
    let fields =
        kept.iter().zip(&reasons).map(|((name, shape, dtype), why)| field(surface, name, (shape, *dtype), why));
    let formula = format!("The size in bytes: {}.", bytes_formula(surface, &kept));
    let sizes = kept.iter().map(|(name, shape, dtype)| {
        let count = if shape.is_empty() { quote!(1) } else { quote!(self.#name.len()) };
        (count, surface.element_of(*dtype))
    });
    let bytes = bytes(&formula, sizes);
    quote! {
        #doc
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Saved { #(#fields),* }

        impl Saved { #bytes }
    }
}

/// `pub fn bytes(&self) -> usize`: so many elements of each type.
fn bytes(doc: &str, sizes: impl Iterator<Item = (TokenStream, Ident)>) -> TokenStream {
    let (docs, sizes) =
        (docs([doc]), sizes.map(|(count, element)| quote!(#count * ::core::mem::size_of::<#element>())));
    quote! {
        #docs
        pub fn bytes(&self) -> usize {
            let sizes: &[usize] = &[#(#sizes),*];
            sizes.iter().sum()
        }
    }
}

fn bytes_of(surface: &Surface, dtype: Dtype) -> i64 {
    match dtype {
        Dtype::Mask => 1,
        Dtype::Real if !surface.model.options.double => 4,
        _ => 8,
    }
}

/// `4 · N · 13 + 4 · N`
fn bytes_formula(surface: &Surface, kept: &[(Ident, Shape, Dtype)]) -> String {
    let terms =
        kept.iter().map(|(_, shape, dtype)| format!("{} · {}", bytes_of(surface, *dtype), super::math::count(shape)));
    let terms: Vec<String> = terms.collect();
    if terms.is_empty() { "0".into() } else { terms.join(" + ") }
}

fn workspace(surface: &Surface, step: &Compiled) -> TokenStream {
    let doc =
        docs([format!("Every buffer of a step of `{}`; grows at first use, and is used again.", surface.model.name)
            .as_str()]);
    let memory = memory(surface, step);
    let bytes = workspace_bytes(surface, &memory);
    let fields = memory.scratch.iter().map(|(name, shape, dtype)| {
        let docs = docs([format!("{}.", shape_words(shape)).as_str()]);
        let element = surface.element_of(*dtype);
        quote!(#docs pub #name: Vec<#element>)
    });
    let copies = memory.copies.iter().map(|(name, of, element)| {
        let docs = docs([of.as_str()]);
        quote!(#docs pub #name: Vec<#element>)
    });
    let apart = memory.apart.as_ref().map(|name| {
        let (doc, real) = (docs(["The sums and the lanes of parts of the rows, where there are many."]), &surface.real);
        quote!(#doc pub #name: Vec<#real>,)
    });
    quote! {
        #doc
        #[derive(Clone, Debug, Default)]
        pub struct Workspace {
            /// The gradients of the last step.
            pub gradients: Gradients,
            #(#fields,)*
            #(#copies,)*
            #apart
        }

        impl Workspace { #bytes }
    }
}

fn workspace_bytes(surface: &Surface, memory: &Memory) -> TokenStream {
    let total = memory.scratch.iter().fold(Dim::default(), |total, (_, shape, dtype)| {
        &total + &(&Dim::number(bytes_of(surface, *dtype)) * &Dim::product(shape))
    });
    let total = total.to_string().replace('*', "·");
    let parts = memory.apart.as_ref().map_or("", |_| ", and as much again for each part of many rows");
    let scratch = memory.scratch.iter().map(|(name, _, dtype)| (name, surface.element_of(*dtype)));
    let copies = memory.copies.iter().map(|(name, _, element)| (name, element.clone()));
    let apart = memory.apart.iter().map(|name| (name, surface.real.clone()));
    let all = scratch.chain(copies).chain(apart).map(|(name, element)| (quote!(self.#name.len()), element));
    bytes(&format!("The size in bytes, beside the gradients and the copies: {total}{parts}."), all)
}

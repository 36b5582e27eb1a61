//! The functions that users call: each checks what comes in, brings it into flat slices, provides memory, runs a pass, and
//! gives back arrays.

mod check;
mod step;

use super::code::{ident, size, sizes};
use super::pass::Pass;
use super::surface::{Surface, blank, each, each_view, field_of, length, vectors};
use super::types::{Kept, kept};
use super::update::{Updates, updates};
use super::{Compiled, Passes};
use crate::ir::dim::Shape;
use crate::ir::graph::{Goal, Source};
use crate::ir::model::{Argument, Role, plain};
use crate::ir::program::{self, Operand};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::HashSet;

pub use step::{Memory, memory};

/// `housing(x, &params) -> Array2<f32>`, beside the module.
pub fn inference(surface: &Surface) -> TokenStream {
    let model = surface.model;
    let (visibility, name, runtime) = (&model.visibility, &model.name, &model.options.runtime);
    let at = quote!(#runtime::ndarray::);
    let inputs = data(surface, &at);
    let names = surface.data().map(|a| surface.variable(a));
    let (params, output) = (surface.own("params"), surface.output(&at));
    let (state, given) = (state(surface, &quote!(&#name::)), given_state(surface));
    quote! {
        #visibility fn #name<'a>(#inputs #params: &#name::Params #state) -> #output {
            #name::infer(#(#names,)* #params #given)
        }
    }
}

/// All functions of the module, and the passes that they run.
pub fn functions(surface: &Surface, passes: Option<&Passes>) -> TokenStream {
    let step = passes.and_then(|p| p.step.as_ref());
    let none = HashSet::new();
    let updates = step.map(|step| updates(surface, step, &pass(step, "Step", &surface.real, &none)));
    let kept = passes.map(|p| kept(&p.forward)).unwrap_or_default();
    let entry = Entry { surface, passes, kept, named_sizes: check::named_sizes(surface), updates };
    let (infer, forward, backward) = (entry.infer(), entry.forward(), entry.backward());
    let steps = surface.model.has_loss().then(|| entry.steps());
    let check = entry.check();
    let written = passes.map(|p| entry.pass_items(p));
    quote!(#infer #forward #backward #steps #check #written)
}

/// A pass with the names that it goes by.
pub fn pass<'a>(compiled: &'a Compiled, name: &str, real: &Ident, users: &'a HashSet<String>) -> Pass<'a> {
    let Compiled { graph, program, names } = compiled;
    Pass { name: ident(name), graph, program, names, real: real.clone(), users, updates: None, shares: true }
}

fn inputs(surface: &Surface, at: &TokenStream) -> TokenStream {
    declared(surface, surface.inputs(), at)
}

/// The inputs of what draws no random numbers.
fn data(surface: &Surface, at: &TokenStream) -> TokenStream {
    declared(surface, surface.data(), at)
}

fn declared<'a>(surface: &Surface, arguments: impl Iterator<Item = &'a Argument>, at: &TokenStream) -> TokenStream {
    let all = arguments.map(|a| {
        let (name, kind) = (surface.variable(a), surface.accepted(a.shape.len(), a.role, at));
        quote!(#name: #kind,)
    });
    quote!(#(#all)*)
}

/// `, state: &State` behind the parameters, where there is one.
fn state(surface: &Surface, at: &TokenStream) -> Option<TokenStream> {
    let name = surface.own("state");
    surface.has_state().then(|| quote!(, #name: #at State))
}

fn given_state(surface: &Surface) -> Option<TokenStream> {
    let name = surface.own("state");
    surface.has_state().then(|| quote!(, #name))
}

struct Entry<'a> {
    surface: &'a Surface<'a>,
    passes: Option<&'a Passes>,
    /// What the forward pass keeps.
    kept: Vec<Kept>,
    /// `[("N", N, "x")]`
    named_sizes: TokenStream,
    /// What a step hands over, if there is a step.
    updates: Option<Updates>,
}

impl Entry<'_> {
    fn users(&self) -> HashSet<String> {
        self.surface.model.names()
    }

    fn pass_items(&self, passes: &Passes) -> TokenStream {
        let name = &self.surface.model.name;
        let users = self.users();
        let one = |compiled: &Compiled, kind: &str, what: &str| {
            pass(compiled, kind, &self.surface.real, &users).items(&format!("The slices of `{name}`'s {what}."))
        };
        let infer = one(&passes.infer, "Infer", "inference");
        let forward = one(&passes.forward, "Forward", "forward pass");
        let backward = one(&passes.backward, "Backward", "backward pass");
        let step = passes.step.as_ref().map(|step| {
            let doc = format!("The slices of both passes of `{name}` in one, and who hears of each final gradient.");
            self.step_pass(step, &users).items(&doc)
        });
        quote!(#infer #forward #backward #step)
    }

    /// Puts what the pass made of states into their places.
    fn next_states(&self, compiled: &Compiled) -> TokenStream {
        let state = self.surface.own("state");
        let all = compiled.program.results.iter().enumerate().filter_map(|(k, (goal, _))| {
            let Goal::State(index) = goal else { return None };
            let argument = &self.surface.model.arguments[*index];
            let (field, value) = (field_of(argument), self.value(compiled, k, &argument.shape));
            Some(quote!(#state.#field = #value;))
        });
        quote!(#(#all)*)
    }

    fn stub(&self) -> TokenStream {
        quote!(unreachable!("the network has an error"))
    }

    // --- functions ---

    fn infer(&self) -> TokenStream {
        let surface = self.surface;
        let (inputs, params, output) = (data(surface, &quote!()), surface.own("params"), surface.output(&quote!()));
        let body = self.passes.map_or_else(
            || self.stub(),
            |passes| {
                let (entry, run) = (self.stateful_entry(), self.run(&passes.infer, "Infer"));
                let result = self.outputs(&passes.infer);
                quote!(#entry #run #result)
            },
        );
        let state = state(surface, &quote!(&));
        quote! {
            /// The outputs, and nothing kept.
            #[track_caller]
            pub fn infer<'a>(#inputs #params: &Params #state) -> #output { #body }
        }
    }

    fn forward(&self) -> TokenStream {
        let surface = self.surface;
        let (inputs, params, output) = (inputs(surface, &quote!()), surface.own("params"), surface.output(&quote!()));
        let body = self.passes.map_or_else(
            || self.stub(),
            |passes| {
                let (entry, run) = (self.stateful_entry(), self.run(&passes.forward, "Forward"));
                let (result, saved) = (self.outputs(&passes.forward), self.saved(&passes.forward));
                let next = self.next_states(&passes.forward);
                quote!(#entry #run #next (#result, #saved))
            },
        );
        let state = state(surface, &quote!(&mut));
        quote! {
            /// The pass that keeps what [`backward`] needs.
            ///
            /// # Panics
            /// Where the shapes are not those that the network declares; [`check`] finds the same without a panic.
            #[track_caller]
            pub fn forward<'a>(#inputs #params: &Params #state) -> (#output, Saved) { #body }
        }
    }

    fn backward(&self) -> TokenStream {
        let surface = self.surface;
        let (inputs, params) = (inputs(surface, &quote!()), surface.own("params"));
        let (saved, d_output) = (surface.own("saved"), surface.own("d_output"));
        let shapes = &surface.model.result.shapes;
        let cotangents = shapes.iter().map(|(s, _)| surface.accepted(s.len(), Role::Input, &quote!())).collect();
        let cotangents = surface.tuple(cotangents);
        let body = self.passes.map_or_else(
            || self.stub(),
            |passes| {
                let (entry, cotangents) = (self.entry(), self.cotangents());
                let (checks, run) = (self.check_saved(), self.run(&passes.backward, "Backward"));
                let gradients = self.gradients(&passes.backward);
                quote!(#entry #cotangents #checks #run #gradients)
            },
        );
        quote! {
            /// The pass back: the gradients for the cotangent of the output.
            ///
            /// # Panics
            /// Where the shapes are not those that the network declares, or the cotangent has not the output's.
            #[track_caller]
            pub fn backward<'a>(#inputs #params: &Params, #saved: &Saved, #d_output: #cotangents) -> Gradients { #body }
        }
    }

    /// The variable of the cotangent of output `k`.
    fn cotangent(&self, k: usize) -> Ident {
        match self.surface.is_tuple() {
            true => self.surface.own(&format!("d_output_{k}")),
            false => self.surface.own("d_output"),
        }
    }

    // --- the parts of a function ---

    /// The expression of an argument of a pass as a view or a scalar.
    fn argument(&self, compiled: &Compiled, index: usize) -> TokenStream {
        let argument = &compiled.graph.arguments[index];
        let scalar = argument.shape.is_empty();
        match argument.source {
            Source::User(Role::Param) => {
                let (params, field) = (self.surface.own("params"), field_of(&self.surface.model.arguments[index]));
                if scalar { quote!(#params.#field) } else { quote!(#params.#field.view()) }
            }
            Source::User(Role::State) => {
                let (state, field) = (self.surface.own("state"), field_of(&self.surface.model.arguments[index]));
                if scalar { quote!(#state.#field) } else { quote!(#state.#field.view()) }
            }
            Source::User(_) => {
                let name = self.surface.variable(&self.surface.model.arguments[index]);
                quote!(#name)
            }
            Source::Cotangent(k) => {
                let name = self.cotangent(k);
                quote!(#name)
            }
            Source::Saved => {
                let before = compiled.graph.arguments[..index].iter().filter(|a| a.source == Source::Saved).count();
                let (saved, name) = (self.surface.own("saved"), &self.kept[before].0);
                if scalar { quote!(#saved.#name) } else { quote!(#saved.#name.view()) }
            }
        }
    }

    /// Slices, memory of its own for every result, and the call of a pass.
    fn run(&self, compiled: &Compiled, kind: &str) -> TokenStream {
        let users = HashSet::new();
        let pass = pass(compiled, kind, &self.surface.real, &users);
        let mut bindings = TokenStream::new();
        let mut given = Vec::new();
        for field in pass.fields() {
            let (name, buffer) = (&field.name, compiled.program.buffer(field.buffer));
            let (binding, value) = match buffer.role {
                program::Role::Argument(index) if self.stack(compiled, index).is_some() => {
                    let views = self.stack(compiled, index);
                    (quote!(let #name = &stack(#views);), quote!(#name))
                }
                program::Role::Argument(index) => {
                    let argument = self.argument(compiled, index);
                    let binding = match buffer.shape.is_empty() {
                        true => quote!(let #name = #argument;),
                        false => quote!(let #name = &flat(#argument);),
                    };
                    (binding, quote!(#name))
                }
                _ => {
                    let (length, blank) = (length(&buffer.shape), blank(buffer.dtype));
                    (quote!(let mut #name = vec![#blank; #length];), quote!(#name: &mut #name))
                }
            };
            bindings.extend(binding);
            given.push(value);
        }
        let call = self.call(&pass, &given, TokenStream::new());
        quote!(#bindings #call)
    }

    /// `let (value, d_b) = simd(Step { N, x, w, d_w });`
    fn call(&self, pass: &Pass, given: &[TokenStream], update: TokenStream) -> TokenStream {
        let dims = pass.dimensions().into_iter().map(ident);
        let name = &pass.name;
        let record = quote!(#name { #(#dims,)* #(#given,)* #update });
        let scalars: Vec<Ident> = pass.scalar_results().into_iter().map(|k| self.scalar(pass.program, k)).collect();
        match scalars.as_slice() {
            [] => quote!(simd(#record);),
            [one] => quote!(let #one = simd(#record);),
            all => quote!(let (#(#all),*) = simd(#record);),
        }
    }

    /// The variable of a scalar result.
    fn scalar(&self, program: &program::Program, k: usize) -> Ident {
        match program.results[k].0 {
            Goal::Output(0) if !self.surface.is_tuple() => self.surface.own("value"),
            Goal::Output(k) => self.surface.own(&format!("value_{k}")),
            Goal::Gradient(i) => self.surface.own(&format!("d_{}_value", plain(&self.surface.model.arguments[i].name))),
            Goal::State(i) => self.surface.own(&format!("{}_next", plain(&self.surface.model.arguments[i].name))),
            Goal::Saved => self.surface.own(&format!("saved_{k}")),
        }
    }

    /// A result as a value: an array made of the memory that the pass filled, or the scalar that it returned.
    fn value(&self, compiled: &Compiled, k: usize, shape: &Shape) -> TokenStream {
        let dims = sizes(shape);
        match &compiled.program.results[k].1 {
            None if shape.is_empty() => quote!(0.0),
            None => {
                let length = length(shape);
                quote!(array(#dims, vec![0.0; #length]))
            }
            Some(_) if shape.is_empty() => {
                let name = self.scalar(&compiled.program, k);
                quote!(#name)
            }
            Some(Operand::Load(access)) => {
                let name = ident(&compiled.names.buffers[access.buffer.0]);
                quote!(array(#dims, #name))
            }
            Some(other) => unreachable!("an array result lies in memory, not in {other}"),
        }
    }

    fn outputs(&self, compiled: &Compiled) -> TokenStream {
        let results = compiled.program.results.iter().enumerate();
        let values = results.filter_map(|(k, (goal, _))| match goal {
            Goal::Output(output) => Some(self.value(compiled, k, &self.surface.model.result.shapes[*output].0)),
            _ => None,
        });
        self.surface.tuple(values.collect())
    }

    fn saved(&self, forward: &Compiled) -> TokenStream {
        let results = forward.program.results.iter().enumerate().filter(|(_, (goal, _))| *goal == Goal::Saved);
        let fields = results.zip(&self.kept).map(|((k, _), (name, shape, _))| {
            let value = self.value(forward, k, shape);
            quote!(#name: #value)
        });
        quote!(Saved { #(#fields),* })
    }

    fn gradients(&self, backward: &Compiled) -> TokenStream {
        let wanted = self.surface.params().chain(self.surface.wrt());
        let (stacks, wanted): (Vec<_>, Vec<_>) = wanted.partition(|argument| !argument.stacks.is_empty());
        let fields = wanted.into_iter().map(|argument| {
            let k = self.gradient_of(backward, argument);
            (field_of(argument), self.value(backward, k, &argument.shape))
        });
        let (fields, values): (Vec<_>, Vec<_>) = fields.unzip();
        if self.surface.model.groups.is_empty() {
            return quote!(Gradients { #(#fields: #values),* });
        }
        let gradients = self.surface.own("gradients");
        let stacks = stacks.into_iter().map(|argument| self.hand_out(backward, argument, &gradients));
        let grown = self.grown(&gradients);
        quote! {
            let mut #gradients = Gradients::default();
            #grown
            #(#gradients.#fields = #values;)*
            #(#stacks)*
            #gradients
        }
    }

    /// The arrays of a parameter in a stack of networks, if this argument of a pass is one, as views.
    fn stack(&self, compiled: &Compiled, index: usize) -> Option<TokenStream> {
        let argument = self.surface.model.arguments.get(index)?;
        let is_param = compiled.graph.arguments[index].source == Source::User(Role::Param);
        (is_param && !argument.stacks.is_empty()).then(|| each_view(&self.surface.own("params"), argument, false))
    }

    /// `fit_stack(&mut gradients.blocks, L);` for all stacks that are vectors.
    fn grown(&self, gradients: &Ident) -> TokenStream {
        let all = vectors(self.surface.params()).into_iter().map(|(stack, count)| {
            let (names, count) = (&stack.path, size(&count));
            match stack.stacks.is_empty() {
                true => quote!(fit_stack(&mut #gradients.#(#names).*, #count);),
                false => {
                    let stacks = each(gradients, &stack, true);
                    quote!(#stacks.for_each(|stack| fit_stack(stack, #count));)
                }
            }
        });
        quote!(#(#all)*)
    }

    /// Gives each network of a stack its part of the gradient with respect to `argument`.
    fn hand_out(&self, compiled: &Compiled, argument: &Argument, gradients: &Ident) -> TokenStream {
        let (arrays, views) = (each(gradients, argument, true), each_view(gradients, argument, true));
        let dims = sizes(argument.own_shape());
        let fitted = (!argument.own_shape().is_empty()).then(|| quote!(#arrays.for_each(|array| fit(array, #dims));));
        let handed = match &compiled.program.results[self.gradient_of(compiled, argument)].1 {
            Some(Operand::Load(access)) => {
                let name = ident(&compiled.names.buffers[access.buffer.0]);
                quote!(unstack(&#name[..], #views);)
            }
            _ => quote!(#views.for_each(|mut view| view.fill(0.0));),
        };
        quote!(#fitted #handed)
    }

    /// The result that is the gradient with respect to `argument`.
    fn gradient_of(&self, compiled: &Compiled, argument: &Argument) -> usize {
        let goal = Goal::Gradient(self.surface.index_of(argument));
        compiled.program.results.iter().position(|(g, _)| *g == goal).expect("every wanted gradient is a result")
    }
}

//! The functions that users call: each checks what comes in, brings it into flat slices, provides memory, runs a pass, and
//! gives back arrays.

use super::code::{ident, size, sizes};
use super::pass::{Field, Pass};
use super::surface::{Surface, blank, each, each_view, field_of, length};
use super::types::kept;
use super::update::{Updates, updates};
use super::{Compiled, Passes};
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Dtype, Goal, Source};
use crate::ir::model::{Argument, Role, plain};
use crate::ir::program::{self, Operand};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use std::collections::HashSet;

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
    let entry = Entry { surface, passes, updates };
    let (infer, forward, backward) = (entry.infer(), entry.forward(), entry.backward());
    let steps = surface.is_scalar().then(|| entry.steps());
    let check = entry.check();
    let written = passes.map(|p| entry.pass_items(p));
    quote!(#infer #forward #backward #steps #check #written)
}

/// A pass with the names that it goes by.
pub fn pass<'a>(compiled: &'a Compiled, name: &str, real: &Ident, users: &'a HashSet<String>) -> Pass<'a> {
    let Compiled { graph, program, names } = compiled;
    Pass { name: ident(name), graph, program, names, real: real.clone(), users, updates: None }
}

/// The memory of a step that outlives it.
pub struct Memory {
    pub scratch: Vec<(Ident, Shape, Dtype)>,
    /// Name, documentation, element type.
    pub copies: Vec<(Ident, String, Ident)>,
    /// That of parts of the rows.
    pub apart: Option<Ident>,
}

pub fn memory(surface: &Surface, step: &Compiled) -> Memory {
    let none = HashSet::new();
    let pass = pass(step, "Step", &surface.real, &none);
    let apart = pass.rows().map(|_| surface.own("apart"));
    let mut memory = Memory { scratch: Vec::new(), copies: Vec::new(), apart };
    for field in pass.fields() {
        let buffer = step.program.buffer(field.buffer);
        match buffer.role {
            program::Role::Argument(index) if !buffer.shape.is_empty() => {
                let argument = &surface.model.arguments[index];
                let name = surface.own(&format!("{}_copy", plain(&argument.name)));
                let doc = match argument.stacks.is_empty() {
                    true => format!("A copy of `{}`, where it does not come in standard layout.", argument.dotted()),
                    false => format!("All of `{}` in one piece.", argument.dotted()),
                };
                memory.copies.push((name, doc, surface.element(argument.role)));
            }
            program::Role::Argument(_) => {}
            _ if result_of(step, &field)
                .is_none_or(|k| is_state(step, k) || is_stack(surface, step.program.results[k].0)) =>
            {
                memory.scratch.push((field.name.clone(), buffer.shape.clone(), buffer.dtype))
            }
            _ => {}
        }
    }
    memory
}

/// The result whose array is this piece of memory.
fn result_of(compiled: &Compiled, field: &Field) -> Option<usize> {
    let slot = compiled.program.buffer(field.buffer).slot;
    compiled.program.buffers.iter().filter(|b| b.slot == slot).find_map(|b| match b.role {
        program::Role::Result(index) => Some(index),
        _ => None,
    })
}

/// Whether a result is a gradient that is handed out to a stack of networks.
fn is_stack(surface: &Surface, goal: Goal) -> bool {
    matches!(goal, Goal::Gradient(i) if !surface.model.arguments[i].stacks.is_empty())
}

fn is_state(compiled: &Compiled, result: usize) -> bool {
    matches!(compiled.program.results[result].0, Goal::State(_))
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
    /// What a step hands over, if there is a step.
    updates: Option<Updates>,
}

impl Entry<'_> {
    /// The pass of a whole step, which hands over each parameter to be moved.
    fn step_pass<'a>(&'a self, step: &'a Compiled, users: &'a HashSet<String>) -> Pass<'a> {
        Pass { updates: self.updates.as_ref(), ..pass(step, "Step", &self.surface.real, users) }
    }

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

    /// `let x = x.into();` for all inputs that are arrays.
    fn views(&self) -> TokenStream {
        let arrays = self.surface.inputs().filter(|a| !a.shape.is_empty());
        let all = arrays.map(|a| {
            let (name, view) = (self.surface.variable(a), self.surface.view(a.shape.len(), a.role));
            quote!(let #name: #view = #name.into();)
        });
        quote!(#(#all)*)
    }

    /// `let Sizes { N } = checked(sizes(x, params));`
    fn entry(&self) -> TokenStream {
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
    fn stateful_entry(&self) -> TokenStream {
        let (entry, network, state) = (self.entry(), self.surface.model.name.to_string(), self.surface.own("state"));
        let checks = self.surface.states().filter(|a| !a.shape.is_empty()).map(|argument| {
            let (field, path, dims) =
                (field_of(argument), format!("state.{}", argument.dotted()), sizes(&argument.shape));
            let (written, names) = (show(&argument.shape), self.named_sizes());
            quote!(checked(expect_shape(#network, #path, #state.#field.shape(), &#dims, #written, &#names));)
        });
        quote!(#entry #(#checks)*)
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
                let (checks, run) = (self.check_saved(&passes.forward), self.run(&passes.backward, "Backward"));
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

    fn cotangents(&self) -> TokenStream {
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

    fn check_saved(&self, forward: &Compiled) -> TokenStream {
        let (network, saved) = (self.surface.model.name.to_string(), self.surface.own("saved"));
        let arrays = kept(forward).into_iter().filter(|(_, shape, _)| !shape.is_empty());
        let checks = arrays.map(|(name, shape, _)| {
            let (path, dims, written) = (format!("saved.{name}"), sizes(&shape), show(&shape));
            let names = self.named_sizes();
            quote!(checked(expect_shape(#network, #path, #saved.#name.shape(), &#dims, #written, &#names));)
        });
        quote!(#(#checks)*)
    }

    fn steps(&self) -> TokenStream {
        let surface = self.surface;
        let (inputs, params, real) = (inputs(surface, &quote!()), surface.own("params"), &surface.real);
        let workspace = surface.own("workspace");
        let names: Vec<Ident> = surface.inputs().map(|a| surface.variable(a)).collect();
        let step = self.passes.and_then(|p| p.step.as_ref());
        let body = step.map_or_else(|| self.stub(), |step| self.step(step, &workspace, false));
        let trained = step.map_or_else(|| self.stub(), |step| self.step(step, &workspace, true));
        let (value, optimiser) = (surface.own("value"), surface.own("optimiser"));
        let (state, given) = (state(surface, &quote!(&mut)), given_state(surface));
        let whole = match step {
            None => self.stub(),
            Some(_) => quote! {
                let mut #workspace = Workspace::default();
                let (#value, _) = value_and_grad_into(#(#names,)* #params #given, &mut #workspace);
                (#value, #workspace.gradients)
            },
        };
        quote! {
            /// The value and the gradients of the parameters.
            ///
            /// # Panics
            /// Where the shapes are not those that the network declares.
            #[track_caller]
            pub fn value_and_grad<'a>(#inputs #params: &Params #state) -> (#real, Gradients) { #whole }

            /// The same, into memory that is kept: nothing is allocated once `workspace` has grown.
            ///
            /// # Panics
            /// Where the shapes are not those that the network declares.
            #[track_caller]
            pub fn value_and_grad_into<'a, 'w>(
                #inputs #params: &Params #state, #workspace: &'w mut Workspace,
            ) -> (#real, &'w Gradients) { #body }

            /// The value, and a step of `optimiser`, which moves each parameter while its gradient is hot. The gradients are
            /// in `workspace` afterwards.
            ///
            /// # Panics
            /// Where the shapes are not those that the network declares.
            #[track_caller]
            pub fn train<'a>(
                #inputs #params: &mut Params #state, #workspace: &mut Workspace, #optimiser: &mut impl Optimiser<#real>,
            ) -> #real { #trained }
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
                let forward = self.passes.map(|p| kept(&p.forward)).unwrap_or_default();
                let (saved, name) = (self.surface.own("saved"), &forward[before].0);
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
        let fields = results.zip(kept(forward)).map(|((k, _), (name, shape, _))| {
            let value = self.value(forward, k, &shape);
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
        quote! {
            let mut #gradients = Gradients::default();
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

    /// The body of `value_and_grad_into`, or of `train`: as [`run`](Self::run), but all memory is the workspace's.
    fn step(&self, step: &Compiled, workspace: &Ident, trains: bool) -> TokenStream {
        let users = HashSet::new();
        let pass = self.step_pass(step, &users);
        let memory = memory(self.surface, step);
        let gradients = self.surface.own("gradients");
        let taken_out = match gradients == "gradients" {
            true => quote!(gradients),
            false => quote!(gradients: #gradients),
        };
        let scratch = memory.scratch.iter().map(|(name, ..)| name);
        let copies: Vec<&Ident> = memory.copies.iter().map(|(name, ..)| name).collect();
        let apart = &memory.apart.iter().collect::<Vec<_>>();
        let entry = self.stateful_entry();
        let fits = self.fits(step, &gradients, &memory);
        let mut copies_left = copies.iter();
        let (mut bindings, mut next, state) = (TokenStream::new(), TokenStream::new(), self.surface.own("state"));
        let mut given = Vec::new();
        let params = self.surface.own("params");
        for field in pass.fields() {
            let (name, buffer) = (&field.name, step.program.buffer(field.buffer));
            let binding = match buffer.role {
                program::Role::Argument(index) if buffer.shape.is_empty() => {
                    let argument = self.argument(step, index);
                    quote!(let #name = #argument;)
                }
                program::Role::Argument(index) if trains && pass.is_held(field.buffer) => {
                    copies_left.next();
                    let of = field_of(&self.surface.model.arguments[index]);
                    quote!(let #name = slice_mut(&mut #params.#of);)
                }
                program::Role::Argument(index) => {
                    let copy = copies_left.next().expect("one copy each");
                    match self.stack(step, index) {
                        Some(views) => quote!(let #name = stack_into(#views, #copy);),
                        None => {
                            let argument = self.argument(step, index);
                            quote!(let #name = flat_into(#argument, #copy);)
                        }
                    }
                }
                _ => match result_of(step, &field).map(|k| step.program.results[k].0) {
                    Some(Goal::State(i)) => {
                        let of = field_of(&self.surface.model.arguments[i]);
                        next.extend(quote!(slice_mut(&mut #state.#of).copy_from_slice(#name);));
                        TokenStream::new()
                    }
                    Some(goal @ Goal::Gradient(i)) if !is_stack(self.surface, goal) => {
                        let of = field_of(&self.surface.model.arguments[i]);
                        quote!(let #name = slice_mut(&mut #gradients.#of);)
                    }
                    _ => TokenStream::new(),
                },
            };
            bindings.extend(binding);
            given.push(quote!(#name));
        }
        let (update, optimiser) = (pass.updates.map(|u| &u.name), self.surface.own("optimiser"));
        given.extend(apart.iter().map(|name| if *name == "apart" { quote!(apart) } else { quote!(apart: #name) }));
        let call = match trains {
            true => self.call(&pass, &given, quote!(#update: Move(#optimiser))),
            false => self.call(&pass, &given, quote!(#update: Stay)),
        };
        let scalars = self.scalar_gradients(step, &gradients);
        let stacks = self.surface.params().filter(|a| !a.stacks.is_empty());
        let stacks = stacks.map(|argument| self.hand_out(step, argument, &gradients));
        let value = self.surface.own("value");
        let begins = trains.then(|| quote!(#optimiser.begin(&*#params);));
        let rest = self.rest().filter(|_| trains);
        let result = if trains { quote!(#value) } else { quote!((#value, #gradients)) };
        quote! {
            #entry
            #begins
            let Workspace { #taken_out, #(#scratch,)* #(#copies,)* #(#apart,)* } = #workspace;
            #fits
            #bindings
            #call
            #next
            #scalars
            #(#stacks)*
            #rest
            #result
        }
    }

    /// `move_rest(optimiser, params, gradients, [2..3, 5..9]);`: the parameters that the pass does not hand over.
    fn rest(&self) -> Option<TokenStream> {
        let rest = self.updates.iter().flat_map(|updates| &updates.rest).map(|places| {
            let [start, end] = [places.start, places.end].map(Literal::usize_unsuffixed);
            quote!(#start..#end)
        });
        let rest: Vec<TokenStream> = rest.collect();
        let [optimiser, params, gradients] = ["optimiser", "params", "gradients"].map(|name| self.surface.own(name));
        (!rest.is_empty()).then(|| quote!(move_rest(#optimiser, #params, #gradients, [#(#rest),*]);))
    }

    /// Brings the workspace to the sizes of this call.
    fn fits(&self, step: &Compiled, gradients: &Ident, memory: &Memory) -> TokenStream {
        let wanted = self.surface.params().chain(self.surface.wrt()).filter(|a| !a.shape.is_empty());
        let arrays = wanted.filter(|a| a.stacks.is_empty()).map(|argument| {
            let (name, dims) = (field_of(argument), sizes(&argument.shape));
            let zero = step.program.results[self.gradient_of(step, argument)].1.is_none();
            let fill = zero.then(|| quote!(#gradients.#name.fill(0.0);));
            quote!(fit(&mut #gradients.#name, #dims); #fill)
        });
        let scratch = memory.scratch.iter().map(|(name, shape, _)| {
            let length = length(shape);
            quote!(fit_vec(#name, #length);)
        });
        quote!(#(#arrays)* #(#scratch)*)
    }

    fn scalar_gradients(&self, step: &Compiled, gradients: &Ident) -> TokenStream {
        let wanted = self.surface.params().chain(self.surface.wrt()).filter(|a| a.shape.is_empty());
        let all = wanted.map(|argument| {
            let value = self.value(step, self.gradient_of(step, argument), &argument.shape);
            let name = field_of(argument);
            quote!(#gradients.#name = #value;)
        });
        quote!(#(#all)*)
    }

    // --- the entry check ---

    /// `[("N", N, "x")]`
    fn named_sizes(&self) -> TokenStream {
        let all = self.surface.model.sizes().into_iter().map(|(name, argument, _)| {
            let (value, from) = (ident(name), argument.dotted());
            quote!((#name, #value, #from))
        });
        quote!([#(#all),*])
    }

    fn check(&self) -> TokenStream {
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

    fn sizes(&self) -> TokenStream {
        let surface = self.surface;
        let inputs = surface.data().map(|a| {
            let (name, view) = (surface.variable(a), surface.view(a.shape.len(), a.role));
            quote!(#name: #view,)
        });
        let dims = surface.sizes();
        let reads = surface.model.sizes().into_iter().map(|(name, argument, axis)| {
            let axis = Literal::usize_unsuffixed(axis - argument.stacks.len());
            let (name, array) = (ident(name), self.array(argument));
            quote!(let #name = #array.shape()[#axis];)
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
        let params = surface.own("params");
        quote! {
            #[inline]
            fn sizes<'a>(#(#inputs)* #params: &Params) -> Result<Sizes, ShapeError> {
                #(#reads)*
                #(#checks)*
                #(#labels)*
                #(#apart)*
                Ok(Sizes { #(#dims),* })
            }
        }
    }

    fn array(&self, argument: &Argument) -> TokenStream {
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

    fn expectation(&self, argument: &Argument) -> TokenStream {
        let (network, name) = (self.surface.model.name.to_string(), argument.dotted());
        let (array, dims, names) = (self.array(argument), sizes(argument.own_shape()), self.named_sizes());
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
}

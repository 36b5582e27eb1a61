//! Both passes in one, for networks whose first output is a scalar, in memory that outlives a step.

use super::{Entry, given_state, inputs, pass, state};
use crate::emit::Compiled;
use crate::emit::code::{docs, ident, sizes};
use crate::emit::pass::{Field, Pass};
use crate::emit::surface::{Surface, field_of, length};
use crate::ir::dim::Shape;
use crate::ir::graph::{Dtype, Goal};
use crate::ir::model::plain;
use crate::ir::program::{self, Operand};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use std::collections::{HashMap, HashSet};

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
    let pass = pass(step, "step_pass", &surface.real, &none);
    let apart = pass.rows().map(|_| surface.own("apart"));
    let mut memory = Memory { scratch: Vec::new(), copies: Vec::new(), apart };
    let results = Results::of(&step.program);
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
            _ if results.behind(&field).is_none_or(|k| lies_in_workspace(surface, step.program.results[k].0)) => {
                memory.scratch.push((field.name.clone(), buffer.shape.clone(), buffer.dtype))
            }
            _ => {}
        }
    }
    memory
}

/// The results whose arrays are pieces of memory.
struct Results<'a> {
    program: &'a program::Program,
    by_slot: HashMap<usize, usize>,
}

impl<'a> Results<'a> {
    fn of(program: &'a program::Program) -> Self {
        let results = program.buffers.iter().rev().filter_map(|b| match b.role {
            program::Role::Result(index) => Some((b.slot, index)),
            _ => None,
        });
        Results { program, by_slot: results.collect() }
    }

    /// The result whose array is this piece of memory.
    fn behind(&self, field: &Field) -> Option<usize> {
        self.by_slot.get(&self.program.buffer(field.buffer).slot).copied()
    }
}

/// Whether a result is a gradient that is handed out to a stack of networks.
fn is_stack(surface: &Surface, goal: Goal) -> bool {
    matches!(goal, Goal::Gradient(i) if !surface.model.arguments[i].stacks.is_empty())
}

/// Whether a result's memory is handed out in another form.
fn lies_in_workspace(surface: &Surface, goal: Goal) -> bool {
    matches!(goal, Goal::State(_) | Goal::Output(_)) || is_stack(surface, goal)
}

impl Entry<'_> {
    /// The pass of a whole step, which hands over each parameter to be moved.
    pub(super) fn step_pass<'a>(&'a self, step: &'a Compiled, users: &'a HashSet<String>) -> Pass<'a> {
        Pass { updates: self.updates.as_ref(), ..pass(step, "step_pass", &self.surface.real, users) }
    }

    pub(super) fn steps(&self) -> TokenStream {
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
            Some(_) => {
                let (taken, owned) = self.owned(&value);
                quote! {
                    let mut #workspace = Workspace::default();
                    let (#taken, _) = value_and_grad_into(#(#names,)* #params #given, &mut #workspace);
                    #owned
                    (#value, #workspace.gradients)
                }
            }
        };
        let (output, viewed) = (surface.output(&quote!()), surface.viewed_output());
        let lives = surface.has_arrays().then(|| (quote!(, 'w), quote!('w)));
        let (lives, while_read) = lives.unzip();
        let what = match surface.is_tuple() {
            true => [
                "The outputs, and the gradients of the first one",
                "The outputs, and a step of `optimiser` for the first",
            ],
            false => ["The value and the gradients of the parameters", "The value, and a step of `optimiser`"],
        };
        let more = if surface.is_tuple() { " with respect to the parameters." } else { "." };
        let both = docs([format!("{}{more}", what[0]).as_str()]);
        let moved =
            docs([format!("{}, which moves each parameter while its gradient is hot. The gradients are", what[1])
                .as_str()]);
        quote! {
            #both
            ///
            /// # Panics
            /// Where the shapes are not those that the network declares.
            #[track_caller]
            pub fn value_and_grad<'a>(#inputs #params: &Params #state) -> (#output, Gradients) { #whole }

            /// The same, into memory that is kept: nothing is allocated once `workspace` has grown.
            ///
            /// # Panics
            /// Where the shapes are not those that the network declares.
            #[track_caller]
            pub fn value_and_grad_into<'a, 'w>(
                #inputs #params: &Params #state, #workspace: &'w mut Workspace,
            ) -> (#viewed, &'w Gradients) { #body }

            #moved
            /// in `workspace` afterwards.
            ///
            /// # Panics
            /// Where the shapes are not those that the network declares.
            #[track_caller]
            pub fn train<'a #lives>(
                #inputs #params: &mut Params #state, #workspace: &#while_read mut Workspace,
                #optimiser: &mut impl Optimiser<#real>,
            ) -> #viewed { #trained }
        }
    }

    /// What is bound to the outputs of a step that lie in a workspace, and what makes `value` of them that does not.
    fn owned(&self, value: &Ident) -> (TokenStream, TokenStream) {
        if !self.surface.has_arrays() {
            return (quote!(#value), TokenStream::new());
        }
        let shapes = &self.surface.model.result.shapes;
        let names: Vec<Ident> = (0..shapes.len()).map(|k| self.surface.own(&format!("value_{k}"))).collect();
        let owned = names.iter().zip(shapes).map(|(name, (shape, _))| match shape.is_empty() {
            true => quote!(#name),
            false => quote!(#name.to_owned()),
        });
        let owned = self.surface.tuple(owned.collect());
        (quote!((#(#names,)*)), quote!(let #value = #owned;))
    }

    /// The outputs of a step: numbers, and views of the workspace.
    fn viewed(&self, step: &Compiled) -> TokenStream {
        let results = step.program.results.iter().enumerate();
        let values = results.filter_map(|(k, (goal, result))| {
            let Goal::Output(output) = goal else { return None };
            let (shape, _) = &self.surface.model.result.shapes[*output];
            Some(match result {
                Some(Operand::Load(access)) if !shape.is_empty() => {
                    let (dims, name) = (sizes(shape), ident(&step.names.buffers[access.buffer.0]));
                    quote!(viewed(#dims, #name))
                }
                _ => self.value(step, k, shape),
            })
        });
        self.surface.tuple(values.collect())
    }

    /// The body of `value_and_grad_into`, or of `train`: as [`run`](Self::run), but all memory is the workspace's.
    pub(super) fn step(&self, step: &Compiled, workspace: &Ident, trains: bool) -> TokenStream {
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
        let (params, results) = (self.surface.own("params"), Results::of(&step.program));
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
                _ => match results.behind(&field).map(|k| step.program.results[k].0) {
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
        let optimiser = self.surface.own("optimiser");
        given.extend(apart.iter().map(|name| quote!(#name)));
        let call = match trains {
            true => self.call(&pass, &given, quote!(Move(#optimiser))),
            false => self.call(&pass, &given, quote!(Stay)),
        };
        let scalars = self.scalar_gradients(step, &gradients);
        let stacks = self.surface.params().filter(|a| !a.stacks.is_empty());
        let stacks = stacks.map(|argument| self.hand_out(step, argument, &gradients));
        let value = self.viewed(step);
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
    pub(super) fn rest(&self) -> Option<TokenStream> {
        let rest = self.updates.iter().flat_map(|updates| &updates.rest).map(|places| {
            let [start, end] = [places.start, places.end].map(Literal::usize_unsuffixed);
            quote!(#start..#end)
        });
        let mut rest: Vec<TokenStream> = rest.collect();
        let names = ["optimiser", "params", "gradients", "arrays"].map(|name| self.surface.own(name));
        let [optimiser, params, gradients, arrays] = names;
        let open = self.updates.as_ref().and_then(|updates| updates.open).map(|start| {
            let start = Literal::usize_unsuffixed(start);
            rest.push(quote!(#start..#arrays));
            quote!(let #arrays = #params.count();)
        });
        (!rest.is_empty()).then(|| quote!(#open move_rest(#optimiser, #params, #gradients, [#(#rest),*]);))
    }

    /// Brings the workspace to the sizes of this call.
    pub(super) fn fits(&self, step: &Compiled, gradients: &Ident, memory: &Memory) -> TokenStream {
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
        let grown = self.grown(gradients);
        quote!(#grown #(#arrays)* #(#scratch)*)
    }

    pub(super) fn scalar_gradients(&self, step: &Compiled, gradients: &Ident) -> TokenStream {
        let wanted = self.surface.params().chain(self.surface.wrt()).filter(|a| a.shape.is_empty());
        let all = wanted.map(|argument| {
            let value = self.value(step, self.gradient_of(step, argument), &argument.shape);
            let name = field_of(argument);
            quote!(#gradients.#name = #value;)
        });
        quote!(#(#all)*)
    }
}

//! Groups: the parameters of other networks. In: a model whose groups have the types of networks. Out: the model with their
//! parameters spread out, every dimension of which is a number, or a name that can be read off an argument.

use super::solve::{Sizes, dim, shape};
use super::{Lowering, lower, meant};
use crate::error::{Errors, Place, error, nearest};
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Argument, Dtype, Id, Source};
use crate::ir::model::{self, Group, Init, Model, Network, Stack, path_text, plain};
use proc_macro2::Ident;
use std::collections::HashSet;

/// A model with its groups spread out: `hidden: dense<13, 13>` becomes the parameters `hidden.w` and `hidden.b`, every
/// dimension of which is known.
pub fn spread(model: &Model) -> syn::Result<Model> {
    if model.callees.is_empty() && model.groups.is_empty() {
        return Ok(model.clone());
    }
    let mut lowering = Lowering::new(model);
    let results = lowering.body();
    lowering.outputs(&results);
    for index in 0..lowering.groups.len() {
        lowering.settle(index, Sizes::new());
    }
    let spread = lowering.spread_model();
    let unreadable = unreadable(&spread);
    unreadable.into_iter().for_each(|e| lowering.errors.push(e));
    lowering.errors.finish(spread)
}

/// The graph of a callee, for its callers.
pub fn network(model: &Model) -> syn::Result<Network> {
    let model = spread(model)?;
    let graph = lower(&model)?;
    Ok(Network { model, graph })
}

/// A group of a network that is being lowered.
pub struct Instance<'m> {
    pub group: &'m Group,
    /// Nothing where its type has an error.
    pub network: Option<&'m Network>,
    /// Of the generics that are bound, and of all parameters' dimensions once they are settled.
    pub sizes: Sizes,
    /// The nodes of the parameters, once they are settled.
    pub params: Option<Vec<Id>>,
}

impl<'m> Instance<'m> {
    pub fn all(model: &'m Model, errors: &mut Errors) -> Vec<Self> {
        let groups = model.groups.iter().map(|group| {
            let network = model.callees.get(&path_text(&group.network)).map(|n| &**n).ok_or_else(|| unlinked(group));
            let known = network.and_then(|network| Ok((network, bound_sizes(group, network)?)));
            let (network, sizes) = known.map_err(|e| errors.push(e)).ok().unzip();
            let sizes = sizes.unwrap_or_default();
            let of_group = |(_, a): &(usize, &model::Argument)| a.is_of(&group.name);
            let params = model.arguments.iter().enumerate().filter(of_group).map(|(k, _)| Id(k as u32)).collect();
            Instance { group, network, sizes, params: group.sizes.is_some().then_some(params) }
        });
        groups.collect()
    }
}

/// What the type of a group says, and what is known from spreading it.
fn bound_sizes(group: &Group, network: &Network) -> syn::Result<Sizes> {
    let generics = &network.model.generics;
    let known = network.model.parameter_sizes().into_iter().map(str::to_string);
    let known = known.zip(group.sizes.iter().flatten().cloned());
    let Some(dims) = &group.dims else { return Ok(known.collect()) };
    match generics.len() == dims.len() {
        true => Ok(generics.iter().cloned().zip(dims.iter().cloned()).chain(known).collect()),
        false => Err(error(group.place, wrong_generics(group, generics, dims.len()))),
    }
}

fn wrong_generics(group: &Group, generics: &[String], given: usize) -> String {
    let network = path_text(&group.network);
    let are = if given == 1 { "is" } else { "are" };
    let all = format!("bind all, as in `{}: {network}<{}>`, or none", group.name, generics.join(", "));
    match generics {
        [] => format!("`{network}` has no const generics to bind: write `{network}`, and its dimensions are inferred"),
        [one] => format!("`{network}` has one const generic, `{one}`, and {given} {are} given: {all}"),
        many => {
            format!(
                "`{network}` has {} const generics, `{}`, and {given} {are} given: {all}",
                many.len(),
                many.join("`, `")
            )
        }
    }
}

fn unlinked(group: &Group) -> syn::Error {
    error(group.place, format!("the network `{}` is not known", path_text(&group.network)))
}

impl<'m> Lowering<'m> {
    /// Gives every dimension in the parameters of a group a size, and its parameters nodes; all `sizes` of this call.
    pub fn settle(&mut self, index: usize, mut sizes: Sizes) -> Sizes {
        let Instance { group, network: Some(network), .. } = &self.groups[index] else { return sizes };
        let (group, network) = (*group, *network);
        if self.groups[index].params.is_some() {
            return sizes;
        }
        let mut known = self.groups[index].sizes.clone();
        for name in network.model.parameter_sizes() {
            let solved = sizes.get(name).or(known.get(name)).cloned();
            let dim = solved.unwrap_or_else(|| self.fresh(name, &group.name));
            known.insert(name.to_string(), dim);
        }
        sizes.extend(known.clone());
        let params = network.model.arguments.iter().filter(|a| a.role.is_kept());
        let params = params.map(|param| {
            let (name, source) = (format!("{}_{}", plain(&group.name), plain(&param.name)), Source::User(param.role));
            let shape = stacked(group, &shape(&known, &param.shape));
            Argument { name, source, shape, dtype: Dtype::Real }
        });
        let params = params.collect::<Vec<_>>().into_iter().map(|a| self.outermost().push_argument(a)).collect();
        let instance = &mut self.groups[index];
        (instance.sizes, instance.params) = (known, Some(params));
        sizes
    }

    /// A dimension of the caller for a name of a group that nothing decides: the name, where it is free.
    fn fresh(&mut self, name: &str, group: &'m Ident) -> Dim {
        let taken = self.dimensions();
        let longer = format!("{}_{name}", plain(group));
        let numbered = (2..).map(|n| format!("{longer}_{n}"));
        let mut all = [name.to_string(), longer.clone()].into_iter().chain(numbered);
        let free = all.find(|n| !taken.contains(n.as_str())).expect("numbers do not end");
        self.open.push((free.clone(), group));
        Dim::name(free)
    }

    /// A message about shapes, with where its dimensions come from that nothing decides.
    pub fn with_open(&self, mut text: String) -> String {
        for (name, group) in self.open_in(&text).collect::<Vec<_>>() {
            let advice = format!("bind it in the type of the group, as in `{group}: {}`", self.bound_type(group));
            text.push_str(&format!("\n  `{name}` is a size of `{group}` that no call decides: {advice}"));
        }
        text
    }

    pub fn is_open(&self, text: &str) -> bool {
        self.open_in(text).next().is_some()
    }

    fn open_in(&self, text: &str) -> impl Iterator<Item = (&str, &'m Ident)> {
        let words: HashSet<String> =
            text.split(|c: char| !(c.is_alphanumeric() || c == '_')).map(str::to_string).collect();
        self.open.iter().filter(move |(name, _)| words.contains(name)).map(|(name, group)| (name.as_str(), *group))
    }

    /// `dense<I, O>`
    pub fn bound_type(&self, group: &Ident) -> String {
        let instance = self.groups.iter().find(|i| i.group.name == *group);
        let generics = instance.and_then(|i| i.network).map(|n| n.model.generics.join(", ")).unwrap_or_default();
        instance.map_or(String::new(), |i| format!("{}<{generics}>", path_text(&i.group.network)))
    }

    fn dimensions(&self) -> HashSet<String> {
        let arguments = self.graph_at(0).arguments.iter().map(|a| &a.shape);
        let outputs = self.model.result.shapes.iter().map(|(shape, _)| shape);
        let bound = self.model.groups.iter().flat_map(Group::written);
        let settled = self.groups.iter().flat_map(|g| g.sizes.values());
        let all = arguments.chain(outputs).flatten().chain(bound).chain(settled);
        let named = self.model.generics.iter().chain(self.open.iter().map(|(name, _)| name)).map(String::as_str);
        all.flat_map(Dim::names).chain(named).map(str::to_string).collect()
    }

    fn spread_model(&self) -> Model {
        let mut spread = Model { arguments: Vec::new(), inlined: self.inlined.clone(), ..self.model.clone() };
        let mut names: HashSet<String> = self.model.arguments.iter().map(|a| plain(&a.name)).collect();
        for k in 0..=self.model.arguments.len() {
            for (index, instance) in self.groups.iter().enumerate().filter(|(_, i)| i.group.before == k) {
                let group = &mut spread.groups[index];
                group.before = spread.arguments.len();
                group.sizes = Some(instance.parameter_sizes());
                spread.arguments.extend(instance.arguments(&mut names));
            }
            spread.arguments.extend(self.model.arguments.get(k).cloned());
        }
        spread
    }
}

impl Instance<'_> {
    fn parameter_sizes(&self) -> Vec<Dim> {
        let names = self.network.map(|n| n.model.parameter_sizes()).unwrap_or_default();
        names.into_iter().map(|name| dim(&self.sizes, &Dim::name(name))).collect()
    }

    /// The parameters as arguments of the caller, under names that are free.
    fn arguments(&self, names: &mut HashSet<String>) -> Vec<model::Argument> {
        let params = self.network.iter().flat_map(|n| &n.model.arguments).filter(|a| a.role.is_kept());
        let params = params.map(|param| {
            let mut name = format!("{}_{}", plain(&self.group.name), plain(&param.name));
            while !names.insert(name.clone()) {
                name.push('_');
            }
            model::Argument {
                name: Ident::new(&name, self.group.name.span()),
                role: param.role,
                shape: stacked(self.group, &shape(&self.sizes, &param.shape)),
                path: std::iter::once(self.group.name.clone()).chain(param.path.iter().cloned()).collect(),
                stacks: self.own_stack().into_iter().chain(self.inner_stacks(param)).collect(),
                init: Init::Usual,
            }
        });
        params.collect()
    }

    fn own_stack(&self) -> Option<Stack> {
        let count = self.group.count.clone()?;
        Some(Stack { at: 0, is_array: self.group.is_array(), count })
    }

    /// The stacks in the path of a parameter, where the name of the group stands before it.
    fn inner_stacks(&self, param: &model::Argument) -> impl Iterator<Item = Stack> {
        param.stacks.iter().map(|stack| Stack { at: stack.at + 1, count: dim(&self.sizes, &stack.count), ..*stack })
    }
}

/// The shape of a parameter in a group; in a stack, all its networks' parameters lie one after the other.
fn stacked(group: &Group, shape: &[Dim]) -> Shape {
    group.count.iter().chain(shape).cloned().collect()
}

/// Dimensions in the types of groups that no size can be read off.
fn unreadable(spread: &Model) -> Vec<syn::Error> {
    let readable: Vec<&str> = spread.sizes().into_iter().map(|r| r.name).collect();
    let mut errors: Vec<syn::Error> = Vec::new();
    let mut seen = HashSet::new();
    for group in &spread.groups {
        for name in group.written().flat_map(Dim::names).filter(|n| !readable.contains(n)) {
            if seen.insert(name.to_string()) {
                errors.push(unreadable_size(name, group.place, &readable));
            }
        }
    }
    errors
}

fn unreadable_size(name: &str, place: Place, readable: &[&str]) -> syn::Error {
    let why = format!("the size `{name}` cannot be read off any argument, since it stands alone in none");
    let near = meant(nearest(name, readable.iter().copied()));
    error(place, format!("{why}: add an argument with `{name}` as a dimension of its own{near}"))
}

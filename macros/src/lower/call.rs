//! Calls of networks. A callee comes in as a graph in dimensions of its own; its nodes are added to the caller's graph, in
//! the caller's dimensions, so that nothing of the call is left. What compiles alone then compiles wherever it is called.

use super::solve::{Sizes, dim, shape, solve};
use super::{Bound, Lowering, Origin, Step, Value, counted, described, dtype_of, lower, meant};
use crate::error::{Errors, Place, error, nearest};
use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Argument, Dtype, Graph, Id, Kind, Node, Source};
use crate::ir::model::{self, Call, Expr, ExprKind, Group, Init, Model, Network, Role, path_text, plain};
use crate::ir::scan::{Scan, outputs};
use crate::op;
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
    group: &'m Group,
    /// Nothing where its type has an error.
    network: Option<&'m Network>,
    /// Of the generics that are bound, and of all parameters' dimensions once they are settled.
    sizes: Sizes,
    /// The nodes of the parameters, once they are settled.
    params: Option<Vec<Id>>,
}

/// A network, if its group has no error, and the index of the group, if it has one.
type Callee<'m> = (Option<&'m Network>, Option<usize>);

/// A call of a network whose arity is right.
pub struct NetworkCall<'m> {
    expr: &'m Expr,
    call: &'m Call,
    network: &'m Network,
    group: Option<usize>,
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
    match generics {
        [] => format!("`{network}` has no const generics to bind: write `{network}`, and its dimensions are inferred"),
        [one] => format!("`{network}` has one const generic, `{one}`, and {given} are given"),
        all => format!("`{network}` has {} const generics, `{}`, and {given} are given", all.len(), all.join("`, `")),
    }
}

fn unlinked(group: &Group) -> syn::Error {
    error(group.place, format!("the network `{}` is not known", path_text(&group.network)))
}

impl<'m> Lowering<'m> {
    /// The network that a call is of, with the index of its group, if it is of one.
    pub fn callee(&self, call: &Call) -> Option<Callee<'m>> {
        call.path.as_ref()?;
        match self.scope.iter().rev().find(|b| b.name == call.op) {
            Some(Bound { origin: Origin::Group(index), .. }) => Some((self.groups[*index].network, Some(*index))),
            Some(_) => None,
            // A plain name that is an operation's means the operation.
            None if op::find(&call.op).is_some() => None,
            None => self.model.callees.get(&call.op).map(|network| (Some(&**network), None)),
        }
    }

    /// How many values an expression gives, if it calls a network that returns a tuple.
    pub fn tuple_of(&self, expr: &Expr) -> Option<usize> {
        let call = match &expr.kind {
            ExprKind::Call(call) => call,
            ExprKind::For(turns) => return Some(Self::values_of(turns)),
            _ => return None,
        };
        let network = self.callee(call)?.0?;
        network.model.result.tuple.then_some(network.model.result.shapes.len())
    }

    pub fn visit_tuple(&mut self, expr: &'m Expr, count: usize) {
        match &expr.kind {
            ExprKind::Call(call) if self.callee(call).is_some() => self.visit_network(expr, call, Some(count)),
            ExprKind::For(turns) => self.enter(turns),
            _ => {
                let text = "only a network that returns a tuple gives several values at once";
                self.fail_all(error(expr.place, text), count);
            }
        }
    }

    /// A call of a network; `tuple` is how many values are taken, where these are those of a tuple.
    pub fn visit_network(&mut self, expr: &'m Expr, call: &'m Call, tuple: Option<usize>) {
        let count = tuple.unwrap_or(1);
        let Some((Some(network), group)) = self.callee(call) else { return self.values.extend(vec![None; count]) };
        match plan(expr, call, network, group, tuple) {
            Ok(planned) => {
                self.steps.push(Step::Inline(planned));
                self.steps.extend(call.arguments.iter().rev().map(Step::Visit));
            }
            Err(message) => self.fail_all(message, count),
        }
    }

    fn fail_all(&mut self, message: syn::Error, count: usize) {
        self.errors.push(message);
        self.values.extend(vec![None; count]);
    }

    /// The values of a call whose arguments have been visited.
    pub fn inline(&mut self, planned: &NetworkCall<'m>) {
        let inputs = self.values.split_off(self.values.len() - planned.call.arguments.len());
        let count = planned.network.model.result.shapes.len();
        match inputs.into_iter().collect::<Option<Vec<Id>>>() {
            None => self.values.extend(vec![None; count]),
            Some(inputs) => match self.inlined(planned, &inputs) {
                Ok(values) => self.values.extend(values),
                Err(message) => self.fail_all(message, count),
            },
        }
    }

    fn inlined(&mut self, planned: &NetworkCall<'m>, inputs: &[Id]) -> syn::Result<Vec<Value>> {
        let declared: Vec<&model::Argument> = planned.network.model.inputs().collect();
        let given: Vec<Shape> = inputs.iter().map(|id| self.graph.shape(*id).clone()).collect();
        for (k, argument) in declared.iter().enumerate() {
            self.check_kind(planned, k, argument, inputs[k])?;
        }
        let mut sizes = planned.group.map(|index| self.groups[index].sizes.clone()).unwrap_or_default();
        let same_rank = |(a, b): &(&&model::Argument, &Shape)| a.shape.len() == b.len();
        let pairs = declared.iter().zip(&given).filter(same_rank).map(|(a, b)| (&a.shape, b));
        solve(&mut sizes, &pairs.collect::<Vec<_>>());
        let params = match planned.group {
            Some(index) => {
                sizes = self.settle(index, sizes);
                let params = self.groups[index].params.clone().unwrap_or_default();
                params.into_iter().map(|id| self.at_hand(id, 0)).collect()
            }
            None => Vec::new(),
        };
        for (k, (argument, given)) in declared.iter().zip(&given).enumerate() {
            if shape(&sizes, &argument.shape) != *given {
                return Err(self.wrong_shape(planned, k, argument, &sizes, given));
            }
        }
        let (mut inputs, mut params) = (inputs.iter(), params.iter());
        let arguments = planned.network.model.arguments.iter().map(|a| match a.role {
            Role::Param => *params.next().expect("one node for each parameter"),
            _ => *inputs.next().expect("the arity is right"),
        });
        self.instantiate(planned, &arguments.collect::<Vec<Id>>(), &sizes)
    }

    fn check_kind(&self, planned: &NetworkCall, k: usize, argument: &model::Argument, given: Id) -> syn::Result<()> {
        let (wanted, found) = (dtype_of(argument.role), self.graph.node(given).dtype);
        if wanted == found {
            return Ok(());
        }
        let operand = &planned.call.arguments[k];
        let seen = described(operand, k, planned.call.arguments.len());
        let text = format!("`{}` takes {} as its `{}`, but {seen} holds", planned.call.op, held(wanted), argument.name);
        Err(error(operand.place, format!("{text} {}", held(found))))
    }

    fn wrong_shape(
        &self,
        planned: &NetworkCall,
        k: usize,
        argument: &model::Argument,
        sizes: &Sizes,
        given: &Shape,
    ) -> syn::Error {
        let (operand, count) = (&planned.call.arguments[k], planned.call.arguments.len());
        let (wanted, seen) = (show(&shape(sizes, &argument.shape)), described(operand, k, count));
        let text = format!("`{}` takes {wanted} as its `{}`", planned.call.op, plain(&argument.name));
        let own = format!("\n  `{}` is the argument `{}` of `{}`", argument.name, typed(argument), planned.name());
        error(operand.place, format!("{text}, but {seen} is {}{}{own}", show(given), self.origin(operand)))
    }

    /// Gives every dimension in the parameters of a group a size, and its parameters nodes; all `sizes` of this call.
    fn settle(&mut self, index: usize, mut sizes: Sizes) -> Sizes {
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
        let params = network.model.arguments.iter().filter(|a| a.role == Role::Param);
        let params = params.map(|param| {
            let (name, source) = (format!("{}_{}", plain(&group.name), plain(&param.name)), Source::User(Role::Param));
            Argument { name, source, shape: shape(&known, &param.shape), dtype: Dtype::Real }
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
    fn bound_type(&self, group: &Ident) -> String {
        let instance = self.groups.iter().find(|i| i.group.name == *group);
        let generics = instance.and_then(|i| i.network).map(|n| n.model.generics.join(", ")).unwrap_or_default();
        instance.map_or(String::new(), |i| format!("{}<{generics}>", path_text(&i.group.network)))
    }

    fn dimensions(&self) -> HashSet<String> {
        let arguments = self.graph_at(0).arguments.iter().map(|a| &a.shape);
        let outputs = self.model.result.shapes.iter().map(|(shape, _)| shape);
        let bound = self.model.groups.iter().flat_map(|g| &g.dims).flatten();
        let settled = self.groups.iter().flat_map(|g| g.sizes.values());
        let all = arguments.chain(outputs).flatten().chain(bound).chain(settled);
        all.flat_map(Dim::names).chain(self.model.generics.iter().map(String::as_str)).map(str::to_string).collect()
    }

    /// The callee's nodes in this graph; its outputs.
    fn instantiate(&mut self, planned: &NetworkCall, arguments: &[Id], sizes: &Sizes) -> syn::Result<Vec<Value>> {
        let callee = &planned.network.graph;
        let names = planned.network.model.names();
        let live = callee.live();
        let mut here: Vec<Value> = vec![None; callee.len()];
        for id in callee.ids().filter(|id| live[id.index()]) {
            let node = callee.node(id);
            let args: Vec<Id> = node.args.iter().map(|a| here[a.index()].expect("arguments stand first")).collect();
            if let Some(defect) = args.first().and_then(|x| too_small(self.graph.shape(*x), node, sizes)) {
                return Err(error(planned.expr.place, format!("in {}: {defect}", planned.line(node))));
            }
            let before = self.graph.len();
            let new = match node.kind {
                Kind::Arg(index) => arguments[index],
                _ => copied(&mut self.graph, node, args, sizes),
            };
            here[id.index()] = Some(new);
            if new.index() >= before {
                let is_result = callee.roots.len() == 1 && callee.roots[0].node == Some(id);
                self.note(planned, node, new, (&names, is_result));
            }
        }
        Ok(callee.roots.iter().map(|root| root.node.and_then(|id| here[id.index()])).collect())
    }

    /// A new node stands at the call; a name that the callee's author gave is kept, behind that of the group, which is
    /// also that of the one result.
    fn note(&mut self, planned: &NetworkCall, node: &Node, new: Id, (names, is_result): (&HashSet<String>, bool)) {
        let note = self.graph.note_mut(new);
        note.place = Some(planned.expr.place);
        note.rule = node.note.rule.clone();
        let inner = node.note.name.as_ref().filter(|name| names.contains(*name));
        let named = inner.map(|inner| format!("{}_{inner}", planned.called()));
        if let Some(name) = named.or_else(|| is_result.then(|| planned.called().to_string())) {
            note.name = Some(name.clone());
            self.inlined.insert(name);
        }
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
        let params = self.network.iter().flat_map(|n| &n.model.arguments).filter(|a| a.role == Role::Param);
        let params = params.map(|param| {
            let mut name = format!("{}_{}", plain(&self.group.name), plain(&param.name));
            while !names.insert(name.clone()) {
                name.push('_');
            }
            model::Argument {
                name: Ident::new(&name, self.group.name.span()),
                role: Role::Param,
                shape: shape(&self.sizes, &param.shape),
                path: std::iter::once(self.group.name.clone()).chain(param.path.iter().cloned()).collect(),
                init: Init::Usual,
            }
        });
        params.collect()
    }
}

impl NetworkCall<'_> {
    /// The name of the group, or of the callee.
    fn called(&self) -> &str {
        self.call.op.rsplit("::").next().unwrap_or(&self.call.op)
    }

    fn name(&self) -> String {
        plain(&self.network.model.name)
    }

    /// Where a node of the callee was written: `` `dense` (src/layers.rs:12) ``.
    fn line(&self, node: &Node) -> String {
        let span = node.note.place.map_or(self.network.model.name.span(), |place| place.start);
        format!("`{}` ({}:{})", self.name(), span.file(), span.start().line)
    }
}

/// What is not there once names have become numbers: with names alone, nothing can be said about sizes.
fn too_small(x: &[Dim], node: &Node, sizes: &Sizes) -> Option<String> {
    let new = shape(sizes, &node.shape);
    if let Some(size) = new.iter().find(|d| d.is_negative()) {
        return Some(format!("an array has an axis of size {size}"));
    }
    let Kind::Along { axis, op } = &node.kind else { return None };
    let one = Dim::number(1);
    let last = |count: &Dim, step: i64| &(count - &one) * &Dim::number(step);
    let end = match op {
        Along::Slice { start, step } => &(&dim(sizes, start) + &last(&new[*axis], *step)) + &one,
        Along::Windows { stride, dilation } => &(&last(&new[*axis], *stride) + &last(&new[axis + 1], *dilation)) + &one,
        _ => return None,
    };
    let is_beyond = (&x[*axis] - &end).is_negative();
    is_beyond.then(|| format!("what reaches up to {end} is no part of axis {axis}, whose size is {}", x[*axis]))
}

/// Checks the arity of a call, and that the parameters have a place to come from.
fn plan<'m>(
    expr: &'m Expr,
    call: &'m Call,
    network: &'m Network,
    group: Option<usize>,
    tuple: Option<usize>,
) -> syn::Result<NetworkCall<'m>> {
    let (op, model) = (&call.op, &network.model);
    let whole = call.op_place.to(expr.place);
    if group.is_none() && model.arguments.iter().any(|a| a.role == Role::Param) {
        let example = format!("declare a group, as in `layer: {op}`, and call `layer(..)`");
        return Err(error(call.op_place, format!("`{op}` has parameters, and no argument to hold them: {example}")));
    }
    if let Some(option) = call.options.first() {
        return Err(error(option.place, format!("`{op}` is a network and takes no options")));
    }
    let inputs: Vec<String> = model.inputs().map(typed).collect();
    let given = call.arguments.len();
    if given != inputs.len() {
        let place = call.arguments.get(inputs.len()).map_or(whole, |surplus| surplus.place);
        let verb = if given == 1 { "was" } else { "were" };
        let own = format!("\n  `{}` is called as `{op}({})`", plain(&model.name), inputs.join(", "));
        return Err(error(place, format!("`{op}` takes {} but {given} {verb} given{own}", counted(inputs.len()))));
    }
    let outputs = model.result.shapes.len();
    match (model.result.tuple, tuple) {
        (true, None) => {
            let names: Vec<String> = (1..=outputs).map(|k| format!("y{k}")).collect();
            let advice = format!("bind them with `let ({}) = {op}(..);`", names.join(", "));
            Err(error(whole, format!("`{op}` returns a tuple of {outputs} values: {advice}")))
        }
        (true, Some(count)) if count != outputs => {
            Err(error(whole, format!("`{op}` returns {outputs} values, and {count} are bound here")))
        }
        (false, Some(_)) => {
            Err(error(whole, format!("`{op}` returns one value and no tuple: bind it with `let y = {op}(..);`")))
        }
        _ => Ok(NetworkCall { expr, call, network, group }),
    }
}

/// `x: Input<N, I>`
fn typed(argument: &model::Argument) -> String {
    let dims: Vec<String> = argument.shape.iter().map(Dim::to_string).collect();
    let dims = if dims.is_empty() { String::new() } else { format!("<{}>", dims.join(", ")) };
    format!("{}: {:?}{dims}", argument.name, argument.role)
}

fn held(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::Real => "numbers",
        Dtype::Index => "class labels",
        Dtype::Mask => "truth values",
    }
}

/// The same node on other arguments and in other dimensions, in the form that it has when it is written there.
fn copied(graph: &mut Graph, node: &Node, args: Vec<Id>, sizes: &Sizes) -> Id {
    let new = shape(sizes, &node.shape);
    match &node.kind {
        Kind::Size(size) => graph.size(dim(sizes, size)),
        Kind::Broadcast { along } => graph.broadcast(args[0], along.clone(), &new),
        Kind::Contract(letters) => graph.contract(args[0], args[1], letters.clone()),
        Kind::Permute { order } => graph.permute(args[0], order.clone()),
        Kind::Reshape => graph.reshape(args[0], &new),
        Kind::Along { axis, op } => {
            let op = op.with_sizes(&|size| dim(sizes, size));
            graph.add(Kind::Along { axis: *axis, op }, args, new, node.dtype)
        }
        Kind::Scan(scan) => {
            let count = dim(sizes, &scan.count);
            graph.scan(Scan { count, ..scan.with_body(resized(&scan.body, sizes)) }, args)
        }
        Kind::Part(index) => graph.part(args[0], *index),
        kind @ (Kind::Arg(_)
        | Kind::Const(_)
        | Kind::Iota { .. }
        | Kind::Map(_)
        | Kind::Composite { .. }
        | Kind::Reduce { .. }) => graph.add(kind.clone(), args, new, node.dtype),
    }
}

/// The body of a loop in other dimensions.
fn resized(body: &Graph, sizes: &Sizes) -> Graph {
    let arguments = body.arguments.iter().map(|a| Argument { shape: shape(sizes, &a.shape), ..a.clone() });
    let mut new = Graph::new(arguments.collect());
    let live = body.live();
    let mut here: Vec<Option<Id>> = vec![None; body.len()];
    for id in body.ids().filter(|id| live[id.index()]) {
        let node = body.node(id);
        let args = node.args.iter().map(|a| here[a.index()].expect("arguments come first")).collect();
        let made = match node.kind {
            Kind::Arg(index) => new.argument(index),
            _ => copied(&mut new, node, args, sizes),
        };
        new.inherit(made, &node.note);
        here[id.index()] = Some(made);
    }
    new.roots = outputs(body.roots.iter().filter_map(|r| r.node).filter_map(|id| here[id.index()]));
    new
}

/// Dimensions in the types of groups that no size can be read off.
fn unreadable(spread: &Model) -> Vec<syn::Error> {
    let readable: Vec<&str> = spread.sizes().into_iter().map(|(name, ..)| name).collect();
    let mut errors: Vec<syn::Error> = Vec::new();
    let mut seen = HashSet::new();
    for group in &spread.groups {
        for name in group.dims.iter().flatten().flat_map(Dim::names).filter(|n| !readable.contains(n)) {
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

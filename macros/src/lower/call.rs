//! Calls of networks. A callee comes in as a graph in dimensions of its own; its nodes are added to the caller's graph, in
//! the caller's dimensions, so that nothing of the call is left. What compiles alone then compiles wherever it is called.

use super::solve::{Sizes, dim, shape, solve, unsolved};
use super::{Bound, Lowering, Origin, Step, Value, counted, described, dtype_of};
use crate::error::error;
use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Dtype, Goal, Id, Kind, Node, Root};
use crate::ir::model::{self, Call, Expr, ExprKind, Group, Network, Role, Setting, path_text, plain};
use crate::ir::resize::copied;
use crate::op;
use std::collections::HashSet;

/// A network, if its group has no error, and the index of the group, if it has one.
type Callee<'m> = (Option<&'m Network>, Option<usize>);

/// A call of a network whose arity is right.
pub struct NetworkCall<'m> {
    pub expr: &'m Expr,
    pub call: &'m Call,
    pub network: &'m Network,
    pub group: Option<usize>,
}

impl<'m> Lowering<'m> {
    /// The network that a call is of, with the index of its group, if it is of one.
    pub fn callee(&self, call: &Call) -> Option<Callee<'m>> {
        call.path.as_ref()?;
        match self.scope.iter().rev().find(|b| b.name == call.op) {
            Some(Bound { origin: Origin::Group(index), .. }) => Some((self.groups[*index].network, Some(*index))),
            Some(_) => None,
            // A plain name that is an operation's means the operation.
            None if op::callable(&call.op).is_some() => None,
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
        if self.is_split(call) {
            return parts_of(call);
        }
        let network = self.callee(call)?.0?;
        network.model.result.tuple.then_some(network.model.result.shapes.len())
    }

    /// A call of the operation of this name, which alone gives several values.
    pub fn is_split(&self, call: &Call) -> bool {
        call.op == "split" && self.callee(call).is_none() && !self.is_bound(&call.op)
    }

    fn visit_split(&mut self, expr: &'m Expr, call: &'m Call, count: usize) {
        let planned = self.plan(expr, call).and_then(|planned| match parts_of(call) {
            Some(parts) if parts == count => Ok(planned),
            Some(parts) => Err(error(expr.place, format!("`split` gives {parts} values, and {count} are bound here"))),
            None => {
                let text = "`split` takes a number of parts, or their sizes: `parts = 2` or `sizes = [H, 2]`";
                Err(error(expr.place, text))
            }
        });
        match planned {
            Ok(planned) => {
                self.steps.extend(planned.operands.iter().map(Step::Visit));
                let visit = self.steps.pop().expect("`split` has one operand");
                self.steps.extend([Step::Split(planned, count), visit]);
            }
            Err(message) => self.fail_all(message, count),
        }
    }

    pub fn visit_tuple(&mut self, expr: &'m Expr, count: usize) {
        match &expr.kind {
            ExprKind::Call(call) if self.callee(call).is_some() => self.visit_network(expr, call, Some(count)),
            ExprKind::Call(call) if self.is_split(call) => self.visit_split(expr, call, count),
            ExprKind::For(turns) => self.enter(turns),
            _ => {
                let text = "only `split` and a network that returns a tuple give several values at once";
                self.fail_all(error(expr.place, text), count);
            }
        }
    }

    /// A call of a network; `tuple` is how many values are taken, where these are those of a tuple.
    pub fn visit_network(&mut self, expr: &'m Expr, call: &'m Call, tuple: Option<usize>) {
        let count = tuple.unwrap_or(1);
        let Some((Some(network), group)) = self.callee(call) else { return self.values.extend(vec![None; count]) };
        let held = self.groups.iter().map(|i| i.group).find(|g| path_text(&g.network) == call.op);
        match plan(expr, call, network, group.ok_or(held), tuple) {
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
        let pairs = pairs.chain(self.carried_shapes(planned, &given)?);
        solve(&mut sizes, &pairs.collect::<Vec<_>>());
        self.check_solved(planned, &declared, &given, &sizes)?;
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
            Role::Param | Role::State => *params.next().expect("one node for each parameter"),
            _ => *inputs.next().expect("the arity is right"),
        });
        let arguments: Vec<Id> = arguments.collect();
        let chosen = self.chosen(planned, &sizes)?;
        let planned = &NetworkCall { network: chosen.as_ref().unwrap_or(planned.network), ..*planned };
        match self.count_of(planned) {
            Some(count) => self.repeat(planned, count, &arguments, &sizes),
            None => self.instantiate(planned, &arguments, &sizes),
        }
    }

    /// Every name in the callee's inputs has a size by now.
    fn check_solved(
        &self,
        planned: &NetworkCall,
        declared: &[&model::Argument],
        given: &[Shape],
        sizes: &Sizes,
    ) -> syn::Result<()> {
        for (k, (argument, given)) in
            declared.iter().zip(given).enumerate().filter(|(_, (a, g))| a.shape.len() == g.len())
        {
            let mut axes = argument.shape.iter().zip(given);
            if let Some(why) = axes.find_map(|(declared, given)| unsolved(sizes, declared, given)) {
                let mut message = self.wrong_shape_text(planned, k, argument, sizes, given);
                message.push_str(&format!("\n  {why}"));
                if let Some(bind) = self.binding(planned) {
                    message.push_str(&format!("\n  help: {bind}"));
                }
                return Err(error(planned.call.arguments[k].place, self.with_open(message)));
            }
        }
        Ok(())
    }

    /// How the sizes of a group are said, where they are not.
    fn binding(&self, planned: &NetworkCall) -> Option<String> {
        let group = self.groups[planned.group?].group;
        let is_open = group.dims.is_none() && !planned.network.model.generics.is_empty();
        is_open.then(|| {
            format!("bind them in the type of the group, as in `{}: {}`", group.name, self.bound_type(&group.name))
        })
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
        let mut text = self.wrong_shape_text(planned, k, argument, sizes, given);
        if let Some(formula) = formula(sizes, &argument.shape, given) {
            text.push_str(&format!("\n  {formula}"));
        }
        error(planned.call.arguments[k].place, self.with_open(text))
    }

    fn wrong_shape_text(
        &self,
        planned: &NetworkCall,
        k: usize,
        argument: &model::Argument,
        sizes: &Sizes,
        given: &Shape,
    ) -> String {
        let (operand, count) = (&planned.call.arguments[k], planned.call.arguments.len());
        let (wanted, seen) = (show(&shape(sizes, &argument.shape)), described(operand, k, count));
        let text = format!("`{}` takes {wanted} as its `{}`", planned.call.op, plain(&argument.name));
        let own = format!("\n  `{}` is the argument `{}` of `{}`", argument.name, typed(argument), planned.name());
        format!("{text}, but {seen} is {}{}{own}", show(given), self.origin(operand))
    }

    /// The callee's nodes in this graph; its outputs.
    pub fn instantiate(&mut self, planned: &NetworkCall, arguments: &[Id], sizes: &Sizes) -> syn::Result<Vec<Value>> {
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
                let is_result = planned.network.model.result.shapes.len() == 1 && callee.roots[0].node == Some(id);
                self.note(planned, node, new, (&names, is_result));
            }
        }
        let (states, outputs): (Vec<&Root>, _) = callee.roots.iter().partition(|r| matches!(r.goal, Goal::State(_)));
        let at = |root: &Root| root.node.and_then(|id| here[id.index()]);
        for root in states {
            self.write_state(planned, arguments, root.goal, at(root))?;
        }
        Ok(outputs.into_iter().map(at).collect())
    }

    /// What a call makes of a state that lies in its group.
    fn write_state(&mut self, planned: &NetworkCall, arguments: &[Id], goal: Goal, node: Value) -> syn::Result<()> {
        let refuse = |text: &str| Err(error(planned.expr.place, format!("`{}` {text}", planned.call.op)));
        let Goal::State(argument) = goal else { return Ok(()) };
        if !self.around.is_empty() {
            return refuse("keeps a state, which is written once in a step: call it outside of loops");
        }
        let Kind::Arg(index) = self.graph.node(arguments[argument]).kind else { return Ok(()) };
        if self.graph.roots.iter().any(|r| r.goal == Goal::State(index)) {
            return refuse("is called twice, and its state is written once in a step: declare a group for each call");
        }
        self.graph.roots.push(Root { goal: Goal::State(index), node });
        Ok(())
    }

    /// A new node stands at the call; a name that the callee's author gave is kept, behind that of the group, which is
    /// also that of the one result.
    fn note(&mut self, planned: &NetworkCall, node: &Node, new: Id, (names, is_result): (&HashSet<String>, bool)) {
        let note = self.graph.note_mut(new);
        note.place = Some(planned.expr.place);
        note.rule = node.note.rule.clone();
        let inner = node.note.name.as_ref().filter(|name| names.contains(&***name));
        let named = inner.map(|inner| format!("{}_{inner}", planned.called()));
        if let Some(name) = named.or_else(|| is_result.then(|| planned.called().to_string())) {
            note.name = Some(name.as_str().into());
            self.inlined.insert(name);
        }
    }
}

impl NetworkCall<'_> {
    /// The name of the group, or of the callee.
    fn called(&self) -> &str {
        self.call.op.rsplit("::").next().unwrap_or(&self.call.op)
    }

    pub fn name(&self) -> String {
        plain(&self.network.model.name)
    }

    /// Where a node of the callee was written: `` `dense` (src/layers.rs:12) ``.
    fn line(&self, node: &Node) -> String {
        let span = node.note.place.map_or(self.network.model.name.span(), |place| place.start);
        format!("`{}` ({}:{})", self.name(), span.file(), span.start().line)
    }
}

/// What an expression among the dimensions of an argument comes to, where it is another size than that which is given.
fn formula(sizes: &Sizes, declared: &Shape, given: &Shape) -> Option<String> {
    let same_rank = declared.len() == given.len();
    let mut axes = declared.iter().zip(given).filter(|_| same_rank);
    let (declared, given) = axes.find(|(d, given)| d.as_name().is_none() && dim(sizes, d) != **given)?;
    let names = declared.names();
    let names: Vec<String> = names.into_iter().filter_map(|n| Some(format!("`{n}` is {}", sizes.get(n)?))).collect();
    let comes_to = dim(sizes, declared);
    (!names.is_empty()).then(|| format!("`{declared}` is {comes_to}, since {}, and not {given}", names.join(" and ")))
}

/// What is not there once names have become numbers: with names alone, nothing can be said about sizes.
fn too_small(x: &[Dim], node: &Node, sizes: &Sizes) -> Option<String> {
    let new = shape(sizes, &node.shape);
    if let Some(size) = new.iter().find(|d| d.is_negative()) {
        return Some(format!("an array has an axis of size {size}"));
    }
    let Kind::Along { axis, op } = &node.kind else { return None };
    let one = Dim::number(1);
    if matches!(op, Along::Windows { .. }) && new[*axis] == Dim::default() {
        return Some(format!("no window of {} fits an axis of {}", new[axis + 1], x[*axis]));
    }
    let last = |count: &Dim, step: i64| &(count - &one) * &Dim::number(step);
    let end = match op {
        Along::Slice { start, step } => &(&dim(sizes, start) + &last(&new[*axis], *step)) + &one,
        Along::Windows { stride, dilation } => &(&last(&new[*axis], *stride) + &last(&new[axis + 1], *dilation)) + &one,
        _ => return None,
    };
    let is_beyond = (&x[*axis] - &end).is_negative();
    is_beyond.then(|| format!("elements up to {end} are taken of axis {axis}, which has {}", x[*axis]))
}

/// More values than anyone names.
const MOST_PARTS: usize = 1000;

/// How many values a `split` gives, if it says so.
fn parts_of(call: &Call) -> Option<usize> {
    let option = |name: &str| call.options.iter().find(|o| o.name == name).map(|o| &o.value);
    let written = call.arguments.get(1).map(|expr| &expr.kind);
    let few = |n: &usize| (1..=MOST_PARTS).contains(n);
    match (option("sizes"), option("parts"), written) {
        (Some(Setting::List(sizes)), None, None) => Some(sizes.len()),
        (None, Some(Setting::Number(n)), None) => Some(*n as usize).filter(few),
        (None, None, Some(ExprKind::Number(n))) => Some(*n as usize).filter(few),
        _ => None,
    }
}

/// Checks the arity of a call, and that the parameters have a place to come from: its group; else one of the same network
/// may have been meant.
fn plan<'m>(
    expr: &'m Expr,
    call: &'m Call,
    network: &'m Network,
    group: Result<usize, Option<&Group>>,
    tuple: Option<usize>,
) -> syn::Result<NetworkCall<'m>> {
    let (op, model) = (&call.op, &network.model);
    let whole = call.op_place.to(expr.place);
    if let Err(held) = group
        && model.arguments.iter().any(|a| a.role.is_kept())
    {
        if let Some(Group { name, .. }) = held {
            let text = format!("the parameters of `{op}` lie in the group `{name}`: call the group, `{name}(..)`");
            return Err(error(call.op_place, text));
        }
        let bound = if model.generics.is_empty() { String::new() } else { format!("<{}>", model.generics.join(", ")) };
        let example = format!("declare a group, as in `layer: {op}{bound}`, and call `layer(..)`");
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
        _ => Ok(NetworkCall { expr, call, network, group: group.ok() }),
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
        Dtype::Seed => "a seed",
    }
}

//! From the model to the graph. In comes what the author wrote, out comes one node for each value with its shape, or
//! messages at the author's tokens; every name is then resolved and every shape known.

mod call;
mod choose;
mod given;
mod group;
mod operation;
mod repeat;
mod solve;
mod turns;
mod words;

use crate::error::{Errors, Place, error, nearest, recursion};
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Argument, Dtype, Goal, Graph, Id, Root, Source};
use crate::ir::model::{self, Block, Call, Expr, ExprKind, Let, Model, Role, Setting, Spelling, plain};
use crate::op::apply::{self, At, Mismatch, Settings};
use crate::op::shape::PART;
use crate::op::{self, Family, Meaning, naming};
use call::NetworkCall;
use group::Instance;
use operation::{Planned, wrong_arity};
use proc_macro2::Ident;
use std::collections::HashSet;
use std::rc::Rc;
use turns::Around;
use words::{as_network, counted, described, meant, values, written};

pub use group::{network, spread};

/// The graph of a model whose groups are spread, with its outputs as roots.
pub fn lower(model: &Model) -> syn::Result<Graph> {
    let mut lowering = Lowering::new(model);
    let results = lowering.body();
    lowering.outputs(&results);
    naming::name_all(&mut lowering.graph);
    given::attach(model, lowering.errors.finish(lowering.graph)?)
}

/// Walks the expressions with a stack of its own, since deep nesting would overflow the compiler's.
struct Lowering<'m> {
    model: &'m Model,
    graph: Graph,
    scope: Vec<Bound<'m>>,
    /// Names of `let`s that are still to come.
    later: Vec<String>,
    steps: Vec<Step<'m>>,
    values: Vec<Value>,
    /// Nodes that the author named.
    named: HashSet<(usize, Id)>,
    /// The graphs around the loop that is being lowered, outermost first.
    around: Vec<Around>,
    /// The number of the graph that is being made, and the last number that was given.
    serial: usize,
    serials: usize,
    /// How many uses of seeds there have been.
    streams: usize,
    groups: Vec<Instance<'m>>,
    /// Dimensions that no call decides, each with its group.
    open: Vec<(String, &'m Ident)>,
    /// Names of callees' values.
    inlined: HashSet<String>,
    errors: Errors,
}

/// Nothing after a mistake: what depends on it is not looked at again, so that one mistake gives one message.
type Value = Option<Id>;

struct Bound<'m> {
    name: String,
    value: Value,
    origin: Origin<'m>,
    /// How many loops are around it.
    level: usize,
}

#[derive(Clone, Copy)]
enum Origin<'m> {
    Argument(&'m model::Argument),
    Let(&'m Let),
    /// What a loop carries or counts.
    Turn,
    /// A group of parameters, by its index.
    Group(usize),
}

enum Step<'m> {
    Visit(&'m Expr),
    /// As many values at once, which only a network gives.
    VisitTuple(&'m Expr, usize),
    Apply(Planned<'m>),
    /// As many values of a `split`.
    Split(Planned<'m>, usize),
    Inline(NetworkCall<'m>),
    /// One of two values, by a flag.
    Select(&'m model::If),
    /// The end of a loop's body, with the starts of what it carries and the length of the scope around.
    Leave(&'m model::For, Vec<Id>, usize),
    Bind(&'m Let),
    /// Forgets the names bound since the scope was so long.
    Close(usize),
}

impl<'m> Lowering<'m> {
    fn new(model: &'m Model) -> Self {
        let arguments = model.arguments.iter().map(|a| Argument {
            name: plain(&a.name),
            source: Source::User(a.role),
            shape: a.shape.clone(),
            dtype: dtype_of(a.role),
        });
        let mut graph = Graph::new(arguments.collect());
        let mut scope = Vec::new();
        for (index, argument) in model.arguments.iter().enumerate() {
            let id = graph.argument(index);
            graph.note_mut(id).place = Some(argument.name.span().into());
            if argument.path.len() == 1 {
                let origin = Origin::Argument(argument);
                scope.push(Bound { name: plain(&argument.name), value: Some(id), origin, level: 0 });
            }
        }
        for (index, group) in model.groups.iter().enumerate() {
            scope.push(Bound { name: plain(&group.name), value: None, origin: Origin::Group(index), level: 0 });
        }
        let named = graph.ids().map(|id| (0, id)).collect();
        let (later, steps, values, open, inlined) = Default::default();
        let mut errors = Errors::new();
        let groups = Instance::all(model, &mut errors);
        let (around, serial, serials, streams) = (Vec::new(), 0, 0, 0);
        Lowering {
            model,
            graph,
            scope,
            later,
            steps,
            values,
            named,
            around,
            serial,
            serials,
            streams,
            groups,
            open,
            inlined,
            errors,
        }
    }

    /// Every expression of the result, with its value. Blocks in the place of the result have the body's scope.
    fn body(&mut self) -> Vec<(&'m Expr, Value)> {
        let mut block = &self.model.body;
        loop {
            self.lets(block);
            match &block.result.kind {
                ExprKind::Block(inner) => block = inner,
                ExprKind::Tuple(parts) => return parts.iter().map(|part| (part, self.value_of(part))).collect(),
                _ => return self.results(&block.result),
            }
        }
    }

    /// One value, or those of a network that returns a tuple.
    fn results(&mut self, expr: &'m Expr) -> Vec<(&'m Expr, Value)> {
        match self.tuple_of(expr) {
            Some(count) if self.model.result.tuple => {
                self.steps.push(Step::VisitTuple(expr, count));
                self.run();
                self.values.drain(..).map(|value| (expr, value)).collect()
            }
            _ => vec![(expr, self.value_of(expr))],
        }
    }

    fn lets(&mut self, block: &'m Block) {
        self.later.extend(block.lets.iter().flat_map(Let::names).map(plain));
        self.steps.extend(block.lets.iter().rev().flat_map(bound));
        self.run();
    }

    fn value_of(&mut self, expr: &'m Expr) -> Value {
        self.steps.push(Step::Visit(expr));
        self.run();
        self.values.pop().expect("a visit leaves one value")
    }

    fn run(&mut self) {
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Visit(expr) => self.visit(expr),
                Step::VisitTuple(expr, count) => self.visit_tuple(expr, count),
                Step::Apply(planned) => self.apply(&planned),
                Step::Split(planned, count) => self.split(planned, count),
                Step::Inline(call) => self.inline(&call),
                Step::Select(choice) => self.select(choice),
                Step::Leave(turns, starts, length) => self.leave(turns, starts, length),
                Step::Bind(bound) => self.bind(bound),
                Step::Close(length) => self.scope.truncate(length),
            }
        }
    }

    fn visit(&mut self, expr: &'m Expr) {
        match &expr.kind {
            ExprKind::Name(name) => {
                let value = self.lookup(name, expr.place);
                self.values.push(value);
            }
            ExprKind::Number(value) => {
                let id = self.graph.constant(*value);
                self.values.push(Some(id));
            }
            ExprKind::Call(call) if self.callee(call).is_some() => self.visit_network(expr, call, None),
            ExprKind::Call(call) if self.is_split(call) => {
                self.fail(error(expr.place, "`split` gives several values: bind them with `let (a, b) = split(..);`"));
            }
            ExprKind::Call(call) => match self.plan(expr, call) {
                Ok(planned) => {
                    let operands = planned.operands;
                    self.steps.push(Step::Apply(planned));
                    self.steps.extend(operands.iter().rev().map(Step::Visit));
                }
                Err(message) => self.fail(message),
            },
            ExprKind::Block(block) => {
                self.later.extend(block.lets.iter().flat_map(Let::names).map(plain));
                self.steps.push(Step::Close(self.scope.len()));
                self.steps.push(Step::Visit(&block.result));
                self.steps.extend(block.lets.iter().rev().flat_map(bound));
            }
            ExprKind::For(turns) => self.enter(turns),
            ExprKind::If(choice) => self.choose(expr, choice),
            ExprKind::Tuple(_) => self.fail(error(expr.place, "several values stand only as the result of a model")),
            ExprKind::List(_) => self.fail(error(expr.place, "a list stands only where an operation takes one")),
        }
    }

    fn fail(&mut self, message: syn::Error) {
        self.errors.push(message);
        self.values.push(None);
    }

    fn lookup(&mut self, name: &str, place: Place) -> Value {
        if let Some(bound) = self.scope.iter().rev().find(|b| b.name == name) {
            if let Origin::Group(_) = bound.origin {
                let text = format!("`{name}` is a group of parameters and no array: call it, as in `{name}(x)`");
                self.errors.push(error(place, text));
            }
            let (value, level) = (bound.value, bound.level);
            if let Origin::Argument(model::Argument { role: Role::State, .. }) = bound.origin
                && !self.around.is_empty()
            {
                let text = format!("`{name}` is a state, which is written once in a step: use it outside of loops");
                self.errors.push(error(place, text));
                return None;
            }
            return value.map(|id| self.at_hand(id, level)).map(|id| self.own_stream(id, level));
        }
        let message = if self.later.iter().any(|l| l == name) {
            format!("cannot find `{name}`: it is bound later")
        } else {
            let near = nearest(name, self.scope.iter().map(|b| b.name.as_str()));
            format!("cannot find `{name}` in this model{}", meant(near))
        };
        self.errors.push(error(place, message));
        None
    }

    /// Every use of a seed has a seed of its own, and in a loop every turn of it has.
    fn own_stream(&mut self, seed: Id, level: usize) -> Id {
        if self.graph.node(seed).dtype != Dtype::Seed {
            return seed;
        }
        let number = self.graph.constant(self.streams as f64);
        self.streams += 1;
        let mut stream = self.graph.map("stream", vec![seed, number], Dtype::Seed);
        for inner in level..self.around.len() {
            let turn = self.turn_of(inner);
            stream = self.graph.map("mix", vec![stream, turn], Dtype::Seed);
        }
        stream
    }

    fn is_bound(&self, name: &str) -> bool {
        self.scope.iter().any(|b| b.name == name)
    }

    fn bind(&mut self, bound: &'m Let) {
        let values = self.values.split_off(self.values.len() - bound.names.len());
        for (name, value) in bound.names.iter().zip(values) {
            if let Some(name) = name {
                self.bind_name(plain(name), value, bound);
            }
        }
    }

    fn bind_name(&mut self, name: String, mut value: Value, bound: &'m Let) {
        if let (Some(id), Some((shape, place))) = (value, &bound.shape)
            && self.graph.shape(id) != shape
        {
            let found = show(self.graph.shape(id));
            let text = self.with_open(format!("`{name}` is {found} but {} is written here", show(shape)));
            self.errors.push(error(*place, text));
            value = None;
        }
        if let Some(id) =
            value.filter(|&id| self.graph.as_constant(id).is_none() && self.named.insert((self.serial, id)))
        {
            self.graph.note_mut(id).name = Some(name.as_str().into());
        }
        if let Some(position) = self.later.iter().position(|l| *l == name) {
            self.later.remove(position);
        }
        let level = self.around.len();
        self.scope.push(Bound { name, value, origin: Origin::Let(bound), level });
    }

    /// Checks the name, the arity and the options of a call.
    fn plan(&self, expr: &'m Expr, call: &'m Call) -> syn::Result<Planned<'m>> {
        let given = call.arguments.len();
        // `x.at(t)`, where `t` counts the turns of a loop.
        let name = if self.is_at_turn(call) { "gather" } else { &call.op };
        let spelled = apply::spelled(name, given).filter(|s| s.op.family != Family::Internal);
        let spelled = spelled.ok_or_else(|| self.unknown(call))?;
        let takes = spelled.op.args.len();
        let needs = takes - spelled.op.defaults.len();
        let repeats = spelled.op.repeats;
        let listed = match call.arguments.as_slice() {
            [Expr { kind: ExprKind::List(list), .. }] if repeats => list,
            all => all,
        };
        let mut planned = Planned {
            expr,
            call,
            spelled,
            operands: listed,
            settings: Settings::default(),
            axis_place: call.op_place.to(expr.place),
        };
        planned.options()?;
        planned.positional_options(takes)?;
        let given = planned.operands.len();
        let enough = (needs..=takes).contains(&given) || repeats && given > takes;
        if !enough {
            return Err(wrong_arity(expr, call, needs, takes));
        }
        planned.known_dimensions(self.model)?;
        if spelled.needs_axis && planned.settings.get("axis").is_none() {
            let text = format!("`{0}` needs an axis: `{0}(x, 0)`", call.op);
            return Err(error(call.op_place.to(expr.place), text));
        }
        if spelled.keeps {
            planned.settings.set("keepdims", Setting::Flag(true));
        }
        Ok(planned)
    }

    fn is_at_turn(&self, call: &Call) -> bool {
        let [_, Expr { kind: ExprKind::Name(name), .. }] = call.arguments.as_slice() else { return false };
        let bound = self.scope.iter().rev().find(|b| b.name == *name);
        let index = |b: &Bound| b.value.is_some_and(|id| self.graph_at(b.level).node(id).dtype == Dtype::Index);
        call.op == "at" && bound.is_some_and(|b| matches!(b.origin, Origin::Turn) && index(b))
    }

    fn unknown(&self, call: &Call) -> syn::Error {
        let name = &call.op;
        let text = if *name == plain(&self.model.name) {
            recursion(name)
        } else if let Some(group) = self.group_in(call) {
            format!("`{group}` is a group of parameters: call it as a function, `{group}(x)`")
        } else if self.scope.iter().any(|b| b.name == *name) {
            format!("`{name}` is a value and cannot be called")
        } else {
            let near = self.near_call(name);
            let is_group = near.is_some_and(|near| self.scope.iter().any(|b| b.name == near));
            let more = if is_group { String::new() } else { as_network(call) };
            format!("unknown operation `{name}`{}{more}", meant(near))
        };
        error(call.op_place, text)
    }

    /// The group that a method is called on, or is called like.
    fn group_in<'c>(&self, call: &'c Call) -> Option<&'c str> {
        let receiver = match call.arguments.first().map(|receiver| &receiver.kind) {
            Some(ExprKind::Name(name)) if call.spelling == Spelling::Method => Some(name.as_str()),
            _ => None,
        };
        let bound = |name: &str| self.scope.iter().rev().find(|b| b.name == name).map(|b| b.origin);
        let is_group = |name: &&str| matches!(bound(name), Some(Origin::Group(_)));
        receiver.into_iter().chain([call.op.as_str()]).find(is_group)
    }

    /// An operation or a group that a call may have meant.
    fn near_call(&self, name: &str) -> Option<&str> {
        let groups = self.scope.iter().filter(|b| matches!(b.origin, Origin::Group(_))).map(|b| b.name.as_str());
        nearest(name, op::names().map(|name| -> &str { name }).chain(groups))
    }

    fn apply(&mut self, planned: &Planned<'m>) {
        let operands = self.values.split_off(self.values.len() - planned.operands.len());
        let Some(args) = operands.into_iter().collect::<Option<Vec<Id>>>() else {
            self.values.push(None);
            return;
        };
        let start = self.graph.len();
        let Some(args) = self.named_arguments(planned, args) else {
            self.values.push(None);
            return;
        };
        match apply::apply(&mut self.graph, planned.spelled.op, &args, &planned.settings) {
            Ok(id) => {
                self.annotate(start, planned);
                self.values.push(Some(id));
            }
            Err(mismatch) => {
                let message = self.explained(planned, &mismatch);
                self.fail(message);
            }
        }
    }

    /// Every part of a `split`; a mistake is reported once.
    fn split(&mut self, mut planned: Planned<'m>, count: usize) {
        let operand = self.values.pop().expect("`split` has one operand");
        for part in 0..count {
            match self.values.last() {
                Some(None) if part > 0 => self.values.push(None),
                _ => {
                    planned.settings.replace(PART, Setting::Number(part as f64));
                    self.values.push(operand);
                    self.apply(&planned);
                }
            }
        }
    }

    /// Arguments that are given by name, as `mask = m`, in their places behind the others.
    fn named_arguments(&mut self, planned: &Planned, mut args: Vec<Id>) -> Option<Vec<Id>> {
        let op = planned.spelled.op;
        let name_of = |arg: &&str| match planned.settings.get(arg) {
            Some(Setting::Name(name)) => Some(name.clone()),
            _ => None,
        };
        let last = op.args.iter().rposition(|arg| name_of(arg).is_some()).map_or(0, |k| k + 1);
        for arg in op.args.iter().take(last).skip(args.len()) {
            let place = planned.call.options.iter().find(|o| o.name == **arg).map_or(planned.expr.place, |o| o.place);
            args.push(match name_of(arg) {
                Some(name) => self.lookup(&name, place)?,
                None => apply::left_out(&mut self.graph, op, arg, &planned.settings),
            });
        }
        Some(args)
    }

    /// New nodes stand at the call; those of a loss say what it is.
    fn annotate(&mut self, start: usize, planned: &Planned) {
        let op = planned.spelled.op;
        let loss = op.family == Family::Composite && matches!(op.meaning, Meaning::Built(_));
        let rule: Option<Rc<str>> = loss.then(|| format!("{}: {}", op.name, op.math.replace(['{', '}'], "")).into());
        for id in self.graph.ids_from(start) {
            let note = self.graph.note_mut(id);
            note.place.get_or_insert(planned.expr.place);
            note.rule = rule.clone();
        }
    }

    /// A mismatch in the author's words.
    fn explained(&self, planned: &Planned, mismatch: &Mismatch) -> syn::Error {
        let operands = planned.operands;
        let spelled = |text: &str| {
            operands.iter().enumerate().fold(text.to_string(), |text, (i, operand)| {
                text.replace(&format!("{{{i}}}"), &described(operand, i, operands.len()))
            })
        };
        let mut text = self.with_open(spelled(&mismatch.text));
        for operand in operands.iter().filter(|_| operands.len() > 1) {
            text.push_str(&self.origin(operand));
        }
        if let Some(hint) = mismatch.hint.as_ref().filter(|_| !self.is_open(&text)) {
            text.push_str(&format!("\n  help: {}", spelled(hint)));
        }
        let place = match mismatch.at {
            At::Call => planned.expr.place,
            At::Operand(position) => operands.get(position).map_or(planned.expr.place, |operand| operand.place),
            At::Option(name) => {
                let option = planned.call.options.iter().find(|option| option.name == name);
                option.map_or(planned.axis_place, |option| option.place)
            }
        };
        error(place, text)
    }

    /// Where a value comes from that its author named.
    fn origin(&self, operand: &Expr) -> String {
        let ExprKind::Name(name) = &operand.kind else { return String::new() };
        match self.scope.iter().rev().find(|b| b.name == *name).map(|b| b.origin) {
            Some(Origin::Argument(argument)) => {
                let dims: Vec<String> = argument.shape.iter().map(Dim::to_string).collect();
                let dims = if dims.is_empty() { String::new() } else { format!("<{}>", dims.join(", ")) };
                format!("\n  `{name}` is the argument `{name}: {:?}{dims}`", argument.role)
            }
            Some(Origin::Let(bound)) => match written(&bound.value, &mut 60).filter(|_| !bound.tuple) {
                Some(value) => format!("\n  `{name}` comes from `let {name} = {value}`"),
                None => format!("\n  `{name}` is bound by a `let`"),
            },
            Some(Origin::Turn) => format!("\n  `{name}` is what a turn of the loop starts with"),
            Some(Origin::Group(_)) | None => String::new(),
        }
    }

    fn outputs(&mut self, results: &[(&Expr, Value)]) {
        let declared = &self.model.result.shapes;
        if results.len() != declared.len() {
            let counts = format!("{} declared but {}", values(declared.len()), results.len());
            let place = self.model.body.result.place;
            self.errors.push(error(place, format!("the result has {counts} stand here")));
            return;
        }
        for (k, ((expr, value), (shape, _))) in results.iter().zip(declared).enumerate() {
            if let Some(message) = value.and_then(|id| self.wrong_output(id, shape)) {
                self.errors.push(error(expr.place, message));
            }
            self.graph.roots.push(Root { goal: Goal::Output(k), node: *value });
        }
        // States were written on the way.
        self.graph.roots.sort_by_key(|r| matches!(r.goal, Goal::State(_)));
    }

    fn wrong_output(&self, id: Id, declared: &Shape) -> Option<String> {
        let node = self.graph.node(id);
        if node.dtype != Dtype::Real {
            return Some("the result of a model must be numbers".to_string());
        }
        if node.shape == *declared {
            return None;
        }
        let mut text = format!("the result is {} but {} is declared", show(&node.shape), show(declared));
        if self.is_open(&text) {
            return Some(self.with_open(text));
        }
        let differs = node.shape.iter().zip(declared).find(|(a, b)| a != b);
        if let Some((found, wanted)) = differs.filter(|_| node.shape.len() == declared.len())
            && let Some(hint) = Mismatch::new("").rigid(found, wanted).hint
        {
            text.push_str(&format!("\n  help: {hint}"));
        }
        Some(text)
    }
}

/// The steps of a `let`, the last one first.
fn bound(l: &Let) -> [Step<'_>; 2] {
    match l.tuple {
        true => [Step::Bind(l), Step::VisitTuple(&l.value, l.names.len())],
        false => [Step::Bind(l), Step::Visit(&l.value)],
    }
}

fn dtype_of(role: Role) -> Dtype {
    match role {
        Role::Input | Role::Param | Role::State => Dtype::Real,
        Role::Index => Dtype::Index,
        Role::Mask => Dtype::Mask,
        Role::Random => Dtype::Seed,
    }
}

//! The recipe: tokens of the user's function come in, tokens of all that stands in its place go out. One line a phase.

use crate::checkpoint::{Cut, checkpoint};
use crate::differentiate::{Seed, differentiate};
use crate::emit::{Compiled, Passes, emit, emit_part, stubs};
use crate::error::error;
use crate::fuse::fuse;
use crate::hoist::hoist;
use crate::ir::along::Along;
use crate::ir::dim::Dim;
use crate::ir::graph::{Goal, Graph, Kind, Source};
use crate::ir::model::{Callees, Model, Network, Role};
use crate::link::{Definition, Request, hidden_macro, needs};
use crate::lower::{lower, network as callee, spread};
use crate::name::name;
use crate::op::rule;
use crate::parse::{Failure, Known as KnownItem, parse};
use crate::partition::partition;
use crate::sample::sample;
use crate::simplify::{as_written, resolve, simplify, stabilise};
use crate::tile::tile;
use crate::verify;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// The whole compiler: `#[network(options)] item`. A network that calls others first asks for their definitions.
pub fn network(options: TokenStream, item: TokenStream) -> TokenStream {
    rule::forget();
    match parse(options.clone(), item.clone()) {
        Err(failure) => unreadable(failure),
        Ok(mut model) => match needs(&model) {
            Err(error) => {
                // There may be no network behind a group, so that its type cannot be named.
                model.groups.clear();
                with_error(error.into_compile_error(), broken(&model))
            }
            Ok(paths) => {
                let request = Request::new(&model, options, item, &paths);
                match request.ask() {
                    Some(ask) => only_where(&model, ask),
                    None => linked(model, &request),
                }
            }
        },
    }
}

/// The second half, for a network that calls others: what one of these has answered.
pub fn link(request: TokenStream) -> TokenStream {
    rule::forget();
    let request = Request::read(request);
    request.ask().unwrap_or_else(|| match parse(request.options.clone(), request.item.clone()) {
        Ok(model) => linked(model, &request),
        Err(failure) => unreadable(failure),
    })
}

/// The items of a model whose callees are known.
fn linked(mut model: Model, request: &Request) -> TokenStream {
    if request.broken {
        return broken(&model);
    }
    let callees = request.callees();
    let result = networks(&request.definitions).and_then(|known| {
        model.callees = named(&callees, &known);
        let spread = spread(&model)?;
        match spread.options.part {
            true => Ok(emit_part(&spread, &checked("lower", lower(&spread)?, false))),
            false => Ok(emit(&spread, &compile(&spread)?)),
        }
    });
    match result {
        Err(error) => with_error(error.into_compile_error(), broken(&model)),
        Ok(items) => {
            let own = Definition::new(&model, callees, request.item.clone());
            let definitions = [request.definitions.as_slice(), &[own]].concat();
            let hidden = hidden_macro((&model.name, &model.visibility, &model.attributes), &definitions);
            quote!(#items #hidden)
        }
    }
}

type Known = HashMap<Ident, Rc<Network>>;

/// All networks of a list in which callees stand first.
fn networks(definitions: &[Definition]) -> syn::Result<Known> {
    let mut known = Known::new();
    for Definition { id, callees, options, item } in definitions {
        let defect = |failure: Failure| failure.error.unwrap_or_else(|| error(id.span(), "a network cannot be read"));
        let mut model = parse(options.clone(), item.clone()).map_err(defect)?;
        model.callees = named(callees, &known);
        known.insert(id.clone(), Rc::new(callee(&model)?));
    }
    Ok(known)
}

fn named(callees: &[(String, Ident)], known: &Known) -> Callees {
    callees.iter().filter_map(|(path, id)| Some((path.clone(), known.get(id)?.clone()))).collect()
}

/// A request stands or falls with the network that makes it.
fn only_where(model: &Model, ask: TokenStream) -> TokenStream {
    let cfg = model.attributes.iter().filter(|a| a.path().is_ident("cfg"));
    quote!(#(#cfg)* #ask)
}

/// What stands in place of a network with an error, and tells its callers that there is one.
fn broken(model: &Model) -> TokenStream {
    let (stubs, hidden) = (stubs(model), hidden_macro((&model.name, &model.visibility, &model.attributes), &[]));
    quote!(#stubs #hidden)
}

fn unreadable(failure: Failure) -> TokenStream {
    with_error(failure.report(), stand_in(failure.known))
}

/// All passes of a model.
pub fn compile(model: &Model) -> syn::Result<Passes> {
    dump("parse", model);
    let lowered = checked("lower", lower(model)?, false);
    let (apart, differences) = (lowered.apart.clone(), differences(&lowered));
    let (stable, rewrites) = stable(model, &lowered, true);
    let (inference, _) = self::stable(model, &lowered, false);
    let wanted = wanted(model);
    let split = |joint: &Graph| partition(&tidy(joint));
    let (lean, cuts) = lean(model, &stable)?;
    let joint = checked("differentiate", differentiate(&lean, &wanted, Seed::Argument, &split), false);
    let (forward, backward) = partition(&checked("simplify", tidy(&joint), true));
    let step = model.has_loss().then(|| tidy(&differentiate(&lean, &wanted, Seed::One, &split)));
    Ok(Passes {
        labels: labels(&stable),
        infer: schedule((model, &cuts), "infer", tidy(&inference)),
        model: stable,
        rewrites,
        forward: schedule((model, &cuts), "forward", forward),
        backward: schedule((model, &cuts), "backward", backward),
        step: step.map(|graph| schedule((model, &cuts), "step", tile(&graph))),
        cuts,
        apart,
        differences,
    })
}

/// The graph that is derived: with its loops in segments, if that is asked for.
fn lean(model: &Model, stable: &Graph) -> syn::Result<(Graph, Vec<Cut>)> {
    let Some((turns, place)) = model.options.checkpoint else { return Ok((stable.clone(), Vec::new())) };
    if !stable.has_loops() {
        return Err(error(place, "`checkpoint` divides loops, and this model has none: remove it"));
    }
    let (lean, cuts) = checkpoint(stable, turns).map_err(|count| {
        let needs = format!("a number of turns, a name, or a multiple of {turns}");
        error(place, format!("`checkpoint` cannot divide a loop of {count} turns by {turns}: it takes {needs}"))
    })?;
    Ok((checked("checkpoint", lean, false), cuts))
}

/// The graph of training or of inference, ready to be derived, and what was rewritten in it.
fn stable(model: &Model, lowered: &Graph, training: bool) -> (Graph, Vec<String>) {
    let resolved = resolve(lowered, training);
    let (stable, rewrites) = match model.options.stabilise {
        true => stabilise(&resolved),
        false => (as_written(&resolved), Vec::new()),
    };
    (checked("stabilise", stable, false), rewrites)
}

/// Simplified, with nothing in loops that need not be there.
pub fn tidy(graph: &Graph) -> Graph {
    match graph.has_loops() {
        true => simplify(&hoist(&simplify(graph))),
        false => simplify(graph),
    }
}

fn schedule((model, cuts): (&Model, &[Cut]), pass: &str, graph: Graph) -> Compiled {
    let graph = checked(pass, graph, true);
    let mut users = model.names();
    users.extend(model.arguments.iter().map(|a| a.name.to_string()));
    let (graph, program) = fuse(&sample(&graph), &users);
    let cut = cuts.iter().flat_map(|cut| [cut.segments.clone(), cut.rest.clone()]);
    let dimensions: Vec<String> = model.sizes().iter().map(|r| r.name.to_string()).chain(cut).collect();
    let names = name(&graph, &program, &dimensions, &users);
    dump(pass, &program);
    Compiled { graph, program, names }
}

/// The indices of the arguments whose gradient is wanted: parameters, then the inputs that were asked for.
fn wanted(model: &Model) -> Vec<usize> {
    let arguments = model.arguments.iter().enumerate();
    let params = arguments.clone().filter(|(_, a)| a.role == Role::Param).map(|(k, _)| k);
    let wrt = model.options.wrt.iter().filter_map(|w| model.arguments.iter().position(|a| a.name == *w));
    params.chain(wrt).collect()
}

/// The sizes with a minus, those in loops as well, which arrays may be too small for.
fn differences(graph: &Graph) -> Vec<Dim> {
    let mut found: Vec<Dim> = graph.arguments.iter().flat_map(|a| a.shape.iter().cloned()).collect();
    let live = graph.live();
    for node in graph.ids().filter(|id| live[id.index()]).map(|id| graph.node(id)) {
        found.extend(node.shape.iter().cloned());
        match &node.kind {
            Kind::Along { op: Along::Slice { start, .. }, .. } => found.push(start.clone()),
            Kind::Scan(scan) => found.extend(differences(&scan.body)),
            _ => {}
        }
    }
    let mut seen = HashSet::new();
    found.retain(|dim| dim.as_number().is_none() && dim.signs().1 != Dim::default() && seen.insert(dim.clone()));
    found
}

/// The index arguments that are compared with positions along an axis, and the size of that axis: their values must be
/// below it.
fn labels(graph: &Graph) -> Vec<(usize, Dim)> {
    let mut found = gathered(graph);
    for node in graph.ids().map(|id| graph.node(id)).filter(|n| n.kind == Kind::Map("eq")) {
        let axis = node.args.iter().find_map(|a| match graph.node(*a).kind {
            Kind::Iota { axis } => Some(node.shape[axis].clone()),
            _ => None,
        });
        let behind = |mut id| {
            while let Kind::Broadcast { .. } = graph.node(id).kind {
                id = graph.node(id).args[0];
            }
            match graph.node(id).kind {
                Kind::Arg(index) if graph.arguments[index].source == Source::User(Role::Index) => Some(index),
                _ => None,
            }
        };
        let argument = node.args.iter().find_map(|a| behind(*a));
        found.extend(argument.zip(axis));
    }
    found
}

/// The index arguments that hold positions of an axis that is gathered from, and the size of that axis.
fn gathered(graph: &Graph) -> Vec<(usize, Dim)> {
    let mut found = Vec::new();
    for node in graph.ids().map(|id| graph.node(id)) {
        if let Kind::Along { axis, op: Along::Gather } = node.kind
            && let Kind::Arg(index) = graph.node(node.args[1]).kind
        {
            found.push((index, graph.shape(node.args[0])[axis].clone()));
        }
    }
    found
}

/// The graph after a phase, which must be well formed.
///
/// # Panics
/// Where it is not: a defect of the phase.
fn checked(phase: &str, graph: Graph, expanded: bool) -> Graph {
    dump(phase, &graph);
    if let Err(defect) = verify::graph(&graph, expanded) {
        panic!("pullback: internal error after `{phase}`: {defect}\n{graph}");
    }
    debug_assert!(graph.roots.iter().all(|r| r.node.is_some() || matches!(r.goal, Goal::Gradient(_))));
    graph
}

/// Prints the state after a phase, where the environment asks for it.
fn dump(phase: &str, state: &dyn std::fmt::Display) {
    if std::env::var_os("PULLBACK_DUMP").is_some() {
        eprintln!("--- {phase}\n{state}");
    }
}

fn with_error(report: TokenStream, items: TokenStream) -> TokenStream {
    quote!(#report #items)
}

/// What stands in place of a function that could not be read.
fn stand_in(known: KnownItem) -> TokenStream {
    match known {
        KnownItem::Nothing => TokenStream::new(),
        KnownItem::Item(tokens) => tokens,
        KnownItem::Function(function) => {
            let hidden = hidden_macro((&function.sig.ident, &function.vis, &function.attrs), &[]);
            let syn::ItemFn { attrs, vis, sig, .. } = *function;
            quote!(#(#attrs)* #[allow(unused)] #vis #sig { ::core::unreachable!("the network has an error") } #hidden)
        }
        KnownItem::Model(model) => broken(&model),
    }
}

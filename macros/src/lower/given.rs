//! A derivative that the author gives. In come the graph of a network and its `gradient(..)`, out comes the graph with its
//! result under a node that holds the gradients, so that they stand wherever the network is called.

use super::Lowering;
use crate::error::error;
use crate::ir::dim::show;
use crate::ir::graph::{Dtype, Goal, Graph, Kind, Root};
use crate::ir::model::{Argument, Block, COTANGENT, Expr, ExprKind, Init, Model, Role, VALUE, plain};
use crate::ir::scan::Shared;
use proc_macro2::Ident;

/// The graph of `model` with what is given in the place of the derivative.
pub fn attach(model: &Model, mut graph: Graph) -> syn::Result<Graph> {
    if model.given.is_empty() {
        return Ok(graph);
    }
    let gradients = Kind::Given(Shared::new(gradients(model)?));
    let value = graph.roots[0].node.expect("the network has a result");
    let inputs: Vec<_> = (0..model.arguments.len()).map(|k| graph.argument(k)).collect();
    let (shape, note) = (graph.shape(value).clone(), graph.node(value).note.clone());
    let given = graph.add(gradients, [vec![value], inputs].concat(), shape, Dtype::Real);
    graph.inherit(given, &note);
    graph.roots[0].node = Some(given);
    Ok(graph)
}

/// The gradients as a graph over the network's arguments, the value and its cotangent.
fn gradients(model: &Model) -> syn::Result<Graph> {
    let back = way_back(model);
    let mut lowering = Lowering::new(&back);
    let results = lowering.body();
    for ((name, _), (expr, value)) in model.given.iter().zip(results) {
        let index = model.arguments.iter().position(|a| a.name == *name).expect("an argument of the network");
        let wanted = &model.arguments[index].shape;
        let found = value.map(|id| lowering.graph.node(id));
        if let Some(node) = found.filter(|node| node.shape != *wanted || node.dtype != Dtype::Real) {
            let (name, is) = (plain(name), show(&node.shape));
            let text = match node.dtype {
                Dtype::Real => format!("what goes back to `{name}` is {is}, but `{name}` is {}", show(wanted)),
                _ => format!("what goes back to `{name}` must be numbers"),
            };
            lowering.errors.push(error(expr.place, text));
        }
        lowering.graph.roots.push(Root { goal: Goal::Gradient(index), node: value });
    }
    // The names here mean nothing where the network is called.
    lowering.graph.ids().for_each(|id| lowering.graph.note_mut(id).name = None);
    lowering.errors.finish(lowering.graph)
}

/// The gradients as a network of their own.
fn way_back(model: &Model) -> Model {
    let place = model.body.result.place;
    let (shape, _) = &model.result.shapes[0];
    let more = [VALUE, COTANGENT].map(|name| {
        let name = Ident::new(name, place.start);
        Argument {
            path: vec![name.clone()],
            name,
            role: Role::Input,
            shape: shape.clone(),
            init: Init::Usual,
            stacks: Vec::new(),
        }
    });
    let results = model.given.iter().map(|(_, value)| value.clone()).collect();
    let result = Expr { kind: ExprKind::Tuple(results), place };
    let mut back = Model { given: Vec::new(), body: Block { lets: Vec::new(), result }, ..model.clone() };
    back.arguments.extend(more);
    back
}

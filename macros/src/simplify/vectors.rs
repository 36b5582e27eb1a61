//! Products with a vector are element-wise: an outer product, or products and their sum. As such they join the loops of
//! their neighbours, where a product of matrices would stand alone.

use super::Site;
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Dtype, Fold, Graph, Id, Kind, Letters, Node, Note, kept_axes};

/// A contraction in which, axes of size 1 aside, an operand has no axis of its own or nothing is summed.
pub fn contract_with_vector(graph: &mut Graph, id: Id, _: Site) -> Option<Id> {
    let Node { kind: Kind::Contract(letters), args, shape, note, .. } = graph.node(id).clone() else { return None };
    let name = note.name;
    let sides = [(args[0], &letters.a), (args[1], &letters.b)].map(|(id, own)| long_axes(graph, id, own));
    let summed = |l: &u8| !letters.out.contains(l);
    let own = |side: usize| sides[side].1.iter().any(|l| !summed(l) && !sides[1 - side].1.contains(l));
    if own(0) && own(1) && sides[0].1.iter().any(summed) {
        return None;
    }
    let order = space(&sides, &letters);
    let extents: Shape = order.iter().map(|l| extent(graph, &args, &letters, *l)).collect();
    let spread = sides.map(|(id, own)| {
        let sorted: Vec<u8> = order.iter().copied().filter(|l| own.contains(l)).collect();
        let turned = sorted.iter().map(|l| own.iter().position(|o| o == l).expect("sorted from own")).collect();
        let along = sorted.iter().map(|l| order.iter().position(|o| o == l).expect("in the space")).collect();
        let turned = graph.permute(id, turned);
        graph.broadcast(turned, along, &extents)
    });
    let product = graph.map("mul", spread.to_vec(), Dtype::Real);
    graph.inherit(product, &Note { name: name.as_ref().map(|n| format!("{n}_terms").into()), ..Note::default() });
    let axes: Vec<usize> = (0..order.len()).filter(|&k| summed(&order[k])).collect();
    let left: Vec<u8> = kept_axes(order.len(), &axes).map(|k| order[k]).collect();
    let sum = graph.reduce(Fold::Sum, product, axes);
    graph.inherit(sum, &Note { name, rule: note.rule, place: note.place });
    // A broadcast keeps the order of its argument's axes.
    let sorted: Vec<u8> = letters.out.iter().copied().filter(|l| left.contains(l)).collect();
    let turned = sorted.iter().map(|l| left.iter().position(|k| k == l).expect("sorted from left")).collect();
    let onto = sorted.iter().map(|l| letters.out.iter().position(|o| o == l).expect("it is in the result")).collect();
    let sum = graph.permute(sum, turned);
    Some(graph.broadcast(sum, onto, &shape))
}

/// An operand without its axes of size 1, and the letters of those that are left.
fn long_axes(graph: &mut Graph, id: Id, letters: &[u8]) -> (Id, Vec<u8>) {
    let shape = graph.shape(id).clone();
    let long: Vec<usize> = (0..shape.len()).filter(|&k| !shape[k].is_one()).collect();
    let kept: Shape = long.iter().map(|&k| shape[k].clone()).collect();
    (graph.reshape(id, &kept), long.iter().map(|&k| letters[k]).collect())
}

/// The order of the loops: that of the result where nothing is summed, else that of the larger operand in memory.
fn space(sides: &[(Id, Vec<u8>); 2], letters: &Letters) -> Vec<u8> {
    let all = |l: &u8| sides.iter().any(|(_, own)| own.contains(l));
    let summed = sides.iter().any(|(_, own)| own.iter().any(|l| !letters.out.contains(l)));
    match summed {
        false => letters.out.iter().copied().filter(all).collect(),
        true => {
            let larger = if sides[1].1.len() > sides[0].1.len() { 1 } else { 0 };
            let (first, second) = (&sides[larger].1, &sides[1 - larger].1);
            first.iter().chain(second.iter().filter(|l| !first.contains(l))).copied().collect()
        }
    }
}

fn extent(graph: &Graph, args: &[Id], letters: &Letters, letter: u8) -> Dim {
    let found = [(args[0], &letters.a), (args[1], &letters.b)].into_iter().find_map(|(id, own)| {
        let axis = own.iter().position(|l| *l == letter)?;
        Some(graph.shape(id)[axis].clone())
    });
    found.expect("a letter of an operand")
}

//! Products of windows, sample by sample. In comes a graph, out comes one of the same value in which a product that reads
//! overlapping windows of a batch of arrays is a loop over the batch: the windows are laid out for one sample at a time, in
//! memory that stays in the cache, where those of the whole batch would take the window's size times its memory. Before
//! that, sums of overlapping products become such products ([`correlate`]).

mod correlate;

use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::{Argument, Dtype, Graph, Id, Kind, Letters, Node};
use crate::ir::scan::{Scan, outputs};
use crate::op::apply;
use correlate::correlate;

pub fn sample(graph: &Graph) -> Graph {
    correlate(graph).rebuild(|new, node, args| match &node.kind {
        Kind::Contract(letters) => {
            Product::of(new, &args, letters, node).map(|p| p.looped(new)).unwrap_or_else(|| new.like(node, args))
        }
        _ => new.like(node, args),
    })
}

/// A product one operand of which is windows of a batch.
struct Product<'n> {
    node: &'n Node,
    /// The array behind the windows, whose first axis is the batch, and how it becomes windows.
    base: Id,
    views: Vec<(usize, Along, Shape)>,
    windows: Vec<u8>,
    other: Id,
    others: Vec<u8>,
    out: Vec<u8>,
    /// The letter of the batch.
    batch: u8,
    /// The windows are the first operand.
    first: bool,
}

impl<'n> Product<'n> {
    fn of(graph: &Graph, args: &[Id], letters: &Letters, node: &'n Node) -> Option<Self> {
        let is_windows = |id: Id| matches!(graph.node(id).kind, Kind::Along { op: Along::Windows { .. }, .. });
        let at = args.iter().position(|&id| is_windows(id))?;
        let (windows, others) = if at == 0 { (&letters.a, &letters.b) } else { (&letters.b, &letters.a) };
        let batch = *windows.first()?;
        let (mut base, mut views) = (args[at], Vec::new());
        while let Kind::Along { axis, op: op @ Along::Windows { .. } } = &graph.node(base).kind {
            // Windows of the batch itself are no samples.
            let axis = axis.checked_sub(1)?;
            views.push((axis, op.clone(), graph.shape(base)[axis + 1..axis + 3].to_vec()));
            base = graph.node(base).args[0];
        }
        views.reverse();
        let (here, there) = (letters.out.contains(&batch), others.contains(&batch));
        let one = graph.shape(base)[0].is_one();
        (here != there && !one).then(|| Product {
            node,
            base,
            views,
            windows: windows.clone(),
            other: args[1 - at],
            others: others.clone(),
            out: letters.out.clone(),
            batch,
            first: at == 0,
        })
    }

    fn count(&self, graph: &Graph) -> Dim {
        graph.shape(self.base)[0].clone()
    }

    fn without(&self, letters: &[u8]) -> Vec<u8> {
        letters.iter().copied().filter(|l| *l != self.batch).collect()
    }

    /// `id` with the axis of the batch in front.
    fn batch_first(&self, graph: &mut Graph, id: Id, letters: &[u8]) -> Id {
        let at = letters.iter().position(|l| *l == self.batch).expect("it has the batch");
        let order = std::iter::once(at).chain((0..letters.len()).filter(|k| *k != at)).collect();
        graph.permute(id, order)
    }

    fn looped(&self, graph: &mut Graph) -> Id {
        let summed = !self.out.contains(&self.batch);
        let (mut body, mut args) = (Graph::default(), Vec::new());
        let sum = summed.then(|| {
            let shape = self.node.shape.clone();
            let zero = graph.constant(0.0);
            args.push(graph.broadcast_to(zero, &shape));
            argument(&mut body, "sum", shape)
        });
        args.push(self.base);
        let one = argument(&mut body, &graph.name_of(self.base), graph.shape(self.base)[1..].to_vec());
        let other_varies = self.others.contains(&self.batch);
        let other = if other_varies { self.batch_first(graph, self.other, &self.others) } else { self.other };
        args.push(other);
        let own = graph.shape(other)[usize::from(other_varies)..].to_vec();
        let other = argument(&mut body, &graph.name_of(self.other), own);
        let product = self.product(&mut body, one, other);
        body.inherit(product, &self.node.note);
        let result = match sum {
            Some(sum) => apply::call(&mut body, "add", &[sum, product]).expect("a sum has the shape of what is added"),
            None => product,
        };
        body.roots = outputs([result]);
        let (count, carried, scanned) = (self.count(graph), usize::from(summed), 1 + usize::from(other_varies));
        let id =
            graph.scan(Scan { count, reverse: false, tile: None, recomputed: false, body, carried, scanned }, args);
        let part = graph.part(id, 0);
        graph.inherit(part, &self.node.note);
        if summed { part } else { self.batch_back(graph, part) }
    }

    /// The product for one sample.
    fn product(&self, body: &mut Graph, one: Id, other: Id) -> Id {
        let windows = self.views.iter().fold(one, |x, (axis, op, sizes)| body.along(*axis, op.clone(), vec![x], sizes));
        let (windows, others) = ((windows, self.without(&self.windows)), (other, self.without(&self.others)));
        let (a, b) = if self.first { (windows, others) } else { (others, windows) };
        body.contract(a.0, b.0, Letters { a: a.1, b: b.1, out: self.without(&self.out) })
    }

    /// The axis of the batch where the product has it.
    fn batch_back(&self, graph: &mut Graph, part: Id) -> Id {
        let at = self.out.iter().position(|l| *l == self.batch).expect("it has the batch");
        let order = (1..=at).chain([0]).chain(at + 1..self.out.len()).collect();
        graph.permute(part, order)
    }
}

fn argument(body: &mut Graph, name: &str, shape: Shape) -> Id {
    body.push_argument(Argument::inside(name, shape, Dtype::Real))
}

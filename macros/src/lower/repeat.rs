//! Calls of a stack of networks, one applied after another. It becomes a loop, whose turns take their network's part of the
//! parameters, so that the size of what is made of it does not depend on how many there are.

use super::call::NetworkCall;
use super::solve::{Sizes, shape};
use super::{Lowering, Value, counted, values};
use crate::error::error;
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Argument, Dtype, Graph, Id, Kind, Source};
use crate::ir::model::{self, Role};
use crate::ir::scan::{Scan, one_or_more, outputs};

/// What an argument of the network is to the loop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Carried,
    /// One network's part of a stack.
    Own,
    /// The same for all networks.
    Same,
}

impl Lowering<'_> {
    /// How many networks a call is of, if it is of a stack.
    pub fn count_of(&self, planned: &NetworkCall) -> Option<Dim> {
        planned.group.and_then(|index| self.groups[index].group.count.clone())
    }

    /// What a stack gives has the shapes of what it takes: the declared ones, with those given.
    pub fn carried_shapes<'a>(
        &self,
        planned: &NetworkCall<'a>,
        given: &'a [Shape],
    ) -> syn::Result<Vec<(&'a Shape, &'a Shape)>> {
        if self.count_of(planned).is_none() {
            return Ok(Vec::new());
        }
        let results = &planned.network.model.result.shapes;
        if results.len() > given.len() {
            let taken = format!("returns {} and takes {}", values(results.len()), counted(given.len()));
            let why = "in a stack, each network takes what the one before returns";
            return Err(error(planned.call.op_place, format!("`{}` {taken}: {why}", planned.name())));
        }
        let pairs = results.iter().map(|(shape, _)| shape).zip(given);
        Ok(pairs.filter(|(declared, given)| declared.len() == given.len()).collect())
    }

    /// The outputs of `count` networks, one after another.
    pub fn repeat(
        &mut self,
        planned: &NetworkCall,
        count: Dim,
        arguments: &[Id],
        sizes: &Sizes,
    ) -> syn::Result<Vec<Value>> {
        let parts = self.parts(planned, sizes)?;
        let read = read(&planned.network.graph);
        let all = |part: Part| (0..parts.len()).filter(|k| parts[*k] == part).collect::<Vec<usize>>();
        let looked_at = |part: Part| all(part).into_iter().filter(|k| read[*k]).collect::<Vec<usize>>();
        let (carried, own) = (all(Part::Carried), looked_at(Part::Own));
        let same = looked_at(Part::Same);
        let has_seed = same.iter().any(|&k| self.graph.node(arguments[k]).dtype == Dtype::Seed);
        let order = [carried.clone(), own.clone(), same].concat();
        let around = std::mem::take(&mut self.graph);
        let body = self.one(planned, &order, &parts, (arguments, &around), sizes);
        self.graph = around;
        let scan = Scan {
            count: count.clone(),
            reverse: false,
            tile: None,
            recomputed: false,
            body: body?,
            carried: carried.len(),
            scanned: own.len() + usize::from(has_seed),
        };
        let args = order.iter().map(|&k| match parts[k] {
            Part::Carried => {
                let shape = one_or_more(self.graph.shape(arguments[k]));
                self.graph.reshape(arguments[k], &shape)
            }
            Part::Own | Part::Same => arguments[k],
        });
        let mut args: Vec<Id> = args.collect();
        if has_seed {
            args.insert(carried.len() + own.len(), self.graph.iota(0, vec![count]));
        }
        let id = self.graph.scan(scan, args);
        let values = carried.iter().enumerate().map(|(part, &k)| {
            let part = self.graph.part(id, part);
            let shape = self.graph.shape(arguments[k]).clone();
            Some(self.graph.reshape(part, &shape))
        });
        Ok(values.collect())
    }

    /// What each argument of the network is: as many as it has outputs come from the network before.
    fn parts(&self, planned: &NetworkCall, sizes: &Sizes) -> syn::Result<Vec<Part>> {
        let model = &planned.network.model;
        let mut results = model.result.shapes.iter().map(|(shape, _)| shape);
        let parts = model.arguments.iter().map(|argument| match argument.role {
            Role::Param => Ok(Part::Own),
            _ => match results.next() {
                None => Ok(Part::Same),
                Some(result) => self.carried(planned, argument, result, sizes),
            },
        });
        parts.collect()
    }

    fn carried(
        &self,
        planned: &NetworkCall,
        argument: &model::Argument,
        result: &Shape,
        sizes: &Sizes,
    ) -> syn::Result<Part> {
        let (taken, given) = (shape(sizes, &argument.shape), shape(sizes, result));
        if taken == given && argument.role == Role::Input {
            return Ok(Part::Carried);
        }
        let name = planned.name();
        let found = match argument.role {
            Role::Input => format!("takes {} as its `{}` and returns {}", show(&taken), argument.name, show(&given)),
            role => format!("takes its `{}` first, which is of the kind `{role:?}`", argument.name),
        };
        let why = "in a stack, each takes what the one before returns, so that both have one shape";
        Err(error(planned.expr.place, self.with_open(format!("`{name}` {found}: {why}"))))
    }

    /// One network as the body of the loop, on arguments in the order of the loop's.
    fn one(
        &mut self,
        planned: &NetworkCall,
        order: &[usize],
        parts: &[Part],
        (arguments, around): (&[Id], &Graph),
        sizes: &Sizes,
    ) -> syn::Result<Graph> {
        let names = &planned.network.graph.arguments;
        let mut inside = arguments.to_vec();
        let is_seed = |k: usize| around.node(arguments[k]).dtype == Dtype::Seed;
        let has_seed = order.iter().any(|&k| is_seed(k));
        let mut turn = None;
        for &k in order {
            if parts[k] == Part::Same && has_seed {
                turn.get_or_insert_with(|| {
                    self.graph.push_argument(Argument::inside("turn", Shape::new(), Dtype::Index))
                });
            }
            let node = around.node(arguments[k]);
            let shape = match parts[k] {
                Part::Carried => one_or_more(&node.shape),
                Part::Own => node.shape[1..].to_vec(),
                Part::Same => node.shape.clone(),
            };
            let (name, source) = (names[k].name.clone(), Source::User(Role::Input));
            let dtype = if parts[k] == Part::Carried { Dtype::Real } else { node.dtype };
            let argument = self.graph.push_argument(Argument { name, source, shape, dtype });
            inside[k] = match (parts[k], turn) {
                (Part::Carried, _) => self.graph.reshape(argument, &node.shape),
                // Each network draws what no other one does.
                (Part::Same, Some(turn)) if is_seed(k) => self.graph.map("mix", vec![argument, turn], Dtype::Seed),
                _ => argument,
            };
        }
        let values = self.instantiate(planned, &inside, sizes)?;
        let results = values.into_iter().flatten().map(|id| {
            let shape = one_or_more(self.graph.shape(id));
            self.graph.reshape(id, &shape)
        });
        self.graph.roots = outputs(results.collect::<Vec<_>>());
        Ok(std::mem::take(&mut self.graph))
    }
}

/// The arguments that a network looks at.
fn read(graph: &Graph) -> Vec<bool> {
    let live = graph.live();
    let read = graph.ids().filter(|id| live[id.index()]).filter_map(|id| match graph.node(id).kind {
        Kind::Arg(k) => Some(k),
        _ => None,
    });
    let read: Vec<usize> = read.collect();
    (0..graph.arguments.len()).map(|k| read.contains(&k)).collect()
}

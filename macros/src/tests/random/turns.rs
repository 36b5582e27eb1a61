//! Loops: what is carried from turn to turn, what is scanned, what is stacked, and a result that is made of these.

use super::grow::{Grower, MODERATE, is_plain};
use super::oracle::Oracle;
use super::{Expr, Form, Meaning, Scope, binds};
use crate::ir::dim::{Dim, Shape};
use crate::ir::graph::Dtype;
use crate::tests::interpret::{Array, shape_of};

/// `{ let mut h = start; let ys = for t in 0..T { let part = array.at(t); h = next; value }; result }`. Its arguments are
/// the starts, the arrays that are scanned, what is carried on, the value of a turn, if that is stacked, and the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Turns {
    pub count: Dim,
    pub index: String,
    pub carried: Vec<String>,
    /// A turn's part of each array, and along which axis.
    pub parts: Vec<(String, usize)>,
    pub stack: Option<String>,
}

/// The arguments by what they are to a loop.
pub struct Roles<T> {
    pub starts: T,
    pub scanned: T,
    pub next: T,
    pub value: T,
    pub result: T,
}

impl Turns {
    pub fn names(&self) -> Vec<&str> {
        let parts = self.parts.iter().map(|(name, _)| name);
        let carried = self.carried.iter().chain(parts).chain(&self.stack);
        std::iter::once(self.index.as_str()).chain(carried.map(String::as_str)).collect()
    }

    pub fn rename(&mut self, new: &impl Fn(&str) -> String) {
        let names = self.carried.iter_mut().chain(self.parts.iter_mut().map(|(name, _)| name)).chain(&mut self.stack);
        names.chain([&mut self.index]).for_each(|name| *name = new(name));
    }

    pub fn roles<'a, T>(&self, args: &'a [T]) -> Roles<&'a [T]> {
        let (starts, rest) = args.split_at(self.carried.len());
        let (scanned, rest) = rest.split_at(self.parts.len());
        let (next, rest) = rest.split_at(self.carried.len());
        let (value, result) = rest.split_at(usize::from(self.stack.is_some()));
        Roles { starts, scanned, next, value, result }
    }

    /// In the form of an expression's text.
    pub fn text(&self) -> String {
        let (carried, scanned) = (self.carried.len(), self.parts.len());
        let starts: String = (0..carried).map(|k| format!("let mut {} = ${k}; ", self.carried[k])).collect();
        let part = |k: usize| {
            let (name, axis) = &self.parts[k];
            let along = if *axis == 0 { String::new() } else { format!(", axis = {axis}") };
            format!("let {name} = ${}.at({}{along}); ", carried + k, self.index)
        };
        let parts: String = (0..scanned).map(part).collect();
        let next = |k: usize| format!("{} = ${}; ", self.carried[k], carried + scanned + k);
        let next: String = (0..carried).map(next).collect();
        let end = 2 * carried + scanned;
        let head = format!("for {} in 0..{} {{ {parts}{next}", self.index, self.count);
        match &self.stack {
            Some(name) => format!("{{ {starts}let {name} = {head}${end} }}; ${} }}", end + 1),
            None => format!("{{ {starts}{head}}} ${end} }}"),
        }
    }

    fn form(&self) -> Form {
        let (carried, scanned) = (self.carried.len(), self.parts.len());
        let mut holes = vec![binds::LOOSE; 2 * carried + scanned + usize::from(self.stack.is_some()) + 1];
        holes[carried..carried + scanned].fill(binds::CALL);
        Form { text: String::new(), binds: binds::LOOSE, holes }
    }

    pub fn are_bound(&self, args: &[Expr], scope: &mut Scope) -> bool {
        let Roles { starts, scanned, next, value, result } = self.roles(args);
        let outside = starts.iter().chain(scanned).all(|e| e.is_bound(scope));
        let length = scope.len();
        let carried = self.carried.iter().zip(starts).map(|(name, e)| (name.clone(), e.shape.clone(), Dtype::Real));
        let carried: Scope = carried.collect();
        scope.push((self.index.clone(), Shape::new(), Dtype::Index));
        scope.extend(carried.iter().cloned());
        let parts = self.parts.iter().zip(scanned);
        scope.extend(parts.map(|((name, axis), e)| (name.clone(), without(&e.shape, *axis), Dtype::Real)));
        let inside = next.iter().chain(value).all(|e| e.is_bound(scope));
        scope.truncate(length);
        scope.extend(carried);
        let stacked = |value: &Expr| [std::slice::from_ref(&self.count), &value.shape].concat();
        scope.extend(self.stack.iter().zip(value).map(|(name, e)| (name.clone(), stacked(e), Dtype::Real)));
        let after = result[0].is_bound(scope);
        scope.truncate(length);
        outside && inside && after
    }

    pub fn value(&self, args: &[Expr], oracle: &mut Oracle) -> Array {
        let Roles { starts, scanned, next, value, result } = self.roles(args);
        let mut carried: Vec<Array> = starts.iter().map(|e| oracle.value(e)).collect();
        let arrays: Vec<Array> = scanned.iter().map(|e| oracle.value(e)).collect();
        let mut stack = Vec::new();
        for t in 0..shape_of(&vec![self.count.clone()], oracle.sizes)[0] {
            oracle.turn(t, |oracle| {
                let parts = self.parts.iter().zip(&arrays);
                parts.for_each(|((name, axis), array)| oracle.bind(name, part(array, *axis, t)));
                self.carried.iter().zip(&carried).for_each(|(name, value)| oracle.bind(name, value.clone()));
                for (k, next) in next.iter().enumerate() {
                    carried[k] = oracle.value(next);
                    oracle.bind(&self.carried[k], carried[k].clone());
                }
                stack.extend(value.iter().map(|e| oracle.value(e)));
            });
        }
        oracle.read_seeds(next.iter().chain(value).map(Expr::draws).sum());
        oracle.within(|oracle| {
            self.carried.iter().zip(&carried).for_each(|(name, value)| oracle.bind(name, value.clone()));
            for (name, value) in self.stack.iter().zip(value) {
                let shape = [vec![stack.len()], shape_of(&value.shape, oracle.sizes)].concat();
                oracle.bind(name, Array { shape, data: stack.iter().flat_map(|a| a.data.clone()).collect() });
            }
            oracle.value(&result[0])
        })
    }
}

fn without(shape: &Shape, axis: usize) -> Shape {
    let mut shape = shape.clone();
    shape.remove(axis);
    shape
}

fn part(array: &Array, axis: usize, t: usize) -> Array {
    let mut shape = array.shape.clone();
    shape.remove(axis);
    Array::filled(shape, |at| array.at(&[&at[..axis], &[t], &at[axis..]].concat()))
}

impl Grower {
    /// What is carried is of the wanted shape, or what is stacked is, or both make the result.
    pub fn turns(&mut self, shape: &Shape, depth: usize) -> Option<Expr> {
        if self.around == 2 || shape.len() > 3 {
            return None;
        }
        let stacked = shape.first().is_some_and(is_plain) && self.one_in(2);
        let count = if stacked { shape[0].clone() } else { self.plain_dim() };
        let own = if stacked { shape[1..].to_vec() } else { shape.clone() };
        let depth = depth.min(3);
        let mut turns = Turns { count, index: String::new(), carried: Vec::new(), parts: Vec::new(), stack: None };
        let mut shapes = if stacked && self.one_in(3) { Vec::new() } else { vec![own.clone()] };
        if self.one_in(3) {
            let other = self.shape();
            shapes.push(if self.one_in(2) { own.clone() } else { other });
        }
        let starts: Vec<Expr> = shapes.iter().map(|s| self.bounded(s, depth.min(1))).collect();
        let scanned: Vec<Expr> = (0..self.random.below(3)).map(|_| self.scanned(&mut turns, &own, depth)).collect();
        self.open_turn(&mut turns, &shapes, &scanned);
        let next: Vec<Expr> = (0..shapes.len()).map(|k| self.next(&turns.carried[k], &shapes[k], depth)).collect();
        let stacks = stacked || self.one_in(3);
        let value: Vec<Expr> = stacks.then(|| self.bounded(&own, depth)).into_iter().collect();
        turns.stack = stacks.then(|| self.fresh_name());
        self.close(1 + turns.carried.len() + turns.parts.len());
        self.around -= 1;
        let result = self.result(&turns, shape, value.first());
        let (range, form) = (result.range, turns.form());
        let args = [starts, scanned, next, value, vec![result]].concat();
        Some(Expr { meaning: Meaning::Loop(turns), args, shape: shape.clone(), dtype: Dtype::Real, form, range })
    }

    /// Within bounds that hold in every turn.
    fn bounded(&mut self, shape: &Shape, depth: usize) -> Expr {
        let x = self.expr(shape, depth);
        self.fit(x, MODERATE)
    }

    /// An array with an axis for the turns, and a name for a turn's part of it.
    fn scanned(&mut self, turns: &mut Turns, own: &Shape, depth: usize) -> Expr {
        let axis = if self.one_in(3) { self.random.below(own.len() + 1) } else { 0 };
        let mut shape = own.clone();
        shape.insert(axis, turns.count.clone());
        let depth = if self.one_in(2) { 0 } else { depth.min(2) };
        // It stands in the loop, where no state can be moved on.
        self.around += 1;
        let array = self.bounded(&shape, depth);
        self.around -= 1;
        turns.parts.push((String::new(), axis));
        // A seed would be another one in every turn.
        if array.draws() == 0 { array } else { self.bounded(&shape, 0) }
    }

    fn open_turn(&mut self, turns: &mut Turns, shapes: &[Shape], scanned: &[Expr]) {
        self.around += 1;
        let named = |this: &mut Self, shape: &Shape, dtype: Dtype| {
            let name = this.fresh_name();
            this.open(&name, &Expr::name(&name, shape, dtype, MODERATE));
            name
        };
        turns.index = named(self, &Shape::new(), Dtype::Index);
        turns.carried = shapes.iter().map(|shape| named(self, shape, Dtype::Real)).collect();
        for ((name, axis), array) in turns.parts.iter_mut().zip(scanned) {
            *name = named(self, &without(&array.shape, *axis), Dtype::Real);
        }
    }

    /// What a turn makes of something that it carries.
    fn next(&mut self, name: &str, shape: &Shape, depth: usize) -> Expr {
        let more = self.expr(shape, depth);
        let old = Expr::name(name, shape, Dtype::Real, MODERATE);
        let next = match self.random.below(5) {
            0 => more,
            1 => self.arithmetic("mul", more, old),
            2 => self.arithmetic("sub", old, more),
            _ => self.arithmetic("add", old, more),
        };
        self.fit(next, MODERATE)
    }

    /// What is carried at the end, the stack, or what is carried and the sum of the stack.
    fn result(&mut self, turns: &Turns, shape: &Shape, value: Option<&Expr>) -> Expr {
        let (Some(value), Some(name)) = (value, &turns.stack) else {
            return Expr::name(&turns.carried[0], shape, Dtype::Real, MODERATE);
        };
        let full: Shape = [std::slice::from_ref(&turns.count), &value.shape].concat();
        let stack = Expr::name(name, &full, Dtype::Real, MODERATE);
        if full == *shape {
            return stack;
        }
        let sum = self.reduce("sum", stack, vec![0], false);
        let last = Expr::name(&turns.carried[0], shape, Dtype::Real, MODERATE);
        self.arithmetic("add", last, sum)
    }
}

//! Normalisation and dropout.

use super::build::defined;
use super::grow::{Grower, Growth, MODERATE};
use super::oracle::fold;
use super::{Expr, Place};
use crate::ir::dim::{Dim, Shape};
use crate::ir::model::Role;
use crate::op;
use crate::tests::interpret::positions;

const ALL: [Growth; 5] =
    [Grower::layer_norm, Grower::rms_norm, Grower::group_norm, Grower::batch_norm, Grower::dropout];
/// Large, so that a variance of 0 makes no steep slope.
const EPS: f64 = 0.5;

/// The elements of the first argument whose position has the same `key` as this one.
fn beside(p: &Place, key: impl Fn(&[usize]) -> Vec<usize>) -> Vec<f64> {
    let own = key(p.at);
    positions(p.shape).iter().filter(|at| key(at) == own).map(|at| p.args[0].at(at)).collect()
}

fn normal(x: f64, v: &[f64]) -> f64 {
    (x - fold("mean", v)) / (fold("var", v) + EPS).sqrt()
}

impl Grower {
    pub fn norms(&mut self, shape: &Shape, depth: usize) -> Option<Expr> {
        self.any_of(&ALL, shape, depth)
    }

    fn layer_norm(&mut self, shape: &Shape, axis: usize, depth: usize) -> Option<Expr> {
        let last = shape.len().checked_sub(1)?;
        let two = last > 0 && self.one_in(3);
        if self.one_in(2) {
            let from = [shape.clone(), shape[last..].to_vec(), shape[last..].to_vec()];
            let text = "layer_norm($0, $1, $2, eps = 0.5)".into();
            return Some(self.of(text, &from, shape, depth, |p| {
                let column = &p.at[p.at.len() - 1..];
                let row = beside(p, |at| at[..at.len() - 1].to_vec());
                normal(p.args[0].at(p.at), &row) * p.args[1].at(column) + p.args[2].at(column)
            }));
        }
        let (text, axes) = match two {
            true => ("layer_norm($0, axis = [-2, -1], eps = 0.5)".into(), vec![last - 1, last]),
            false => (format!("$0.layer_norm(axis = {axis}, eps = 0.5)"), vec![axis]),
        };
        Some(self.of(text, std::slice::from_ref(shape), shape, depth, move |p| {
            let group = beside(p, |at| (0..at.len()).filter(|k| !axes.contains(k)).map(|k| at[k]).collect());
            normal(p.args[0].at(p.at), &group)
        }))
    }

    fn rms_norm(&mut self, shape: &Shape, _: usize, depth: usize) -> Option<Expr> {
        let last = shape.len().checked_sub(1)?;
        let scaled = self.one_in(2);
        let text = if scaled { "rms_norm($0, $1, eps = 0.5)" } else { "$0.rms_norm(eps = 0.5)" };
        let from = [shape.clone(), shape[last..].to_vec()];
        Some(self.of(text.into(), &from[..1 + usize::from(scaled)], shape, depth, |p| {
            let row = beside(p, |at| at[..at.len() - 1].to_vec());
            let scale = p.args.get(1).map_or(1.0, |scale| scale.at(&p.at[p.at.len() - 1..]));
            p.args[0].at(p.at) / (row.iter().map(|x| x * x).sum::<f64>() / row.len() as f64 + EPS).sqrt() * scale
        }))
    }

    fn group_norm(&mut self, shape: &Shape, _: usize, depth: usize) -> Option<Expr> {
        let channels = shape.get(1)?.as_number().unwrap_or(1);
        let groups = self.pick(&[1, channels, if channels % 2 == 0 { 2 } else { 1 }]);
        let from = [shape.clone(), shape[1..2].to_vec(), shape[1..2].to_vec()];
        let text = format!("group_norm($0, $1, $2, groups = {groups}, eps = 0.5)");
        Some(self.of(text, &from, shape, depth, move |p| {
            let each = p.shape[1] / groups as usize;
            let group = beside(p, |at| vec![at[0], at[1] / each]);
            normal(p.args[0].at(p.at), &group) * p.args[1].at(&p.at[1..2]) + p.args[2].at(&p.at[1..2])
        }))
    }

    /// With running statistics in a state, or in arguments.
    fn batch_norm(&mut self, shape: &Shape, _: usize, depth: usize) -> Option<Expr> {
        let channels = shape.get(1..2)?.to_vec();
        let text = "batch_norm($0, $1, $2, $3, $4, momentum = 0.2, eps = 0.5)".into();
        let from = [shape.clone(), channels.clone(), channels.clone()];
        let mut result = self.of(text, &from, shape, depth, |p| {
            let (x, channel) = (p.args[0].at(p.at), &p.at[1..2]);
            let [scale, shift, mean, var] = [1, 2, 3, 4].map(|k: usize| p.args[k].at(channel));
            let batch = beside(p, |at| vec![at[1]]);
            let normal = if p.training { normal(x, &batch) } else { (x - mean) / (var + EPS).sqrt() };
            normal * scale + shift
        });
        let state = self.around == 0 && self.one_in(2);
        for domain in [MODERATE, (0.5, 2.0)] {
            let statistic = match state {
                true => self.argument(channels.clone(), Role::State, Dim::number(1)),
                false => {
                    let x = self.expr(&channels, depth.min(1));
                    self.fit(x, domain)
                }
            };
            result.args.push(statistic);
            result.form.holes.push(0);
        }
        Some(result)
    }

    fn dropout(&mut self, shape: &Shape, _: usize, depth: usize) -> Option<Expr> {
        let x = self.expr(shape, depth);
        let p = self.pick(&[0.5, 0.2, 0.75]);
        let text = match self.random.below(3) {
            0 => format!("dropout($0, $1, p = {p})"),
            1 => format!("$0.dropout($1, {p})"),
            _ if p == 0.5 => "dropout($0, $1)".into(),
            _ => format!("dropout($0, $1, {p})"),
        };
        let range = ((x.range.0 / (1.0 - p)).min(0.0), (x.range.1 / (1.0 - p)).max(0.0));
        let args = vec![x, self.seed()];
        let element = move |place: &Place| {
            let x = place.args[0].at(place.at);
            let kept = kept(place.args[1].data[0], place.at, p);
            if !place.training {
                x
            } else if kept {
                x / (1.0 - p)
            } else {
                0.0
            }
        };
        Some(defined(text, args, shape, range, element))
    }
}

/// A seed for each row, then the element's own chance.
fn kept(seed: f64, at: &[usize], p: f64) -> bool {
    let (last, rows) = at.split_last().unwrap_or((&0, &[]));
    let mix = op::known("mix").value;
    let state = rows.iter().fold(seed, |state, &k| mix(&[state, k as f64]));
    (op::known("kept").value)(&[state, *last as f64, p]) != 0.0
}

//! Products of arrays, and attention, which is made of them.

use super::build::defined;
use super::grow::{Grower, MODERATE};
use super::{Expr, Place};
use crate::ir::dim::{Dim, Shape};
use crate::ir::model::Role;
use crate::tests::interpret::positions;

/// How a product is written, and what it is in NumPy's letters; the axis of `o` has size 1.
const ALL: [(&str, &str); 21] = [
    ("einsum(\"i,i->\", $0, $1)", "i,i->"),
    ("einsum(\"ij->\", $0)", "ij->"),
    ("dot($0, $1)", "i,i->"),
    ("einsum(\"ij,j->i\", $0, $1)", "ij,j->i"),
    ("einsum(\"ij,kj,k->i\", $0, $1, $2)", "ij,kj,k->i"),
    ("einsum(\"ij->j\", $0)", "ij->j"),
    ("matmul($0, $1)", "k,kj->j"),
    ("einsum(\"ik,jk->ij\", $0, $1)", "ik,jk->ij"),
    ("einsum(\"kij,k->ji\", $0, $1)", "kij,k->ji"),
    ("einsum(\"ik,kl,lj->ij\", $0, $1, $2)", "ik,kl,lj->ij"),
    ("outer($0, $1)", "i,j->ij"),
    ("matmul($0, $1)", "k,bkj->bj"),
    ("$0.dot($1)", "bij,j->bi"),
    ("matmul($0, $1)", "bik,bkj->bij"),
    ("bmm($0, $1)", "bik,bkj->bij"),
    ("matmul($0, $1)", "ik,bkj->bij"),
    ("matmul($0, $1)", "oik,bkj->bij"),
    ("$0.dot($1)", "bik,kj->bij"),
    ("einsum(\"bij,bkj->bki\", $0, $1)", "bij,bkj->bki"),
    ("outer($0, $1)", "ij,k->ijk"),
    ("outer($0, $1)", "i,jk->ijk"),
];

/// The sum over the letters that the result lacks.
fn summed(operands: &[&str], out: &str, p: &Place) -> f64 {
    let mut letters: Vec<(char, usize)> = Vec::new();
    for (own, x) in operands.iter().zip(p.args) {
        for (letter, &size) in own.chars().zip(&x.shape).filter(|(l, _)| !out.contains(*l)) {
            if letters.iter().all(|(known, _)| *known != letter) {
                letters.push((letter, size));
            }
        }
    }
    let sizes: Vec<usize> = letters.iter().map(|(_, size)| *size).collect();
    let term = |inner: &Vec<usize>| -> f64 {
        let place = |letter: char| match out.find(letter) {
            Some(k) => p.at[k],
            None => inner[letters.iter().position(|(known, _)| *known == letter).expect("a letter")],
        };
        let factor =
            |(own, x): (&&str, &crate::tests::interpret::Array)| x.at(&own.chars().map(place).collect::<Vec<_>>());
        operands.iter().zip(p.args).map(factor).product()
    };
    positions(&sizes).iter().map(term).sum()
}

impl Grower {
    pub fn products(&mut self, shape: &Shape, depth: usize) -> Option<Expr> {
        if (2..=3).contains(&shape.len()) && self.one_in(3) {
            return Some(self.attention(shape, depth));
        }
        let fits =
            |(_, letters): &&(&str, &str)| letters.len() - letters.find("->").expect("a result") - 2 == shape.len();
        let fitting: Vec<(&str, &str)> = ALL.iter().filter(fits).copied().collect();
        if fitting.is_empty() {
            return None;
        }
        let (text, letters) = self.pick(&fitting);
        let (operands, out) = letters.split_once("->").expect("a result");
        let mut sizes: Vec<(char, Dim)> =
            out.chars().zip(shape.iter().cloned()).chain([('o', Dim::number(1))]).collect();
        for letter in operands.chars().filter(|l| *l != ',') {
            if sizes.iter().all(|(known, _)| *known != letter) {
                sizes.push((letter, self.plain_dim()));
            }
        }
        let size = |letter: char| sizes.iter().find(|(known, _)| *known == letter).expect("a letter").1.clone();
        let operands: Vec<&str> = operands.split(',').collect();
        let from: Vec<Shape> = operands.iter().map(|own| own.chars().map(size).collect()).collect();
        Some(self.of(text.into(), &from, shape, depth, move |p| summed(&operands, out, p)))
    }

    /// Of arguments of these shapes, each within moderate bounds, the first as deep as may be.
    pub fn of(
        &mut self,
        text: String,
        from: &[Shape],
        shape: &Shape,
        depth: usize,
        element: impl Fn(&Place) -> f64 + 'static,
    ) -> Expr {
        let args = self.several(from, depth, MODERATE);
        defined(text, args, shape, (-40.0, 40.0), element)
    }

    fn attention(&mut self, shape: &Shape, depth: usize) -> Expr {
        let batch = shape[..shape.len() - 2].to_vec();
        let [queries, width] = [0, 1].map(|k| shape[batch.len() + k].clone());
        let (causal, masked, shown) = (self.one_in(3), self.one_in(3), self.one_in(2));
        let keys = if causal { queries.clone() } else { self.plain_dim() };
        let d = self.plain_dim();
        let matrix = |rows: &Dim, columns: &Dim| [&batch[..], &[rows.clone(), columns.clone()]].concat();
        let from = [matrix(&queries, &d), matrix(&keys, &d), matrix(&keys, &width)];
        let mut mask = String::new();
        let mut more = Vec::new();
        match (masked, shown && !causal) {
            (false, _) => {}
            // A query sees one key at least.
            (true, true) => {
                mask = format!(", or($3, one_hot($4, classes = {keys}) > 0)");
                more.push(self.argument(vec![queries.clone(), keys.clone()], Role::Mask, Dim::number(1)));
                more.push(self.index(&vec![queries.clone()], &keys));
            }
            (true, false) => {
                mask = ", $3".into();
                let bias = self.expr(&vec![queries.clone(), keys.clone()], depth.min(1));
                more.push(self.fit(bias, MODERATE));
            }
        }
        let options = if causal { ", causal = true" } else { "" };
        let text = format!("attention($0, $1, $2{mask}{options})");
        let mut result = self.of(text, &from, shape, depth, move |p| attended(p, causal));
        result.form.holes.extend(vec![0; more.len()]);
        result.args.extend(more);
        result
    }
}

/// The values, weighted by `softmax(q · kᵀ / √d)` of the keys that a query sees.
fn attended(p: &Place, causal: bool) -> f64 {
    let [q, k, v] = [0, 1, 2].map(|n| &p.args[n]);
    let (batch, [query, column]) = (&p.at[..p.at.len() - 2], [p.at[p.at.len() - 2], p.at[p.at.len() - 1]]);
    let in_batch = |row: usize, column: usize| [batch, &[row, column]].concat();
    let (width, keys) = (q.shape[q.shape.len() - 1], k.shape[k.shape.len() - 2]);
    let weight = |key: usize| {
        let (bias, seen) = match &p.args[3..] {
            [mask, one] => (0.0, mask.at(&[query, key]) != 0.0 || one.at(&[query]) == key as f64),
            [bias] => (bias.at(&[query, key]), true),
            _ => (0.0, true),
        };
        let product: f64 = (0..width).map(|d| q.at(&in_batch(query, d)) * k.at(&in_batch(key, d))).sum();
        let score = product / (width as f64).sqrt() + bias;
        if seen && (!causal || key <= query) { score.exp() } else { 0.0 }
    };
    let total: f64 = (0..keys).map(weight).sum();
    (0..keys).map(|key| weight(key) / total * v.at(&in_batch(key, column))).sum()
}

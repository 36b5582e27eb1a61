//! Losses, by their definitions: means over all elements, or over rows of them.

use super::build::defined;
use super::grow::{Grower, MODERATE};
use super::{Expr, Place};
use crate::ir::dim::Shape;
use crate::tests::interpret::{Array, positions};

/// Of two arrays of one shape: the call, the bounds of its arguments, and the term of a pair.
type Pairwise = (&'static str, [(f64, f64); 2], fn(f64, f64) -> f64);

const SHARE: (f64, f64) = (0.1, 0.9);

const PAIRWISE: [Pairwise; 10] = [
    ("mse($0, $1)", [MODERATE; 2], |p, y| (p - y) * (p - y)),
    ("$0.mse($1)", [MODERATE; 2], |p, y| (p - y) * (p - y)),
    ("mae($0, $1)", [MODERATE; 2], |p, y| (p - y).abs()),
    ("huber($0, $1)", [MODERATE; 2], |p, y| huber(p - y, 1.0)),
    ("huber($0, $1, delta = 0.5)", [MODERATE; 2], |p, y| huber(p - y, 0.5)),
    ("hinge($0, $1)", [MODERATE, (-1.0, 1.0)], |z, y| (1.0 - y * z).max(0.0)),
    ("binary_cross_entropy($0, $1)", [SHARE; 2], |p, y| -y * p.ln() - (1.0 - y) * (1.0 - p).ln()),
    ("bce($0, $1)", [SHARE; 2], |p, y| -y * p.ln() - (1.0 - y) * (1.0 - p).ln()),
    ("binary_cross_entropy_with_logits($0, $1)", [MODERATE, SHARE], logistic),
    ("bce_with_logits($0, $1)", [MODERATE, SHARE], logistic),
];

fn huber(error: f64, delta: f64) -> f64 {
    let size = error.abs();
    if size <= delta { error * error / 2.0 } else { delta * (size - delta / 2.0) }
}

fn logistic(z: f64, y: f64) -> f64 {
    let p = 1.0 / (1.0 + (-z).exp());
    -y * p.ln() - (1.0 - y) * (1.0 - p).ln()
}

/// Of rows: the call, and the term of a row of each argument. The second argument is labels, or weights of the same shape.
type ByRow = (&'static str, Second, fn(&[f64], &[f64]) -> f64);

#[derive(Clone, Copy, PartialEq)]
enum Second {
    /// Labels, or a distribution.
    Target,
    /// A number in the bounds for each element.
    Within(f64, f64),
}

const BY_ROW: [ByRow; 7] = [
    ("softmax_cross_entropy($0, $1)", Second::Target, |z, y| expected(&log_softmax(z), y)),
    ("cross_entropy($0, $1)", Second::Target, |z, y| expected(&log_softmax(z), y)),
    ("softmax_cross_entropy($0, $1, smoothing = 0.2)", Second::Target, |z, y| {
        let smooth: Vec<f64> = y.iter().map(|y| 0.8 * y + 0.2 / z.len() as f64).collect();
        expected(&log_softmax(z), &smooth)
    }),
    ("nll($0, $1)", Second::Target, expected),
    ("kl_divergence($0, $1)", Second::Within(SHARE.0, SHARE.1), |logp, q| {
        logp.iter().zip(q).map(|(l, q)| q * (q.ln() - l)).sum()
    }),
    ("cosine($0, $1)", Second::Within(MODERATE.0, MODERATE.1), |p, y| 1.0 - cosine(p, y)),
    ("$0.cosine($1)", Second::Within(MODERATE.0, MODERATE.1), |p, y| 1.0 - cosine(p, y)),
];

fn log_softmax(z: &[f64]) -> Vec<f64> {
    let total: f64 = z.iter().map(|z| z.exp()).sum();
    z.iter().map(|z| z - total.ln()).collect()
}

fn expected(logp: &[f64], y: &[f64]) -> f64 {
    -logp.iter().zip(y).map(|(l, y)| l * y).sum::<f64>()
}

fn cosine(p: &[f64], y: &[f64]) -> f64 {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let lengths = (product(p, p) * product(y, y)).sqrt();
    if lengths == 0.0 { 0.0 } else { product(p, y) / lengths }
}

impl Grower {
    pub fn loss(&mut self, depth: usize) -> Expr {
        let mut shape = self.shape();
        shape.truncate(3);
        if self.one_in(2) { self.pairwise(&shape, depth) } else { self.by_row(shape, depth) }
    }

    fn pairwise(&mut self, shape: &Shape, depth: usize) -> Expr {
        let (text, bounds, term) = self.pick(&PAIRWISE);
        let args = [depth, depth.min(1)].into_iter().zip(bounds).map(|(depth, bounds)| {
            let x = self.expr(shape, depth);
            self.fit(x, bounds)
        });
        let args = args.collect();
        let element = move |p: &Place| {
            let terms = p.args[0].data.iter().zip(&p.args[1].data).map(|(a, b)| term(*a, *b));
            terms.sum::<f64>() / p.args[0].data.len() as f64
        };
        defined(text, args, &Shape::new(), (0.0, 100.0), element)
    }

    fn by_row(&mut self, mut shape: Shape, depth: usize) -> Expr {
        let (text, second, term) = self.pick(&BY_ROW);
        shape.push(self.plain_dim());
        let x = self.expr(&shape, depth);
        let x = self.fit(x, MODERATE);
        let y = match second {
            Second::Target if self.one_in(3) => {
                let y = self.expr(&shape, depth.min(1));
                let y = self.fit(y, MODERATE);
                self.softmax("softmax", y, shape.len() - 1)
            }
            Second::Target => self.index(&shape[..shape.len() - 1].to_vec(), &shape[shape.len() - 1].clone()),
            Second::Within(low, high) => {
                let y = self.expr(&shape, depth.min(1));
                self.fit(y, (low, high))
            }
        };
        let element = move |p: &Place| {
            let rows = rows(&p.args[0]);
            let terms = rows.iter().map(|at| term(&row(&p.args[0], at), &weights(p, at)));
            terms.sum::<f64>() / rows.len() as f64
        };
        defined(text, vec![x, y], &Shape::new(), (-20.0, 20.0), element)
    }
}

fn rows(x: &Array) -> Vec<Vec<usize>> {
    positions(&x.shape[..x.shape.len() - 1])
}

fn row(x: &Array, at: &[usize]) -> Vec<f64> {
    (0..x.shape[at.len()]).map(|k| x.at(&[at, &[k]].concat())).collect()
}

/// A label is a distribution that is sure.
fn weights(p: &Place, at: &[usize]) -> Vec<f64> {
    let [x, y] = [&p.args[0], &p.args[1]];
    match x.shape.len() == y.shape.len() {
        true => row(y, at),
        false => (0..x.shape[at.len()]).map(|k| f64::from(u8::from(y.at(at) == k as f64))).collect(),
    }
}

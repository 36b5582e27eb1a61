//! What people write, and identities look for.

use super::Expr;
use super::build::constant;
use super::grow::{Grower, MODERATE};
use crate::ir::dim::Shape;
use crate::op;

impl Grower {
    /// One of them.
    pub fn idiom(&mut self, shape: &Shape, depth: usize) -> Expr {
        let x = self.expr(shape, depth);
        let x = self.fit(x, MODERATE);
        let axis = self.any_axis(shape);
        match self.random.below(if shape.is_empty() { 12 } else { 18 }) {
            0 => self.chain(&["sigmoid", "ln"], x),
            1 => self.chain(&["exp", "ln"], x),
            2 => self.chain(&["square", "sqrt"], x),
            3 => self.chain(&["neg", "neg"], x),
            4 => self.chain(&["neg", "square"], x),
            5 => {
                let e = self.chain(&["exp"], x);
                let sum = self.ordered("add", "1", e);
                self.chain(&["ln"], sum)
            }
            6 => {
                let s = self.chain(&["sigmoid"], x);
                self.arithmetic("sub", constant("1", 1.0), s)
            }
            7 => self.ordered("max", "0", x),
            8 => self.ordered("mul", "-1", x),
            9 => self.shared(x, |this, x| this.arithmetic("mul", x.clone(), x)),
            10 => self.shared(x, |this, x| this.arithmetic("sub", x.clone(), x)),
            11 => self.gated(x),
            12 => {
                let s = self.softmax("softmax", x, axis);
                self.chain(&["ln"], s)
            }
            13 => self.shared(x, |this, x| {
                let (top, below) = (this.chain(&["exp"], x.clone()), this.chain(&["exp"], x));
                let sum = this.reduce("sum", below, vec![axis], true);
                this.arithmetic("div", top, sum)
            }),
            14 => self.shared(x, |this, x| {
                let mean = this.reduce("mean", x.clone(), vec![axis], true);
                this.arithmetic("sub", x, mean)
            }),
            15 => self.shared(x, |this, x| {
                let largest = this.reduce("max", x.clone(), vec![axis], true);
                this.arithmetic("sub", x, largest)
            }),
            16 => self.normalised(x, axis),
            _ => self.shared(x, |this, x| {
                let norm = this.reduce("norm", x.clone(), vec![axis], true);
                let below = this.arithmetic("add", norm, constant("0.5", 0.5));
                this.arithmetic("div", x, below)
            }),
        }
    }

    /// `select(x > 0, x * exp(x), 0)`, or the other way round.
    fn gated(&mut self, x: Expr) -> Expr {
        self.shared(x, |this, x| {
            let shape = x.shape.clone();
            let m = this.map(op::known("gt"), vec![x.clone(), constant("0", 0.0)], &shape);
            let e = this.chain(&["exp"], x.clone());
            let product = this.arithmetic("mul", x, e);
            let zero = constant("0.0", 0.0);
            let args = if this.one_in(2) { vec![m, product, zero] } else { vec![m, zero, product] };
            this.map(op::known("select"), args, &shape)
        })
    }

    /// `(x - mean) / sqrt(mean((x - mean)²) + 0.1)`.
    fn normalised(&mut self, x: Expr, axis: usize) -> Expr {
        let centred = self.shared(x, |this, x| {
            let mean = this.reduce("mean", x.clone(), vec![axis], true);
            this.arithmetic("sub", x, mean)
        });
        self.shared(centred, |this, d| {
            let square = this.chain(&["square"], d.clone());
            let mean = this.reduce("mean", square, vec![axis], true);
            let sum = this.arithmetic("add", mean, constant("0.1", 0.1));
            let root = this.chain(&["sqrt"], sum);
            this.arithmetic("div", d, root)
        })
    }
}

//! The table of operations: one entry each, by family. In comes a name, out goes all that is known of the operation;
//! what it is called, computes, looks like, and how it is derived stands nowhere else.
//!
//! ```text
//! find("tanh")          the entry, by its name or an alias
//!   .emitted            Infix("+"), Prefix("-") or Function("tanh") of the runtime
//!   .math               "tanh({x})": the notation for people, arguments by name in braces
//!   .cheap              recompute it rather than keep it
//! of_fold(Fold::Sum)    the entry of a reduction
//! apply::call(..)       a call by name: shape inference and construction
//! naming::suggest(..)   a readable name for a node
//! ```

mod activations;
pub mod apply;
mod arithmetic;
mod comparison;
mod composite;
mod exponential;
mod identities;
mod linear;
mod loss;
pub mod matching;
pub mod naming;
mod normalise;
mod random;
mod reduce;
mod reference;
pub mod rule;
pub mod shape;
mod trigonometric;
mod windows;

use crate::ir::graph::{Dtype, Fold, Graph, Id};
use crate::ir::hash::Quick;
use apply::{Mismatch, Settings};
use std::collections::HashMap;
use std::sync::OnceLock;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    Elementwise,
    Reduce,
    Linear,
    Shape,
    /// Convolutions and pooling.
    Windows,
    Normalisation,
    Random,
    Composite,
    /// What other operations are made of; no call of a model means it.
    Internal,
}

/// An operation. In its texts the arguments go by their names here, the result is `y`, its cotangent `dy`, and the
/// normalised axes are `axis`.
pub struct Op {
    pub name: &'static str,
    /// Other names of the surface; `.._axis` takes an axis as its last argument, `.._axis_keep` keeps it as well.
    pub aliases: &'static [&'static str],
    pub family: Family,
    pub args: &'static [&'static str],
    /// The last argument may stand any number of times.
    pub repeats: bool,
    /// What the last argument must be.
    pub last: Last,
    /// The last arguments that may be left out, or given by name as numbers, with their values then.
    pub defaults: &'static [(&'static str, f64)],
    /// The named options that are understood.
    pub options: &'static [&'static str],
    /// Those of them that may stand after the arguments without their names.
    pub positional: &'static [&'static str],
    pub meaning: Meaning,
    /// One element of the result, accurate to a few ULP: what tests and constant folding compute.
    pub value: fn(&[f64]) -> f64,
    pub emitted: Emitted,
    pub math: &'static str,
    pub cheap: bool,
    pub derivative: Derivative,
    /// Where tests sample each argument.
    #[cfg_attr(not(test), allow(dead_code))]
    pub domain: &'static [(f64, f64)],
    /// Points that samples of any argument keep away from, since the derivative jumps there.
    #[cfg_attr(not(test), allow(dead_code))]
    pub kinks: &'static [f64],
    /// One line, with the convention at kinks.
    #[cfg_attr(not(test), allow(dead_code))]
    pub doc: &'static str,
    pub identities: &'static [Identity],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Last {
    /// An array like the others.
    Array,
    /// A number, known at compile time.
    Number,
    /// A whole number, known at compile time.
    Whole,
}

/// How a call becomes nodes.
#[derive(Clone, Copy)]
pub enum Meaning {
    /// One [`Kind::Map`](crate::ir::graph::Kind::Map) of this result, with its arguments broadcast.
    Map { takes: Takes, gives: Dtype },
    /// A composite node until it is expanded to this text; `keeps` says that the shape is the argument's, else the
    /// axes disappear.
    Composite { text: &'static str, keeps: bool },
    /// Nodes of other operations.
    Built(fn(&mut Graph, &[Id], &Settings) -> Result<Id, Mismatch>),
}

/// What an element-wise operation takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    Numbers,
    /// Numbers, or two arrays of indices.
    Comparable,
    /// A mask, then numbers.
    MaskFirst,
    Masks,
    /// Of each argument, what is said of it.
    Each(&'static [Dtype]),
}

/// How a scalar expression is emitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Emitted {
    Infix(&'static str),
    Prefix(&'static str),
    /// A function of the runtime's `math`.
    Function(&'static str),
    /// Not element-wise.
    Not,
}

/// How an operation is derived.
#[derive(Clone, Copy)]
pub enum Derivative {
    /// `∂y/∂arg` for each argument, to be multiplied by `dy`.
    Partials(&'static [&'static str]),
    /// The cotangent of each argument; empty where it gets none.
    Pullback(&'static [&'static str]),
    /// By the nodes that it is made of.
    Inner,
    /// No cotangent passes.
    None,
}

/// An identity, from left to right. Names stand for any node, `m` for any mask, numbers for constants, also broadcast.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    pub name: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub when: When,
}

/// When an identity is applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Before differentiation, and reported: the right side keeps digits that the left one loses.
    Stability,
    /// As [`Stability`](When::Stability), but only where the inner operation has no other user, who would pay twice.
    Alone,
    /// At any time: the same in every bit, or rounded less often.
    Always,
    /// To derived values alone: what a branch that was not taken computes is no part of a gradient.
    Derived,
}

const fn identity(name: &'static str, from: &'static str, to: &'static str, when: When) -> Identity {
    Identity { name, from, to, when }
}

/// What entries leave out.
const DEFAULT: Op = Op {
    name: "",
    aliases: &[],
    family: Family::Elementwise,
    args: &["x"],
    repeats: false,
    last: Last::Array,
    defaults: &[],
    options: &[],
    positional: &["axis"],
    meaning: Meaning::Map { takes: Takes::Numbers, gives: Dtype::Real },
    value: |_| f64::NAN,
    emitted: Emitted::Not,
    math: "",
    cheap: false,
    derivative: Derivative::None,
    domain: &[(-2.0, 2.0)],
    kinks: &[],
    doc: "",
    identities: &[],
};

const BINARY: Op = Op { args: &["a", "b"], domain: &[(-2.0, 2.0), (-2.0, 2.0)], cheap: true, ..DEFAULT };

/// The table, by theme.
const THEMES: [&[Op]; 13] = [
    arithmetic::OPS,
    exponential::OPS,
    trigonometric::OPS,
    activations::OPS,
    comparison::OPS,
    reduce::OPS,
    linear::OPS,
    shape::OPS,
    windows::OPS,
    normalise::OPS,
    random::OPS,
    composite::OPS,
    loss::OPS,
];

/// Every operation, theme by theme.
pub fn all() -> impl Iterator<Item = &'static Op> {
    THEMES.into_iter().flatten()
}

/// The operation of this name or alias.
pub fn find(name: &str) -> Option<&'static Op> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static Op, Quick>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        let mut by_name = HashMap::default();
        for op in all() {
            for name in std::iter::once(&op.name).chain(op.aliases) {
                by_name.entry(*name).or_insert(op);
            }
        }
        by_name
    });
    by_name.get(name).copied()
}

/// The operation that a call of a model means by this name.
pub fn callable(name: &str) -> Option<&'static Op> {
    find(name).filter(|op| op.family != Family::Internal)
}

/// The element-wise or composite operation that a node names; such a node comes from an entry.
pub fn known(name: &str) -> &'static Op {
    find(name).unwrap_or_else(|| panic!("a node names `{name}`, which is not in the table"))
}

/// Every name that a call may use.
pub fn names() -> impl Iterator<Item = &'static str> {
    all()
        .filter(|op| op.family != Family::Internal)
        .flat_map(|op| std::iter::once(op.name).chain(op.aliases.iter().copied()))
}

/// The operation that reduces by `fold`.
pub fn of_fold(fold: Fold) -> &'static Op {
    match fold {
        Fold::Sum => known("sum"),
        Fold::Max => known("reduce_max"),
        Fold::Min => known("reduce_min"),
        Fold::Prod => known("prod"),
    }
}

/// Every identity: those of the entries, then those that concern several.
pub fn identities() -> impl Iterator<Item = &'static Identity> {
    all().flat_map(|op| op.identities).chain(identities::IDENTITIES)
}

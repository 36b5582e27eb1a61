//! Loops over groups of few neighbours, as the windows of a pool are: all groups of a row are one slice, and a group is
//! folded element by element. An index that is seen to lie within a row needs no check, so that the compiler takes many
//! groups at a time.
//!
//! ```text
//! let x = &x[i * 28..][..28];
//! for j in 0..14 { y[j] = max(x[j * 2], x[j * 2 + 1]); }
//! ```

use super::access::each_access;
use super::code::Code;
use super::turn::Turn;
use super::write::Writer;
use crate::ir::dim::Dim;
use crate::ir::graph::Fold;
use crate::ir::program::{Access, Affine, Axis, BufferId, Loop, Stmt};
use proc_macro2::TokenStream;
use quote::quote;

/// The most elements of a group.
const FEW: i64 = 8;

/// The least number of groups in a row.
const MANY: i64 = 4;

impl Writer<'_> {
    /// Binds, for a loop over groups of few neighbours, the rows of all groups: where indices are seen to lie within a row,
    /// the compiler takes many groups at a time.
    pub fn groups(&self, groups: &Loop, body: &[Stmt], turn: &mut Turn) -> TokenStream {
        let stmt = Stmt::Loop(groups.clone());
        let Some(axes) = self.axes_of_groups(groups) else { return TokenStream::new() };
        turn.groups = Some(groups.axis);
        let mut rows: Vec<(BufferId, Affine, Option<i64>, bool)> = Vec::new();
        each_access(&stmt, &mut |access, mutable| {
            let (own, start) = access.place.split(&axes);
            let steps = own.strides.iter().map(|(axis, stride)| Some((self.extent(*axis)? - 1) * stride.as_number()?));
            let last = steps.map(|step| step.filter(|step| *step >= 0)).sum::<Option<i64>>();
            match rows.iter_mut().find(|(buffer, ..)| *buffer == access.buffer) {
                Some((.., longest, m)) => {
                    *longest = last.zip(*longest).map(|(a, b)| a.max(b));
                    *m |= mutable;
                }
                None => rows.push((access.buffer, start, last, mutable)),
            }
        });
        let variable = |id: BufferId| self.pass.variable(id);
        let twice = |id: BufferId| rows.iter().filter(|(other, ..)| variable(*other) == variable(id)).count() > 1;
        let mut code = TokenStream::new();
        for (id, start, last, mutable) in &rows {
            let Some(last) = last.filter(|last| *last > 0) else { continue };
            if !start.is_start()
                && !turn.rows.contains_key(id)
                && !twice(*id)
                && self.all_places(body, *id, |place| place.split(&axes).1 == *start)
            {
                code.extend(self.row(*id, start.clone(), &Dim::number(last + 1), *mutable, turn));
            }
        }
        code
    }

    pub fn extent(&self, axis: Axis) -> Option<i64> {
        self.pass.program.axes[axis.0].as_number()
    }

    /// The axes of a loop over many groups of at most [`FEW`] elements; nothing of another loop.
    fn axes_of_groups(&self, groups: &Loop) -> Option<Vec<Axis>> {
        let (mut axes, mut plain) = (vec![groups.axis], true);
        for stmt in &groups.body {
            stmt.walk(&mut |s| match s {
                Stmt::Loop(Loop { axis, tiles: false, .. }) | Stmt::Fold { axis, .. } if !axes.contains(axis) => {
                    axes.push(*axis);
                }
                Stmt::Loop(Loop { tiles: true, .. }) | Stmt::Product(_) | Stmt::Along(_) | Stmt::Turns(_) => {
                    plain = false
                }
                _ => {}
            });
        }
        let is_group = |axis: &Axis| self.extent(*axis).is_some_and(|n| (1..=FEW).contains(&n));
        let many = !groups.tiles && self.extent(groups.axis).is_some_and(|n| n >= MANY);
        (plain && many && axes.len() > 1 && axes[1..].iter().all(is_group)).then_some(axes)
    }

    /// The fold of few neighbours from a place on, one by one.
    pub fn folded(&self, fold: Fold, from: &Access, few: i64, turn: &Turn) -> Code {
        let elements = (0..few).map(|k| {
            let mut element = from.clone();
            element.place.offset = &element.place.offset + &Dim::number(k);
            self.place(&element, turn)
        });
        let together = |a: Code, b: Code| match fold {
            Fold::Sum => a.infix("+", b),
            Fold::Prod => a.infix("*", b),
            Fold::Max => Code::atom(quote!(max(#a, #b))),
            Fold::Min => Code::atom(quote!(min(#a, #b))),
        };
        elements.reduce(together).expect("a group has an element")
    }
}

//! A loop over tiles of rows as Rust: parts of the rows, which threads may share, are a function of their own, with the sums and
//! the lanes of their part.

use super::code::{docs, ident, size};
use super::pass::Pass;
use super::write::Writer;
use crate::ir::dim::Dim;
use crate::ir::graph::Dtype;
use crate::ir::program::{BufferId, Tile, Turns};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use std::collections::{BTreeSet, HashMap};

pub struct Rows<'a> {
    pub pass: &'a Pass<'a>,
    pub turns: &'a Turns,
    pub tile: &'a Tile,
}

impl Rows<'_> {
    fn name(&self) -> Ident {
        ident(&format!("{}_rows", self.pass.kind()))
    }

    fn is_local(&self, id: BufferId) -> bool {
        self.pass.program.buffer(id).is_local_array()
    }

    /// What is summed over the rows.
    fn sums(&self) -> Vec<BufferId> {
        self.turns.carried.iter().map(|c| c.state).collect()
    }

    /// The memory of a tile.
    fn lanes(&self) -> BTreeSet<BufferId> {
        let sums = self.sums();
        self.turns.written().filter(|id| !sums.contains(id) && !self.is_local(*id)).collect()
    }

    /// Flags and labels of a tile, which are few.
    pub fn local_arrays(&self) -> BTreeSet<BufferId> {
        self.turns.written().filter(|id| self.is_local(*id)).collect()
    }

    /// What all rows read.
    fn given(&self) -> BTreeSet<BufferId> {
        let written: BTreeSet<BufferId> = self.turns.written().collect();
        self.turns.read().filter(|id| !written.contains(id)).collect()
    }

    fn variables(&self, ids: impl IntoIterator<Item = BufferId>) -> Vec<Ident> {
        ids.into_iter().map(|id| self.pass.variable(id)).collect()
    }

    fn dimensions(&self) -> Vec<Ident> {
        self.pass.turn(self.turns).dimensions().into_iter().map(ident).collect()
    }

    /// `in_parts([N, 32], apart, [&mut d_w[..]], [&mut x_lanes[..]], |rows, [d_w], [x_lanes]| simd(|| step_rows(..)));`
    pub fn statement(&self) -> TokenStream {
        let (name, count, height) = (self.name(), size(&self.turns.count), Literal::i64_unsuffixed(self.tile.height));
        let (sums, lanes) = (self.variables(self.sums()), self.variables(self.lanes()));
        let given = self.given().into_iter().map(|id| {
            let name = self.pass.variable(id);
            if self.pass.is_scalar_argument(id) { quote!(#name) } else { quote!(&#name[..]) }
        });
        let dims = self.dimensions();
        quote! {
            in_parts(
                [#count, #height],
                apart,
                [#(&mut #sums[..]),*],
                [#(&mut #lanes[..]),*],
                |rows, [#(#sums),*], [#(#lanes),*]| {
                    simd(#[inline(always)] || self::#name(rows, #(#dims,)* #(#given,)* #(#sums,)* #(#lanes),*))
                },
            );
        }
    }

    /// The function for a part of the rows.
    pub fn item(&self) -> TokenStream {
        let (name, dims) = (self.name(), self.dimensions());
        let (given, sums, lanes) = (self.variables(self.given()), self.sums(), self.lanes());
        let written = self.variables(sums.into_iter().chain(lanes));
        let kinds = self.given().into_iter().map(|id| {
            let element = self.pass.element(self.pass.program.buffer(id).dtype);
            if self.pass.is_scalar_argument(id) { quote!(#element) } else { quote!(&[#element]) }
        });
        let real = self.pass.element(Dtype::Real);
        let own = self.local_arrays().into_iter().map(|id| self.pass.local_array(id));
        let body = self.tiles();
        let docs = docs([format!("A part of the {} rows of `{}`.", self.turns.count, self.pass.name).as_str()]);
        quote! {
            #docs
            #[inline(always)]
            fn #name(
                rows: ::core::ops::Range<usize>,
                #(#dims: usize,)*
                #(#given: #kinds,)*
                #(#written: &mut [#real],)*
            ) {
                #(#own)*
                #body
            }
        }
    }

    /// `for rows in rows_within(rows, 32) { lanes_of(x_lanes, x, &rows, [13, 32]); step_turn(..); }`
    fn tiles(&self) -> TokenStream {
        let height = Literal::i64_unsuffixed(self.tile.height);
        let writer = Writer::new(self.pass, HashMap::new());
        let (lanes, turn) = (self.take_lanes(), writer.turn_of(self.turns));
        quote!(for rows in rows_within(rows, #height) { #lanes #turn })
    }

    /// `lanes_of(x_lanes, x, &rows, [13, 32]); live_lanes(live, &rows);`
    fn take_lanes(&self) -> TokenStream {
        let height = Literal::i64_unsuffixed(self.tile.height);
        let copies = self.tile.lanes.iter().map(|(rows, lanes)| {
            let width = Dim::product(&self.pass.program.buffer(*rows).shape[1..]);
            let ([rows, lanes], width) = ([rows, lanes].map(|id| self.pass.variable(*id)), size(&width));
            quote!(lanes_of(#lanes, #rows, &rows, [#width, #height]);)
        });
        let live = self.pass.variable(self.tile.live);
        quote!(#(#copies)* live_lanes(#live, &rows);)
    }
}

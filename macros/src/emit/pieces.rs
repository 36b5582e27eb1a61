//! Long loops as Rust that threads share: the loop over a piece of the rows is a closure, whose arguments are the piece's
//! rows of what the loop writes, and what it sums up.
//!
//! ```text
//! let [total] = share_rows([N, 7168], [rows_of(&mut y[..], 1024)], |part, y| {
//!     let x = &x[part.start * 1024..part.end * 1024];
//!     let mut total = 0.0;
//!     for i in 0..part.end - part.start { .. }
//!     [total]
//! });
//! ```

use super::access::accesses;
use super::code::{Code, size};
use super::share::{Shared, Written};
use super::turn::Turn;
use super::write::Writer;
use crate::ir::dim::Dim;
use crate::ir::graph::{Fold, Id};
use crate::ir::program::{BufferId, Loop, Stmt, Turns};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote};
use std::collections::BTreeMap;

impl Writer<'_> {
    /// `let [total] = share_rows([N, 7168], [rows_of(&mut y[..], 1024)], |part, y| { .. [total] });`
    pub fn shared_loop(&self, inner: &Loop, shared: &Shared) -> TokenStream {
        let (pass, name) = (self.pass, |id: &BufferId| self.pass.variable(*id));
        let (extent, cost) = (size(&pass.program.axes[inner.axis.0]), size(&shared.cost));
        let moved: Vec<Ident> = shared.moved.iter().map(name).collect();
        let totals: Vec<Ident> = shared.totals.iter().map(|id| self.value(*id)).collect();
        let start = |id: &Id| self.stmt(&Stmt::Start { value: *id, fold: Fold::Sum }, &Turn::default());
        let (starts, local) = (shared.totals.iter().map(start), shared.local.iter().map(|id| pass.local_array(*id)));
        let (cuts, body) = (self.cuts(inner, shared), self.loop_over(inner, &Turn::in_part(inner.axis, shared)));
        let given = quote!([#extent, #cost],);
        let (function, given, part) = match (pass.updates, moved.len()) {
            (Some(updates), count @ 1..) => {
                let (update, count, range) = (&updates.name, Literal::usize_unsuffixed(count), range());
                let given = quote!(&#update, [#extent, #cost], [#(#moved),*],);
                (quote!(share_moving), given, quote!((part, [#(mut #moved),*]): (#range, [U::Param<'_>; #count])))
            }
            _ => {
                let (function, range) = (if shared.flat { quote!(share_tiles) } else { quote!(share_rows) }, range());
                (function, given, quote!(part: #range))
            }
        };
        let result = (!totals.is_empty()).then(|| quote!(let [#(#totals),*] =));
        let (memory, slices) = self.memory_in_pieces(shared);
        quote! {
            #result #function(#given [#(#memory),*], #[inline(always)] |#part, #(#slices),*| {
                #cuts
                #(#local)*
                #(#starts)*
                #body
                [#(#totals),*]
            });
        }
    }

    /// `share_rows([N, 313600], [rows_of(&mut y[..], 12544)], |part, y| { for i in 0..part.end - part.start { .. } [] });`
    pub fn shared_turns(&self, turns: &Turns, shared: &Shared) -> TokenStream {
        let (starts, count, cost, range) = (self.turn_starts(turns), size(&turns.count), size(&shared.cost), range());
        let (memory, slices) = self.memory_in_pieces(shared);
        let (cuts, all) = (self.rows_in_piece(shared).into_values(), self.all_turns(turns, of_part()));
        quote! {
            #starts
            share_rows([#count, #cost], [#(#memory),*], #[inline(always)] |part: #range, #(#slices),*| {
                #(#cuts)*
                #all
                []
            });
        }
    }

    /// `rows_of(&mut y[..], 1024)` and `y: &mut [f32]`, for all that is written.
    fn memory_in_pieces(&self, shared: &Shared) -> (Vec<TokenStream>, Vec<TokenStream>) {
        let (name, real) = (|id: &BufferId| self.pass.variable(*id), &self.pass.real);
        let memory = shared.written.iter().map(|(id, written)| {
            let name = name(id);
            match written {
                Written::Rows(width) => {
                    let width = size(width);
                    quote!(rows_of(&mut #name[..], #width))
                }
                Written::Sum => quote!(sum_of(&mut #name[..])),
                Written::Own => quote!(own_of(&mut #name[..])),
            }
        });
        let slices = shared.written.keys().map(name).map(|name| quote!(#name: &mut [#real]));
        (memory.collect(), slices.collect())
    }

    /// `let x = &x[part.start * 784..part.end * 784];`
    fn rows_in_piece(&self, shared: &Shared) -> BTreeMap<BufferId, TokenStream> {
        let read = shared.read.iter().filter(|(id, _)| !shared.moved.contains(id));
        let rows = read.map(|(id, width)| {
            let (name, width) = (self.pass.variable(*id), Some(size(width)).filter(|_| !width.is_one()));
            let times = |end: TokenStream| match &width {
                Some(width) => Code::atom(end).infix("*", width.clone()).to_token_stream(),
                None => end,
            };
            let (start, end) = (times(quote!(part.start)), times(quote!(part.end)));
            (*id, quote!(let #name = &#name[#start..#end];))
        });
        rows.collect()
    }

    /// What a piece has of each array: its own rows, or all elements, whose number the compiler then knows.
    fn cuts(&self, inner: &Loop, shared: &Shared) -> TokenStream {
        let mut cuts = self.rows_in_piece(shared);
        let (of_part, name) = (of_part(), |id: &BufferId| self.pass.variable(*id));
        for (access, mutable) in accesses(&Stmt::Loop(inner.clone())).into_iter().filter(|_| !inner.tiles) {
            let id = access.buffer;
            let [(axis, stride)] = access.place.strides.as_slice() else { continue };
            let known = shared.local.contains(&id) || cuts.contains_key(&id) || self.pass.is_scalar_argument(id);
            if known || !stride.is_one() {
                continue;
            }
            let (name, all) = (name(&id), size(&Dim::product(&self.pass.program.buffer(id).shape)));
            let cut = match (*axis == inner.axis, mutable) {
                (true, true) => quote!(let #name = &mut #name[..#of_part];),
                (false, true) => quote!(let #name = &mut #name[..#all];),
                (false, false) => quote!(let #name = &#name[..#all];),
                (true, false) => continue,
            };
            cuts.insert(id, cut);
        }
        cuts.into_values().collect()
    }
}

fn range() -> TokenStream {
    quote!(::core::ops::Range<usize>)
}

/// The number of rows of a piece.
pub fn of_part() -> TokenStream {
    quote!(part.end - part.start)
}

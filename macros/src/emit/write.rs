//! The statements of a program as Rust: loops, products, steps along an axis, turns of loops, and the expressions in them.

use super::access::{accesses, each_access};
use super::code::{Code, docs, ident, size};
use super::math;
use super::pass::{Field, Pass, written};
use super::pieces::of_part;
use super::rows::Rows;
use super::share::{Shared, moved_in};
use super::turn::Turn;
use super::update::Hand;
use crate::ir::along::Along;
use crate::ir::dim::Dim;
use crate::ir::graph::{Fold, Id};
use crate::ir::program::{
    Access, Affine, Axis, BufferId, Loop, Moved, Operand, Product, Program, Role, Stmt, Turns, Whose,
};
use crate::op::{self, Emitted};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote};
use std::collections::{HashMap, HashSet};

pub struct Writer<'a> {
    pub pass: &'a Pass<'a>,
    pub inlined: HashMap<Id, Stmt>,
    /// The loops that are shared, by their place in the body.
    pub shared: HashMap<usize, Shared>,
    /// Where each value lies that has memory of its own.
    pub memory: HashMap<Id, usize>,
}

impl<'a> Writer<'a> {
    pub fn new(pass: &'a Pass<'a>, inlined: HashMap<Id, Stmt>) -> Self {
        let own = pass.program.buffers.iter().enumerate().filter(|(_, b)| !matches!(b.role, Role::Argument(_)));
        Writer { pass, inlined, shared: HashMap::new(), memory: own.rev().map(|(index, b)| (b.node, index)).collect() }
    }
}

impl Writer<'_> {
    fn program(&self) -> &Program {
        self.pass.program
    }

    /// The whole body; memory that changes its meaning changes its name.
    pub fn body(&self) -> TokenStream {
        let mut names: HashMap<usize, Ident> = HashMap::new();
        for field in self.pass.fields().into_iter().filter(|f| f.mutable) {
            names.insert(self.program().buffer(field.buffer).slot, field.name);
        }
        let steps = self.program().body.iter().enumerate().map(|(k, stmt)| {
            let mut renames = Vec::new();
            let mut all = Vec::new();
            stmt.walk(&mut |s| all.extend(written(s)));
            for id in all {
                let (slot, name) = (self.program().buffer(id).slot, self.pass.variable(id));
                let Some(old) = names.get(&slot).filter(|old| **old != name).cloned() else { continue };
                let doc = docs([format!("{name} is written over {old}, which is not needed any more").as_str()]);
                renames.push(quote!(#doc let #name = #old;));
                names.insert(slot, name);
            }
            let (code, hands) = (self.step(k, stmt), self.hands(k));
            quote!(#(#renames)* #code #hands)
        });
        steps.collect()
    }

    /// Statement `k` of the body.
    fn step(&self, k: usize, stmt: &Stmt) -> TokenStream {
        match (stmt, self.shared.get(&k)) {
            (Stmt::Loop(inner), Some(shared)) => self.shared_loop(inner, shared),
            (Stmt::Turns(turns), Some(shared)) => self.shared_turns(turns, shared),
            // Each piece of a shared loop starts its own.
            (Stmt::Start { value, .. }, _) if self.shared.values().any(|shared| shared.starts(*value)) => quote!(),
            _ => self.stmt(stmt, &Turn::default()),
        }
    }

    /// `update.hand(1, b1, d_b1);` for each parameter that nothing reads after statement `k`, and whose gradient is final.
    fn hands(&self, k: usize) -> TokenStream {
        let hands = self.pass.hands().filter(|hand| hand.after == k && !hand.in_tiles);
        hands.map(|hand| self.hand(hand, &Turn::default())).collect()
    }

    fn hand(&self, hand: &Hand, turn: &Turn) -> TokenStream {
        let update = self.pass.updates.map(|updates| &updates.name);
        let [param, gradient] = [hand.param, hand.gradient].map(|id| self.pass.variable(id));
        let place = Literal::usize_unsuffixed(hand.place);
        match (hand.in_tiles, &turn.part) {
            (false, _) => quote!(#update.hand(#place, #param, #gradient);),
            (true, None) => quote!(#update.hand_rows(#place, &rows, #param, #gradient);),
            (true, Some(_)) => quote!(#update.hand_rows(#place, &within(&part, &rows), #param, #gradient);),
        }
    }

    fn block(&self, body: &[Stmt], turn: &Turn) -> TokenStream {
        let mut turn = turn.clone();
        let mut code = TokenStream::new();
        for stmt in body {
            code.extend(self.rows(stmt, body, &mut turn));
            code.extend(self.stmt(stmt, &turn));
        }
        code
    }

    pub fn stmt(&self, stmt: &Stmt, turn: &Turn) -> TokenStream {
        match stmt {
            Stmt::Product(product) => self.product(product),
            Stmt::Along(moved) => self.along(moved),
            Stmt::Turns(turns) => self.turns(turns),
            Stmt::Let { value, .. } if self.inlined.contains_key(value) => TokenStream::new(),
            Stmt::Let { value, op, args } => {
                let (docs, name, code) = (self.doc(*value), self.value(*value), self.expression(op, args, turn));
                quote!(#docs let #name = #code;)
            }
            Stmt::Loop(inner) => self.loop_over(inner, turn),
            Stmt::Fill { buffer, fold } => {
                let (name, neutral) = (self.pass.variable(*buffer), self.neutral(*fold));
                quote!(#name.fill(#neutral);)
            }
            Stmt::Start { value, fold } => {
                let (docs, name, neutral) = (self.doc(*value), self.value(*value), self.neutral(*fold));
                quote!(#docs let mut #name = #neutral;)
            }
            Stmt::Store { to, value } => {
                let (place, code) = (self.place(to, turn), self.operand(value, turn));
                quote!(#place = #code;)
            }
            Stmt::Accumulate { fold, to, value } => combine(*fold, self.place(to, turn), self.operand(value, turn)),
            Stmt::Combine { fold, value, operand } => {
                combine(*fold, Code::atom(self.value(*value)), self.operand(operand, turn))
            }
            Stmt::Fold { .. } => self.fold(stmt, turn),
        }
    }

    fn product(&self, product: &Product) -> TokenStream {
        let Product { value, out, a, b, batch, dims, transposed, add } = product;
        let flags = match transposed {
            [false, false] => "",
            [false, true] => "_nt",
            [true, false] => "_tn",
            [true, true] => "_tt",
        };
        let function = ident(&format!("matmul{flags}{}", if *add { "_add" } else { "" }));
        let (out, [a, b]) = (self.pass.variable(*out), [a, b].map(|id| self.pass.slice(*id)));
        let dims = dims.iter().map(size);
        let docs = self.doc(*value);
        match batch.is_one() {
            true => quote!(#docs let #out = #function(#out, #a, #b, [#(#dims),*]);),
            false => {
                let batch = size(batch);
                quote!(#docs let #out = batched(#function, #batch, #out, #a, #b, [#(#dims),*]);)
            }
        }
    }

    fn turns(&self, turns: &Turns) -> TokenStream {
        let starts = self.turn_starts(turns);
        let all = match &turns.tile {
            Some(tile) => Rows { pass: self.pass, turns, tile }.statement(),
            None => self.all_turns(turns, size(&turns.count).to_token_stream()),
        };
        quote!(#starts #all)
    }

    /// What is carried before the first turn.
    pub fn turn_starts(&self, turns: &Turns) -> TokenStream {
        let starts = turns.carried.iter().map(|c| match c.start {
            Some(start) => self.copied(c.state, start),
            None => {
                let state = self.pass.variable(c.state);
                quote!(#state.fill(0.0);)
            }
        });
        starts.collect()
    }

    /// `for i in 0..T { forward_turn(T, &x[i * 4..][..4], ..); h.copy_from_slice(h_next); }`
    pub fn all_turns(&self, turns: &Turns, count: TokenStream) -> TokenStream {
        let (index, turn) = (self.turn_index(), self.turn_of(turns));
        let range = if turns.reverse { quote!((0..#count).rev()) } else { quote!(0..#count) };
        quote!(for #index in #range { #turn })
    }

    /// The variable that counts turns.
    fn turn_index(&self) -> Ident {
        ident(&self.pass.names.indices[0])
    }

    /// `forward_turn(T, &x[i * 4..][..4], ..); h.copy_from_slice(h_next);`
    pub fn turn_of(&self, turns: &Turns) -> TokenStream {
        let (pass, index) = (self.pass.turn(turns), self.turn_index());
        let ends = turns.carried.iter().filter_map(|c| Some(self.copied(c.state, c.next?)));
        let given = pass.fields().into_iter().map(|field| {
            let (_, whose) = turns.fields.iter().find(|(own, _)| *own == field.buffer).expect("memory for every field");
            self.memory_of(&pass, &field, *whose, &index)
        });
        let (name, dims) = (&pass.name, pass.dimensions().into_iter().map(ident));
        quote!(self::#name(#(#dims,)* #(#given),*); #(#ends)*)
    }

    fn copied(&self, to: BufferId, from: BufferId) -> TokenStream {
        let (to, from) = (self.pass.variable(to), self.pass.slice(from));
        quote!(#to.copy_from_slice(#from);)
    }

    /// What a turn of a loop gets for one of its fields.
    fn memory_of(&self, turn: &Pass, field: &Field, whose: Whose, index: &Ident) -> TokenStream {
        let name = self.pass.variable(whose.buffer());
        let scalar = turn.is_scalar_argument(field.buffer);
        let reference = if field.mutable { quote!(&mut) } else { quote!(&) };
        match whose {
            Whose::Whole(outer) if scalar && self.pass.is_scalar_argument(outer) => quote!(#name),
            Whose::Whole(_) if scalar => quote!(#name[0]),
            Whose::Turn(_) if scalar => quote!(#name[#index]),
            Whose::Whole(_) => quote!(#reference #name[..]),
            Whose::Turn(_) => {
                let length = size(&Dim::product(&turn.program.buffer(field.buffer).shape));
                let start = Code::atom(index).infix("*", length.clone());
                quote!(#reference #name[#start..][..#length])
            }
        }
    }

    fn along(&self, moved: &Moved) -> TokenStream {
        let Moved { value, out, args, op, outer, inner, from, to } = moved;
        let all: Vec<TokenStream> = args.iter().map(|id| self.pass.slice(*id)).collect();
        let (out, x, docs) = (self.pass.variable(*out), &all[0], self.doc(*value));
        let (before, after, first, last) = (size(outer), size(inner), from[0].iter().map(size), to.iter().map(size));
        let call = match op {
            Along::Pad { start, step } => {
                let (start, step) = (size(start), Literal::i64_unsuffixed(*step));
                quote!(pad(#out, #x, [#before, #(#first,)* #(#last,)* #after], #start, #step))
            }
            Along::Concat => {
                let lengths = from.iter().map(|sizes| size(&(&sizes[0] * inner)));
                quote!(concat(#out, [#(#all),*], #before, [#(#lengths),*]))
            }
            Along::Gather => quote!(gather(#out, #(#all),*, [#before, #(#first,)* #after])),
            Along::Scatter => quote!(scatter(#out, #(#all),*, [#before, #(#last,)* #after])),
            Along::Overlap { stride, dilation } => {
                let [stride, dilation] = [stride, dilation].map(|n| Literal::i64_unsuffixed(*n));
                quote!(overlap(#out, #x, [#before, #(#first,)* #(#last,)* #after], #stride, #dilation))
            }
            Along::Cumulate { reverse: false } => quote!(cumsum(#out, #x, [#before, #(#first,)* #after])),
            Along::Cumulate { reverse: true } => quote!(cumsum_from_end(#out, #x, [#before, #(#first,)* #after])),
            Along::Extremum(Fold::Min) => quote!(argmin(#out, #x, [#before, #(#first,)* #after])),
            Along::Extremum(_) => quote!(argmax(#out, #x, [#before, #(#first,)* #after])),
            Along::Slice { .. } | Along::Windows { .. } => unreachable!("{op} is a view"),
        };
        quote!(#docs let #out = #call;)
    }

    pub fn loop_over(&self, inner: &Loop, turn: &Turn) -> TokenStream {
        let extent = match turn.is_part(inner.axis) {
            true => of_part(),
            false => size(&self.program().axes[inner.axis.0]).to_token_stream(),
        };
        let mut within = turn.clone();
        if inner.tiles {
            within.tile = Some(inner.axis);
            let moved = moved_in(self.pass, inner);
            let slices = self.tile_slices(inner, &moved, &mut within);
            let body = self.block(&inner.body, &within);
            let hands = moved.into_iter().map(|hand| self.hand(hand, turn));
            return quote!(for rows in tiles(#extent) { #slices #body #(#hands)* });
        }
        let index = ident(&self.pass.names.indices[turn.loops.len()]);
        let end = if turn.tile == Some(inner.axis) { of_tile() } else { extent };
        within.loops.push((inner.axis, index.clone()));
        let body = self.block(&inner.body, &within);
        quote!(for #index in 0..#end { #body })
    }

    /// Within a tile, variables are the slices of it.
    fn tile_slices(&self, tile: &Loop, moved: &[&Hand], within: &mut Turn) -> TokenStream {
        let mut code = TokenStream::new();
        let mut accesses = accesses(&Stmt::Loop(tile.clone()));
        accesses.sort_by_key(|(access, _)| access.buffer);
        for (access, mutable) in accesses {
            let Some(start) = access.place.row_start(tile.axis).filter(Affine::is_start) else { continue };
            within.rows.insert(access.buffer, start);
            let buffer = self.program().buffer(access.buffer);
            let name = self.pass.variable(access.buffer);
            code.extend(match (buffer.role, mutable) {
                _ if moved.iter().any(|hand| hand.param == access.buffer) => {
                    quote!(let #name = U::rows(&mut #name, rows.clone());)
                }
                (Role::Row { .. }, _) => {
                    let len = of_tile();
                    quote!(let #name = &mut #name[..#len];)
                }
                (_, true) => quote!(let #name = &mut #name[rows.clone()];),
                (_, false) => quote!(let #name = &#name[rows.clone()];),
            });
        }
        code
    }

    /// Binds rows for a statement about to come: for a loop that holds no other, and for the fold of a row.
    fn rows(&self, stmt: &Stmt, body: &[Stmt], turn: &mut Turn) -> TokenStream {
        let innermost = |l: &Loop| !l.tiles && !l.body.iter().any(|s| matches!(s, Stmt::Loop(_) | Stmt::Fold { .. }));
        let axis = match stmt {
            Stmt::Loop(inner) if innermost(inner) => inner.axis,
            Stmt::Loop(inner) if !turn.in_groups() => return self.groups(inner, body, turn),
            Stmt::Fold { axis, .. } => *axis,
            _ => return TokenStream::new(),
        };
        let mut code = TokenStream::new();
        for (access, mutable) in accesses(stmt) {
            if let Some(start) = access.place.row_start(axis).filter(|start| !start.is_start())
                && !turn.rows.contains_key(&access.buffer)
                && self.all_places(body, access.buffer, |place| is_along(place, &start))
            {
                code.extend(self.row(access.buffer, start, &self.program().axes[axis.0], mutable, turn));
            }
        }
        turn.several.clear();
        if let Stmt::Loop(_) = stmt {
            code.extend(self.several_rows(stmt, axis, turn));
        }
        code
    }

    /// `let z_row_2 = &z[i * 8 + 4..][..4];` for each row of a buffer that is only read.
    fn several_rows(&self, stmt: &Stmt, axis: Axis, turn: &mut Turn) -> TokenStream {
        let mut starts: Vec<(BufferId, Option<Affine>)> = Vec::new();
        let mut written: HashSet<usize> = HashSet::new();
        each_access(stmt, &mut |access, mutable| {
            let start = access.place.row_start(axis);
            if mutable {
                written.insert(self.program().buffer(access.buffer).slot);
            } else if !starts.contains(&(access.buffer, start.clone())) {
                starts.push((access.buffer, start));
            }
        });
        let untouched = |id: &BufferId| {
            !turn.rows.contains_key(id)
                && !written.contains(&self.program().buffer(*id).slot)
                && !self.pass.is_scalar_argument(*id)
        };
        let several = |id: &BufferId| starts.iter().filter(|(other, _)| other == id).count() > 1;
        let length = size(&self.program().axes[axis.0]);
        let mut code = TokenStream::new();
        for (id, start) in starts.iter().filter(|(id, _)| untouched(id) && several(id)) {
            let Some(start) = start else { continue };
            let number = turn.several.iter().filter(|(other, ..)| other == id).count() + 1;
            let (name, row, offset) =
                (self.pass.variable(*id), self.row_name(*id, number), self.index(*id, start, turn));
            code.extend(quote!(let #row = &#name[#offset..][..#length];));
            turn.several.push((*id, start.clone(), row));
        }
        code
    }

    /// A name that nothing else in the pass has.
    fn row_name(&self, id: BufferId, number: usize) -> Ident {
        let mut name = format!("{}_row", self.pass.names.buffers[id.0]);
        if number > 1 {
            name.push_str(&format!("_{number}"));
        }
        let taken = |name: &String| {
            self.pass.names.buffers.contains(name) || self.pass.names.values.values().any(|v| v == name)
        };
        while taken(&name) {
            name.push('_');
        }
        ident(&name)
    }

    /// Whether all places of a buffer that `body` touches are so.
    pub fn all_places(&self, body: &[Stmt], buffer: BufferId, is_so: impl Fn(&Affine) -> bool) -> bool {
        let mut all = true;
        body.iter()
            .for_each(|s| each_access(s, &mut |access, _| all &= access.buffer != buffer || is_so(&access.place)));
        all
    }

    /// `let hidden = &mut hidden[i * 13..][..13];`
    pub fn row(&self, id: BufferId, start: Affine, length: &Dim, mutable: bool, turn: &mut Turn) -> TokenStream {
        let (name, length) = (self.pass.variable(id), size(length));
        let offset = self.index(id, &start, turn);
        turn.rows.insert(id, start);
        match mutable {
            true => quote!(let #name = &mut #name[#offset..][..#length];),
            false => quote!(let #name = &#name[#offset..][..#length];),
        }
    }

    fn fold(&self, stmt: &Stmt, turn: &Turn) -> TokenStream {
        let Stmt::Fold { value, fold, from, axis, into, running } = stmt else { unreachable!("called for a fold") };
        let function = ident(match fold {
            Fold::Sum => "sum",
            Fold::Max => "max_of",
            Fold::Min => "min_of",
            Fold::Prod => "prod_of",
        });
        let (name, slice) = (self.pass.variable(from.buffer), self.pass.slice(from.buffer));
        let length = size(&self.program().axes[axis.0]);
        let bound = turn.rows.get(&from.buffer);
        let whole = from.place.is_start() || bound == Some(&from.place);
        let row = match whole {
            true if bound.is_some() => quote!(#name),
            true => slice,
            false => {
                let start = self.index(from.buffer, &from.place, turn);
                quote!(&#name[#start..][..#length])
            }
        };
        let few = self.extent(*axis).filter(|_| turn.in_groups());
        let code = match few {
            Some(few) => self.folded(*fold, from, few, turn),
            None => Code::atom(quote!(#function(#row))),
        };
        match (into, running) {
            (Some(to), true) => combine(*fold, self.place(to, turn), code),
            (Some(to), false) => {
                let place = self.place(to, turn);
                quote!(#place = #code;)
            }
            (None, true) => combine(*fold, Code::atom(self.value(*value)), code),
            (None, false) => {
                let (docs, name) = (self.doc(*value), self.value(*value));
                quote!(#docs let #name = #code;)
            }
        }
    }

    // --- expressions ---

    pub fn value(&self, id: Id) -> Ident {
        ident(self.pass.names.values.get(&id).expect("every bound value has a name"))
    }

    pub fn operand(&self, operand: &Operand, turn: &Turn) -> Code {
        match operand {
            Operand::Local(id) => match self.inlined.get(id) {
                Some(Stmt::Let { op, args, .. }) => self.expression(op, args, turn),
                _ => Code::atom(self.value(*id)),
            },
            Operand::Load(access) => self.place(access, turn),
            Operand::Const(c) => self.number(*c),
            Operand::Size(dim) => size(dim).cast(&self.pass.real),
            Operand::Position(axis) => self.variable_of(*axis, turn),
        }
    }

    fn variable_of(&self, axis: Axis, turn: &Turn) -> Code {
        let part = turn.is_part(axis).then(|| Code::atom(quote!(part.start)));
        let tile = (turn.tile == Some(axis)).then(|| Code::atom(quote!(rows.start)));
        let starts = part.into_iter().chain(tile).reduce(|a, b| a.infix("+", b));
        starts.into_iter().fold(self.variable_within(axis, turn), |index, start| start.infix("+", index))
    }

    /// The loop's variable, which counts from the start of a tile or a piece.
    fn variable_within(&self, axis: Axis, turn: &Turn) -> Code {
        let (_, index) = turn.loops.iter().find(|(a, _)| *a == axis).expect("a loop over the axis is around");
        Code::atom(index)
    }

    fn number(&self, value: f64) -> Code {
        let real = &self.pass.real;
        match value {
            v if v.is_nan() => Code::atom(quote!(#real::NAN)),
            v if v == f64::INFINITY => Code::atom(quote!(#real::INFINITY)),
            v if v == f64::NEG_INFINITY => Code::atom(quote!(#real::NEG_INFINITY)),
            v if v.is_sign_negative() => Code::prefix("-", Code::atom(Literal::f64_unsuffixed(-v))),
            v => Code::atom(Literal::f64_unsuffixed(v)),
        }
    }

    fn expression(&self, name: &str, args: &[Operand], turn: &Turn) -> Code {
        let op = op::find(name);
        let mut codes = args.iter().map(|a| self.operand(a, turn));
        match op.map(|op| op.emitted) {
            Some(Emitted::Infix(sign)) => {
                let first = codes.next().expect("two operands");
                first.infix(sign, codes.next().expect("two operands"))
            }
            Some(Emitted::Prefix(sign)) => Code::prefix(sign, codes.next().expect("an operand")),
            Some(Emitted::Function(function)) => {
                let whole = op.is_some_and(|op| op.last == op::Last::Whole);
                let mut codes: Vec<TokenStream> = codes.map(|c| c.to_token_stream()).collect();
                if let (true, Some(Operand::Const(n)), Some(last)) = (whole, args.last(), codes.last_mut()) {
                    *last = Literal::i32_unsuffixed(*n as i32).to_token_stream();
                }
                let function = ident(function);
                Code::atom(quote!(#function(#(#codes),*)))
            }
            Some(Emitted::Not) | None => codes.next().expect("a copy has an operand"),
        }
    }

    /// An element of a buffer, to read or to write.
    pub fn place(&self, access: &Access, turn: &Turn) -> Code {
        let name = self.pass.variable(access.buffer);
        if self.pass.is_scalar_argument(access.buffer) {
            return Code::atom(name);
        }
        let row = turn.several.iter().find(|(id, start, _)| *id == access.buffer && is_along(&access.place, start));
        if let Some((_, start, row)) = row {
            let index = self.along_row(access, start, turn).to_token_stream();
            return Code::atom(quote!(#row[#index]));
        }
        let index = match turn.rows.get(&access.buffer) {
            Some(start) => self.along_row(access, start, turn).to_token_stream(),
            None => self.index(access.buffer, &access.place, turn).to_token_stream(),
        };
        Code::atom(quote!(#name[#index]))
    }

    fn along_row(&self, access: &Access, start: &Affine, turn: &Turn) -> Code {
        let strides = access.place.strides.iter().filter(|term| !start.strides.contains(term)).cloned().collect();
        let place = Affine { offset: &access.place.offset - &start.offset, strides };
        match place.strides.as_slice() {
            // Within a tile, the loop's variable counts from the start of the tile, as the slices do.
            [(axis, stride)] if stride.is_one() && place.offset == Dim::number(0) => {
                let index = turn.loops.iter().find(|(a, _)| a == axis);
                Code::atom(&index.expect("a loop along the row is around").1)
            }
            _ => self.index(access.buffer, &place, turn),
        }
    }

    /// What goes backwards comes last, so that no partial sum falls below zero.
    fn index(&self, id: BufferId, place: &Affine, turn: &Turn) -> Code {
        let term = |axis: Axis, stride: &Dim| {
            let within = turn.is_cut(id) && turn.is_part(axis);
            let index = if within { self.variable_within(axis, turn) } else { self.variable_of(axis, turn) };
            if stride.is_one() { index } else { index.infix("*", size(stride)) }
        };
        let (back, on): (Vec<_>, Vec<_>) = place.strides.iter().partition(|(_, s)| s.is_negative());
        let offset = Some(size(&place.offset)).filter(|_| place.offset != Dim::number(0));
        let sum = on.into_iter().map(|(axis, s)| term(*axis, s)).chain(offset).reduce(|a, b| a.infix("+", b));
        let sum = sum.unwrap_or_else(|| Code::atom(Literal::usize_unsuffixed(0)));
        back.into_iter().fold(sum, |sum, (axis, s)| sum.infix("-", term(*axis, &(&Dim::number(0) - s))))
    }

    fn neutral(&self, fold: Fold) -> Code {
        self.number(match fold {
            Fold::Sum => 0.0,
            Fold::Prod => 1.0,
            Fold::Max => f64::NEG_INFINITY,
            Fold::Min => f64::INFINITY,
        })
    }

    /// The mathematics of a value and the rule that it comes from.
    fn doc(&self, id: Id) -> TokenStream {
        let node = self.pass.graph.node(id);
        let name = |id: Id| self.shown(id);
        let formula = math::formula(self.pass.graph, id, &name);
        let own = self.shown(id).or_else(|| node.note.name.as_deref().map(str::to_string));
        let equation = own.filter(|n| *n != formula).map_or(formula.clone(), |n| format!("{n} = {formula}"));
        docs(std::iter::once(equation.as_str()).chain(node.note.rule.as_deref()))
    }

    /// The name under which a reader finds a value: its buffer's, or its variable's.
    fn shown(&self, id: Id) -> Option<String> {
        match self.memory.get(&id) {
            // The memory of a result goes by the result's name from the start; the value keeps its own.
            Some(&index) => Some(match &self.program().buffers[index] {
                buffer if buffer.role == Role::Scratch && !buffer.name.is_empty() => buffer.name.clone(),
                _ => self.pass.names.buffers[index].clone(),
            }),
            None if self.inlined.contains_key(&id) => None,
            None => self.pass.names.values.get(&id).cloned(),
        }
    }
}

/// Whether a place moves along the row that starts there.
fn is_along(place: &Affine, start: &Affine) -> bool {
    let rest: Vec<_> = place.strides.iter().filter(|term| !start.strides.contains(term)).collect();
    let unit = matches!(rest.as_slice(), [(_, stride)] if stride.is_one());
    unit && place.strides.len() == start.strides.len() + 1 && place.offset == start.offset
}

fn combine(fold: Fold, place: Code, value: Code) -> TokenStream {
    match fold {
        Fold::Sum => quote!(#place += #value;),
        Fold::Prod => quote!(#place *= #value;),
        Fold::Max => quote!(#place = max(#place, #value);),
        Fold::Min => quote!(#place = min(#place, #value);),
    }
}

/// The length of a tile. That of `rows.len()` is a difference that saturates, in which LLVM does not recognise the length of
/// the slice of `rows`: a loop to there would check its bounds.
fn of_tile() -> TokenStream {
    quote!(rows.end - rows.start)
}

//! A program as Rust: a function over the slices that a pass works on, statement by statement.

use super::access::accesses;
use super::code::{Code, docs, ident, size};
use super::rows::Rows;
use super::share::{Shared, shared};
use super::surface::{blank, length};
use super::turn::Turn;
use super::update::{Hand, Updates};
use super::write::Writer;
use crate::ir::dim::Dim;
use crate::ir::graph::{Dtype, Graph, Id};
use crate::ir::program::{Access, BufferId, Operand, Program, Role, Stmt, Turns};
use crate::name::Names;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The most operations that are written into the expression that uses them, instead of having a line of their own.
const INLINED: usize = 3;

/// What is emitted for one program, and what its caller must bring.
pub struct Pass<'a> {
    pub name: Ident,
    pub graph: &'a Graph,
    pub program: &'a Program,
    pub names: &'a Names,
    pub real: Ident,
    /// Names that the user gave: these values are never written into another's expression.
    pub users: &'a HashSet<String>,
    /// For a step alone: the parameters that it hands over.
    pub updates: Option<&'a Updates>,
    /// Whether its long loops are shared: not those of what is itself a turn of a loop.
    pub shares: bool,
}

/// A slice or a scalar that the caller of a pass hands in.
pub struct Field {
    pub buffer: BufferId,
    pub name: Ident,
    pub mutable: bool,
}

impl Pass<'_> {
    /// The slices and scalars that come in: arguments that are read, then one for each piece of memory.
    pub fn fields(&self) -> Vec<Field> {
        let touched = self.touched();
        let mut slots = HashSet::new();
        let buffers = (0..self.program.buffers.len()).map(BufferId).filter(|b| touched.contains(b));
        let fields = buffers.filter_map(|id| {
            let buffer = self.program.buffer(id);
            let mutable = !matches!(buffer.role, Role::Argument(_));
            let once = !mutable || slots.insert(buffer.slot);
            (once && !buffer.is_local_array()).then(|| Field { buffer: id, name: self.variable(id), mutable })
        });
        let mut fields: Vec<Field> = fields.collect();
        let owners = self.slot_owners();
        for field in fields.iter_mut().filter(|f| f.mutable) {
            let owner = owners.get(&self.program.buffer(field.buffer).slot).copied();
            field.name = self.variable(owner.unwrap_or(field.buffer));
        }
        fields
    }

    /// The buffer that names each piece of memory: the one that is written first.
    fn slot_owners(&self) -> HashMap<usize, BufferId> {
        let mut owners = HashMap::new();
        let mut note = |id: BufferId| _ = owners.entry(self.program.buffer(id).slot).or_insert(id);
        self.program.body.iter().for_each(|s| s.walk(&mut |s| written(s).into_iter().for_each(&mut note)));
        owners
    }

    /// The dimension names that the pass needs.
    pub fn dimensions(&self) -> BTreeSet<&str> {
        let program = self.program;
        let mut dims: BTreeSet<&str> =
            self.touched().iter().flat_map(|b| names_of(&program.buffer(*b).shape)).collect();
        let mut sizes = |operand: &'_ Operand| {
            if let Operand::Size(dim) = operand {
                dims.extend(dim.names().into_iter().filter_map(|n| self.known(n)));
            }
        };
        program.body.iter().for_each(|s| s.walk(&mut |s| s.operands().into_iter().for_each(&mut sizes)));
        program.results.iter().flat_map(|(_, r)| r).for_each(&mut sizes);
        let mut axes = Vec::new();
        program.body.iter().for_each(|s| {
            s.walk(&mut |s| match s {
                Stmt::Loop(l) => axes.push(l.axis),
                Stmt::Fold { axis, .. } => axes.push(*axis),
                _ => {}
            })
        });
        dims.extend(axes.into_iter().flat_map(|a| program.axes[a.0].names()));
        for turns in self.loops() {
            dims.extend(turns.count.names());
            dims.extend(loop_dimensions(&turns.program));
        }
        dims
    }

    fn known(&self, name: &str) -> Option<&str> {
        let shapes = self.program.buffers.iter().flat_map(|b| names_of(&b.shape));
        shapes.chain(self.program.axes.iter().flat_map(Dim::names)).find(|n| *n == name)
    }

    fn touched(&self) -> BTreeSet<BufferId> {
        let scalars = self.program.results.iter().filter_map(|(_, r)| r.as_ref().filter(|r| self.is_scalar_result(r)));
        let mut all: BTreeSet<BufferId> = scalars.filter_map(Operand::access).map(|access| access.buffer).collect();
        self.program.body.iter().for_each(|s| s.walk(&mut |s| all.extend(s.touched().into_iter().map(|(id, _)| id))));
        all
    }

    fn is_scalar_result(&self, operand: &Operand) -> bool {
        match operand {
            Operand::Load(access) => self.program.buffer(access.buffer).shape.is_empty(),
            _ => true,
        }
    }

    /// The scalar results, in order: what `run` returns.
    pub fn scalar_results(&self) -> Vec<usize> {
        let results = self.program.results.iter().enumerate();
        results.filter(|(_, (_, r))| r.as_ref().is_some_and(|r| self.is_scalar_result(r))).map(|(k, _)| k).collect()
    }

    pub fn variable(&self, id: BufferId) -> Ident {
        ident(&self.names.buffers[id.0])
    }

    /// The parameters that the pass hands over, once their gradients are final.
    pub fn hands(&self) -> impl Iterator<Item = &Hand> {
        self.updates.into_iter().flat_map(|updates| &updates.hands)
    }

    /// Whether it is one of those parameters.
    pub fn is_held(&self, id: BufferId) -> bool {
        self.hands().any(|hand| hand.param == id)
    }

    /// A buffer that is read as a whole.
    pub fn slice(&self, id: BufferId) -> TokenStream {
        let name = self.variable(id);
        match (self.is_held(id), self.is_scalar_argument(id)) {
            (true, _) => quote!(&#name),
            (_, true) => quote!(&[#name]),
            (false, false) => quote!(#name),
        }
    }

    pub fn is_scalar_argument(&self, id: BufferId) -> bool {
        let buffer = self.program.buffer(id);
        buffer.shape.is_empty() && matches!(buffer.role, Role::Argument(_))
    }

    pub fn element(&self, dtype: Dtype) -> Ident {
        match dtype {
            Dtype::Real => self.real.clone(),
            Dtype::Index => ident("usize"),
            Dtype::Mask => ident("bool"),
            Dtype::Seed => ident("u64"),
        }
    }

    // --- the items ---

    /// A function over slices. Of arguments LLVM knows, as it doesn't of what a record or a closure holds, that no slice overlaps
    /// with one that is written, and vectorises what it could not otherwise.
    pub fn items(&self, doc: &str) -> TokenStream {
        let name = &self.name;
        let dims = self.dimensions().into_iter().map(ident);
        let fields = self.fields();
        let given = fields.iter().map(|field| {
            let moves_in_parts = self.hands().any(|hand| hand.in_tiles && hand.param == field.buffer);
            let (mutable, declared) = (moves_in_parts.then(|| quote!(mut)), self.declared(field));
            quote!(#mutable #declared)
        });
        let output = self.output_type();
        let returns = (!self.scalar_results().is_empty()).then(|| quote!(-> #output));
        let looped = self.looped_whole();
        let lengths = fields.iter().filter_map(|f| self.length(f, &looped));
        let shared = shared(self);
        let rows = self.local_arrays(&shared);
        let update = self.updates.map(|updates| &updates.name);
        let moves = shared.values().any(|shared| !shared.moved.is_empty());
        let together = update.filter(|_| moves).map(|name| quote!(let #name = together(#name);));
        let body = Writer { shared, ..Writer::new(self, self.inlined()) }.body();
        let result = self.result();
        let docs = docs([doc]);
        let (part, real) = (self.rows().map(|rows| rows.item()), &self.real);
        let apart = part.as_ref().map(|_| quote!(apart: &mut Vec<#real>,));
        let held = fields.iter().any(|f| self.is_held(f.buffer)).then(|| quote!('a,));
        let hears = update.map(|_| quote!(<#held U: Update<#real>>));
        let update = update.map(|name| quote!(mut #name: U,));
        let loops: TokenStream = self.loops().map(|turns| self.turn(turns).items(&self.turn_doc(turns))).collect();
        quote! {
            #docs
            #[inline(always)]
            fn #name #hears(#(#dims: usize,)* #(#given,)* #apart #update) #returns {
                #(#lengths)*
                #(#rows)*
                #together
                #body
                #result
            }

            #part

            #loops
        }
    }

    fn loops(&self) -> impl Iterator<Item = &Turns> {
        self.program.body.iter().filter_map(|stmt| match stmt {
            Stmt::Turns(turns) => Some(turns),
            _ => None,
        })
    }

    /// The loop over tiles of rows, if there is one.
    pub fn rows(&self) -> Option<Rows<'_>> {
        self.loops().find_map(|turns| Some(Rows { pass: self, turns, tile: turns.tile.as_ref()? }))
    }

    /// One turn of a loop, which is a pass of its own.
    pub fn turn<'t>(&'t self, turns: &'t Turns) -> Pass<'t> {
        let number = self.loops().position(|t| t.value == turns.value).map_or(0, |k| k + 1);
        let number = if self.loops().count() > 1 { number.to_string() } else { String::new() };
        Pass {
            name: ident(&format!("{}_turn{number}", self.kind())),
            graph: &turns.graph,
            program: &turns.program,
            names: &self.names.loops[&turns.value],
            real: self.real.clone(),
            users: self.users,
            updates: None,
            shares: false,
        }
    }

    /// The name without what says that it is a whole pass: those of its parts begin with it.
    pub fn kind(&self) -> String {
        let name = self.name.to_string();
        name.strip_suffix("_pass").unwrap_or(&name).to_string()
    }

    fn turn_doc(&self, turns: &Turns) -> String {
        let order = if turns.reverse { ", from the last to the first" } else { "" };
        format!("One of the {} turns of a loop in `{}`{order}.", turns.count, self.name)
    }

    fn declared(&self, field: &Field) -> TokenStream {
        let buffer = self.program.buffer(field.buffer);
        let (name, element) = (&field.name, self.element(buffer.dtype));
        let kind = match (field.mutable, self.is_scalar_argument(field.buffer)) {
            (_, true) => quote!(#element),
            (false, false) if self.is_held(field.buffer) => quote!(U::Param<'a>),
            (false, false) => quote!(&[#element]),
            (true, false) => quote!(&mut [#element]),
        };
        quote!(#name: #kind)
    }

    /// `let x = &x[..N * 13];`: once the compiler knows a slice's length, loops over it need no further checks.
    fn length(&self, field: &Field, looped: &HashSet<usize>) -> Option<TokenStream> {
        if self.is_scalar_argument(field.buffer) || !looped.contains(&self.program.buffer(field.buffer).slot) {
            return None;
        }
        let (name, length) = (&field.name, size(&Dim::product(&self.program.buffer(field.buffer).shape)));
        Some(match (field.mutable, self.is_held(field.buffer)) {
            (_, true) => quote!(let #name = U::cut(#name, #length);),
            (true, false) => quote!(let #name = &mut #name[..#length];),
            (false, false) => quote!(let #name = &#name[..#length];),
        })
    }

    /// The memory that a loop walks as it comes in: not row by row, not in tiles, not only in products.
    fn looped_whole(&self) -> HashSet<usize> {
        let loops = self.program.body.iter().filter(|s| matches!(s, Stmt::Loop(l) if !l.tiles));
        let whole = |(access, _): &(Access, bool)| {
            let [(_, stride)] = access.place.strides.as_slice() else { return None };
            stride.is_one().then(|| self.program.buffer(access.buffer).slot)
        };
        loops.flat_map(|s| accesses(s).iter().filter_map(whole).collect::<Vec<_>>()).collect()
    }

    /// Rows of constant length live in the pass itself.
    fn local_arrays(&self, shared: &HashMap<usize, Shared>) -> Vec<TokenStream> {
        let of_tiles = self.rows().map(|rows| rows.local_arrays()).unwrap_or_default();
        let in_loops: HashSet<BufferId> = shared.values().flat_map(|shared| shared.local.iter().copied()).collect();
        let touched = self.touched().into_iter().filter(|b| !of_tiles.contains(b) && !in_loops.contains(b));
        let rows = touched.filter(|b| self.program.buffer(*b).is_local_array());
        rows.map(|id| self.local_array(id)).collect()
    }

    /// `let squares = &mut [0.0; TILE];`
    pub fn local_array(&self, id: BufferId) -> TokenStream {
        let buffer = self.program.buffer(id);
        let (name, zero, length) = (self.variable(id), blank(buffer.dtype), length(&buffer.shape));
        match buffer.role {
            Role::Row { tile: true } => quote!(let #name = &mut [#zero; TILE];),
            _ => quote!(let #name = &mut [#zero; #length];),
        }
    }

    fn output_type(&self) -> TokenStream {
        let kinds: Vec<Ident> = self.scalar_results().into_iter().map(|k| self.element(self.dtype_of(k))).collect();
        match kinds.as_slice() {
            [one] => quote!(#one),
            all => quote!((#(#all),*)),
        }
    }

    /// The kind of a result.
    fn dtype_of(&self, result: usize) -> Dtype {
        match &self.program.results[result].1 {
            Some(Operand::Load(access)) => self.program.buffer(access.buffer).dtype,
            Some(Operand::Local(id)) => self.graph.node(*id).dtype,
            _ => Dtype::Real,
        }
    }

    fn result(&self) -> TokenStream {
        let writer = Writer::new(self, HashMap::new());
        let values: Vec<Code> = self
            .scalar_results()
            .into_iter()
            .map(|k| writer.operand(self.program.results[k].1.as_ref().expect("a scalar result"), &Turn::default()))
            .collect();
        match values.as_slice() {
            [] => quote!(),
            [one] => one.to_token_stream(),
            all => quote!((#(#all),*)),
        }
    }

    /// The values that are written into the one expression that uses them.
    fn inlined(&self) -> HashMap<Id, Stmt> {
        let mut uses: HashMap<Id, usize> = HashMap::new();
        let mut add = |operand: &Operand, n: usize| {
            if let Operand::Local(id) = operand {
                *uses.entry(*id).or_default() += n;
            }
        };
        self.program.body.iter().for_each(|s| {
            s.walk(&mut |s| {
                s.operands().into_iter().for_each(|o| add(o, if matches!(s, Stmt::Let { .. }) { 1 } else { 2 }))
            });
        });
        self.program.results.iter().flat_map(|(_, r)| r).for_each(|r| add(r, 2));
        let mut inlined: HashMap<Id, Stmt> = HashMap::new();
        let mut weights: HashMap<Id, usize> = HashMap::new();
        self.program.body.iter().for_each(|s| {
            inline_within(std::slice::from_ref(s), &mut |stmt, after| {
                let Stmt::Let { value, args, .. } = stmt else { return };
                let inner =
                    |o: &Operand| if let Operand::Local(id) = o { weights.get(id).copied().unwrap_or(0) } else { 0 };
                let weight = 1 + args.iter().map(inner).sum::<usize>();
                let near =
                    after.iter().any(|s| matches!(s, Stmt::Let { args, .. } if args.contains(&Operand::Local(*value))));
                let named = self.graph.node(*value).note.name.as_ref().is_some_and(|n| self.users.contains(&**n));
                if uses.get(value) == Some(&1) && near && !named && weight <= INLINED {
                    weights.insert(*value, weight);
                    inlined.insert(*value, stmt.clone());
                }
            })
        });
        inlined
    }
}

/// Calls `visit` for each statement of each body, with the statements after it in the same body.
fn inline_within<'a>(body: &'a [Stmt], visit: &mut impl FnMut(&'a Stmt, &'a [Stmt])) {
    for (k, stmt) in body.iter().enumerate() {
        visit(stmt, &body[k + 1..]);
        if let Stmt::Loop(inner) = stmt {
            inline_within(&inner.body, visit);
        }
    }
}

/// The dimension names in a loop's program.
fn loop_dimensions(program: &Program) -> BTreeSet<&str> {
    let own = program.buffers.iter().flat_map(|b| names_of(&b.shape)).chain(program.axes.iter().flat_map(Dim::names));
    let mut dims: BTreeSet<&str> = own.collect();
    for stmt in &program.body {
        if let Stmt::Turns(turns) = stmt {
            dims.extend(turns.count.names());
            dims.extend(loop_dimensions(&turns.program));
        }
    }
    dims
}

fn names_of(shape: &[Dim]) -> impl Iterator<Item = &str> {
    shape.iter().flat_map(Dim::names)
}

pub fn written(stmt: &Stmt) -> Vec<BufferId> {
    match stmt {
        Stmt::Product(p) => vec![p.out],
        Stmt::Along(moved) => vec![moved.out],
        Stmt::Turns(turns) => turns.written().collect(),
        Stmt::Fill { buffer, .. } => vec![*buffer],
        Stmt::Store { to, .. } | Stmt::Accumulate { to, .. } => vec![to.buffer],
        Stmt::Fold { into, .. } => into.iter().map(|a| a.buffer).collect(),
        _ => Vec::new(),
    }
}

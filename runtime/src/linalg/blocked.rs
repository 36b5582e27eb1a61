//! Large products: blocks of the operands that stay in the caches, packed where that pays, and tiles of sums over them
//! (the scheme of Goto and van de Geijn, and of BLIS).
//!
//! ```text
//! for each block of columns of b            its panels stay in the second-level cache
//!   for each stretch of k                   sums over it stay in registers
//!     pack the panels of b, or not
//!     for each tile's rows of a             they stay in the first-level cache; packed, or not
//!       for each panel of b                 a tile of sums: `kernel`
//! ```
//!
//! Neither what is packed nor how tiles are cut changes a bit.
//!
//! Packing costs a copy, and pays where a panel is read often enough that its copy comes from a nearer cache than it
//! would itself. As measured (`benches/products.rs`), that is for `b` from [`REREAD`] rows on, if its own rows are
//! [`APART`], and for `a` where its rows fall on the same few sets of the first-level cache.

use super::Product;
use super::kernel::{Tile, breadth, height, tile, widest};
use super::pack::Panel;
use super::scratch::Scratch;
use crate::math::Real;
use crate::simd::{Lanes, cheap_masks};
use pulp::Simd;
use std::marker::PhantomData;
use std::ops::Range;

/// The longest stretch of `k`: twelve rows of that length are 24 KiB of `f32`.
const STRETCH: usize = 512;

/// The bytes of the panels that are used together: they, and what streams by, fit into a mebibyte.
const BLOCK: usize = 640 << 10;

/// From this many rows on, each of which reads all of `b`, packing it may pay.
const REREAD: usize = 192;

/// From this many bytes on between the rows of `b`, a panel of them is no stream that a processor fetches ahead.
const APART: usize = 1024;

/// A multiple of this many bytes between rows puts them into the same sets of a first-level cache.
const ALIASING: usize = 4096;

/// From this many panels on, the rows of a tile are read often enough for packing to pay.
const PANELS: usize = 5;

/// Some columns and rows of a product. All others may be made at the same time, by other threads.
pub struct Blocked<'a, T> {
    whole: &'a Whole<'a, T>,
    part: Part,
    scratch: &'a mut Scratch<T>,
}

/// From, and to, which row and column.
#[derive(Clone)]
pub struct Part {
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

with_simd!(Blocked: f32 f64);

/// A product whose slices have its dimensions.
pub struct Whole<'a, T> {
    out: *mut T,
    a: Operand<T>,
    b: Operand<T>,
    pub dims: [usize; 3],
    add: bool,
    borrowed: PhantomData<Product<'a, T>>,
}

// SAFETY: `a` and `b` are borrowed for reading. Who runs a part writes to that part of `out` alone, which is borrowed
// for writing; that no two parts at a time overlap is the promise of `Blocked::new`.
unsafe impl<T: Sync> Sync for Whole<'_, T> {}

impl<'a, T: Real> Whole<'a, T> {
    pub fn new(Product { out, a, b, dims: [m, k, n], flags: [ta, tb], add }: Product<'a, T>) -> Self {
        assert!(out.len() == m * n && a.len() == m * k && b.len() == k * n && k > 0);
        let a = Operand { first: a.as_ptr(), strides: if ta { [1, m] } else { [k, 1] } };
        let b = Operand { first: b.as_ptr(), strides: if tb { [k, 1] } else { [1, n] } };
        Self { out: out.as_mut_ptr(), a, b, dims: [m, k, n], add, borrowed: PhantomData }
    }

    pub fn all(&self) -> Part {
        Part { rows: 0..self.dims[0], columns: 0..self.dims[2] }
    }
}

impl<'a, T: Real> Blocked<'a, T> {
    /// # Safety
    /// While it runs, no other part of `whole` that overlaps with `part` does.
    pub unsafe fn new(whole: &'a Whole<'a, T>, part: Part, scratch: &'a mut Scratch<T>) -> Self {
        assert!(part.rows.end <= whole.dims[0] && part.columns.end <= whole.dims[2]);
        Self { whole, part, scratch }
    }
}

/// An operand by its first element, and the strides from row to row of `a`, or column to column of `b`, and along `k`.
#[derive(Clone, Copy)]
struct Operand<T> {
    first: *const T,
    strides: [usize; 2],
}

impl<T: Real> Operand<T> {
    fn at(self, i: usize, p: usize) -> *const T {
        self.first.wrapping_add(i * self.strides[0] + p * self.strides[1])
    }

    /// What is left of it from its row, or column, `i` on.
    fn after(self, i: usize) -> Self {
        Self { first: self.at(i, 0), strides: self.strides }
    }

    /// The bytes between its rows as they lie in memory.
    fn apart(self) -> usize {
        self.strides[0].max(self.strides[1]) * size_of::<T>()
    }
}

/// How a part of a product is cut.
struct Plan<T> {
    a: Operand<T>,
    b: Operand<T>,
    /// From row to row of the result.
    stride: usize,
    /// Of the part.
    dims: [usize; 3],
    /// The most rows, and columns, of a tile.
    tile: [usize; 2],
    /// Of `k`, and the columns of a block.
    stretch: usize,
    block: usize,
    pack: [bool; 2],
}

/// Where the panels of a block of `b` are.
#[derive(Clone, Copy)]
struct Panels<T> {
    first: *const T,
    /// From column to column of panels.
    column: usize,
    /// From product to product; packed panels have no more than their columns, or a whole vector.
    stride: Option<usize>,
    /// Whether columns that fill no vector end there, with no zeros after them.
    exact: bool,
}

/// `len` in as few parts as are no longer than `longest`, nearly equal multiples of `unit`.
fn part(len: usize, longest: usize, unit: usize) -> usize {
    let parts = len.div_ceil(longest);
    len.div_ceil(parts).next_multiple_of(unit)
}

impl<T: Real> Plan<T> {
    fn new<S: Simd>(whole: &Whole<T>, Part { rows, columns }: &Part) -> Self
    where
        T: Lanes<S>,
    {
        let [m, k, n] = [rows.len(), whole.dims[1], columns.len()];
        let [a, b] = [whole.a.after(rows.start), whole.b.after(columns.start)];
        let tile = widest::<S, T>(m);
        let stretch = part(k, STRETCH, 1);
        let block = part(n, (BLOCK / size_of::<T>() / stretch).max(tile[1]), tile[1]);
        let (a_across, b_across) = (a.strides[1] != 1, b.strides[0] != 1);
        let aliased = a.apart().is_multiple_of(ALIASING) || (a_across && a.apart() > ALIASING);
        let pack_a = n > PANELS * tile[1] && aliased;
        let pack_b = b_across || (m >= REREAD && b.apart() >= APART);
        Self { a, b, stride: whole.dims[2], dims: [m, k, n], tile, stretch, block, pack: [pack_a, pack_b] }
    }

    /// The elements that packed rows and panels take.
    fn space(&self) -> [usize; 2] {
        [self.tile[0] * self.stretch, self.block * self.stretch]
    }

    /// Packs what is to be packed of the block from column `j` and product `p` on.
    ///
    /// # Safety
    /// Its elements are to be read, and `packed` to be written for the second of [`Self::space`].
    #[inline(always)]
    unsafe fn panels<S: Simd>(&self, packed: *mut T, [j, p]: [usize; 2], [columns, len]: [usize; 2]) -> Panels<T>
    where
        T: Lanes<S>,
    {
        let exact = cheap_masks::<S>() || columns >= T::LANES;
        if !self.pack[1] && exact {
            return Panels { first: self.b.at(j, p), column: 1, stride: Some(self.b.strides[1]), exact };
        }
        let mut c = 0;
        while c < columns {
            let panel = breadth(columns - c, self.tile[1], T::LANES);
            let width = if exact { panel } else { T::LANES };
            let panel = Panel { src: self.b.at(j + c, p), strides: self.b.strides, panel, width, len };
            // SAFETY: a panel of the block, and its place, of at most `block` columns and `stretch` products.
            unsafe { panel.pack(packed.add(c * len)) };
            c += width;
        }
        Panels { first: packed, column: len, stride: None, exact }
    }

    /// The rows of a tile from row `i` and product `p` on, packed or as they are, and their strides.
    ///
    /// # Safety
    /// The rows are to be read, and `packed` to be written for the first of [`Self::space`].
    #[inline(always)]
    unsafe fn rows(&self, packed: *mut T, [i, p]: [usize; 2], [rows, len]: [usize; 2]) -> (*const T, [usize; 2]) {
        let (src, strides) = (self.a.at(i, p), self.a.strides);
        if !self.pack[0] {
            return (src, strides);
        }
        // SAFETY: `rows` and `len` are at most what `space` is for.
        unsafe { Panel { src, strides, panel: rows, width: rows, len }.pack(packed) };
        (packed, [1, rows])
    }
}

impl<T: Real> Blocked<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S)
    where
        T: Lanes<S>,
    {
        let Self { whole, part, scratch } = self;
        let plan = Plan::new::<S>(whole, &part);
        let [_, k, n] = plan.dims;
        let packed = scratch.split(plan.space());
        let out = whole.out.wrapping_add(part.rows.start * plan.stride + part.columns.start);
        for j in (0..n).step_by(plan.block) {
            for p in (0..k).step_by(plan.stretch) {
                // SAFETY: `a`, `b` and `out` hold all elements of the part, as `Whole::new` and `Blocked::new` have
                // checked; `packed` is as large as `plan` wants, and nobody else writes to the part.
                unsafe { block(simd, &plan, packed, out, [j, p], whole.add || p > 0) };
            }
        }
    }
}

/// All rows of a block of columns from `j` on, summed over a stretch from `p` on.
///
/// # Safety
/// The operands of `plan` have its dimensions, `packed` has its space, and `out` is to be written by nobody else.
#[inline(always)]
unsafe fn block<S: Simd, T: Lanes<S>>(
    simd: S,
    plan: &Plan<T>,
    packed: [*mut T; 2],
    out: *mut T,
    [j, p]: [usize; 2],
    add: bool,
) {
    let [m, k, n] = plan.dims;
    let (columns, len) = (plan.block.min(n - j), plan.stretch.min(k - p));
    // SAFETY: the caller's promise, as in all below; `rows`, `columns` and `len` end where the operands do.
    let panels = unsafe { plan.panels::<S>(packed[1], [j, p], [columns, len]) };
    let mut i = 0;
    while i < m {
        let rows = height(m - i, plan.tile[0]);
        // SAFETY: as above.
        let (a, a_strides) = unsafe { plan.rows(packed[0], [i, p], [rows, len]) };
        let mut c = 0;
        while c < columns {
            let breadth = breadth(columns - c, plan.tile[1], T::LANES);
            let tile = Tile {
                tiles: 1,
                a,
                a_strides,
                b: panels.first.wrapping_add(c * panels.column),
                b_stride: panels.stride.unwrap_or(if panels.exact { breadth } else { T::LANES }),
                len,
                out: out.wrapping_add(i * plan.stride + j + c),
                out_stride: plan.stride,
                columns: breadth,
                exact: panels.exact,
                add,
                far: true,
            };
            // SAFETY: as above; a panel is padded to a vector, or `exact`.
            unsafe { self::tile(simd, rows, &tile) };
            c += breadth;
        }
        i += rows;
    }
}

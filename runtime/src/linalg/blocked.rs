//! Large products: blocks of the operands that stay in the caches, packed where that pays, and tiles of sums over them
//! (the scheme of Goto and van de Geijn, and of BLIS).
//!
//! ```text
//! for each stretch of k                     sums over it stay in registers
//!   for each band of rows of a              pack them, or not
//!     for each block of columns of b        its panels stay in the second-level cache
//!       pack the panels, or not
//!       for each tile's rows of a           they stay in the first-level cache
//!         for each panel of b               a tile of sums: `kernel`
//! ```
//!
//! Neither what is packed nor how tiles are cut changes a bit.
//!
//! Packing costs a copy, and pays where a panel is read often enough that its copy comes from a nearer cache than it
//! would itself. As measured (`benches/products.rs`), that is for `b` from [`REREAD`] rows on, and for `a` from [`PANELS`]
//! panels on, if what is read together lies [`APART`], or falls on the same few sets of the first-level cache.

use super::Product;
use super::kernel::{Tile, breadth, height, tile, widest};
use super::pack;
use super::scratch::Scratch;
use crate::math::Real;
use crate::simd::{Lanes, cheap_masks};
use pulp::Simd;
use std::marker::PhantomData;
use std::ops::Range;

/// The longest stretch of `k`: twelve rows of that length are 24 KiB of `f32`.
const STRETCH: usize = 512;

/// The bytes of the panels that are used together: they, and what streams by, fit into half a mebibyte.
const BLOCK: usize = 320 << 10;

/// From this many rows on, each of which reads all of `b`, packing it may pay.
const REREAD: usize = 32;

/// From this many bytes on between what one product after another reads, that is no stream that a processor fetches ahead,
/// and falls on few sets of the first-level cache.
const APART: usize = 1024;

/// A multiple of this many bytes between rows puts them into the same sets of a first-level cache.
const ALIASING: usize = 4096;

/// So many rows find room in one set of any first-level cache, with what streams by.
const WAYS: usize = 6;

/// The most rows of `a` that are packed at a time: 2 MiB of `f32`, which a third-level cache holds.
const BAND: usize = 1020;

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
    /// Of `k`, the rows of a band, and the columns of a block.
    stretch: usize,
    band: usize,
    block: usize,
    pack: [bool; 2],
}

/// Where the rows of a band of `a` are.
#[derive(Clone, Copy)]
struct Rows<T> {
    first: *const T,
    /// From row to row of tiles.
    row: usize,
    /// From row to row, and from product to product; packed rows lie product by product.
    strides: Option<[usize; 2]>,
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

/// The extent of the panel that begins at `start`, and how many of the same follow one another from there until `end`.
#[inline(always)]
fn alike(extent: impl Fn(usize) -> usize, [start, end]: [usize; 2]) -> [usize; 2] {
    let first = extent(start);
    let mut count = 1;
    while start + count * first < end && extent(start + count * first) == first {
        count += 1;
    }
    [first, count]
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
        let scattered = match a_across {
            true => a.apart() >= APART,
            false => a.apart().is_multiple_of(ALIASING) && tile[0] > WAYS,
        };
        let pack_a = n > PANELS * tile[1] && scattered;
        let pack_b = b_across || (m >= REREAD && b.apart() >= APART);
        let band = if pack_a { part(m, BAND, tile[0]) } else { m };
        Self { a, b, stride: whole.dims[2], dims: [m, k, n], tile, stretch, band, block, pack: [pack_a, pack_b] }
    }

    /// The elements that packed rows and panels take.
    fn space(&self) -> [usize; 2] {
        let rows = if self.pack[0] { self.band } else { 0 };
        [rows * self.stretch, self.block * self.stretch]
    }

    /// The rows of the band from row `i` and product `p` on, packed tile by tile or as they are.
    ///
    /// # Safety
    /// The rows are to be read, and `packed` to be written for the first of [`Self::space`].
    #[inline(always)]
    unsafe fn rows(&self, packed: *mut T, [i, p]: [usize; 2], [rows, len]: [usize; 2]) -> Rows<T> {
        if !self.pack[0] {
            return Rows { first: self.a.at(i, p), row: self.a.strides[0], strides: Some(self.a.strides) };
        }
        let (mut r, strides) = (0, self.a.strides);
        while r < rows {
            let [panel, panels] = alike(|r| height(rows - r, self.tile[0]), [r, rows]);
            let alike = pack::Panels { panels, src: self.a.at(i + r, p), strides, panel, width: panel, len };
            // SAFETY: rows of the band, and their place, of at most `band` rows and `stretch` products.
            unsafe { alike.pack(packed.add(r * len)) };
            r += panel * panels;
        }
        Rows { first: packed, row: len, strides: None }
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
        let (mut c, strides) = (0, self.b.strides);
        while c < columns {
            let [panel, panels] = alike(|c| breadth(columns - c, self.tile[1], T::LANES), [c, columns]);
            let width = if exact { panel } else { T::LANES };
            let alike = pack::Panels { panels, src: self.b.at(j + c, p), strides, panel, width, len };
            // SAFETY: panels of the block, and their place, of at most `block` columns and `stretch` products.
            unsafe { alike.pack(packed.add(c * len)) };
            c += panel * panels;
        }
        Panels { first: packed, column: len, stride: None, exact }
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
        let [m, k, n] = plan.dims;
        let [packed_rows, packed_panels] = scratch.split(plan.space());
        let out = whole.out.wrapping_add(part.rows.start * plan.stride + part.columns.start);
        for p in (0..k).step_by(plan.stretch) {
            let len = plan.stretch.min(k - p);
            for i in (0..m).step_by(plan.band) {
                let height = plan.band.min(m - i);
                // SAFETY: `a`, `b` and `out` hold all elements of the part, as `Whole::new` and `Blocked::new` have
                // checked; what is packed has the space that `plan` wants, and nobody else writes to the part.
                let rows = unsafe { plan.rows(packed_rows, [i, p], [height, len]) };
                for j in (0..n).step_by(plan.block) {
                    let columns = plan.block.min(n - j);
                    // SAFETY: as above.
                    unsafe {
                        let panels = plan.panels::<S>(packed_panels, [j, p], [columns, len]);
                        let out = out.wrapping_add(i * plan.stride + j);
                        let block = Block { rows, panels, out, dims: [height, len, columns], add: whole.add || p > 0 };
                        block.run(simd, &plan);
                    }
                }
            }
        }
    }
}

/// The sums of a band of rows and a block of columns over a stretch.
struct Block<T> {
    rows: Rows<T>,
    panels: Panels<T>,
    out: *mut T,
    dims: [usize; 3],
    add: bool,
}

impl<T> Block<T> {
    /// # Safety
    /// Rows and panels have its dimensions, and `out` has them in rows of `plan`, to be written by nobody else.
    #[inline(always)]
    unsafe fn run<S: Simd>(self, simd: S, plan: &Plan<T>)
    where
        T: Lanes<S>,
    {
        let Self { rows, panels, out, dims: [m, len, columns], add } = self;
        let mut i = 0;
        while i < m {
            let height = height(m - i, plan.tile[0]);
            let mut c = 0;
            while c < columns {
                let breadth = breadth(columns - c, plan.tile[1], T::LANES);
                let tile = Tile {
                    tiles: 1,
                    a: rows.first.wrapping_add(i * rows.row),
                    a_strides: rows.strides.unwrap_or([1, height]),
                    b: panels.first.wrapping_add(c * panels.column),
                    b_stride: panels.stride.unwrap_or(if panels.exact { breadth } else { T::LANES }),
                    len,
                    out: out.wrapping_add(i * plan.stride + c),
                    out_stride: plan.stride,
                    columns: breadth,
                    exact: panels.exact,
                    add,
                    far: true,
                };
                // SAFETY: the caller's promise; a panel is padded to a vector, or `exact`.
                unsafe { self::tile(simd, height, &tile) };
                c += breadth;
            }
            i += height;
        }
    }
}

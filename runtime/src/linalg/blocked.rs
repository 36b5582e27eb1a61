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

/// The columns of a tile, and the rows of one, are divisors of this.
pub const UNIT: usize = 96;

/// The most rows of `a` that are packed at a time: 2 MiB of `f32`, which a third-level cache holds.
const BAND: usize = 1020;

/// From this many panels on, the rows of a tile are read often enough for packing to pay.
const PANELS: usize = 5;

/// The question which of the operands are packed for a product.
pub struct Packs<'a, T> {
    pub whole: &'a Whole<'a, T>,
    pub packs: &'a mut [bool; 2],
}

/// A piece of what all parts of a product read, to be packed: its rows, or columns, counted from its first.
pub struct Piece<'a, T> {
    whole: &'a Whole<'a, T>,
    packed: &'a Packed<T>,
    piece: Range<usize>,
}

/// A part of a product: of all products of its sums, or of those that are packed. All other parts may be made at the same
/// time, by other threads.
pub struct Blocked<'a, T> {
    whole: &'a Whole<'a, T>,
    part: Part,
    packed: Option<&'a Packed<T>>,
    scratch: &'a mut Scratch<T>,
}

with_simd!(Packs: f32 f64);
with_simd!(Piece: f32 f64);
with_simd!(Blocked: f32 f64);

/// From, and to, which row and column.
#[derive(Clone)]
pub struct Part {
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

/// What parts of a product read alike, packed once for all of them: rows of `a`, or columns of `b`, over a stretch.
pub struct Packed<T> {
    pub memory: *mut T,
    /// All rows, and some columns, or some rows and all columns: those that are read, and those that they make.
    pub part: Part,
    /// The stretch.
    pub products: Range<usize>,
    /// Whether it is `b` that is packed.
    pub of_b: bool,
}

// SAFETY: who packs a piece writes to its place alone, and nobody reads it meanwhile: the promises of `Piece::new`.
unsafe impl<T: Sync> Sync for Packed<T> {}

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

impl<'a, T: Real> Piece<'a, T> {
    /// # Safety
    /// The memory of `packed` has room for its rows, or columns, up to a multiple of [`UNIT`], of each product. While this
    /// runs, it is not read, and no other piece that overlaps with this one is packed.
    pub unsafe fn new(whole: &'a Whole<'a, T>, packed: &'a Packed<T>, piece: Range<usize>) -> Self {
        assert!(packed.is_of(whole));
        Self { whole, packed, piece }
    }
}

impl<'a, T: Real> Blocked<'a, T> {
    /// # Safety
    /// While it runs, no other part of `whole` that overlaps with `part` does. All pieces of `packed` have been packed, and
    /// the parts of all products before these have been made.
    pub unsafe fn new(
        whole: &'a Whole<'a, T>,
        part: Part,
        packed: Option<&'a Packed<T>>,
        scratch: &'a mut Scratch<T>,
    ) -> Self {
        assert!(part.rows.end <= whole.dims[0] && part.columns.end <= whole.dims[2]);
        assert!(packed.is_none_or(|packed| packed.is_of(whole) && packed.is_for(&part)));
        Self { whole, part, packed, scratch }
    }
}

impl<T> Packed<T> {
    fn is_of(&self, whole: &Whole<T>) -> bool {
        let ([m, k, n], Part { rows, columns }) = (whole.dims, &self.part);
        rows.end <= m && columns.end <= n && self.products.end <= k
    }

    /// Whether a part reads all of it.
    fn is_for(&self, part: &Part) -> bool {
        if self.of_b { self.part.columns == part.columns } else { self.part.rows == part.rows }
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

/// The length of the stretches of `k`, and how much is packed together of the rows of `a`, or columns of `b`, of a product
/// that several threads make: up to 4 MiB.
pub fn stretch_and_band<T>(k: usize, side: usize) -> [usize; 2] {
    let stretch = part(k, STRETCH, 1);
    [stretch, part(side, (4 << 20) / size_of::<T>() / stretch, UNIT)]
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
    /// The most columns of a block of any part, up to a multiple of those of a tile.
    longest: usize,
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
        let [a, b] = [whole.a.after(rows.start), whole.b.after(columns.start)];
        // What is packed, and for which tiles, is the same in all parts.
        let [m, k, n] = whole.dims;
        let tile = widest::<S, T>(m);
        let stretch = part(k, STRETCH, 1);
        let (a_across, b_across) = (a.strides[1] != 1, b.strides[0] != 1);
        let scattered = match a_across {
            true => a.apart() >= APART,
            false => a.apart().is_multiple_of(ALIASING) && tile[0] > WAYS,
        };
        let pack_a = n > PANELS * tile[1] && scattered;
        let pack_b = b_across || (m >= REREAD && b.apart() >= APART);
        let [m, n] = [rows.len(), columns.len()];
        let band = if pack_a { part(m, BAND, tile[0]) } else { m };
        let longest = (BLOCK / size_of::<T>() / stretch).max(tile[1]);
        let block = part(n, longest, tile[1]);
        Self {
            a,
            b,
            stride: whole.dims[2],
            dims: [m, k, n],
            tile,
            stretch,
            band,
            block,
            longest,
            pack: [pack_a, pack_b],
        }
    }

    /// The elements that packed rows and panels of any part take, but for those that all parts read: memory does not grow
    /// by which part a thread comes to make.
    fn space(&self, [m, _, n]: [usize; 3], packed: Option<&Packed<T>>) -> [usize; 2] {
        let [a, b] = [false, true].map(|of_b| packed.is_none_or(|packed| packed.of_b != of_b));
        let rows = if self.pack[0] && a { m.min(BAND).next_multiple_of(self.tile[0]) } else { 0 };
        let columns = if b { n.min(self.longest).next_multiple_of(self.tile[1]) } else { 0 };
        [rows * self.stretch, columns * self.stretch]
    }

    /// The rows of a band from row `i` and product `p` on: where they are packed, or as they are.
    fn rows(&self, packed: *const T, [i, p]: [usize; 2], len: usize) -> Rows<T> {
        match self.pack[0] {
            true => Rows { first: packed, row: len, strides: None },
            false => Rows { first: self.a.at(i, p), row: self.a.strides[0], strides: Some(self.a.strides) },
        }
    }

    /// Packs the rows of a band from row `i` and product `p` on, tile by tile: the tiles that begin within `piece`.
    ///
    /// # Safety
    /// The rows are to be read, and `packed` to be written for as many elements.
    #[inline(always)]
    unsafe fn pack_rows(&self, packed: *mut T, [i, p]: [usize; 2], [rows, len]: [usize; 2], piece: &Range<usize>) {
        let (mut r, strides) = (0, self.a.strides);
        while r < rows {
            let [panel, panels] = alike(|r| height(rows - r, self.tile[0]), [r, rows]);
            let [skipped, panels_here] = within(piece, r, [panel, panels]);
            let first = r + skipped * panel;
            let src = self.a.at(i + first, p);
            let alike = pack::Panels { panels: panels_here, src, strides, panel, width: panel, len };
            // SAFETY: rows of the band, and their place.
            unsafe { alike.pack(packed.wrapping_add(first * len)) };
            r += panel * panels;
        }
    }

    /// Whether nothing of `b` is read beyond columns that do not fill a vector.
    #[inline(always)]
    fn exact<S: Simd>(columns: usize) -> bool
    where
        T: Lanes<S>,
    {
        cheap_masks::<S>() || columns >= T::LANES
    }

    /// The panels of the block from column `j` and product `p` on: where they are packed, or as they are.
    #[inline(always)]
    fn panels<S: Simd>(&self, packed: *const T, [j, p]: [usize; 2], [columns, len]: [usize; 2]) -> Panels<T>
    where
        T: Lanes<S>,
    {
        let exact = Self::exact::<S>(columns);
        match self.pack[1] || !exact {
            true => Panels { first: packed, column: len, stride: None, exact },
            false => Panels { first: self.b.at(j, p), column: 1, stride: Some(self.b.strides[1]), exact },
        }
    }

    /// Packs the panels of the block from column `j` and product `p` on: those that begin within `piece` of it.
    ///
    /// # Safety
    /// Its elements are to be read, and `packed` to be written for as many, and for those that fill a vector.
    #[inline(always)]
    unsafe fn pack_panels<S: Simd>(
        &self,
        packed: *mut T,
        [j, p]: [usize; 2],
        [columns, len]: [usize; 2],
        piece: &Range<usize>,
    ) where
        T: Lanes<S>,
    {
        let exact = Self::exact::<S>(columns);
        let (mut c, strides) = (0, self.b.strides);
        while c < columns {
            let [panel, panels] = alike(|c| breadth(columns - c, self.tile[1], T::LANES), [c, columns]);
            let width = if exact { panel } else { T::LANES };
            let [skipped, panels_here] = within(piece, c, [panel, panels]);
            let first = c + skipped * panel;
            let src = self.b.at(j + first, p);
            let alike = pack::Panels { panels: panels_here, src, strides, panel, width, len };
            // SAFETY: panels of the block, and their place.
            unsafe { alike.pack(packed.wrapping_add(first * len)) };
            c += panel * panels;
        }
    }
}

/// Of panels that follow one another from `start` on, how many begin before `piece`, and how many within it.
#[inline(always)]
fn within(piece: &Range<usize>, start: usize, [panel, panels]: [usize; 2]) -> [usize; 2] {
    let before = |end: usize| end.saturating_sub(start).div_ceil(panel).min(panels);
    [before(piece.start), before(piece.end) - before(piece.start)]
}

impl<T: Real> Packs<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S)
    where
        T: Lanes<S>,
    {
        *self.packs = Plan::new::<S>(self.whole, &self.whole.all()).pack;
    }
}

impl<T: Real> Piece<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S)
    where
        T: Lanes<S>,
    {
        let Self { whole, packed: Packed { memory, part, products, of_b }, piece } = self;
        let plan = Plan::new::<S>(whole, part);
        let ([m, _, n], p, len) = (plan.dims, products.start, products.len());
        if !of_b {
            // SAFETY: `Whole::new` and `Piece::new` have checked that these elements are there, and who calls the latter
            // promises room for them that nobody else writes to.
            return unsafe { plan.pack_rows(*memory, [0, p], [m, len], &piece) };
        }
        for j in (0..n).step_by(plan.block) {
            let columns = plan.block.min(n - j);
            let piece = piece.start.saturating_sub(j)..piece.end.saturating_sub(j);
            // SAFETY: as above.
            unsafe { plan.pack_panels::<S>(memory.wrapping_add(j * len), [j, p], [columns, len], &piece) };
        }
    }
}

impl<T: Real> Blocked<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S)
    where
        T: Lanes<S>,
    {
        let Self { whole, part, packed, scratch } = self;
        let mut plan = Plan::new::<S>(whole, &part);
        let [m, k, n] = plan.dims;
        let [common_rows, common_panels] = [false, true].map(|of_b| packed.filter(|packed| packed.of_b == of_b));
        if common_rows.is_some() {
            plan.band = m;
        }
        let [own_rows, own_panels] = scratch.split(plan.space(whole.dims, packed));
        let out = whole.out.wrapping_add(part.rows.start * plan.stride + part.columns.start);
        for p in packed.map_or(0..k, |packed| packed.products.clone()).step_by(plan.stretch) {
            let len = plan.stretch.min(k - p);
            for i in (0..m).step_by(plan.band) {
                let height = plan.band.min(m - i);
                let place = common_rows.map_or(own_rows, |rows| rows.memory);
                if plan.pack[0] && common_rows.is_none() {
                    // SAFETY: `a`, `b` and `out` hold all elements of the part, as `Whole::new` and `Blocked::new` have
                    // checked; there is space for at most `band` rows and `stretch` products, and `block` columns.
                    unsafe { plan.pack_rows(place, [i, p], [height, len], &(0..height)) };
                }
                let rows = plan.rows(place, [i, p], len);
                for j in (0..n).step_by(plan.block) {
                    let columns = plan.block.min(n - j);
                    let place = common_panels.map_or(own_panels, |panels| panels.memory.wrapping_add(j * len));
                    let panels = plan.panels::<S>(place, [j, p], [columns, len]);
                    if panels.stride.is_none() && common_panels.is_none() {
                        // SAFETY: as above.
                        unsafe { plan.pack_panels::<S>(place, [j, p], [columns, len], &(0..columns)) };
                    }
                    let out = out.wrapping_add(i * plan.stride + j);
                    let block = Block { rows, panels, out, dims: [height, len, columns], add: whole.add || p > 0 };
                    // SAFETY: as above; what is packed is of these rows, columns and products, and nobody else writes to the
                    // part.
                    unsafe { block.run(simd, &plan) };
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

//! Large products: blocks of the operands that stay in the caches, packed where that pays, and tiles of sums over them
//! (the scheme of Goto and van de Geijn, and of BLIS).
//!
//! ```text
//! for each block of columns of b            its panels stay in the second-level cache
//!   for each stretch of k                   sums over it stay in registers
//!     pack the panels of b
//!     for each tile's rows of a             they stay in the first-level cache
//!       for each panel of b                 a tile of sums: `kernel`
//! ```
//!
//! Where an operand is read in place or copied, and how rows, columns and threads share the work, changes no bit.

use super::kernel::{ROWS, Tile, VECTORS, tile};
use super::pack::Panel;
use super::{Product, Scratch};
use crate::math::Real;
use crate::simd::Lanes;
use pulp::{Simd, WithSimd};

/// The longest stretch of `k`: twelve rows of that length are 18 KiB of `f32`.
const STRETCH: usize = 384;

/// The bytes of packed panels that are used together: they and what streams by fit into half a mebibyte.
const BLOCK: usize = 384 << 10;

/// A stride of that many bytes, or a multiple, puts the rows of a tile into the same few sets of a first-level cache.
const ALIASING: usize = 2048;

/// `len` in as few parts as are no longer than `longest`, all nearly as long, and a multiple of `unit` but for the last.
fn part(len: usize, longest: usize, unit: usize) -> usize {
    let parts = len.div_ceil(longest).max(1);
    len.div_ceil(parts).next_multiple_of(unit).max(1)
}

pub(crate) struct Blocked<'a, T> {
    pub product: Product<'a, T>,
    pub scratch: &'a mut Scratch<T>,
}

macro_rules! with_simd {
    ($($t:ident)*) => {$(
        impl WithSimd for Blocked<'_, $t> {
            type Output = ();
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                self.run(simd);
            }
        }
    )*};
}
with_simd!(f32 f64);

/// An operand, and how far it is from row to row and from product to product, or from column to column.
#[derive(Clone, Copy)]
struct Operand<T> {
    first: *const T,
    strides: [usize; 2],
}

impl<T> Operand<T> {
    fn at(self, i: usize, p: usize) -> *const T {
        self.first.wrapping_add(i * self.strides[0] + p * self.strides[1])
    }
}

/// The panels of a block of `b`.
struct Panels<T> {
    /// Those that are as wide as a tile.
    first: *const T,
    /// From panel to panel, and from product to product.
    strides: [usize; 2],
    /// Where the panel that is not begins.
    ragged: *const T,
}

impl<T: Real> Blocked<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S)
    where
        T: Lanes<S>,
    {
        let Self { product: Product { out, a, b, dims: [m, k, n], flags: [ta, tb], add }, scratch } = self;
        let width = VECTORS * T::LANES;
        let rows = if S::REGISTER_COUNT < 32 { ROWS / 2 } else { ROWS };
        let a = Operand { first: a.as_ptr(), strides: if ta { [1, m] } else { [k, 1] } };
        let b = Operand { first: b.as_ptr(), strides: if tb { [k, 1] } else { [1, n] } };
        let stretch = part(k, STRETCH, 1);
        let columns = part(n, (BLOCK / size_of::<T>() / stretch).max(width), width);
        let pack_b = tb || m > 2 * rows;
        let pack_a = n > width && (ta || (n > 4 * width && (k * size_of::<T>()) % ALIASING == 0));
        let [a_space, b_space] = [rows * stretch, columns.min(n).next_multiple_of(width) * stretch];
        let (a_packed, b_packed) = scratch.split(a_space, b_space);
        for j in (0..n).step_by(columns) {
            let columns = columns.min(n - j);
            for p in (0..k).step_by(stretch) {
                let len = stretch.min(k - p);
                // SAFETY:
                let panels = unsafe { pack_panels(simd, b_packed, b, [j, p], [columns, width, len], pack_b) };
                let tiles = m.div_ceil(rows);
                for t in 0..tiles {
                    let (i, end) = (t * m / tiles, (t + 1) * m / tiles);
                    let rows = end - i;
                    let (mut a, mut a_strides) = (a.at(i, p), a.strides);
                    if pack_a {
                        unsafe { Panel { src: a, strides: a_strides, panel: rows, width: rows, len }.pack(simd, a_packed) };
                        (a, a_strides) = (a_packed, [1, rows]);
                    }
                    for c in (0..columns).step_by(width) {
                        let whole = columns - c >= width;
                        let (b, b_stride) = if whole {
                            (panels.first.wrapping_add(c / width * panels.strides[0]), panels.strides[1])
                        } else {
                            (panels.ragged, width)
                        };
                        let out = out.as_mut_ptr().wrapping_add(i * n + j + c);
                        let columns = width.min(columns - c);
                        unsafe {
                            tile(simd, rows, &Tile { a, a_strides, b, b_stride, len, out, out_stride: n, columns, add: add || p > 0 })
                        };
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn pack_panels<S: Simd, T: Real>(
    simd: S,
    packed: *mut T,
    b: Operand<T>,
    [j, p]: [usize; 2],
    [columns, width, len]: [usize; 3],
    pack: bool,
) -> Panels<T> {
    let whole = columns - columns % width;
    let start = if pack { 0 } else { whole };
    for c in (start..columns).step_by(width) {
        let panel = Panel { src: b.at(j + c, p), strides: b.strides, panel: width.min(columns - c), width, len };
        unsafe { panel.pack(simd, packed.add((c - start) * len)) };
    }
    let ragged = packed.wrapping_add((whole - start) * len);
    let (first, strides) =
        if pack { (packed.cast_const(), [width * len, width]) } else { (b.at(j, p), [width, b.strides[1]]) };
    Panels { first, strides, ragged }
}

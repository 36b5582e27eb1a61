//! The innermost loop of a large product: a tile of sums that stays in registers, one row after another of one operand
//! broadcast over vectors of the other.
//!
//! Every sum is `((0 + a₀b₀) + a₁b₁) + ...` in the order of `k`, fused where the processor can, so it is the same bits
//! whatever tile it lies in.

// Loops that count, over arrays of vectors: what an iterator calls might not be inlined, and compiled for the oldest
// processor then.
#![allow(clippy::needless_range_loop)]

use crate::simd::Lanes;
use pulp::Simd;

/// The most rows of a tile, where there are 32 registers: 24 sums, and eight registers for what is summed.
pub(super) const ROWS: usize = 12;

/// The vectors in a row of a tile.
pub(super) const VECTORS: usize = 2;

/// What a tile is made from, and where it goes.
#[derive(Clone, Copy)]
pub(super) struct Tile<T> {
    pub a: *const T,
    /// From row to row of the tile, and from product to product.
    pub a_strides: [usize; 2],
    pub b: *const T,
    /// From product to product.
    pub b_stride: usize,
    /// The products in a sum.
    pub len: usize,
    pub out: *mut T,
    /// From row to row.
    pub out_stride: usize,
    /// The columns that there are; a tile may be wider.
    pub columns: usize,
    /// Whether nothing of `b` is to be read beyond its columns.
    pub exact: bool,
    /// Whether to add to what `out` holds.
    pub add: bool,
}

/// Makes a tile of `rows` rows and at most [`VECTORS`] vectors.
///
/// # Safety
/// For all `r < rows`, `p < len` and `c < columns`, `a + r·a_strides[0] + p·a_strides[1]` and `b + p·b_stride + c` are
/// to be read, and `out + r·out_stride + c` to be read and written, and by nobody else. Unless it is
/// `exact`, `b` is to be read for all `c` of the vectors that hold `columns`.
#[inline(always)]
pub(super) unsafe fn tile<S: Simd, T: Lanes<S>>(simd: S, rows: usize, tile: &Tile<T>) {
    // SAFETY: the caller's promise.
    unsafe {
        match tile.columns <= T::LANES {
            true => tall::<S, T, 1>(simd, rows, tile),
            false => tall::<S, T, VECTORS>(simd, rows, tile),
        }
    }
}

/// # Safety
/// As of [`tile`], for `V` vectors.
#[inline(always)]
unsafe fn tall<S: Simd, T: Lanes<S>, const V: usize>(simd: S, rows: usize, tile: &Tile<T>) {
    macro_rules! choose {
        ($($r:literal)*) => {
            match rows {
                // SAFETY: the caller's promise.
                $($r => unsafe { compiled::<S, T, $r, V>(simd, tile) },)*
                _ => unreachable!("a tile has at most {ROWS} rows"),
            }
        };
    }
    choose!(1 2 3 4 5 6 7 8 9 10 11 12)
}

/// A function of its own for each shape of a tile: its loop then has all registers.
///
/// # Safety
/// As of [`tile`], for `R` rows and `V` vectors.
#[inline(never)]
unsafe fn compiled<S: Simd, T: Lanes<S>, const R: usize, const V: usize>(simd: S, tile: &Tile<T>) {
    simd.vectorize(Compiled::<'_, S, T, R, V> { simd, tile });
}

struct Compiled<'a, S, T, const R: usize, const V: usize> {
    simd: S,
    tile: &'a Tile<T>,
}

impl<S: Simd, T: Lanes<S>, const R: usize, const V: usize> pulp::NullaryFnOnce for Compiled<'_, S, T, R, V> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { simd, tile } = self;
        let width = tile.columns - (V - 1) * T::LANES;
        let mask = T::mask(simd, width);
        // SAFETY: such a value is only made in `compiled`, with its caller's promise; `mask` selects the columns that
        // there are in the last vector, and all others are full.
        unsafe {
            (0..R).for_each(|r| fetch(tile.out.wrapping_add(r * tile.out_stride)));
            let sums = if tile.exact && width < T::LANES {
                sums::<S, T, R, V>(simd, tile, |p| T::load_masked(simd, mask, p))
            } else {
                sums::<S, T, R, V>(simd, tile, |p| T::load(simd, p))
            };
            if width == T::LANES {
                put(simd, tile, sums, |p| T::load(simd, p), |p, v| T::store(simd, p, v));
            } else {
                put(simd, tile, sums, |p| T::load_masked(simd, mask, p), |p, v| T::store_masked(simd, mask, p, v));
            }
        }
    }
}

/// Has the row of a tile that begins at `p` brought near while its sums are made.
#[inline(always)]
fn fetch<T>(p: *const T) {
    #[cfg(target_arch = "x86_64")]
    for line in 0..2 {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint that reads nothing, and is ignored where there is no memory.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast::<i8>().wrapping_add(line * 64)) };
    }
}

/// # Safety
/// As of [`tile`]; `last` loads the last vector of a row of `b`.
#[inline(always)]
unsafe fn sums<S: Simd, T: Lanes<S>, const R: usize, const V: usize>(
    simd: S,
    tile: &Tile<T>,
    last: impl Fn(*const T) -> T::Vector,
) -> [[T::Vector; V]; R] {
    let mut sums = [[T::splat(simd, T::ZERO); V]; R];
    let (mut a, mut b) = (tile.a, tile.b);
    let rows: [usize; R] = std::array::from_fn(|r| r * tile.a_strides[0]);
    for _ in 0..tile.len {
        // SAFETY: within the rows and columns of the caller's promise, as `p` counts to `len`.
        unsafe {
            let mut vectors = [last(b.add((V - 1) * T::LANES)); V];
            for v in 0..V - 1 {
                vectors[v] = T::load(simd, b.add(v * T::LANES));
            }
            for r in 0..R {
                let a = T::splat(simd, *a.add(rows[r]));
                for v in 0..V {
                    sums[r][v] = T::mul_add(simd, a, vectors[v], sums[r][v]);
                }
            }
        }
        (a, b) = (a.wrapping_add(tile.a_strides[1]), b.wrapping_add(tile.b_stride));
    }
    sums
}

/// # Safety
/// As of [`tile`]; `load` and `store` are for the last vector of a row.
#[inline(always)]
unsafe fn put<S: Simd, T: Lanes<S>, const R: usize, const V: usize>(
    simd: S,
    tile: &Tile<T>,
    sums: [[T::Vector; V]; R],
    load: impl Fn(*const T) -> T::Vector,
    store: impl Fn(*mut T, T::Vector),
) {
    for (r, row) in sums.into_iter().enumerate() {
        for (v, sum) in row.into_iter().enumerate() {
            let last = v + 1 == V;
            // SAFETY: an element of the tile, by the caller's promise.
            unsafe {
                let out = tile.out.add(r * tile.out_stride + v * T::LANES);
                let old = match tile.add {
                    true if last => load(out),
                    true => T::load(simd, out),
                    false => T::splat(simd, T::ZERO),
                };
                let sum = if tile.add { <T as Lanes<S>>::add(simd, old, sum) } else { sum };
                if last { store(out, sum) } else { T::store(simd, out, sum) }
            }
        }
    }
}

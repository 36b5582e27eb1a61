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

/// Up to so many rows, a tile has [`WIDE`] vectors in a row: fewer sums would wait for one another.
pub(super) const FLAT: usize = 2;

/// The vectors in a row of a tile that is [`FLAT`].
pub(super) const WIDE: usize = 4;

/// What tiles are made from, and where they go.
#[derive(Clone, Copy)]
pub(super) struct Tile<T> {
    /// How many there are, one below the other.
    pub tiles: usize,
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
    /// The last vector of a row ends with them: it overlaps the one before it, or is only partly there.
    pub columns: usize,
    /// Whether nothing of `b` is to be read beyond columns that do not fill a vector.
    pub exact: bool,
    /// Whether to add to what `out` holds.
    pub add: bool,
    /// Whether `out` is worth being brought near while its sums are made.
    pub far: bool,
}

/// The most rows and columns of a tile of a product of `m` rows.
#[inline(always)]
pub(super) fn widest<S: Simd, T: Lanes<S>>(m: usize) -> [usize; 2] {
    let rows = if few_registers::<S>() { ROWS / 2 } else { ROWS };
    [rows, if m <= FLAT { WIDE } else { VECTORS } * T::LANES]
}

/// Whether tiles are half as high.
const fn few_registers<S: Simd>() -> bool {
    S::REGISTER_COUNT < 32
}

/// The rows of the next tile, of those that are left: the fewest tiles, of nearly the same height.
pub(super) fn height(left: usize, longest: usize) -> usize {
    left.div_ceil(left.div_ceil(longest))
}

/// The columns of the next panel, of those that are left: none has fewer than a vector, unless there are no more.
pub(super) fn breadth(left: usize, widest: usize, lanes: usize) -> usize {
    match left {
        _ if left <= widest => left,
        _ if left < widest + lanes => left - lanes,
        _ => widest,
    }
}

/// Makes tiles of `rows` rows and at most [`VECTORS`] vectors, or [`WIDE`] where they are [`FLAT`].
///
/// # Safety
/// For all `r < rows·tiles`, `p < len` and `c < columns`, `a + r·a_strides[0] + p·a_strides[1]` and `b + p·b_stride + c` are
/// to be read, and `out + r·out_stride + c` to be read and written, and by nobody else. Unless it is
/// `exact`, `b` is to be read for a whole vector.
#[inline(always)]
pub(super) unsafe fn tile<S: Simd, T: Lanes<S>>(simd: S, rows: usize, tile: &Tile<T>) {
    // SAFETY: the caller's promise.
    unsafe {
        match tile.columns.div_ceil(T::LANES) {
            0 | 1 => tall::<S, T, 1>(simd, rows, tile),
            VECTORS => tall::<S, T, VECTORS>(simd, rows, tile),
            3 => flat::<S, T, 3>(simd, rows, tile),
            _ => flat::<S, T, WIDE>(simd, rows, tile),
        }
    }
}

/// # Safety
/// As of [`tile`], for `V` vectors.
#[inline(always)]
unsafe fn flat<S: Simd, T: Lanes<S>, const V: usize>(simd: S, rows: usize, tile: &Tile<T>) {
    // SAFETY: the caller's promise.
    unsafe {
        match rows {
            1 => compiled::<S, T, 1, V>(simd, tile),
            FLAT => compiled::<S, T, FLAT, V>(simd, tile),
            _ => unreachable!("a flat tile has at most {FLAT} rows"),
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
                _ => unreachable!("a tile is not as high"),
            }
        };
    }
    // Only what `widest` may want is compiled.
    if const { few_registers::<S>() } {
        return choose!(1 2 3 4 5 6);
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
        let mut tile = *tile;
        for _ in 0..tile.tiles {
            // SAFETY: such a value is only made in `compiled`, with its caller's promise.
            unsafe { one::<S, T, R, V>(simd, &tile) };
            tile.a = tile.a.wrapping_add(R * tile.a_strides[0]);
            tile.out = tile.out.wrapping_add(R * tile.out_stride);
        }
    }
}

/// # Safety
/// As of [`tile`], for one of `R` rows and `V` vectors.
#[inline(always)]
unsafe fn one<S: Simd, T: Lanes<S>, const R: usize, const V: usize>(simd: S, tile: &Tile<T>) {
    // SAFETY: the caller's promise. Each vector is within `columns`, but for one that they do not fill, of which `mask`
    // selects what there is.
    unsafe {
        if tile.far {
            (0..R).for_each(|r| fetch_two(tile.out.wrapping_add(r * tile.out_stride)));
        }
        if V > 1 || tile.columns == T::LANES {
            let last = tile.columns - T::LANES;
            let sums = sums::<S, T, R, V>(simd, tile, last, |p| T::load(simd, p));
            return put(simd, tile, last, sums, |p| T::load(simd, p), |p, v| T::store(simd, p, v));
        }
        let mask = T::mask(simd, tile.columns);
        let sums = match tile.exact {
            true => sums::<S, T, R, V>(simd, tile, 0, |p| T::load_masked(simd, mask, p)),
            false => sums::<S, T, R, V>(simd, tile, 0, |p| T::load(simd, p)),
        };
        put(simd, tile, 0, sums, |p| T::load_masked(simd, mask, p), |p, v| T::store_masked(simd, mask, p, v));
    }
}

/// Has the row of a tile that begins at `p` brought near.
#[inline(always)]
fn fetch_two<T>(p: *const T) {
    fetch(p);
    fetch(p.cast::<i8>().wrapping_add(64));
}

/// Has the line of memory that `p` points into brought near.
#[inline(always)]
pub(super) fn fetch<T>(p: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint that reads nothing, and is ignored where there is no memory.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = p;
}

/// The place of vector `v` in a row of `V`, of which the last begins at `last`.
#[inline(always)]
const fn place<const V: usize>(v: usize, lanes: usize, last: usize) -> usize {
    if v + 1 == V { last } else { v * lanes }
}

/// # Safety
/// As of [`tile`]; the last vector of a row begins at `last`, and `load` loads it.
#[inline(always)]
unsafe fn sums<S: Simd, T: Lanes<S>, const R: usize, const V: usize>(
    simd: S,
    tile: &Tile<T>,
    last: usize,
    load: impl Fn(*const T) -> T::Vector,
) -> [[T::Vector; V]; R] {
    let mut sums = [[T::splat(simd, T::ZERO); V]; R];
    let (mut a, mut b) = (tile.a, tile.b);
    let rows: [usize; R] = std::array::from_fn(|r| r * tile.a_strides[0]);
    for _ in 0..tile.len {
        // SAFETY: within the rows and columns of the caller's promise, as `p` counts to `len`.
        unsafe {
            let mut vectors = [load(b.add(last)); V];
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
/// As of [`sums`]; `load` and `store` are for the last vector of a row.
#[inline(always)]
unsafe fn put<S: Simd, T: Lanes<S>, const R: usize, const V: usize>(
    simd: S,
    tile: &Tile<T>,
    last: usize,
    sums: [[T::Vector; V]; R],
    load: impl Fn(*const T) -> T::Vector,
    store: impl Fn(*mut T, T::Vector),
) {
    for (r, mut row) in sums.into_iter().enumerate() {
        let out = |v| tile.out.wrapping_add(r * tile.out_stride + place::<V>(v, T::LANES, last));
        // SAFETY: elements of the tile, by the caller's promise. A row is read before any of it is written, since its
        // last vectors may overlap.
        unsafe {
            if tile.add {
                let mut old = [load(out(V - 1)); V];
                for v in 0..V - 1 {
                    old[v] = T::load(simd, out(v));
                }
                for v in 0..V {
                    row[v] = <T as Lanes<S>>::add(simd, old[v], row[v]);
                }
            }
            for v in 0..V - 1 {
                T::store(simd, out(v), row[v]);
            }
            store(out(V - 1), row[V - 1]);
        }
    }
}

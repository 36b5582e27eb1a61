//! Small products in plain loops, which are vectorised for the pass that they are inlined into: no call, no packing,
//! constant dimensions where they are constant.
//!
//! No multiplication is fused with an addition, so the bits are the same on every processor.

use super::Product;
use crate::math::Real;
use crate::reduce::{WIDE, folded, four_of};
use crate::simd::Pass;
use std::mem::MaybeUninit;

/// Sums over `k` go in chunks of this length: a chunk of an operand stays in the first-level cache.
const CHUNK: usize = 256;

/// From this width on, fewer rows than a tile has are summed by sweeping over `b`.
const SWEEP: usize = 32;

/// The rows of a tile of sums that is kept in registers.
const ROWS: usize = 6;

impl<T: Real> Pass for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Product { out, a, b, dims: [m, k, n], flags: [ta, tb], add } = self;
        // A vector is a row as well as a column.
        let (ta, tb) = (ta && m > 1 && k > 1, tb && n > 1 && k > 1);
        if k == 0 || out.is_empty() {
            if !add {
                out.fill(T::ZERO);
            }
        } else if n == 1 && !ta {
            dots(out, a, b, k, add);
        } else if n == 1 {
            rows(out, b, a, [1, k, m], [false, false], add);
        } else if m == 1 && tb {
            dots(out, b, a, k, add);
        } else {
            rows(out, a, b, [m, k, n], [ta, tb], add);
        }
    }
}

/// Any product on a processor without known vectors: few forms of the loops, which every program has in it and hardly any
/// runs.
#[cold]
pub(super) fn plain<T: Real>(Product { out, a, b, dims, flags, add }: Product<T>) {
    let [m, k, n] = dims;
    if k == 0 || out.is_empty() {
        if !add {
            out.fill(T::ZERO);
        }
    } else if n >= 8 {
        columns::<T, 8>(out, a, b, dims, flags, add);
    } else if m >= 8 && n == 1 && !flags[0] {
        dots(out, a, b, k, add);
    } else {
        columns::<T, 1>(out, a, b, dims, flags, add);
    }
}

/// A product whose rows have more than one element.
#[inline(always)]
fn rows<T: Real>(out: &mut [T], a: &[T], b: &[T], dims: [usize; 3], flags: [bool; 2], add: bool) {
    let [m, _, n] = dims;
    if m < ROWS && n >= SWEEP && !flags[1] {
        sweep(out, a, b, dims, flags[0], add);
    } else {
        tiles(out, a, b, dims, flags, add);
    }
}

/// `out[i] = rows[i]·x`.
#[inline(always)]
fn dots<T: Real>(out: &mut [T], rows: &[T], x: &[T], k: usize, add: bool) {
    for (i, out) in out.iter_mut().enumerate() {
        put(out, dot(&rows[i * k..][..k], x), add);
    }
}

/// Few rows, each a weighted sum of the rows of `b`, which are read once from end to end: as fast as memory gives them.
#[inline(always)]
fn sweep<T: Real>(out: &mut [T], a: &[T], b: &[T], [m, k, n]: [usize; 3], ta: bool, add: bool) {
    const TOGETHER: usize = 4;
    for i in 0..m {
        let out = &mut out[i * n..][..n];
        if !add {
            out.fill(T::ZERO);
        }
        let weight = |p: usize| if ta { a[p * m + i] } else { a[i * k + p] };
        let whole = k - k % TOGETHER;
        for p in (0..whole).step_by(TOGETHER) {
            let w: [T; TOGETHER] = std::array::from_fn(|q| weight(p + q));
            let rows: [&[T]; TOGETHER] = std::array::from_fn(|q| &b[(p + q) * n..][..n]);
            for j in 0..n {
                out[j] += (w[0] * rows[0][j] + w[1] * rows[1][j]) + (w[2] * rows[2][j] + w[3] * rows[3][j]);
            }
        }
        for p in whole..k {
            let (w, row) = (weight(p), &b[p * n..][..n]);
            for j in 0..n {
                out[j] += w * row[j];
            }
        }
    }
}

#[inline(always)]
pub(super) fn put<T: Real>(out: &mut T, value: T, add: bool) {
    *out = if add { *out + value } else { value };
}

/// The inner product, in lanes as in [`crate::reduce`].
#[inline(always)]
fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    let mut four = [T::ZERO; 4];
    let (mut x, mut y) = (x, y);
    if x.len() >= WIDE {
        let mut wide = [T::ZERO; WIDE];
        (x, y) = rounds(&mut wide, x, y);
        four = four_of(wide, |a, b| a + b);
    }
    (x, y) = rounds(&mut four, x, y);
    let [one] = folded(four, |a, b| a + b);
    x.iter().zip(y).fold(one, |sum, (&x, &y)| sum + x * y)
}

/// Adds the products of whole rounds to the lanes; returns the rest.
#[inline(always)]
fn rounds<'x, T: Real, const L: usize>(lanes: &mut [T; L], x: &'x [T], y: &'x [T]) -> (&'x [T], &'x [T]) {
    let ((x_rounds, x_rest), (y_rounds, y_rest)) = (x.as_chunks::<L>(), y.as_chunks::<L>());
    for (x, y) in x_rounds.iter().zip(y_rounds) {
        for l in 0..L {
            lanes[l] += x[l] * y[l];
        }
    }
    (x_rest, y_rest)
}

/// The product in tiles whose sums stay in registers; the width of a tile is what fits the width of `out`.
#[inline(always)]
fn tiles<T: Real>(out: &mut [T], a: &[T], b: &[T], dims: [usize; 3], flags: [bool; 2], add: bool) {
    match dims[2] {
        16.. if size_of::<T>() == 4 => columns::<T, 16>(out, a, b, dims, flags, add),
        8.. => columns::<T, 8>(out, a, b, dims, flags, add),
        4.. => columns::<T, 4>(out, a, b, dims, flags, add),
        _ => columns::<T, 1>(out, a, b, dims, flags, add),
    }
}

/// `L` columns at a time. The last ones overlap those before, so that they are as many: a sum that is made twice is
/// put once.
#[inline(always)]
fn columns<T: Real, const L: usize>(
    out: &mut [T],
    a: &[T],
    b: &[T],
    [m, k, n]: [usize; 3],
    [ta, tb]: [bool; 2],
    add: bool,
) {
    let mut packed = [[MaybeUninit::<T>::uninit(); L]; CHUNK];
    for start in (0..k).step_by(CHUNK) {
        let len = CHUNK.min(k - start);
        for j in (0..n).step_by(L) {
            let column = j.min(n - L);
            let b = if tb {
                pack(&mut packed[..len], &b[column * k + start..], k);
                // SAFETY: `pack` has filled these rows, which lie one after another.
                unsafe { std::slice::from_raw_parts(packed.as_ptr().cast::<T>(), len * L) }
            } else {
                &b[start * n + column..]
            };
            let (a, a_strides) = if ta { (&a[start * m..], [1, m]) } else { (&a[start..], [k, 1]) };
            let tile = Tile { a, a_strides, b, b_stride: if tb { L } else { n }, len };
            tile.rows::<L>(&mut out[column..], [m, n], j - column, add || start > 0);
        }
    }
}

/// `L` rows of `b`, of which `b` is the first, as columns of `packed`.
#[inline(always)]
fn pack<T: Real, const L: usize>(packed: &mut [[MaybeUninit<T>; L]], b: &[T], stride: usize) {
    let rows: [&[T]; L] = std::array::from_fn(|l| &b[l * stride..][..packed.len()]);
    for (p, packed) in packed.iter_mut().enumerate() {
        for l in 0..L {
            // SAFETY: each row is as long as `packed`.
            packed[l].write(unsafe { *rows[l].get_unchecked(p) });
        }
    }
}

/// A loop over the rows of a tile as statements: LLVM would not unroll a loop of that length, and then keeps the sums
/// in memory.
macro_rules! unrolled {
    ($r:ident in $rows:ident $body:block) => {
        unrolled!($r in $rows $body: 0 1 2 3 4 5)
    };
    ($r:ident in $rows:ident $body:block: $($index:literal)*) => {$(
        if $index < $rows {
            let $r = $index;
            $body
        }
    )*};
}

/// What a tile of sums is made from: `len` products a sum.
#[derive(Clone, Copy)]
struct Tile<'a, T> {
    a: &'a [T],
    /// From row to row of the tile, and from product to product.
    a_strides: [usize; 2],
    b: &'a [T],
    /// From product to product.
    b_stride: usize,
    len: usize,
}

impl<T: Real> Tile<'_, T> {
    /// All rows of `L` columns of `out`, of which the first `skip` are there already.
    #[inline(always)]
    fn rows<const L: usize>(self, out: &mut [T], [m, n]: [usize; 2], skip: usize, add: bool) {
        if m < ROWS {
            for i in 0..m {
                self.at::<1, L>(&mut out[i * n..], n, i, [0, skip], add);
            }
            return;
        }
        for i in (0..m).step_by(ROWS) {
            let row = i.min(m - ROWS);
            self.at::<ROWS, L>(&mut out[row * n..], n, row, [i - row, skip], add);
        }
    }

    /// `R` rows from `row` on.
    #[inline(always)]
    fn at<const R: usize, const L: usize>(self, out: &mut [T], n: usize, row: usize, skip: [usize; 2], add: bool) {
        let sums = self.sums::<R, L>(row);
        unrolled!(r in R {
            let out: &mut [T; L] = (&mut out[r * n..][..L]).try_into().expect("a row of the tile");
            if !add {
                *out = sums[r];
            } else if r >= skip[0] {
                let mut total = *out;
                for l in 0..L {
                    total[l] += sums[r][l];
                }
                out[skip[1]..].copy_from_slice(&total[skip[1]..]);
            }
        });
    }

    #[inline(always)]
    fn sums<const R: usize, const L: usize>(self, row: usize) -> [[T; L]; R] {
        let Tile { a, a_strides: [to_row, to_next], b, b_stride, len } = self;
        assert!((row + R - 1) * to_row + (len - 1) * to_next < a.len() && (len - 1) * b_stride + L <= b.len());
        let mut sums = [[T::ZERO; L]; R];
        for p in 0..len {
            // SAFETY: the assertion above is about the last element that is read, where `p` is `len - 1`.
            let b = unsafe { &*b.as_ptr().add(p * b_stride).cast::<[T; L]>() };
            unrolled!(r in R {
                // SAFETY: as above, with `r` at most `R - 1`.
                let a = unsafe { *a.get_unchecked((row + r) * to_row + p * to_next) };
                for l in 0..L {
                    sums[r][l] += a * b[l];
                }
            });
        }
        sums
    }
}

//! Matrix products over row-major slices, with transposition by flags.
//!
//! Small products run in plain loops that are inlined into the caller's pass, so that constant dimensions are constant
//! in them, and allocate nothing. Large ones go to `matrixmultiply`, which packs its operands into buffers of its own.
//!
//! The bits of a product depend on its operands and dimensions. A large product depends on the processor too, because
//! `matrixmultiply` fuses multiplications with additions where it can; a small one does not.

mod blocked;
mod kernel;
mod pack;

pub(crate) use blocked::Blocked;

use crate::math::Real;
use crate::reduce::folded;
use crate::simd::{Pass, simd};
use std::mem::MaybeUninit;

/// From this many multiplications on, products go to `matrixmultiply`: it is 3 to 20 % faster there on a Zen 4, more
/// beyond, and below it allocates for no gain (`benches/products.rs`).
const LARGE: usize = 1 << 22;

/// Up to this many elements besides the batch, a product is inlined where it is called.
const INLINED: usize = 1 << 10;

/// Sums over `k` go in chunks of this length: a chunk of an operand stays in the first-level cache.
const CHUNK: usize = 256;

/// From this width on, fewer rows than a tile has are summed by sweeping over `b`.
const SWEEP: usize = 32;

/// The rows of a tile of sums that is kept in registers.
const ROWS: usize = 6;

/// The operands of `out = op(a)·op(b)`, or of `out +=` with `add`; dims are `[m, k, n]`.
#[doc(hidden)]
pub struct Product<'a, T> {
    out: &'a mut [T],
    a: &'a [T],
    b: &'a [T],
    dims: [usize; 3],
    /// Whether `a` and `b` are transposed.
    flags: [bool; 2],
    add: bool,
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn product<T: Real>(product: Product<T>) {
    let Product { ref out, a, b, dims: [m, k, n], flags: [ta, _], .. } = product;
    assert!(out.len() == m * n && a.len() == m * k && b.len() == k * n, "slices and dimensions of a product differ");
    // What is left besides the batch, which is `k` where `a` is transposed, else `m`.
    let constant = if ta { m * n } else { k * n };
    if constant <= INLINED { product.run() } else { shared(product) }
}

/// One copy for all calls: inlined into each, a product with its tiles would take longer to compile than the network.
#[inline(never)]
fn shared<T: Real>(product: Product<T>) {
    let [m, k, n] = product.dims;
    if m > 1 && n > 1 && k > 0 { T::blocked(product) } else { simd(product) }
}

/// Memory for packed operands; grows at first use, and is used again.
#[doc(hidden)]
pub struct Scratch<T>(Vec<Line<T>>);

/// Elements that begin with a cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line<T>([T; 16]);

impl<T: Real> Scratch<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    fn split(&mut self, a: usize, b: usize) -> (*mut T, *mut T) {
        let a = a.next_multiple_of(16);
        let lines = (a + b).div_ceil(16);
        if self.0.len() < lines {
            self.0.resize(lines, Line([T::ZERO; 16]));
        }
        let first = self.0.as_mut_ptr().cast::<T>();
        (first, first.wrapping_add(a))
    }
}

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
fn put<T: Real>(out: &mut T, value: T, add: bool) {
    *out = if add { *out + value } else { value };
}

/// The inner product, in lanes as in [`crate::reduce`].
#[inline(always)]
fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    const WIDE: usize = 32;
    let mut four = [T::ZERO; 4];
    let (mut x, mut y) = (x, y);
    if x.len() >= WIDE {
        let mut wide = [T::ZERO; WIDE];
        (x, y) = rounds(&mut wide, x, y);
        four = folded(wide, |a, b| a + b);
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

macro_rules! products {
    ($($(#[$doc:meta])* $name:ident $flags:expr, $add:expr;)*) => {$(
        $(#[$doc])*
        #[doc = ""]
        #[doc = "`dims` is `[m, k, n]`: the product is `[m, n]`, and sums over `k`. Returns `out`."]
        #[doc = ""]
        #[doc = "# Panics"]
        #[doc = "Where the length of a slice is not the product of its two dimensions."]
        #[cfg_attr(not(debug_assertions), inline(always))]
        pub fn $name<'o, T: Real>(out: &'o mut [T], a: &[T], b: &[T], dims: [usize; 3]) -> &'o mut [T] {
            product(Product { out: &mut *out, a, b, dims, flags: $flags, add: $add });
            out
        }
    )*};
}

products! {
    /// `out = a·b`.
    matmul [false, false], false;
    /// `out = a·bᵀ`.
    matmul_nt [false, true], false;
    /// `out = aᵀ·b`.
    matmul_tn [true, false], false;
    /// `out = aᵀ·bᵀ`.
    matmul_tt [true, true], false;
    /// `out += a·b`.
    matmul_add [false, false], true;
    /// `out += a·bᵀ`.
    matmul_nt_add [false, true], true;
    /// `out += aᵀ·b`.
    matmul_tn_add [true, false], true;
    /// `out += aᵀ·bᵀ`.
    matmul_tt_add [true, true], true;
}

#[cfg(test)]
mod tests {
    use super::*;

    type Function<T> = for<'o> fn(&'o mut [T], &[T], &[T], [usize; 3]) -> &'o mut [T];

    /// Numbers between -1 and 1 that a row and a column never share.
    fn numbers<T: Real>(len: usize, seed: u32) -> Vec<T> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            T::from_f64(f64::from(state >> 8) / f64::from(1 << 23) - 1.0)
        };
        (0..len).map(next).collect()
    }

    /// Checks one product of one size against sums in `f64`, within `k` roundings of a product of ones.
    fn check<T: Real>(product: Function<T>, [m, k, n]: [usize; 3], [ta, tb]: [bool; 2], add: bool, epsilon: f64) {
        let (a, b, old) = (numbers::<T>(m * k, 1), numbers::<T>(k * n, 2), numbers::<T>(m * n, 3));
        let mut out = old.clone();
        let returned = product(&mut out, &a, &b, [m, k, n]).as_ptr();
        assert_eq!(returned, out.as_ptr());
        for i in 0..m {
            for j in 0..n {
                let at =
                    |p| (if ta { a[p * m + i] } else { a[i * k + p] }, if tb { b[j * k + p] } else { b[p * n + j] });
                let sum: f64 = (0..k).map(at).map(|(a, b)| a.to_f64() * b.to_f64()).sum();
                let expected = if add { old[i * n + j].to_f64() + sum } else { sum };
                let error = (out[i * n + j].to_f64() - expected).abs();
                assert!(error <= epsilon * (2 + k) as f64, "[{i}, {j}] of {m}x{k}x{n} {ta} {tb} {add}: {error:e}");
            }
        }
    }

    fn check_all<T: Real>(dims: [usize; 3], epsilon: f64) {
        let products: [(Function<T>, [bool; 2], bool); 8] = [
            (matmul, [false, false], false),
            (matmul_nt, [false, true], false),
            (matmul_tn, [true, false], false),
            (matmul_tt, [true, true], false),
            (matmul_add, [false, false], true),
            (matmul_nt_add, [false, true], true),
            (matmul_tn_add, [true, false], true),
            (matmul_tt_add, [true, true], true),
        ];
        for (product, flags, add) in products {
            check(product, dims, flags, add, epsilon);
        }
    }

    #[test]
    fn every_product_of_every_size_is_the_sum_of_products() {
        let sizes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 16, 17, 19, 33];
        for m in sizes {
            for k in sizes {
                for n in sizes {
                    check_all::<f32>([m, k, n], f64::from(f32::EPSILON));
                    check_all::<f64>([m, k, n], f64::EPSILON);
                }
            }
        }
    }

    #[test]
    fn long_sums_and_large_products_too() {
        for dims in [[3, 1000, 5], [13, 513, 13], [1, 700, 40], [70, 600, 1], [64, 64, 64], [61, 67, 71], [1, 600, 600]]
        {
            check_all::<f32>(dims, f64::from(f32::EPSILON));
            check_all::<f64>(dims, f64::EPSILON);
        }
    }

    #[test]
    #[should_panic(expected = "slices and dimensions of a product differ")]
    fn a_slice_of_another_length_panics() {
        matmul(&mut [0.0; 6], &[0.0; 6], &[0.0; 8], [2, 3, 3]);
    }
}

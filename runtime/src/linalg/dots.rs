//! Products with few columns, or few rows of which the other operand is transposed: inner products of long rows.
//!
//! Each is summed in 128 bytes of lanes, which are folded in halves at the end: in `f32`, element `p` goes to lane
//! `p mod 32`. That is so for any instruction set, so that their bits differ only by how products are rounded.

// Loops that count, over arrays of vectors: see `kernel`.
#![allow(clippy::needless_range_loop)]

use super::inlined::put;
use crate::math::Real;
use crate::simd::Lanes;
use pulp::Simd;

/// `out[i·strides[0] + j·strides[1]] = rows[i]·columns[j]`, or `+=` with `add`.
pub(super) struct Dots<'a, T> {
    pub out: &'a mut [T],
    pub strides: [usize; 2],
    /// One after another, `k` elements each.
    pub rows: &'a [T],
    /// At most four, of as many elements.
    pub columns: &'a [T],
    pub k: usize,
    pub add: bool,
}

with_simd!(Dots: f32 f64);

impl<T: Real> Dots<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S)
    where
        T: Lanes<S>,
    {
        match self.columns.len() / self.k {
            1 => self.columns::<S, 1, 4>(simd),
            2 => self.columns::<S, 2, 4>(simd),
            3 => self.columns::<S, 3, 3>(simd),
            _ => self.columns::<S, 4, 3>(simd),
        }
    }

    /// `N` columns, by `R` rows as long as there are so many.
    #[inline(always)]
    fn columns<S: Simd, const N: usize, const R: usize>(mut self, simd: S)
    where
        T: Lanes<S>,
    {
        let m = self.rows.len() / self.k;
        let whole = m - m % R;
        for i in (0..whole).step_by(R) {
            self.rows::<S, N, R>(simd, i);
        }
        for i in whole..m {
            self.rows::<S, N, 1>(simd, i);
        }
    }

    #[inline(always)]
    fn rows<S: Simd, const N: usize, const R: usize>(&mut self, simd: S, i: usize)
    where
        T: Lanes<S>,
    {
        let rows: [&[T]; R] = std::array::from_fn(|r| &self.rows[(i + r) * self.k..][..self.k]);
        let columns: [&[T]; N] = std::array::from_fn(|j| &self.columns[j * self.k..][..self.k]);
        let sums = match 128 / size_of::<T>() / T::LANES {
            2 => lanes::<S, T, N, R, 2>(simd, rows, columns),
            4 => lanes::<S, T, N, R, 4>(simd, rows, columns),
            8 => lanes::<S, T, N, R, 8>(simd, rows, columns),
            _ => unreachable!("a vector has sixteen bytes or more"),
        };
        for (r, sums) in sums.into_iter().enumerate() {
            for (j, sum) in sums.into_iter().enumerate() {
                put(&mut self.out[(i + r) * self.strides[0] + j * self.strides[1]], sum, self.add);
            }
        }
    }
}

/// The inner products, each in `V` vectors.
#[inline(always)]
fn lanes<S: Simd, T: Lanes<S>, const N: usize, const R: usize, const V: usize>(
    simd: S,
    rows: [&[T]; R],
    columns: [&[T]; N],
) -> [[T; N]; R] {
    let k = rows[0].len();
    let round = V * T::LANES;
    let whole = k - k % round;
    let zero = T::splat(simd, T::ZERO);
    let mut sums = [[[zero; V]; N]; R];
    for p in (0..whole).step_by(round) {
        for v in 0..V {
            // SAFETY: the vector ends with a whole round.
            let load = |x: &[T]| unsafe { T::load(simd, x.as_ptr().add(p + v * T::LANES)) };
            add_products::<S, T, N, R, V>(simd, &mut sums, v, all(rows, load, zero), all(columns, load, zero));
        }
    }
    for v in 0..V {
        let p = whole + v * T::LANES;
        if p >= k {
            continue;
        }
        let mask = T::mask(simd, (k - p).min(T::LANES));
        // SAFETY: the mask has what there is until `k`.
        let load = |x: &[T]| unsafe { T::load_masked(simd, mask, x.as_ptr().add(p)) };
        add_products::<S, T, N, R, V>(simd, &mut sums, v, all(rows, load, zero), all(columns, load, zero));
    }
    let mut out = [[T::ZERO; N]; R];
    for r in 0..R {
        for j in 0..N {
            out[r][j] = fold::<S, T, V>(simd, sums[r][j]);
        }
    }
    out
}

#[inline(always)]
fn all<'x, T, V: Copy, const N: usize>(x: [&'x [T]; N], load: impl Fn(&'x [T]) -> V, zero: V) -> [V; N] {
    let mut vectors = [zero; N];
    for i in 0..N {
        vectors[i] = load(x[i]);
    }
    vectors
}

#[inline(always)]
fn add_products<S: Simd, T: Lanes<S>, const N: usize, const R: usize, const V: usize>(
    simd: S,
    sums: &mut [[[T::Vector; V]; N]; R],
    v: usize,
    rows: [T::Vector; R],
    columns: [T::Vector; N],
) {
    for r in 0..R {
        for j in 0..N {
            sums[r][j][v] = T::mul_add(simd, rows[r], columns[j], sums[r][j][v]);
        }
    }
}

/// The lanes in halves: those of the upper vectors are added to those of the lower.
#[inline(always)]
fn fold<S: Simd, T: Lanes<S>, const V: usize>(simd: S, mut sum: [T::Vector; V]) -> T {
    for half in [4, 2, 1] {
        for v in 0..half {
            if v + half < V {
                sum[v] = <T as Lanes<S>>::add(simd, sum[v], sum[v + half]);
            }
        }
    }
    T::sum(simd, sum[0])
}

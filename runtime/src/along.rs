//! What is done along one axis of flat row-major arrays, all others staying as they are: what is before the axis is taken
//! as one axis, `outer`, and what is after it as another, `inner`.

use crate::linalg::transpose;
use crate::math::Real;
use crate::pieces::{is_worth, rows_of, share_rows};
use std::cmp::Ordering;
use std::ops::Range;

/// Run `at` of as many elements as `inner` has.
#[inline(always)]
fn runs(inner: usize, at: usize) -> Range<usize> {
    at * inner..(at + 1) * inner
}

/// `out` is zeros, with element `k` of `x` at `start + step · k`: `[outer, from, inner]` becomes `[outer, to, inner]`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn pad<'o, T: Real>(
    out: &'o mut [T],
    x: &[T],
    [outer, from, to, inner]: [usize; 4],
    start: usize,
    step: isize,
) -> &'o mut [T] {
    out.fill(T::ZERO);
    for i in 0..outer {
        let (out, x) = (&mut out[runs(to * inner, i)], &x[runs(from * inner, i)]);
        if step == 1 {
            out[start * inner..][..from * inner].copy_from_slice(x);
            continue;
        }
        for k in 0..from {
            let at = start.wrapping_add_signed(step * k as isize);
            out[runs(inner, at)].copy_from_slice(&x[runs(inner, k)]);
        }
    }
    out
}

/// `parts` one after another, `lengths[p]` elements of part `p` for each of `outer`.
#[inline]
pub fn concat<'o, T: Copy, const P: usize>(
    out: &'o mut [T],
    parts: [&[T]; P],
    outer: usize,
    lengths: [usize; P],
) -> &'o mut [T] {
    let mut at = 0;
    for i in 0..outer {
        for (part, length) in parts.into_iter().zip(lengths) {
            out[at..at + length].copy_from_slice(&part[i * length..][..length]);
            at += length;
        }
    }
    out
}

/// The elements of `x`, `[outer, size, inner]`, at the positions in `index`.
///
/// # Panics
/// Where a position is not below `size`.
#[inline]
pub fn gather<'o, T: Copy>(
    out: &'o mut [T],
    x: &[T],
    index: &[usize],
    [outer, size, inner]: [usize; 3],
) -> &'o mut [T] {
    for i in 0..outer {
        for (k, &position) in index.iter().enumerate() {
            assert!(position < size, "position {position} of an axis of {size}");
            out[runs(inner, i * index.len() + k)].copy_from_slice(&x[runs(inner, i * size + position)]);
        }
    }
    out
}

/// `out`, `[outer, size, inner]`, is the sums of the elements of `x` whose position in `index` it is, in their order.
///
/// # Panics
/// Where a position is not below `size`.
#[inline]
pub fn scatter<'o, T: Real>(
    out: &'o mut [T],
    x: &[T],
    index: &[usize],
    [outer, size, inner]: [usize; 3],
) -> &'o mut [T] {
    out.fill(T::ZERO);
    for i in 0..outer {
        for (k, &position) in index.iter().enumerate() {
            assert!(position < size, "position {position} of an axis of {size}");
            add(&mut out[runs(inner, i * size + position)], &x[runs(inner, i * index.len() + k)]);
        }
    }
    out
}

/// The sums of windows where they overlap: `x` is `[outer, count, window, inner]`, whose element `[i, p]` is added to
/// element `stride · i + dilation · p` of `[outer, size, inner]`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn overlap<'o, T: Real>(
    out: &'o mut [T],
    x: &[T],
    [outer, count, window, size, inner]: [usize; 5],
    stride: usize,
    dilation: usize,
) -> &'o mut [T] {
    if stride == window && dilation == 1 && size == count * window {
        out.copy_from_slice(x);
        return out;
    }
    out.fill(T::ZERO);
    for i in 0..outer {
        let (out, x) = (&mut out[runs(size * inner, i)], &x[runs(count * window * inner, i)]);
        for k in 0..count {
            for p in 0..window {
                let (to, from) = (stride * k + dilation * p, k * window + p);
                match inner {
                    1 => out[to] += x[from],
                    _ => add(&mut out[runs(inner, to)], &x[runs(inner, from)]),
                }
            }
        }
    }
    out
}

#[inline(always)]
fn add<T: Real>(out: &mut [T], x: &[T]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += *x;
    }
}

/// Sums of all elements so far along the middle axis of `[outer, size, inner]`.
#[inline]
pub fn cumsum<'o, T: Real>(out: &'o mut [T], x: &[T], [outer, size, inner]: [usize; 3]) -> &'o mut [T] {
    out.copy_from_slice(x);
    for i in 0..outer {
        for k in 1..size {
            let (before, here) = out[(i * size + k - 1) * inner..].split_at_mut(inner);
            add(&mut here[..inner], before);
        }
    }
    out
}

/// Sums of all elements from here on along the middle axis of `[outer, size, inner]`.
#[inline]
pub fn cumsum_from_end<'o, T: Real>(out: &'o mut [T], x: &[T], [outer, size, inner]: [usize; 3]) -> &'o mut [T] {
    out.copy_from_slice(x);
    for i in 0..outer {
        for k in (1..size).rev() {
            let (here, after) = out[(i * size + k - 1) * inner..].split_at_mut(inner);
            add(here, &after[..inner]);
        }
    }
    out
}

/// The position of the first maximum along the middle axis of `[outer, size, inner]`, or of the first NaN; 0 of nothing.
#[inline]
pub fn argmax<'o, T: Real>(out: &'o mut [usize], x: &[T], dims: [usize; 3]) -> &'o mut [usize] {
    extremum(out, x, dims, Ordering::Greater)
}

/// The position of the first minimum along the middle axis of `[outer, size, inner]`, or of the first NaN; 0 of nothing.
#[inline]
pub fn argmin<'o, T: Real>(out: &'o mut [usize], x: &[T], dims: [usize; 3]) -> &'o mut [usize] {
    extremum(out, x, dims, Ordering::Less)
}

#[inline(always)]
fn extremum<'o, T: Real>(
    out: &'o mut [usize],
    x: &[T],
    [outer, size, inner]: [usize; 3],
    wanted: Ordering,
) -> &'o mut [usize] {
    out.fill(0);
    for i in 0..outer {
        for k in 1..size {
            for j in 0..inner {
                let best = &mut out[i * inner + j];
                let (here, there) = (x[(i * size + k) * inner + j], x[(i * size + *best) * inner + j]);
                // Compared with itself, NaN is not equal.
                let better = match here.partial_cmp(&there) {
                    Some(order) => order == wanted,
                    None => here.partial_cmp(&here).is_none() && there.partial_cmp(&there).is_some(),
                };
                if better {
                    *best = k;
                }
            }
        }
    }
    out
}

/// A product for each of a batch: `out`, `a` and `b` are that many matrices, one after another. Many are shared by threads.
#[inline(always)]
pub fn batched<'o, T: Real>(
    product: impl for<'a> Fn(&'a mut [T], &[T], &[T], [usize; 3]) -> &'a mut [T] + Sync,
    batch: usize,
    out: &'o mut [T],
    a: &[T],
    b: &[T],
    dims: [usize; 3],
) -> &'o mut [T] {
    let [m, k, n] = dims;
    if is_worth(batch, m * k * n) {
        share_rows(
            [batch, m * k * n],
            [rows_of(&mut *out, m * n)],
            #[inline(always)]
            |part: Range<usize>, out: &mut [T]| {
                let of_part = |size| part.start * size..part.end * size;
                one_by_one(&product, part.len(), out, &a[of_part(m * k)], &b[of_part(k * n)], dims);
                []
            },
        );
    } else {
        one_by_one(&product, batch, out, a, b, dims);
    }
    out
}

#[inline(always)]
fn one_by_one<T>(
    product: &impl for<'a> Fn(&'a mut [T], &[T], &[T], [usize; 3]) -> &'a mut [T],
    batch: usize,
    out: &mut [T],
    a: &[T],
    b: &[T],
    [m, k, n]: [usize; 3],
) {
    for i in 0..batch {
        product(&mut out[runs(m * n, i)], &a[runs(m * k, i)], &b[runs(k * n, i)], [m, k, n]);
    }
}

/// `rows` cut into ranges of `height` rows, the last one perhaps shorter.
#[inline(always)]
pub fn rows_within(rows: Range<usize>, height: usize) -> impl Iterator<Item = Range<usize>> {
    let end = rows.end;
    rows.step_by(height).map(move |start| start..end.min(start + height))
}

/// The `rows` of `x`, of `width` elements each, as `height` lanes: `[width, height]`. Lanes beyond them hold the last row again, so
/// that nothing is computed there that is not computed of a row.
///
/// # Panics
/// Where there is no row, or more than lanes.
#[inline(always)]
pub fn lanes_of<T: Copy>(lanes: &mut [T], x: &[T], rows: &Range<usize>, [width, height]: [usize; 2]) {
    let (lanes, x) = (&mut lanes[..width * height], &x[rows.start * width..rows.end * width]);
    assert!(!rows.is_empty() && rows.len() <= height, "{} rows in {height} lanes", rows.len());
    // SAFETY: `x` has the rows, and `lanes` room for as many lanes of each feature.
    unsafe { transpose(lanes.as_mut_ptr(), height, x.as_ptr(), width, [rows.len(), width]) };
    if rows.len() < height {
        for (lanes, &last) in lanes.chunks_exact_mut(height).zip(&x[x.len() - width..]) {
            lanes[rows.len()..].fill(last);
        }
    }
}

/// Which lanes have one of the `rows`.
#[inline(always)]
pub fn live_lanes(live: &mut [bool], rows: &Range<usize>) {
    for (lane, live) in live.iter_mut().enumerate() {
        *live = lane < rows.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[2, 3, 2]`: 0 to 11.
    fn x() -> Vec<f64> {
        (0..12).map(f64::from).collect()
    }

    #[test]
    fn elements_are_padded_and_joined_where_they_belong() {
        let mut out = [9.0; 16];
        let expected = [0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 0.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0];
        assert_eq!(pad(&mut out, &x(), [2, 3, 4, 2], 1, 1), expected);
        assert_eq!(pad(&mut [9.0; 5], &[1.0, 2.0], [1, 2, 5, 1], 4, -3), [0.0, 2.0, 0.0, 0.0, 1.0]);
        assert_eq!(
            concat(&mut [0.0; 6], [&[1.0, 2.0], &[3.0, 4.0, 5.0, 6.0]], 2, [1, 2]),
            [1.0, 3.0, 4.0, 2.0, 5.0, 6.0]
        );
    }

    #[test]
    fn what_is_gathered_is_scattered_back_in_sums() {
        let gathered = [4.0, 5.0, 0.0, 1.0, 4.0, 5.0, 10.0, 11.0, 6.0, 7.0, 10.0, 11.0];
        assert_eq!(gather(&mut [0.0; 12], &x(), &[2, 0, 2], [2, 3, 2]), gathered);
        let sums = [0.0, 1.0, 0.0, 0.0, 8.0, 10.0, 6.0, 7.0, 0.0, 0.0, 20.0, 22.0];
        assert_eq!(scatter(&mut [9.0; 12], &gathered, &[2, 0, 2], [2, 3, 2]), sums);
    }

    #[test]
    #[should_panic(expected = "position 3 of an axis of 3")]
    fn a_position_beyond_the_axis_is_refused() {
        gather(&mut [0.0; 4], &x(), &[3], [2, 3, 2]);
    }

    #[test]
    fn windows_add_up_where_they_overlap() {
        let windows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(overlap(&mut [9.0; 4], &windows, [1, 3, 2, 4, 1], 1, 1), [1.0, 5.0, 9.0, 6.0]);
        assert_eq!(overlap(&mut [9.0; 5], &windows[..4], [1, 2, 2, 5, 1], 2, 2), [1.0, 0.0, 5.0, 0.0, 4.0]);
    }

    #[test]
    fn sums_run_in_both_directions() {
        assert_eq!(cumsum(&mut [0.0; 6], &x()[..6], [1, 3, 2]), [0.0, 1.0, 2.0, 4.0, 6.0, 9.0]);
        assert_eq!(cumsum_from_end(&mut [0.0; 6], &x()[..6], [1, 3, 2]), [6.0, 9.0, 6.0, 8.0, 4.0, 5.0]);
        assert!(cumsum::<f64>(&mut [], &[], [2, 0, 3]).is_empty());
    }

    #[test]
    fn the_first_extremum_is_found_and_nan_is_one() {
        let rows = [1.0, 3.0, 3.0, -1.0, f64::NAN, 7.0];
        assert_eq!(argmax(&mut [9; 2], &rows, [2, 3, 1]), [1, 1]);
        assert_eq!(argmin(&mut [9; 3], &rows, [1, 2, 3]), [1, 1, 0]);
    }

    #[test]
    fn rows_become_lanes_and_the_last_one_fills_what_is_left() {
        assert!(rows_within(1..6, 2).eq([1..3, 3..5, 5..6]) && rows_within(0..0, 2).next().is_none());
        let (mut lanes, mut live) = ([0.0; 6], [false; 3]);
        lanes_of(&mut lanes, &x(), &(4..6), [2, 3]);
        live_lanes(&mut live, &(4..6));
        assert_eq!((lanes, live), ([8.0, 10.0, 10.0, 9.0, 11.0, 11.0], [true, true, false]));
    }

    #[test]
    fn each_of_a_batch_is_multiplied() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 2.0, 0.5]);
        let out = &mut [0.0; 2];
        assert_eq!(batched(crate::linalg::matmul, 2, out, &a, &b, [1, 2, 1]), [3.0, 8.0]);
    }
}

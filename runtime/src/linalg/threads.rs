//! How threads share a large product: each makes some of its columns, or of its rows. No sum is shared, so the bits are
//! those of one thread. Where the operand that all of them read is packed, they pack it together.

use super::Product;
use super::blocked::{Packed, Part, UNIT, Whole, stretch_and_band};
use crate::math::Real;
use crate::threads::{Worth, each_of, shares};
use std::ops::Range;

/// The multiplications, some 5 us of them, that a thread is worth.
const WORTH: usize = 1 << 18;

/// Those, some 70 us of them, for which threads are woken.
const WAKING: usize = 3 << 20;

/// A part ends with a multiple of so many rows, or columns, so that most of its tiles are whole.
const WHOLE: [usize; 2] = [12, 32];

/// The fewest rows, or columns, for a thread.
const FEWEST: usize = 32;

/// Where the parts of a thread end, in eighths of what it has: the last ones are small, so that all threads end at a time.
const ENDS: [usize; 5] = [0, 4, 6, 7, 8];

/// Computes `product`, on several threads where that is faster.
pub(super) fn multiply<T: Real>(product: Product<T>) {
    let whole = Whole::new(product);
    let [m, k, n] = whole.dims;
    let most = (m * k * n / WORTH).min(m.max(n) / FEWEST);
    share(&whole, shares(most.max(1)));
}

/// Cuts the longer side into parts for so many `threads`.
fn share<T: Real>(whole: &Whole<T>, threads: usize) {
    let all = whole.all();
    if threads == 1 {
        // SAFETY: there is no other part.
        return unsafe { T::part(whole, all, None) };
    }
    let [m, k, n] = whole.dims;
    let worth = if m * k * n < WAKING { Worth::Sharing } else { Worth::Waking };
    let by_columns = n > m;
    let parts = |of: &Part, packed: Option<&Packed<T>>| {
        let (side, unit) = if by_columns { (n, WHOLE[1]) } else { (m, WHOLE[0]) };
        let each_has = ENDS.len() - 1;
        let cut = |part: usize| {
            let eighths = 8 * (part / each_has) + ENDS[part % each_has];
            (side * eighths / (8 * threads)).next_multiple_of(unit).min(side)
        };
        each_of(threads * each_has, threads, worth, |number| {
            let piece = cut(number)..cut(number + 1);
            if piece.is_empty() {
                return;
            }
            let part = match by_columns {
                true => Part { rows: of.rows.clone(), columns: piece },
                false => Part { rows: piece, columns: of.columns.clone() },
            };
            // SAFETY: parts of different numbers do not overlap, and are within a whole that nobody else has; those of
            // products before these have been made, and what is packed has been.
            unsafe { T::part(whole, part, packed) };
        });
    };
    let [a, b] = T::packs(whole);
    if !(if by_columns { a } else { b }) {
        return parts(&all, None);
    }
    let side = if by_columns { m } else { n };
    let [stretch, band] = stretch_and_band::<T>(k, side);
    T::with_common(|common| {
        let memory = common.room(band.min(side).next_multiple_of(UNIT) * stretch);
        for p in (0..k).step_by(stretch) {
            for start in (0..side).step_by(band) {
                let band = start..side.min(start + band);
                let part = match by_columns {
                    true => Part { rows: band.clone(), columns: all.columns.clone() },
                    false => Part { rows: all.rows.clone(), columns: band.clone() },
                };
                let packed = Packed { memory, part, products: p..k.min(p + stretch), of_b: !by_columns };
                pack(whole, &packed, band.len(), threads, worth);
                parts(&packed.part, Some(&packed));
            }
        }
    });
}

/// Packs `len` rows, or columns, in a piece for each thread.
fn pack<T: Real>(whole: &Whole<T>, packed: &Packed<T>, len: usize, threads: usize, worth: Worth) {
    each_of(threads, threads, worth, |number| {
        let piece: Range<usize> = len * number / threads..len * (number + 1) / threads;
        // SAFETY: pieces of different numbers do not overlap, and nobody reads them before all are packed; the memory is
        // for as many rows, or columns, up to a multiple of `UNIT`.
        unsafe { T::pack(whole, packed, piece) };
    });
}

#[cfg(test)]
mod tests {
    use super::share;
    use crate::linalg::Product;
    use crate::linalg::blocked::Whole;

    #[test]
    fn any_number_of_parts_gives_the_same_bits() {
        let numbers = |len: usize| (0..len).map(|i| (i as f32).sin()).collect::<Vec<_>>();
        for dims in
            [[700, 130, 410], [130, 600, 1000], [96, 4000, 192], [2100, 520, 2080], [80, 1030, 5], [5, 520, 300]]
        {
            let [m, k, n] = dims;
            let (a, b) = (numbers(m * k), numbers(k * n));
            for flags in [[false, false], [true, false], [false, true], [true, true]] {
                let results = [1, 2, 3, 8].map(|parts| {
                    let mut out = vec![1.0; m * n];
                    share(&Whole::new(Product { out: &mut out, a: &a, b: &b, dims, flags, add: true }), parts);
                    out
                });
                assert!(results.iter().all(|result| *result == results[0]), "{dims:?} {flags:?}");
            }
        }
    }
}

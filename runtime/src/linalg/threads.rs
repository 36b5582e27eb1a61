//! How threads share a large product: each makes some of its columns, or of its rows. No sum is shared, so the bits are
//! those of one thread.

use super::Product;
use super::blocked::{Part, Whole};
use crate::math::Real;
use crate::threads::{each, shares};
use std::ops::Range;

/// The multiplications, some 10 us of them, that a thread is worth.
const WORTH: usize = 1 << 19;

/// A part ends with a multiple of this, so that most of its tiles are whole.
const UNIT: usize = 32;

/// The fewest rows, or columns, of a part.
const FEWEST: usize = 48;

/// Computes `product`, on several threads where that is faster.
pub(super) fn multiply<T: Real>(product: Product<T>) {
    let whole = Whole::new(product);
    let [m, k, n] = whole.dims;
    let most = (m * k * n / WORTH).min(m.max(n) / FEWEST);
    share(&whole, shares(most.max(1)));
}

/// Cuts the longer side into `parts`.
fn share<T: Real>(whole: &Whole<T>, parts: usize) {
    let Part { rows, columns } = whole.all();
    let cut = |side: &Range<usize>, k: usize| (side.len() * k / parts).next_multiple_of(UNIT).min(side.len());
    let piece = |side: &Range<usize>, k: usize| cut(side, k)..cut(side, k + 1);
    each(parts, |k| {
        let part = match columns.len() >= rows.len() {
            true => Part { rows: rows.clone(), columns: piece(&columns, k) },
            false => Part { rows: piece(&rows, k), columns: columns.clone() },
        };
        if part.rows.is_empty() || part.columns.is_empty() {
            return;
        }
        // SAFETY: parts of different numbers do not overlap, and are within a whole that nobody else has.
        unsafe { T::part(whole, part) };
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
        for dims in [[700, 130, 410], [130, 600, 1000], [96, 4000, 192]] {
            let [m, k, n] = dims;
            let (a, b) = (numbers(m * k), numbers(k * n));
            for flags in [[false, false], [true, false], [false, true]] {
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

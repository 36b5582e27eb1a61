//! How threads share a large product: each makes some of its columns, or of its rows. No sum is shared, so the bits are
//! those of one thread.

use super::Product;
use super::blocked::{Part, Whole};
use crate::math::Real;
use crate::threads::{Worth, each_of, shares};

/// The multiplications, some 5 us of them, that a thread is worth.
const WORTH: usize = 1 << 18;

/// Those, some 100 us of them, for which threads are woken.
const WAKING: usize = 1 << 22;

/// A part ends with a multiple of this, so that most of its tiles are whole.
const UNIT: usize = 32;

/// The fewest rows, or columns, for a thread.
const FEWEST: usize = 48;

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
    let Part { rows, columns } = whole.all();
    let (side, by_columns) = if columns.len() > rows.len() { (columns.len(), true) } else { (rows.len(), false) };
    let ends: &[usize] = match threads {
        1 => &[0, 8],
        _ if !by_columns => &[0, 8],
        _ => &ENDS,
    };
    let each_has = ends.len() - 1;
    let cut = |part: usize| {
        (side * (8 * (part / each_has) + ends[part % each_has]) / (8 * threads)).next_multiple_of(UNIT).min(side)
    };
    let worth = if whole.dims.iter().product::<usize>() < WAKING { Worth::Sharing } else { Worth::Waking };
    each_of(threads * each_has, threads, worth, |k| {
        let piece = cut(k)..cut(k + 1);
        let part = match by_columns {
            true => Part { rows: rows.clone(), columns: piece },
            false => Part { rows: piece, columns: columns.clone() },
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

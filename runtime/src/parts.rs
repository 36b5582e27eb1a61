//! Rows in parts, which threads share. Each part has sums and lanes of its own, and the sums of all parts are added in their
//! order: the bits depend on the number of rows, and not on the threads.

use crate::math::Real;
use crate::pieces::{APART, Pieces, WORTH};
use crate::threads::each;
use std::ops::Range;
use std::sync::Mutex;

/// The rows of the narrowest networks that are worth a piece.
const FEWEST: usize = 2048;

/// Runs `work` on a number of rows, in parts that are multiples of `height` but for the last, on several threads.
///
/// `work` adds to the `sums`, which are zeros at first, and writes to the `lanes` what it likes. `apart` is memory for
/// those of many parts, and grows at first use.
#[inline]
pub fn in_parts<T: Real, const S: usize, const L: usize>(
    [rows, height]: [usize; 2],
    apart: &mut Vec<T>,
    sums: [&mut [T]; S],
    lanes: [&mut [T]; L],
    work: impl Fn(Range<usize>, [&mut [T]; S], [&mut [T]; L]) + Sync,
) {
    let cut = Pieces::of([rows, WORTH / FEWEST], 0, height);
    match cut.count() {
        1 => work(0..rows, sums, lanes),
        parts => {
            let lengths = (sums.each_ref().map(|s| s.len()), lanes.each_ref().map(|l| l.len()));
            let each = (lengths.0.iter().sum::<usize>() + lengths.1.iter().sum::<usize>()).next_multiple_of(APART);
            apart.resize(parts * each, T::ZERO);
            each_part(parts, apart, &|part, memory| {
                let (sums, lanes) = memory.split_at_mut(lengths.0.iter().sum());
                sums.fill(T::ZERO);
                work(cut.range(part), pieces(sums, lengths.0), pieces(lanes, lengths.1));
            });
            add_up(sums, apart.chunks_exact(each));
        }
    }
}

/// Consecutive pieces of these lengths.
fn pieces<T, const K: usize>(mut memory: &mut [T], lengths: [usize; K]) -> [&mut [T]; K] {
    lengths.map(|len| memory.split_off_mut(..len).expect("there is memory for all"))
}

/// Adds what each part has at its beginning to `sums`, part by part.
fn add_up<'p, T: Real, const S: usize>(mut sums: [&mut [T]; S], parts: impl Iterator<Item = &'p [T]>) {
    for mut part in parts {
        for sum in &mut sums {
            let (more, rest) = part.split_at(sum.len());
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += *more);
            part = rest;
        }
    }
}

/// `work` on each of so many parts, with its share of `memory`.
fn each_part<T: Real>(parts: usize, memory: &mut [T], work: &(impl Fn(usize, &mut [T]) + Sync)) {
    let share = memory.len() / parts;
    let shares = Mutex::new(memory.chunks_exact_mut(share).enumerate());
    each(parts, |_| {
        let next = shares.lock().expect("nobody panics with it").next();
        let (part, memory) = next.expect("as many as parts");
        work(part, memory);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::MOST;
    use crate::threads::at_most;

    /// The sum of all rows, and of their squares, as parts make them.
    fn sums(rows: usize) -> (Vec<f64>, usize) {
        let (mut apart, mut sum, mut squares, mut lanes) = (Vec::new(), [0.0], [0.0, 0.0], [0.0; 8]);
        in_parts([rows, 8], &mut apart, [&mut sum, &mut squares], [&mut lanes], |rows, [sum, squares], [lanes]| {
            lanes.fill(1.0);
            rows.map(|row| row as f64).for_each(|row| {
                sum[0] += row.sin() * lanes[0];
                squares[row as usize % 2] += row.sin() * row.sin();
            });
        });
        ([sum.as_slice(), &squares].concat(), apart.len())
    }

    #[test]
    fn parts_cover_all_rows_once() {
        for rows in [0, 1, 7, FEWEST, 2 * FEWEST, 5 * FEWEST + 3, 100 * FEWEST + 1] {
            let expected: f64 = (0..rows).map(|row| (row as f64).sin().powi(2)).sum();
            let (sums, apart) = sums(rows);
            assert!((sums[1] + sums[2] - expected).abs() <= 1e-9 * expected, "{rows} rows");
            assert!(apart <= MOST * APART, "memory does not grow with {rows} rows");
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        for rows in [3 * FEWEST, 20 * FEWEST + 9] {
            let results = [1, 2, 3, 8].map(|threads| at_most(threads, || sums(rows)));
            assert!(results.iter().all(|result| *result == results[0]), "{rows} rows");
        }
    }
}

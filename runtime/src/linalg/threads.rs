//! How threads share a large product: each makes some of its columns, or of its rows. No sum is shared, so the bits are
//! those of one thread.

use super::Product;
use super::blocked::{Part, Whole};
use crate::math::Real;

/// The multiplications, about 30 us of them, that waking a thread must be worth.
const WORTH: usize = 1 << 21;

/// A part ends with a multiple of this, so that its tiles are whole.
const UNIT: usize = 96;

/// Computes `product`, on several threads where that is faster.
pub(super) fn multiply<T: Real>(product: Product<T>) {
    let whole = Whole::new(product);
    let [m, k, n] = whole.dims;
    let most = (m * k * n / WORTH).min(m.max(n) / UNIT);
    share(&whole, whole.all(), most.min(rayon::current_num_threads()).max(1));
}

/// Halves a part until there are `threads` of them.
fn share<T: Real>(whole: &Whole<T>, part: Part, threads: usize) {
    if threads == 1 {
        // SAFETY: the parts that are halved do not overlap, and were one part that nobody else had.
        return unsafe { T::part(whole, part) };
    }
    let (first, second) = halves(part, threads);
    rayon::join(|| share(whole, first, threads / 2), || share(whole, second, threads - threads / 2));
}

/// The longer side in two, as `threads / 2` is to the rest.
fn halves(part: Part, threads: usize) -> (Part, Part) {
    let Part { rows, columns } = part.clone();
    let cut = |len: usize| (len * (threads / 2) / threads).next_multiple_of(UNIT).min(len);
    if columns.len() >= rows.len() {
        let middle = columns.start + cut(columns.len());
        let halves = [columns.start..middle, middle..columns.end];
        let [first, second] = halves.map(|columns| Part { rows: rows.clone(), columns });
        (first, second)
    } else {
        let middle = rows.start + cut(rows.len());
        let halves = [rows.start..middle, middle..rows.end];
        let [first, second] = halves.map(|rows| Part { rows, columns: columns.clone() });
        (first, second)
    }
}

#[cfg(test)]
mod tests {
    use crate::linalg::{matmul, matmul_nt, matmul_tn_add};

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let numbers = |len: usize| (0..len).map(|i| (i as f32).sin()).collect::<Vec<_>>();
        for dims in [[700, 130, 410], [130, 600, 1000], [96, 4000, 192]] {
            let [m, k, n] = dims;
            let (a, b) = (numbers(m * k), numbers(k * n));
            let results = [1, 2, 8].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut out = vec![0.0; m * n];
                pool.install(|| {
                    matmul(&mut out, &a, &b, dims);
                    matmul_tn_add(&mut out, &a, &b, dims);
                    let mut other = vec![0.0; m * n];
                    matmul_nt(&mut other, &a, &b, dims);
                    out.extend(other);
                });
                out
            });
            assert!(results.iter().all(|result| *result == results[0]), "{dims:?}");
        }
    }
}

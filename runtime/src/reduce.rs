//! Reductions of a slice to a scalar, in lanes: the order of the operations depends on the length alone, so the bits do.
//!
//! A slice is cut into blocks; within a block, element `i` goes to lane `i mod 32`, and what is left over to fewer
//! lanes; the lanes are then folded in halves. So a chain of additions is no longer than a block has rounds, and the
//! error of a sum grows with that and with the number of blocks, not with the number of elements.

use crate::math::{self, Real};
use crate::simd::{Pass, simd};
use std::hint::black_box;

/// Lanes enough to hide the latency of an addition behind others, few enough to stay in registers.
pub(crate) const WIDE: usize = 32;

/// 64 rounds: short enough for the digits, long enough that folding the lanes costs nothing.
const BLOCK: usize = 64 * WIDE;

/// `lanes[l] = op(lanes[l], x)` for every element, which go to the lanes in turn; returns what fills no whole round.
#[inline(always)]
fn rounds<'x, T: Real, const L: usize>(lanes: &mut [T; L], x: &'x [T], op: impl Fn(T, T) -> T) -> &'x [T] {
    let (rounds, rest) = x.as_chunks::<L>();
    for round in rounds {
        for (lane, &x) in lanes.iter_mut().zip(round) {
            *lane = op(*lane, x);
        }
    }
    rest
}

/// The lanes in fewer: lane `l` takes lanes `l + H`, `l + 2H`, ... in halves.
#[inline(always)]
pub(crate) fn folded<T: Real, const L: usize, const H: usize>(mut lanes: [T; L], op: impl Fn(T, T) -> T) -> [T; H] {
    let mut width = L;
    while width > H {
        width /= 2;
        for l in 0..width {
            lanes[l] = op(lanes[l], lanes[l + width]);
        }
    }
    std::array::from_fn(|l| lanes[l])
}

/// The lanes of [`rounds`] in four.
///
/// The barrier changes nothing but the code: where the length is constant, LLVM has no loop any more, and would grow vectors
/// from the last operation back to the first, all of them two lanes wide.
#[inline(always)]
pub(crate) fn four_of<T: Real>(wide: [T; WIDE], op: impl Fn(T, T) -> T + Copy) -> [T; 4] {
    let eight: [T; 8] = folded(wide, op);
    folded(black_box(eight), op)
}

#[inline(always)]
fn block<T: Real>(x: &[T], identity: T, op: impl Fn(T, T) -> T + Copy) -> T {
    let (mut x, mut four) = (x, [identity; 4]);
    if x.len() >= WIDE {
        let mut wide = [identity; WIDE];
        x = rounds(&mut wide, x, op);
        four = four_of(wide, op);
    }
    x = rounds(&mut four, x, op);
    let [mut one] = folded(four, op);
    for &x in x {
        one = op(one, x);
    }
    one
}

#[inline(always)]
fn reduce<T: Real>(x: &[T], identity: T, op: impl Fn(T, T) -> T + Copy) -> T {
    match x.len() <= BLOCK {
        true => block(x, identity, op),
        false => long(x, identity, op),
    }
}

/// Block by block, the blocks' values in lanes again. Not inlined: it finds the widest vectors by itself, and the code
/// around a short slice stays short.
#[inline(never)]
fn long<T: Real>(x: &[T], identity: T, op: impl Fn(T, T) -> T + Copy) -> T {
    simd(Long { x, identity, op })
}

struct Long<'x, T, F> {
    x: &'x [T],
    identity: T,
    op: F,
}

impl<T: Real, F: Fn(T, T) -> T + Copy> Pass for Long<'_, T, F> {
    type Output = T;

    #[inline(always)]
    fn run(self) -> T {
        let mut lanes = [self.identity; WIDE];
        for (i, x) in self.x.chunks(BLOCK).enumerate() {
            let lane = &mut lanes[i % WIDE];
            *lane = (self.op)(*lane, block(x, self.identity, self.op));
        }
        let [all] = folded(lanes, self.op);
        all
    }
}

/// The sum of a slice; 0 for an empty one.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn sum<T: Real>(x: &[T]) -> T {
    reduce(x, T::ZERO, |a, b| a + b)
}

/// The product of a slice; 1 for an empty one.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn prod_of<T: Real>(x: &[T]) -> T {
    reduce(x, T::ONE, |a, b| a * b)
}

/// The largest element; `-inf` for an empty slice, NaN if any element is.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn max_of<T: Real>(x: &[T]) -> T {
    reduce(x, T::from_f64(f64::NEG_INFINITY), math::max)
}

/// The smallest element; `inf` for an empty slice, NaN if any element is.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn min_of<T: Real>(x: &[T]) -> T {
    reduce(x, T::from_f64(f64::INFINITY), math::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths around every width, and beyond a block.
    fn lengths() -> impl Iterator<Item = usize> {
        (0..70).chain([127, 128, 129, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 77])
    }

    #[test]
    fn every_element_counts_once() {
        for len in lengths() {
            let x: Vec<f64> = (0..len).map(|i| i as f64).collect();
            assert_eq!(sum(&x), (len * len.saturating_sub(1) / 2) as f64, "{len}");
            assert_eq!(max_of(&x), x.iter().copied().fold(f64::NEG_INFINITY, f64::max), "{len}");
            assert_eq!(min_of(&x), x.iter().copied().fold(f64::INFINITY, f64::min), "{len}");
            let powers: Vec<f64> = (0..len).map(|i| if i % 3 == 0 { 2.0 } else { 1.0 }).collect();
            assert_eq!(prod_of(&powers[..len.min(3000)]), 2f64.powi(len.min(3000).div_ceil(3) as i32), "{len}");
        }
    }

    #[test]
    fn one_nan_anywhere_makes_every_reduction_nan() {
        for len in lengths().filter(|&len| len > 0) {
            for at in [0, len / 2, len - 1] {
                let mut x = vec![1.0_f32; len];
                x[at] = f32::NAN;
                for reduction in [sum, prod_of, max_of, min_of] {
                    assert!(reduction(&x).is_nan(), "{at} of {len}");
                }
            }
        }
    }

    #[test]
    fn a_sum_of_a_million_keeps_its_digits() {
        let x: Vec<f32> = (0..1_000_000).map(|i| 0.1 + (i % 7) as f32).collect();
        let exact: f64 = x.iter().map(|&x| f64::from(x)).sum();
        assert!((f64::from(sum(&x)) / exact - 1.0).abs() < 1e-6);
    }
}

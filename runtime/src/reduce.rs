//! Reductions of a slice to a scalar, in lanes: the order of the additions is fixed, so the bits are.

use crate::math::{self, Real};

/// The sum of a slice; 0 for an empty one.
#[inline(always)]
pub fn sum<T: Real>(x: &[T]) -> T {
    const LANES: usize = 16;
    let mut lanes = [T::ZERO; LANES];
    let (blocks, rest) = x.as_chunks::<LANES>();
    for block in blocks {
        for (lane, &x) in lanes.iter_mut().zip(block) {
            *lane += x;
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane += x;
    }
    let mut width = LANES / 2;
    while width > 0 {
        for l in 0..width {
            lanes[l] = lanes[l] + lanes[l + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// The largest element; `-inf` for an empty slice, NaN if any element is.
#[inline(always)]
pub fn max_of<T: Real>(x: &[T]) -> T {
    x.iter().fold(T::from_f64(f64::NEG_INFINITY), |m, &x| math::max(m, x))
}

/// The smallest element; `inf` for an empty slice, NaN if any element is.
#[inline(always)]
pub fn min_of<T: Real>(x: &[T]) -> T {
    x.iter().fold(T::from_f64(f64::INFINITY), |m, &x| math::min(m, x))
}

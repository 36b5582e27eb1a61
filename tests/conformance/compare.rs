//! When two tensors count as the same: within a tolerance, to the bit, or to the bit after doubling.
use ndarray::{ArrayD, Dimension};
use std::fmt;

/// What the suite compares: every result is widened to `f64`, which loses nothing.
pub type Array = ArrayD<f64>;

/// A tensor as a case wants it.
#[derive(Clone)]
pub struct Expected {
    /// `None` where any value will do.
    pub values: ArrayD<Option<f64>>,
    /// Absolute, for every element; 0 is exact.
    pub tolerance: f64,
    /// The ends of the subdifferential, at a kink.
    pub bounds: Option<(Array, Array)>,
}

/// One place at which a tensor isn't what it should be.
#[derive(Debug, PartialEq)]
pub enum Mismatch {
    Shape { got: Vec<usize>, want: Vec<usize> },
    Element { index: Vec<usize>, got: f64, want: f64, tolerance: f64 },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Shape { got, want } => write!(f, ": got shape {got:?}, want {want:?}"),
            Mismatch::Element { index, got, want, tolerance } => {
                let off = (got - want).abs();
                write!(f, "{index:?}: got {got:?}, want {want:?}, off by {off:.2e}, tolerance {tolerance:.2e}")
            }
        }
    }
}

/// NaN needs NaN, an infinity the same infinity, and any other number one within the tolerance.
pub fn is_close(got: f64, want: f64, tolerance: f64) -> bool {
    if want.is_nan() || got.is_nan() {
        return want.is_nan() && got.is_nan();
    }
    got == want || (want.is_finite() && got.is_finite() && (got - want).abs() <= tolerance)
}

/// Where `got` is neither within the tolerance nor between the bounds.
pub fn differences(got: &Array, expected: &Expected) -> Vec<Mismatch> {
    let tolerance = expected.tolerance;
    let between = |index: &[usize], got: f64| match &expected.bounds {
        Some((lo, hi)) => lo[index] - tolerance <= got && got <= hi[index] + tolerance,
        None => false,
    };
    elementwise(got, &expected.values, |index, got, want| {
        let want = want?;
        let passes = is_close(got, want, tolerance) || between(index, got);
        (!passes).then(|| Mismatch::Element { index: index.to_vec(), got, want, tolerance })
    })
}

/// Where two results of the same function differ by more than the tolerance.
pub fn disagreements(got: &Array, want: &Array, tolerance: f64) -> Vec<Mismatch> {
    differences(got, &Expected { values: want.mapv(Some), tolerance, bounds: None })
}

/// Where the bits differ. All NaN are one: Rust promises neither their sign nor their payload.
pub fn bit_differences(got: &Array, want: &Array) -> Vec<Mismatch> {
    exactly(got, want, |got, want| got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()))
}

/// Where `twice` isn't exactly `2 * once`. Powers of two are exact but in two places, which are left out: past the
/// largest number, and below `smallest_normal`, where halves are rounded away.
pub fn doubling_differences(twice: &Array, once: &Array, smallest_normal: f64) -> Vec<Mismatch> {
    let exempt = |value: f64| !value.is_finite() || (value != 0.0 && value.abs() < smallest_normal);
    exactly(twice, &once.mapv(|value| 2.0 * value), |got, want| {
        got == want || exempt(got) || exempt(want / 2.0) || exempt(want)
    })
}

fn exactly(got: &Array, want: &Array, same: impl Fn(f64, f64) -> bool) -> Vec<Mismatch> {
    elementwise(got, want, |index, got, want| {
        (!same(got, want)).then(|| Mismatch::Element { index: index.to_vec(), got, want, tolerance: 0.0 })
    })
}

fn elementwise<W: Copy>(
    got: &Array,
    want: &ArrayD<W>,
    compare: impl Fn(&[usize], f64, W) -> Option<Mismatch>,
) -> Vec<Mismatch> {
    if got.shape() != want.shape() {
        return vec![Mismatch::Shape { got: got.shape().to_vec(), want: want.shape().to_vec() }];
    }
    want.indexed_iter().filter_map(|(index, &want)| compare(index.slice(), got[&index], want)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr1, arr2};

    fn one(got: f64, want: f64, tolerance: f64) -> usize {
        disagreements(&arr1(&[1.0, got]).into_dyn(), &arr1(&[1.0, want]).into_dyn(), tolerance).len()
    }

    #[test]
    fn a_value_passes_up_to_its_tolerance_and_not_beyond() {
        assert_eq!(one(1.5, 1.0, 0.5), 0);
        assert_eq!(one(0.5, 1.0, 0.5), 0);
        assert_eq!(one(1.5000001, 1.0, 0.5), 1);
        assert_eq!(one(0.4999999, 1.0, 0.5), 1);
        assert_eq!(one(f64::from_bits(1.0_f64.to_bits() + 1), 1.0, 0.0), 1);
    }

    #[test]
    fn nan_needs_nan() {
        assert_eq!(one(f64::NAN, f64::NAN, 0.0), 0);
        assert_eq!(one(1.0, f64::NAN, f64::INFINITY), 1);
        assert_eq!(one(f64::NAN, 1.0, f64::INFINITY), 1);
        assert_eq!(one(f64::NAN, f64::INFINITY, f64::INFINITY), 1);
    }

    #[test]
    fn an_infinity_needs_the_same_infinity() {
        assert_eq!(one(f64::INFINITY, f64::INFINITY, 0.0), 0);
        assert_eq!(one(f64::NEG_INFINITY, f64::INFINITY, f64::INFINITY), 1);
        assert_eq!(one(f64::MAX, f64::INFINITY, f64::INFINITY), 1);
        assert_eq!(one(f64::INFINITY, f64::MAX, f64::INFINITY), 1);
    }

    #[test]
    fn every_wrong_element_is_found_with_its_place() {
        let want = arr2(&[[1.0, 2.0], [3.0, 4.0]]).into_dyn();
        let found = disagreements(&arr2(&[[1.0, 2.5], [3.0, 5.0]]).into_dyn(), &want, 0.25);
        let places: Vec<_> = found.iter().map(|mismatch| mismatch.to_string()).collect();
        assert_eq!(places[0], "[0, 1]: got 2.5, want 2.0, off by 5.00e-1, tolerance 2.50e-1");
        assert_eq!(places[1], "[1, 1]: got 5.0, want 4.0, off by 1.00e0, tolerance 2.50e-1");
        assert_eq!(places.len(), 2);
    }

    #[test]
    fn a_column_is_no_vector_and_no_row() {
        let column = arr2(&[[1.0], [1.0]]).into_dyn();
        let others = [arr1(&[1.0, 1.0]).into_dyn(), arr2(&[[1.0, 1.0]]).into_dyn(), arr1(&[1.0]).into_dyn()];
        for other in others {
            let wrong = Mismatch::Shape { got: other.shape().to_vec(), want: vec![2, 1] };
            assert_eq!(disagreements(&other, &column, f64::INFINITY), [wrong]);
            assert_eq!(bit_differences(&other, &column).len(), 1);
            assert_eq!(doubling_differences(&other, &column, 0.0).len(), 1);
        }
    }

    #[test]
    fn empty_tensors_still_have_a_shape() {
        let empty = |shape: &[usize]| Array::zeros(shape);
        assert!(disagreements(&empty(&[0, 2]), &empty(&[0, 2]), 0.0).is_empty());
        assert_eq!(disagreements(&empty(&[0, 3]), &empty(&[0, 2]), 0.0).len(), 1);
    }

    #[test]
    fn what_is_any_is_not_compared_and_its_neighbours_are() {
        let values = arr1(&[None, Some(1.0)]).into_dyn();
        let expected = Expected { values, tolerance: 0.0, bounds: None };
        assert!(differences(&arr1(&[f64::NAN, 1.0]).into_dyn(), &expected).is_empty());
        assert_eq!(differences(&arr1(&[0.0, 1.5]).into_dyn(), &expected).len(), 1);
    }

    #[test]
    fn a_subgradient_may_lie_between_the_bounds_only() {
        let [lo, hi] = [-1.0, 1.0].map(|end| arr1(&[end]).into_dyn());
        let expected = Expected { values: arr1(&[Some(0.0)]).into_dyn(), tolerance: 0.25, bounds: Some((lo, hi)) };
        for (got, passes) in [(-1.25, true), (1.0, true), (-1.5, false), (1.5, false), (f64::NAN, false)] {
            assert_eq!(differences(&arr1(&[got]).into_dyn(), &expected).is_empty(), passes, "{got}");
        }
    }

    #[test]
    fn bits_tell_zeros_apart_and_no_two_nans() {
        let same = |a: f64, b: f64| bit_differences(&arr1(&[a]).into_dyn(), &arr1(&[b]).into_dyn()).is_empty();
        assert!(same(f64::NAN, -f64::NAN) && same(0.1, 0.1));
        assert!(!same(0.0, -0.0) && !same(f64::NAN, 0.0));
        assert!(!same(0.1, f64::from_bits(0.1_f64.to_bits() + 1)));
    }

    #[test]
    fn doubling_is_exact_except_at_the_ends_of_the_range() {
        let doubles = |twice: f64, once: f64| {
            doubling_differences(&arr1(&[twice]).into_dyn(), &arr1(&[once]).into_dyn(), f64::MIN_POSITIVE).is_empty()
        };
        assert!(doubles(0.2, 0.1) && doubles(f64::INFINITY, f64::MAX) && doubles(0.0, 0.0));
        assert!(doubles(3e-320, 1e-320) && doubles(f64::NAN, f64::NAN));
        assert!(!doubles(f64::from_bits(0.2_f64.to_bits() + 1), 0.1) && !doubles(0.0, 0.1) && !doubles(0.1, 0.0));
    }
}

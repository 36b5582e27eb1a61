//! The passage between rows and lanes: a tile of rows feature after feature, so that each operation on a feature is one
//! over whole vectors, whose lanes are rows.

use super::pack::Panels;
use crate::math::Real;

/// Writes `rows`, of `F` elements each, as `F` features of `HEIGHT` lanes; lanes beyond the rows are zeros.
///
/// # Panics
/// Where there are more rows than lanes.
#[inline]
pub fn to_lanes<T: Real, const F: usize, const HEIGHT: usize>(tile: &mut [[T; HEIGHT]; F], rows: &[T]) {
    let live = rows.len() / F;
    assert!(live <= HEIGHT, "{live} rows in {HEIGHT} lanes");
    let panel = Panels { panels: 1, src: rows.as_ptr(), strides: [F, 1], panel: live, width: HEIGHT, len: F };
    // SAFETY: `rows` has `live` rows of `F` elements, and `tile` has room for as many features of `HEIGHT`.
    unsafe { panel.pack(tile.as_mut_ptr().cast()) };
}

/// Writes the first lanes of `F` features as `rows`, of `F` elements each.
///
/// # Panics
/// Where there are more rows than lanes.
#[inline]
pub fn to_rows<T: Real, const F: usize, const HEIGHT: usize>(rows: &mut [T], tile: &[[T; HEIGHT]; F]) {
    let live = rows.len() / F;
    assert!(live <= HEIGHT, "{live} rows in {HEIGHT} lanes");
    let panel = Panels { panels: 1, src: tile.as_ptr().cast(), strides: [HEIGHT, 1], panel: F, width: F, len: live };
    // SAFETY: `tile` has `live` lanes of each of `F` features, and `rows` has room for as many rows.
    unsafe { panel.pack(rows.as_mut_ptr()) };
}

/// The lanes in which a sum over rows is kept until all tiles are done: a vector of any instruction set, or several.
pub const SUM_LANES: usize = 16;

/// Adds lanes to a sum over rows.
///
/// # Panics
/// Where they are no multiple of [`SUM_LANES`].
#[inline(always)]
pub fn add_rows<T: Real>(sum: &mut [T; SUM_LANES], x: &[T]) {
    let (chunks, []) = x.as_chunks::<SUM_LANES>() else { panic!("{} lanes are no whole vectors", x.len()) };
    // A copy: what is behind a reference might be `x`, and would be written each time.
    let mut lanes = *sum;
    for x in chunks {
        for l in 0..SUM_LANES {
            lanes[l] += x[l];
        }
    }
    *sum = lanes;
}

/// Adds the products of lanes to a sum over rows.
///
/// # Panics
/// Where they are no multiple of [`SUM_LANES`].
#[inline(always)]
pub fn add_products<T: Real>(sum: &mut [T; SUM_LANES], x: &[T], y: &[T]) {
    let (x_chunks, []) = x.as_chunks::<SUM_LANES>() else { panic!("{} lanes are no whole vectors", x.len()) };
    let mut lanes = *sum;
    for (x, y) in x_chunks.iter().zip(y.as_chunks::<SUM_LANES>().0) {
        for l in 0..SUM_LANES {
            lanes[l] += x[l] * y[l];
        }
    }
    *sum = lanes;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Real, const F: usize, const HEIGHT: usize>(live: usize) {
        let rows: Vec<T> = (0..live * F).map(|i| T::from_f64(i as f64 + 1.0)).collect();
        let (mut tile, mut back) = ([[-T::ONE; HEIGHT]; F], vec![T::ZERO; live * F]);
        to_lanes(&mut tile, &rows);
        for (f, lanes) in tile.iter().enumerate() {
            for (row, &lane) in lanes.iter().enumerate() {
                assert_eq!(lane, if row < live { rows[row * F + f] } else { T::ZERO }, "{row}, {f}");
            }
        }
        to_rows(&mut back, &tile);
        assert_eq!(back, rows);
    }

    #[test]
    fn rows_go_to_lanes_and_back() {
        for live in [0, 1, 3, 4, 5, 23, 31, 32] {
            check::<f32, 13, 32>(live);
            check::<f64, 4, 32>(live);
            check::<f32, 1, 32>(live);
        }
    }

    #[test]
    fn sums_are_over_all_lanes() {
        let (x, y): (Vec<f64>, Vec<f64>) = (0..48).map(|i| (f64::from(i), f64::from(i % 5))).unzip();
        let (mut sum, mut products) = ([0.0; SUM_LANES], [1.0; SUM_LANES]);
        add_rows(&mut sum, &x);
        add_products(&mut products, &x, &y);
        assert_eq!(sum.iter().sum::<f64>(), 47.0 * 24.0);
        assert_eq!(products.iter().sum::<f64>(), 16.0 + x.iter().zip(&y).map(|(x, y)| x * y).sum::<f64>());
    }

    #[test]
    #[should_panic(expected = "33 rows in 32 lanes")]
    fn a_tile_is_not_too_high() {
        to_lanes(&mut [[0.0_f32; 32]; 2], &[0.0; 66]);
    }
}

//! The passage between rows and lanes: a tile of rows feature after feature, so that each operation on a feature is one
//! over whole vectors, whose lanes are rows.

use super::pack::Panel;
use crate::math::Real;

/// Writes `rows`, of `F` elements each, as `F` features of `HEIGHT` lanes; lanes beyond the rows are zeros.
///
/// # Panics
/// Where there are more rows than lanes.
#[inline]
pub fn to_lanes<T: Real, const F: usize, const HEIGHT: usize>(tile: &mut [[T; HEIGHT]; F], rows: &[T]) {
    let live = rows.len() / F;
    assert!(live <= HEIGHT, "{live} rows in {HEIGHT} lanes");
    let panel = Panel { src: rows.as_ptr(), strides: [F, 1], panel: live, width: HEIGHT, len: F };
    // SAFETY: `rows` has `live` rows of `F` elements, and `tile` has room for as many features of `HEIGHT`.
    unsafe { panel.pack(tile.as_mut_ptr().cast()) };
}

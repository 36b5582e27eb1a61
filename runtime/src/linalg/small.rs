//! Products of which all lies in the first-level cache: tiles of sums, as of large ones, with no blocks to be cut and
//! nothing packed but a transposed `b`.

use super::Product;
use super::kernel::{Tile, breadth, tile, widest};
use super::pack::Panels;
use super::scratch::Scratch;
use crate::math::Real;
use crate::simd::{Lanes, cheap_masks};
use pulp::Simd;

/// A product, and where `b` is transposed, memory for a panel of it.
pub(super) struct Small<'a, T> {
    pub product: Product<'a, T>,
    pub scratch: Option<&'a mut Scratch<T>>,
}

with_simd!(Small: f32 f64);

impl<T: Real> Small<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S)
    where
        T: Lanes<S>,
    {
        let Self { product, mut scratch } = self;
        product.check();
        let Product { out, a, b, dims: [m, k, n], flags: [ta, _], add } = product;
        let (a, a_strides) = (a.as_ptr(), if ta { [1, m] } else { [k, 1] });
        let [highest, widest] = widest::<S, T>(m);
        // So many tiles have as many rows, and the others one less.
        let parts = m.div_ceil(highest);
        let rows = m.div_ceil(parts);
        let high = m + parts - parts * rows;
        let mut j = 0;
        while j < n {
            let columns = breadth(n - j, widest, T::LANES);
            let (b, b_stride, exact) = match &mut scratch {
                None => (b.as_ptr().wrapping_add(j), n, true),
                Some(scratch) => {
                    let exact = cheap_masks::<S>() || columns >= T::LANES;
                    let width = if exact { columns } else { T::LANES };
                    let [packed, _] = scratch.split([k * width, 0]);
                    let src = b.as_ptr().wrapping_add(j * k);
                    // SAFETY: `b` has these columns, one after another, and `packed` room for them.
                    unsafe { Panels { panels: 1, src, strides: [k, 1], panel: columns, width, len: k }.pack(packed) };
                    (packed.cast_const(), width, exact)
                }
            };
            let out = out.as_mut_ptr().wrapping_add(j);
            let mut tiles = Tile {
                tiles: high,
                a,
                a_strides,
                b,
                b_stride,
                len: k,
                out,
                out_stride: n,
                columns,
                exact,
                add,
                far: false,
            };
            // SAFETY: the slices are as long as their dimensions say, which has been checked; `high` tiles of `rows` rows
            // and the others of one less are `m`, and columns end with `n`.
            unsafe {
                tile(simd, rows, &tiles);
                if high < parts {
                    tiles.tiles = parts - high;
                    tiles.a = a.wrapping_add(high * rows * a_strides[0]);
                    tiles.out = out.wrapping_add(high * rows * n);
                    tile(simd, rows - 1, &tiles);
                }
            }
            j += columns;
        }
    }
}

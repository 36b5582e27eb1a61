//! What emitted code imports with one `use`: kernels, element-wise functions, and the passage between arrays and flat
//! row-major slices. Not for users: it changes with the compiler that writes against it.

pub use crate::along::{argmax, argmin, batched, concat, cumsum, cumsum_from_end, gather, overlap, pad, scatter};
pub use crate::along::{lanes_of, live_lanes, rows_within};
pub use crate::init::{glorot, glorot_normal, he, lecun, normal, orthogonal, uniform};
pub use crate::linalg::{
    SUM_LANES, add_products, add_rows, matmul, matmul_add, matmul_nt, matmul_nt_add, matmul_tn, matmul_tn_add,
    matmul_tt, matmul_tt_add, to_lanes, to_rows,
};
pub use crate::math::{
    Real, abs, acos, and, asin, atan, atan2, clamp, cos, cosh, elu, erf, exp, exp2, expm1, floor, gelu, gelu_tanh,
    hard_sigmoid, hard_tanh, hypot, leaky_relu, ln, log1p, log2, max, min, mish, normal_cdf, normal_pdf, not, or, powf,
    powi, recip, relu, round, rsqrt, select, selu, sigmoid, sign, silu, sin, sinh, softplus, softsign, sqrt, square,
    tan, tanh,
};
pub use crate::optim::Optimiser;
pub use crate::params::ParamSet;
pub use crate::parts::in_parts;
pub use crate::pieces::{own_of, rows_of, share_moving, share_rows, share_tiles, sum_of, together, within};
pub use crate::random::{kept, mix, stream};
pub use crate::reduce::{max_of, min_of, prod_of, sum};
use crate::shape::same_sizes;
pub use crate::shape::{
    ShapeError, checked, expect_apart, expect_cotangent, expect_count, expect_index, expect_shape, expect_size,
};
pub use crate::simd::{Pass, simd};
pub use crate::update::{Move, Stay, Update, move_rest};

pub use ndarray::{
    Array1, Array2, Array3, Array4, Array5, Array6, ArrayView1, ArrayView2, ArrayView3, ArrayView4, ArrayView5,
    ArrayView6, ArrayViewD, ArrayViewMutD,
};
pub use rand::Rng;

use ndarray::{Array, ArrayView, ArrayViewMut, Dim, Dimension, IntoDimension, Ix0};
use std::borrow::Cow;
use std::ops::Range;

/// The network of group `K` of a network in the body of a function, whose items a module cannot name.
pub trait Local<const K: usize> {
    /// Its parameters.
    type Params<T>;
    /// Their gradients.
    type Gradients<T>;
    /// Its state, or nothing.
    type State<T>;

    /// As its `zeros`.
    fn zeros<T: Real>(sizes: &[usize]) -> Self::Params<T>;

    /// As its `init`.
    fn init<T: Real>(rng: &mut impl Rng, sizes: &[usize]) -> Self::Params<T>;

    /// As its `state`.
    fn state<T: Real>(sizes: &[usize]) -> Self::State<T>;
}

/// The longest range that [`tiles`] gives: a dozen arrays of so many elements stay in the first-level cache.
pub const TILE: usize = 512;

/// `0..n` cut into ranges of [`TILE`], the last one shorter; none for `n = 0`.
#[inline(always)]
pub fn tiles(n: usize) -> impl Iterator<Item = Range<usize>> {
    rows_within(0..n, TILE)
}

/// The elements of `view` in row-major order: borrowed where they lie so, else copied.
#[inline]
pub fn flat<T: Clone, D: Dimension>(view: ArrayView<'_, T, D>) -> Cow<'_, [T]> {
    match view.to_slice() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(view.iter().cloned().collect()),
    }
}

/// As [`flat`], but a copy goes to `copy`, whose capacity serves again in the next step.
#[inline]
pub fn flat_into<'a, T: Copy, D: Dimension>(view: ArrayView<'a, T, D>, copy: &'a mut Vec<T>) -> &'a [T] {
    if let Some(slice) = view.to_slice() {
        return slice;
    }
    copy.clear();
    copy.extend(view.iter().copied());
    copy
}

/// The elements of one view after another, in `stack`, whose capacity serves again in the next step.
#[inline]
pub fn stack_into<'a, 's, T: Copy + 'a, D: Dimension>(
    views: impl Iterator<Item = ArrayView<'a, T, D>>,
    stack: &'s mut Vec<T>,
) -> &'s [T] {
    stack.clear();
    for view in views {
        match view.to_slice() {
            Some(slice) => stack.extend_from_slice(slice),
            None => stack.extend(view.iter().copied()),
        }
    }
    stack
}

/// The elements of one view after another.
#[inline]
pub fn stack<'a, T: Copy + 'a, D: Dimension>(views: impl Iterator<Item = ArrayView<'a, T, D>>) -> Vec<T> {
    let mut stack = Vec::new();
    stack_into(views, &mut stack);
    stack
}

/// Hands the elements of `stack` out to one view after another.
#[inline]
pub fn unstack<'a, T: Copy + 'a, D: Dimension>(stack: &[T], views: impl Iterator<Item = ArrayViewMut<'a, T, D>>) {
    let mut elements = stack.iter().copied();
    for mut view in views {
        view.iter_mut().zip(&mut elements).for_each(|(to, from)| *to = from);
    }
}

/// An array of rank 1 to 6 over `data` in row-major order.
///
/// # Panics
/// Where `data` is not as long as `shape` says.
#[inline]
pub fn array<T, const R: usize>(shape: [usize; R], data: Vec<T>) -> Array<T, Dim<[usize; R]>>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    Array::from_shape_vec(shape, data).expect("the emitted shape fits the emitted data")
}

/// Gives `array` this shape in row-major order; what it then holds is unspecified.
///
/// Nothing happens where it has the shape already; else its memory is reused, and grows only where it is too small.
#[inline(always)]
pub fn fit<T: Copy + Default, const R: usize>(array: &mut Array<T, Dim<[usize; R]>>, shape: [usize; R])
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    if !same_sizes(array.shape(), &shape) || !lies_in_order(array) {
        refit(array, shape);
    }
}

/// As [`fit`], where there is something to do.
#[cold]
fn refit<T: Copy + Default, const R: usize>(array: &mut Array<T, Dim<[usize; R]>>, shape: [usize; R])
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    let empty = self::array([0; R], Vec::new());
    let (mut data, _) = std::mem::replace(array, empty).into_raw_vec_and_offset();
    fit_vec(&mut data, shape.iter().product());
    *array = self::array(shape, data);
}

/// Gives `vec` this length; its capacity never shrinks, and what it then holds is unspecified.
#[inline]
pub fn fit_vec<T: Copy + Default>(vec: &mut Vec<T>, len: usize) {
    vec.resize(len, T::default());
}

/// A view of elements in row-major order.
pub fn viewed<T, const R: usize>(shape: [usize; R], data: &[T]) -> ArrayView<'_, T, Dim<[usize; R]>>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    ArrayView::from_shape(shape, data).expect("the elements are those of the shape")
}

/// Brings a stack of networks to a length.
pub fn fit_stack<T: Default>(stack: &mut Vec<T>, count: usize) {
    stack.resize_with(count, T::default);
}

/// The elements of `array` in row-major order, to write; an array in another order is brought to this one first.
#[inline(always)]
pub fn slice_mut<T: Clone, D: Dimension>(array: &mut Array<T, D>) -> &mut [T] {
    if !lies_in_order(array) {
        bring_in_order(array);
    }
    let len = array.len();
    // SAFETY: the array owns so many elements, and has them in one piece from its first one on, in row-major order.
    unsafe { std::slice::from_raw_parts_mut(array.as_mut_ptr(), len) }
}

#[cold]
fn bring_in_order<T: Clone, D: Dimension>(array: &mut Array<T, D>) {
    *array = array.as_standard_layout().into_owned();
}

/// Whether the elements lie in row-major order in one piece. The usual strides are all that a step should have to look at.
#[inline(always)]
fn lies_in_order<T, D: Dimension>(array: &Array<T, D>) -> bool {
    let mut after = 1;
    let usual = array.shape().iter().zip(array.strides()).rev().all(|(&size, &stride)| {
        let expected = after;
        after *= size as isize;
        stride == expected
    });
    usual || array.is_standard_layout()
}

/// A scalar parameter as an array of rank 0.
#[inline]
pub fn scalar_view<T>(scalar: &T) -> ArrayViewD<'_, T> {
    ndarray::aview0(scalar).into_dyn()
}

/// A scalar parameter as an array of rank 0, to write.
#[inline]
pub fn scalar_view_mut<T>(scalar: &mut T) -> ArrayViewMutD<'_, T> {
    let one = ArrayViewMut::<T, Ix0>::from_shape((), std::slice::from_mut(scalar));
    one.expect("one element has rank 0").into_dyn()
}

/// Shape and elements of an array in row-major order.
#[inline]
pub fn array_elements<T, D: Dimension>(array: &Array<T, D>) -> Option<(&[usize], &[T])> {
    Some((array.shape(), array.as_slice()?))
}

/// Shape and element of a scalar parameter.
#[inline]
pub fn scalar_elements<T>(scalar: &T) -> Option<(&[usize], &[T])> {
    Some((&[], std::slice::from_ref(scalar)))
}

/// The element of a scalar parameter, to write.
#[inline]
pub fn scalar_elements_mut<T>(scalar: &mut T) -> Option<&mut [T]> {
    Some(std::slice::from_mut(scalar))
}

/// The end of a visit by index.
///
/// # Panics
/// Always: there are only `count` arrays.
#[cold]
#[track_caller]
pub fn no_such_array(index: usize, count: usize) -> ! {
    panic!("there are {count} arrays, none with index {index}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Axis, ShapeBuilder, array, s};
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn any_view_is_flat_in_row_major_order() {
        let a = array![[1, 2, 3], [4, 5, 6]];
        let mut copy = Vec::new();
        let mut check = |view: ArrayView<usize, ndarray::Ix2>, expected: &[usize], borrowed: bool| {
            assert_eq!(&*flat(view), expected);
            assert_eq!(matches!(flat(view), Cow::Borrowed(_)), borrowed);
            assert_eq!(flat_into(view, &mut copy), expected);
        };
        check(a.view(), &[1, 2, 3, 4, 5, 6], true);
        check(a.t(), &[1, 4, 2, 5, 3, 6], false);
        check(a.slice(s![.., ..;-1]), &[3, 2, 1, 6, 5, 4], false);
        check(a.slice(s![.., 1..2]), &[2, 5], false);
        check(a.slice(s![0..0, ..]), &[], true);
        check(ndarray::aview1(&[7]).broadcast((2, 2)).unwrap(), &[7; 4], false);
        let mask = array![true, false, true];
        assert_eq!(&*flat(mask.slice(s![..;2])), [true, true]);
    }

    #[test]
    fn fitting_keeps_the_memory_that_there_is() {
        let mut a = Array2::<f32>::zeros((4, 3));
        let memory = a.as_ptr();
        fit(&mut a, [3, 4]);
        assert_eq!((a.shape(), a.as_ptr()), (&[3, 4][..], memory));
        fit(&mut a, [0, 4]);
        fit(&mut a, [2, 4]);
        assert_eq!((a.shape(), a.as_ptr()), (&[2, 4][..], memory));
        a.slice_collapse(s![1.., ..]);
        fit(&mut a, [5, 5]);
        assert_eq!(slice_mut(&mut a).len(), 25);
        a.invert_axis(Axis(0));
        fit(&mut a, [5, 5]);
        assert!(a.is_standard_layout());
    }

    #[test]
    fn a_slice_to_write_is_in_row_major_order() {
        let mut a = Array2::from_shape_vec((2, 2).f(), vec![1, 3, 2, 4]).unwrap();
        assert_eq!(slice_mut(&mut a), [1, 2, 3, 4]);
        slice_mut(&mut a)[1] = 7;
        assert_eq!(a, array![[1, 7], [3, 4]]);
        assert_eq!(array([2, 1, 2], vec![1, 2, 3, 4]).shape(), [2, 1, 2]);
    }

    #[test]
    fn tiles_cover_a_range_once() {
        for n in [0, 1, TILE - 1, TILE, TILE + 1, 3 * TILE] {
            assert!(tiles(n).all(|tile| !tile.is_empty() && tile.len() <= TILE));
            assert!(tiles(n).flatten().eq(0..n));
        }
    }

    #[test]
    fn glorot_is_uniform_within_its_bound_and_repeatable() {
        let weights = |seed| glorot::<f32, 2>(&mut StdRng::seed_from_u64(seed), [300, 200]);
        let (w, bound) = (weights(1), (6.0_f32 / 500.0).sqrt());
        assert!(w.iter().all(|w| w.abs() <= bound));
        let variance = w.mapv(|w| w * w).mean().unwrap();
        assert!((variance / (bound * bound / 3.0) - 1.0).abs() < 0.02 && w.mean().unwrap().abs() < 0.001);
        assert_eq!(w, weights(1));
        assert_ne!(w, weights(2));
    }
}

//! Parameters as a sequence of arrays: what optimisers, files and all-reduce see of any network.

use crate::math::Real;
use ndarray::{Array, ArrayViewD, ArrayViewMutD, Dim, Dimension, IntoDimension};
use rand::{Rng, RngExt};

/// The parameters of a network, or the gradients of them: the same arrays in the same order.
///
/// `#[network]` implements this for every `Params` and `Gradients`. Array `i` of a network's `Gradients` is the
/// gradient of array `i` of its `Params`.
pub trait ParamSet {
    /// `f32` or `f64`.
    type Elem: Real;

    /// How many arrays there are.
    fn count(&self) -> usize;

    /// The path of array `index` as a user writes it: `w`, `hidden.w`.
    ///
    /// # Panics
    /// Where `index` is not below [`count`](Self::count).
    fn path(&self, index: usize) -> String;

    /// Array `index`, as a view of its own shape; a scalar has rank 0.
    ///
    /// # Panics
    /// Where `index` is not below [`count`](Self::count).
    fn array(&self, index: usize) -> ArrayViewD<'_, Self::Elem>;

    /// Array `index`, to write.
    ///
    /// # Panics
    /// Where `index` is not below [`count`](Self::count).
    fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, Self::Elem>;
}

/// Weights of rank 2 or more at the start of training: uniform in `±√(6 / (fan_in + fan_out))`, which keeps the
/// variance of signals and of gradients alike from layer to layer.
///
/// Source: Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
/// equation 16. The fans of a matrix are its two dimensions; further dimensions are the receptive field of a
/// convolution `[out, in, height, width]` and multiply both.
///
/// # Panics
/// Where the rank is below 2.
pub fn glorot<T: Real, const R: usize>(rng: &mut impl Rng, shape: [usize; R]) -> Array<T, Dim<[usize; R]>>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    let fans = (shape[0] + shape[1]) * shape[2..].iter().product::<usize>();
    let bound = (6.0 / fans as f64).sqrt();
    Array::from_shape_simple_fn(shape, || T::from_f64(bound * (2.0 * rng.random::<f64>() - 1.0)))
}

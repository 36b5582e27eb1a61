//! Parameters as a sequence of arrays: what optimisers, files and all-reduce see of any network.

use crate::math::Real;
use ndarray::{ArrayViewD, ArrayViewMutD};

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

    /// Shape and elements of array `index`, if it can tell at once that they lie in row-major order: what an optimiser
    /// of small networks saves time by. `None` says nothing; the array is there all the same.
    fn elements(&self, index: usize) -> Option<(&[usize], &[Self::Elem])> {
        let _ = index;
        None
    }

    /// As [`elements`](Self::elements), to write.
    fn elements_mut(&mut self, index: usize) -> Option<&mut [Self::Elem]> {
        let _ = index;
        None
    }
}

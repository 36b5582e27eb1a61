//! The update of a parameter while its gradient is hot: what the pass of a step tells of each gradient that is final.

use crate::math::Real;
use crate::optim::{Optimiser, move_array};
use crate::params::ParamSet;
use std::ops::{Deref, Range};

/// Who hears of the gradients in the course of a step.
pub trait Update<T: Sync + 'static>: Send {
    /// Whether anything moves.
    const MOVES: bool;

    /// A parameter as the pass holds it: to be read until its gradient is handed over.
    type Param<'a>: Deref<Target = [T]> + Send + Sync;

    /// The first `len` elements: once the compiler knows a slice's length, loops over it need no further checks.
    ///
    /// # Panics
    /// Where there are fewer.
    fn cut<'a>(param: Self::Param<'a>, len: usize) -> Self::Param<'a>;

    /// A part of a parameter, to be handed over before the next.
    ///
    /// # Panics
    /// Where there are no such elements.
    fn rows<'a>(param: &'a mut Self::Param<'_>, rows: Range<usize>) -> Self::Param<'a>;

    /// The first `len` elements, which are not among those of `param` any more.
    ///
    /// # Panics
    /// Where there are fewer.
    fn split_off<'a>(param: &mut Self::Param<'a>, len: usize) -> Self::Param<'a>;

    /// The gradient with respect to array `index` is final, and the parameter is not read any more.
    fn hand(&mut self, index: usize, param: Self::Param<'_>, gradient: &[T]);

    /// The same for a part of an array, which `param` and `gradient` are.
    fn hand_rows(&mut self, index: usize, rows: &Range<usize>, param: Self::Param<'_>, gradient: &[T]);
}

/// What is split off is there.
const ENOUGH: &str = "a part is no longer than the whole";

/// Parameters stay as they are.
pub struct Stay;

impl<T: Sync + 'static> Update<T> for Stay {
    const MOVES: bool = false;

    type Param<'a> = &'a [T];

    fn split_off<'a>(param: &mut Self::Param<'a>, len: usize) -> Self::Param<'a> {
        param.split_off(..len).expect(ENOUGH)
    }

    #[inline(always)]
    fn cut<'a>(param: Self::Param<'a>, len: usize) -> Self::Param<'a> {
        &param[..len]
    }

    #[inline(always)]
    fn rows<'a>(param: &'a mut Self::Param<'_>, rows: Range<usize>) -> Self::Param<'a> {
        &param[rows]
    }

    #[inline(always)]
    fn hand(&mut self, _: usize, _: Self::Param<'_>, _: &[T]) {}

    #[inline(always)]
    fn hand_rows(&mut self, _: usize, _: &Range<usize>, _: Self::Param<'_>, _: &[T]) {}
}

/// An optimiser moves each parameter at once.
pub struct Move<'o, O>(pub &'o mut O);

impl<T: Real, O: Optimiser<T>> Update<T> for Move<'_, O> {
    const MOVES: bool = true;

    type Param<'a> = &'a mut [T];

    fn split_off<'a>(param: &mut Self::Param<'a>, len: usize) -> Self::Param<'a> {
        param.split_off_mut(..len).expect(ENOUGH)
    }

    #[inline(always)]
    fn cut<'a>(param: Self::Param<'a>, len: usize) -> Self::Param<'a> {
        &mut param[..len]
    }

    #[inline(always)]
    fn rows<'a>(param: &'a mut Self::Param<'_>, rows: Range<usize>) -> Self::Param<'a> {
        &mut param[rows]
    }

    #[inline(always)]
    fn hand(&mut self, index: usize, param: Self::Param<'_>, gradient: &[T]) {
        self.0.update(index, 0, param, gradient);
    }

    #[inline(always)]
    fn hand_rows(&mut self, index: usize, rows: &Range<usize>, param: Self::Param<'_>, gradient: &[T]) {
        self.0.update(index, rows.start, param, gradient);
    }
}

/// Moves the arrays that no pass hands over: scalars, stacks of networks, and those that no gradient reaches.
#[inline]
pub fn move_rest<T: Real, const K: usize>(
    optimiser: &mut impl Optimiser<T>,
    params: &mut impl ParamSet<Elem = T>,
    gradients: &impl ParamSet<Elem = T>,
    rest: [Range<usize>; K],
) {
    rest.into_iter().flatten().for_each(|index| move_array(optimiser, params, gradients, index));
}

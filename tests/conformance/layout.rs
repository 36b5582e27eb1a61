//! The same array in five memory layouts. Whatever lies between its elements is poison: NaN.
use crate::surface::Element;
use ndarray::{ArrayD, Axis, ShapeBuilder, Slice};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Standard,
    Fortran,
    /// Every axis runs backwards in memory.
    Negative,
    /// A block inside a larger array.
    Offset,
    /// Every second element of a larger array, in every axis.
    Stepped,
}

/// Which layout the inputs and the cotangent have in a run, and which the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    pub name: &'static str,
    pub inputs: Layout,
    pub params: Layout,
}

/// Every run of a network; the first is the one that the bits of the others are compared with.
pub const MEMORIES: [Memory; 7] = [
    memory("standard layout", Layout::Standard, Layout::Standard),
    memory("Fortran order", Layout::Fortran, Layout::Fortran),
    memory("negative strides", Layout::Negative, Layout::Negative),
    memory("offset in a larger array", Layout::Offset, Layout::Offset),
    memory("every second element", Layout::Stepped, Layout::Stepped),
    memory("inputs in Fortran order", Layout::Fortran, Layout::Standard),
    memory("parameters in Fortran order", Layout::Standard, Layout::Fortran),
];

const fn memory(name: &'static str, inputs: Layout, params: Layout) -> Memory {
    Memory { name, inputs, params }
}

/// A copy of `array` that lies in memory as `layout` says.
pub fn lay<T: Element>(array: &ArrayD<T>, layout: Layout) -> ArrayD<T> {
    let poison = T::narrow(f64::NAN);
    let filled = |margin: &dyn Fn(usize) -> usize| {
        ArrayD::from_elem(array.shape().iter().map(|&size| margin(size)).collect::<Vec<_>>(), poison)
    };
    let mut laid = match layout {
        Layout::Standard => return array.clone(),
        Layout::Fortran => ArrayD::from_elem(array.raw_dim().f(), poison),
        Layout::Negative => filled(&|size| size),
        Layout::Offset => filled(&|size| size + 3),
        Layout::Stepped => filled(&|size| 2 * size + 1),
    };
    match layout {
        Layout::Negative => (0..array.ndim()).for_each(|axis| laid.invert_axis(Axis(axis))),
        Layout::Offset => laid.slice_each_axis_inplace(|axis| Slice::from(1..axis.len - 2)),
        Layout::Stepped => laid.slice_each_axis_inplace(|axis| Slice::from(1..axis.len).step_by(2)),
        Layout::Standard | Layout::Fortran => {}
    }
    laid.assign(array);
    laid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ArrayD<f64> {
        ArrayD::from_shape_fn(vec![2, 3, 4], |index| (12 * index[0] + 4 * index[1] + index[2]) as f64)
    }

    #[test]
    fn every_layout_holds_the_same_elements() {
        for memory in MEMORIES {
            assert_eq!(lay(&sample(), memory.inputs), sample(), "{}", memory.name);
        }
    }

    #[test]
    fn every_layout_has_the_strides_that_it_says() {
        let strides = |layout| lay(&sample(), layout).strides().to_vec();
        assert_eq!(strides(Layout::Standard), [12, 4, 1]);
        assert_eq!(strides(Layout::Fortran), [1, 2, 6]);
        assert_eq!(strides(Layout::Negative), [-12, -4, -1]);
        assert_eq!(strides(Layout::Offset), [42, 7, 1]);
        assert_eq!(strides(Layout::Stepped), [126, 18, 2]);
    }

    #[test]
    fn a_clone_and_a_view_keep_the_layout() {
        for layout in [Layout::Fortran, Layout::Negative, Layout::Offset, Layout::Stepped] {
            let laid = lay(&sample(), layout);
            assert_eq!(laid.clone().strides(), laid.strides());
            assert_eq!(laid.view().strides(), laid.strides());
        }
    }

    #[test]
    fn empty_arrays_and_scalars_have_layouts_too() {
        for memory in MEMORIES {
            assert_eq!(lay(&ArrayD::<f32>::zeros(vec![0, 3]), memory.inputs).shape(), [0, 3]);
            assert_eq!(lay(&ArrayD::from_elem(vec![], 2.5_f32), memory.inputs).first(), Some(&2.5));
        }
    }
}

//! Copies of panels of operands, in the order in which [`super::kernel`] reads them: product after product, and for
//! each the rows or columns of a tile one after another.

use crate::math::Real;

/// What is copied: `len` groups of `panel` elements, and zeros up to `width`.
#[derive(Clone, Copy)]
pub(super) struct Panel<T> {
    pub src: *const T,
    /// From element to element of a group, and from group to group; one of the two is 1.
    pub strides: [usize; 2],
    pub panel: usize,
    pub width: usize,
    pub len: usize,
}

impl<T: Real> Panel<T> {
    /// Writes the groups to `dst`, one after another.
    ///
    /// # Safety
    /// `src + w·strides[0] + p·strides[1]` is to be read for all `w < panel` and `p < len`, `dst` to be written for
    /// `len·width` elements, and `panel <= width`.
    #[inline(always)]
    pub unsafe fn pack(self, dst: *mut T) {
        // SAFETY: the caller's promise, with the stride that the function wants to be 1.
        unsafe { if self.strides[0] == 1 || self.panel == 1 { self.groups(dst) } else { self.across(dst) } }
    }

    /// Groups that lie together.
    ///
    /// # Safety
    /// As of [`Self::pack`], with `strides[0]` 1.
    #[inline(always)]
    unsafe fn groups(self, dst: *mut T) {
        let Self { src, strides: [_, stride], panel, width, len } = self;
        for p in 0..len {
            // SAFETY: a group of `src` and its place in `dst`.
            unsafe {
                if panel == width && width % 8 == 0 {
                    for w in (0..width).step_by(8) {
                        *dst.add(p * width + w).cast::<[T; 8]>() = *src.add(p * stride + w).cast::<[T; 8]>();
                    }
                } else {
                    for w in 0..panel {
                        *dst.add(p * width + w) = *src.add(p * stride + w);
                    }
                    for w in panel..width {
                        *dst.add(p * width + w) = T::ZERO;
                    }
                }
            }
        }
    }

    /// Groups that lie across rows of `src`, each of which has an element of all groups.
    ///
    /// # Safety
    /// As of [`Self::pack`], with `strides[1]` 1.
    #[inline(always)]
    unsafe fn across(self, dst: *mut T) {
        let Self { src, strides: [stride, _], panel, width, len } = self;
        // SAFETY: the caller's promise; what is beyond `panel` lies within `width`.
        unsafe {
            transpose(dst, width, src, stride, [panel, len]);
            for p in 0..len {
                (panel..width).for_each(|w| *dst.add(p * width + w) = T::ZERO);
            }
        }
    }
}

/// The side of the square blocks that are transposed in registers.
const SIDE: usize = 4;

/// Writes rows of `src`, which are `stride` apart, as columns of `dst`, whose rows are `to_next` apart.
///
/// # Safety
/// `src` is to be read for so many rows and columns, and `dst` to be written for their transpose.
#[inline(always)]
pub(crate) unsafe fn transpose<T: Copy>(
    dst: *mut T,
    to_next: usize,
    src: *const T,
    stride: usize,
    [rows, columns]: [usize; 2],
) {
    let in_blocks = rows >= SIDE && columns >= SIDE;
    if !in_blocks {
        for c in 0..columns {
            for r in 0..rows {
                // SAFETY: within the rows and columns of the caller's promise.
                unsafe { *dst.add(c * to_next + r) = *src.add(r * stride + c) };
            }
        }
        return;
    }
    // The last blocks overlap those before, so that all are whole.
    for r in (0..rows).step_by(SIDE) {
        for c in (0..columns).step_by(SIDE) {
            let (r, c) = (r.min(rows - SIDE), c.min(columns - SIDE));
            // SAFETY: a block within the rows and columns of the caller's promise.
            unsafe { block(dst.add(c * to_next + r), to_next, src.add(r * stride + c), stride) };
        }
    }
}

/// A square block of [`transpose`].
///
/// # Safety
/// [`SIDE`] rows of as many elements are to be read and written.
#[inline(always)]
unsafe fn block<T: Copy>(dst: *mut T, to_next: usize, src: *const T, stride: usize) {
    #[cfg(target_arch = "x86_64")]
    if size_of::<T>() == size_of::<f32>() {
        // SAFETY: as above; elements of four bytes are moved as what they are.
        return unsafe { transpose_4x4(dst.cast(), to_next, src.cast(), stride) };
    }
    for r in 0..SIDE {
        for c in 0..SIDE {
            // SAFETY: within the block.
            unsafe { *dst.add(c * to_next + r) = *src.add(r * stride + c) };
        }
    }
}

/// # Safety
/// Four rows of four elements are to be read and written.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn transpose_4x4(dst: *mut f32, to_next: usize, src: *const f32, stride: usize) {
    use std::arch::x86_64::*;
    // SAFETY: the rows of the caller's promise; SSE belongs to every processor of this architecture.
    unsafe {
        let [mut a, mut b, mut c, mut d] = [0, 1, 2, 3].map(|r| _mm_loadu_ps(src.add(r * stride)));
        _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d);
        for (p, row) in [a, b, c, d].into_iter().enumerate() {
            _mm_storeu_ps(dst.add(p * to_next), row);
        }
    }
}

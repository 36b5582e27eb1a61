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
        let Self { panel, width, len, .. } = self;
        let (whole_w, whole_p) = (panel - panel % SIDE, len - len % SIDE);
        for w in (0..whole_w).step_by(SIDE) {
            for p in (0..whole_p).step_by(SIDE) {
                // SAFETY: a block within `panel` and `len`.
                unsafe { self.block(dst, w, p) };
            }
        }
        for w in 0..width {
            let done = if w < whole_w { whole_p } else { 0 };
            // SAFETY: within `width` and `len`.
            (done..len).for_each(|p| unsafe { self.one(dst, w, p) });
        }
    }

    /// # Safety
    /// As of [`Self::across`], for `w < width` and `p < len`.
    #[inline(always)]
    unsafe fn one(self, dst: *mut T, w: usize, p: usize) {
        // SAFETY: within `width` and `len`; beyond `panel` nothing is read.
        unsafe {
            *dst.add(p * self.width + w) =
                if w < self.panel { *self.src.add(w * self.strides[0] + p) } else { T::ZERO };
        }
    }

    /// A square block from `w` and `p` on.
    ///
    /// # Safety
    /// As of [`Self::across`], for the [`SIDE`] of a block beyond `w` and `p`.
    #[inline(always)]
    unsafe fn block(self, dst: *mut T, w: usize, p: usize) {
        let Self { src, strides: [stride, _], width, .. } = self;
        // SAFETY: the block lies within both, by the caller's promise.
        let (src, dst) = unsafe { (src.add(w * stride + p), dst.add(p * width + w)) };
        #[cfg(target_arch = "x86_64")]
        if size_of::<T>() == size_of::<f32>() {
            // SAFETY: as above; elements of four bytes are moved as what they are.
            return unsafe { transpose_4x4(dst.cast(), width, src.cast(), stride) };
        }
        for w in 0..SIDE {
            for p in 0..SIDE {
                // SAFETY: within the block.
                unsafe { *dst.add(p * width + w) = *src.add(w * stride + p) };
            }
        }
    }
}

/// The side of the square blocks that are transposed in registers.
const SIDE: usize = 4;

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

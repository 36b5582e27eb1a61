//! Copies of panels of operands, in the order in which [`super::kernel`] reads them: product after product, and for
//! each the rows or columns of a tile one after another.

use super::kernel::fetch;
use crate::math::Real;

/// What is copied: `panels`, side by side, each as `len` groups of `panel` elements, and zeros up to `width`.
#[derive(Clone, Copy)]
pub(super) struct Panels<T> {
    pub panels: usize,
    pub src: *const T,
    /// From element to element of a group, and from group to group; one of the two is 1.
    pub strides: [usize; 2],
    pub panel: usize,
    pub width: usize,
    pub len: usize,
}

/// So many panels are copied together where they lie together: what is read then is some lines of memory, and what is
/// written finds room in any first-level cache.
const TOGETHER: usize = 8;

/// So many products before it is copied, a group is brought near: other memory may lie between it and those before.
const AHEAD: usize = 8;

impl<T: Real> Panels<T> {
    /// Writes the groups of each panel to `dst`, one after another.
    ///
    /// # Safety
    /// `src + w·strides[0] + p·strides[1]` is to be read for all `w < panels·panel` and `p < len`, `dst` to be written for
    /// `panels·len·width` elements, and `panel <= width`.
    #[inline(always)]
    pub unsafe fn pack(self, dst: *mut T) {
        // SAFETY: the caller's promise, with the stride that the function wants to be 1; a panel begins where the elements
        // of those before it end.
        unsafe {
            if self.strides[0] == 1 || self.panels * self.panel == 1 {
                return self.groups(dst);
            }
            for i in 0..self.panels {
                let src = self.src.wrapping_add(i * self.panel * self.strides[0]);
                Self { panels: 1, src, ..self }.across(dst.add(i * self.len * self.width));
            }
        }
    }

    /// Groups that lie together.
    ///
    /// # Safety
    /// As of [`Self::pack`], with `strides[0]` 1.
    #[inline(always)]
    unsafe fn groups(self, dst: *mut T) {
        // SAFETY: the caller's promise; of a group, `N` elements at its beginning and at its end are there.
        unsafe {
            match (self.panel, self.width) {
                (16, 16) => self.each_group(dst, |dst, src| _ = copy::<T, 8>(copy::<T, 8>(dst, src), src.add(8))),
                (panel @ 8.., width) if panel == width => self.each_group(dst, |dst, src| {
                    let mut w = 0;
                    while w + 8 < panel {
                        copy::<T, 8>(dst.add(w), src.add(w));
                        w += 8;
                    }
                    copy::<T, 8>(dst.add(panel - 8), src.add(panel - 8));
                }),
                (panel @ 4.., width) if panel == width => self.each_group(dst, |dst, src| {
                    copy::<T, 4>(dst, src);
                    copy::<T, 4>(dst.add(panel - 4), src.add(panel - 4));
                }),
                (panel, width) => self.each_group(dst, |dst, src| {
                    (0..panel).for_each(|w| *dst.add(w) = *src.add(w));
                    (panel..width).for_each(|w| *dst.add(w) = T::ZERO);
                }),
            }
        }
    }

    /// Calls `copy` with the place of each group and the group, those of [`TOGETHER`] panels in the order of memory.
    #[inline(always)]
    fn each_group(self, dst: *mut T, copy: impl Fn(*mut T, *const T)) {
        let Self { panels, src, strides: [_, stride], panel, width, len } = self;
        let mut first = 0;
        while first < panels {
            let end = panels.min(first + TOGETHER);
            for p in 0..len {
                for i in first..end {
                    fetch(src.wrapping_add((p + AHEAD) * stride + i * panel));
                    copy(dst.wrapping_add((i * len + p) * width), src.wrapping_add(p * stride + i * panel));
                }
            }
            first = end;
        }
    }

    /// Groups that lie across rows of `src`, each of which has an element of all groups.
    ///
    /// # Safety
    /// As of [`Self::pack`], with `strides[1]` 1.
    #[inline(always)]
    unsafe fn across(self, dst: *mut T) {
        let Self { src, strides: [stride, _], panel, width, len, .. } = self;
        // SAFETY: the caller's promise; what is beyond `panel` lies within `width`.
        unsafe {
            transpose(dst, width, src, stride, [panel, len]);
            for p in 0..len {
                (panel..width).for_each(|w| *dst.add(p * width + w) = T::ZERO);
            }
        }
    }
}

/// Copies `N` elements, and returns the place after them.
///
/// # Safety
/// `src` is to be read, and `dst` to be written, for as many elements.
#[inline(always)]
unsafe fn copy<T: Copy, const N: usize>(dst: *mut T, src: *const T) -> *mut T {
    // SAFETY: the caller's promise; an array of elements is aligned as they are.
    unsafe {
        *dst.cast::<[T; N]>() = *src.cast::<[T; N]>();
        dst.add(N)
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

//! Copies of panels of operands, in the order in which [`super::kernel`] reads them: product after product, and for
//! each the rows or columns of a tile one after another.

use crate::math::Real;
use pulp::Simd;

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
    pub unsafe fn pack<S: Simd>(self, simd: S, dst: *mut T) {
        // SAFETY: the caller's promise, with the stride that the function wants to be 1.
        unsafe {
            if self.strides[0] == 1 || self.panel == 1 { self.groups(dst) } else { self.across(simd, dst) }
        }
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
    unsafe fn across<S: Simd>(self, simd: S, dst: *mut T) {
        let Self { panel, width, len, .. } = self;
        let side = side::<T>();
        let (whole_w, whole_p) = (panel - panel % side, len - len % side);
        for w in (0..whole_w).step_by(side) {
            for p in (0..whole_p).step_by(side) {
                // SAFETY: a block within `panel` and `len`.
                unsafe { self.block(simd, dst, w, p) };
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
            *dst.add(p * self.width + w) = if w < self.panel { *self.src.add(w * self.strides[0] + p) } else { T::ZERO };
        }
    }

    /// A square block from `w` and `p` on.
    ///
    /// # Safety
    /// As of [`Self::across`], for the [`side`] of a block beyond `w` and `p`.
    #[inline(always)]
    unsafe fn block<S: Simd>(self, _: S, dst: *mut T, w: usize, p: usize) {
        let Self { src, strides: [stride, _], width, .. } = self;
        // SAFETY: the block lies within both, by the caller's promise.
        let (src, dst) = unsafe { (src.add(w * stride + p), dst.add(p * width + w)) };
        #[cfg(target_arch = "x86_64")]
        if x86::has_avx::<S>() {
            // SAFETY: a value of `S` is only there where its instruction set is; elements of four and eight bytes are
            // moved as what they are.
            return unsafe {
                match size_of::<T>() {
                    4 => x86::transpose_8x8(dst.cast(), width, src.cast(), stride),
                    _ => x86::transpose_4x4(dst.cast(), width, src.cast(), stride),
                }
            };
        }
        for w in 0..side::<T>() {
            for p in 0..side::<T>() {
                // SAFETY: within the block.
                unsafe { *dst.add(p * width + w) = *src.add(w * stride + p) };
            }
        }
    }
}

/// The side of the square blocks that are transposed at once: rows of 32 bytes.
const fn side<T>() -> usize {
    32 / size_of::<T>()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use pulp::Simd;
    use pulp::x86::{V3, V4};
    use std::any::TypeId;
    use std::arch::x86_64::*;

    /// Whether `S` is an instruction set with AVX.
    #[inline(always)]
    pub fn has_avx<S: Simd>() -> bool {
        [TypeId::of::<V3>(), TypeId::of::<V4>()].contains(&TypeId::of::<S>())
    }

    /// # Safety
    /// Eight rows of eight elements are to be read and written.
    #[inline]
    #[target_feature(enable = "avx")]
    pub unsafe fn transpose_8x8(dst: *mut f32, to_next: usize, src: *const f32, stride: usize) {
        // SAFETY: the rows of the caller's promise.
        let row = |r: usize| unsafe { _mm256_loadu_ps(src.add(r * stride)) };
        // Pairs of rows, element by element; then pairs of pairs; then the halves.
        let pairs = |r: usize| {
            let (even, odd) = (row(r), row(r + 1));
            [_mm256_unpacklo_ps(even, odd), _mm256_unpackhi_ps(even, odd)]
        };
        let fours = |[a, b]: [__m256; 2], [c, d]: [__m256; 2]| {
            [
                _mm256_shuffle_ps::<0x44>(a, c),
                _mm256_shuffle_ps::<0xee>(a, c),
                _mm256_shuffle_ps::<0x44>(b, d),
                _mm256_shuffle_ps::<0xee>(b, d),
            ]
        };
        let (low, high) = (fours(pairs(0), pairs(2)), fours(pairs(4), pairs(6)));
        for i in 0..4 {
            // SAFETY: as above.
            unsafe {
                _mm256_storeu_ps(dst.add(i * to_next), _mm256_permute2f128_ps::<0x20>(low[i], high[i]));
                _mm256_storeu_ps(dst.add((i + 4) * to_next), _mm256_permute2f128_ps::<0x31>(low[i], high[i]));
            }
        }
    }

    /// # Safety
    /// Four rows of four elements are to be read and written.
    #[inline]
    #[target_feature(enable = "avx")]
    pub unsafe fn transpose_4x4(dst: *mut f64, to_next: usize, src: *const f64, stride: usize) {
        // SAFETY: the rows of the caller's promise.
        let row = |r: usize| unsafe { _mm256_loadu_pd(src.add(r * stride)) };
        let pairs = |r: usize| {
            let (even, odd) = (row(r), row(r + 1));
            [_mm256_unpacklo_pd(even, odd), _mm256_unpackhi_pd(even, odd)]
        };
        let (low, high) = (pairs(0), pairs(2));
        for i in 0..2 {
            // SAFETY: as above.
            unsafe {
                _mm256_storeu_pd(dst.add(i * to_next), _mm256_permute2f128_pd::<0x20>(low[i], high[i]));
                _mm256_storeu_pd(dst.add((i + 2) * to_next), _mm256_permute2f128_pd::<0x31>(low[i], high[i]));
            }
        }
    }
}

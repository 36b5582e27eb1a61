//! The one place where a plain build finds the widest vectors of the processor that it runs on.

use crate::math::Real;

/// Work to be compiled once for each instruction set: a pass of a network over its slices.
///
/// Implement [`run`](Self::run) with `#[inline(always)]`: what LLVM leaves as a function of its own is compiled for the oldest
/// processor.
pub trait Pass {
    /// What the pass returns.
    type Output;

    /// Does the work.
    fn run(self) -> Self::Output;
}

/// A closure is a pass, and carries the attribute where it is an argument: `simd(#[inline(always)] || ..)`.
impl<R, F: FnOnce() -> R> Pass for F {
    type Output = R;

    #[inline(always)]
    fn run(self) -> R {
        self()
    }
}

/// Runs `pass` compiled for the widest instruction set that this processor has.
///
/// Whatever is inlined into `pass` is vectorised for that set; results are the same bits on every one of them, because
/// nothing in emitted code or in [`crate::math`] lets the compiler contract or reorder floating-point operations. (Products
/// that are not inlined fuse theirs: [`crate::linalg`].)
///
/// With debug assertions it runs as it is: a pass is compiled once then, not once for each instruction set, and gives
/// the same bits. Nor are kernels forced into it then, whose frames would all lie on the stack at once.
#[inline(always)]
pub fn simd<P: Pass>(pass: P) -> P::Output {
    #[cfg(debug_assertions)]
    return pass.run();
    #[cfg(not(debug_assertions))]
    return pulp::Arch::new().dispatch(Dispatched(pass));
}

#[cfg(not(debug_assertions))]
struct Dispatched<P>(P);

#[cfg(not(debug_assertions))]
impl<P: Pass> pulp::NullaryFnOnce for Dispatched<P> {
    type Output = P::Output;

    #[inline(always)]
    fn call(self) -> P::Output {
        self.0.run()
    }
}

/// The vectors of an element type on an instruction set, for kernels that must not depend on what the compiler
/// vectorises by itself.
pub(crate) trait Lanes<S: pulp::Simd>: Real {
    /// A register of elements.
    type Vector: Copy;
    /// Which elements of a register are there in memory.
    type Mask: Copy;
    /// The elements in a vector.
    const LANES: usize;

    /// Every lane `x`.
    fn splat(simd: S, x: Self) -> Self::Vector;
    /// `a·b + c`, rounded once where the instruction set can, else twice.
    fn mul_add(simd: S, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// `a + b`.
    fn add(simd: S, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The sum of all lanes.
    fn sum(simd: S, v: Self::Vector) -> Self;
    /// The first `len` lanes.
    fn mask(simd: S, len: usize) -> Self::Mask;
    /// # Safety
    /// `p` is to be read for [`LANES`](Self::LANES) elements.
    unsafe fn load(simd: S, p: *const Self) -> Self::Vector;
    /// # Safety
    /// `p` is to be written for [`LANES`](Self::LANES) elements.
    unsafe fn store(simd: S, p: *mut Self, v: Self::Vector);
    /// # Safety
    /// `p` is to be read for the elements that `mask` has.
    unsafe fn load_masked(simd: S, mask: Self::Mask, p: *const Self) -> Self::Vector;
    /// # Safety
    /// `p` is to be written for the elements that `mask` has.
    unsafe fn store_masked(simd: S, mask: Self::Mask, p: *mut Self, v: Self::Vector);
}

/// Whether a masked load costs no more than a plain one.
pub(crate) const fn cheap_masks<S: pulp::Simd>() -> bool {
    cfg!(target_arch = "x86_64") && S::REGISTER_COUNT == 32
}

macro_rules! lanes {
    ($t:ident $vector:ident $mask:ident $uint:ident $lanes:ident: $splat:ident $mul_add:ident $add:ident $sum:ident
     $between:ident $load:ident $store:ident) => {
        impl<S: pulp::Simd> Lanes<S> for $t {
            type Vector = S::$vector;
            type Mask = pulp::MemMask<S::$mask>;
            const LANES: usize = S::$lanes;

            #[inline(always)]
            fn splat(simd: S, x: Self) -> Self::Vector {
                simd.$splat(x)
            }
            #[inline(always)]
            fn mul_add(simd: S, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
                simd.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn add(simd: S, a: Self::Vector, b: Self::Vector) -> Self::Vector {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn sum(simd: S, v: Self::Vector) -> Self {
                simd.$sum(v)
            }
            #[inline(always)]
            fn mask(simd: S, len: usize) -> Self::Mask {
                // Through the plain mask: a jump into a table of masked moves, which is what `pulp` has instead, is slower.
                pulp::MemMask::new(simd.$between(0, len as $uint).mask())
            }
            #[inline(always)]
            unsafe fn load(_: S, p: *const Self) -> Self::Vector {
                // SAFETY: the caller's promise; a vector is plain lanes, and any bits are a value of it.
                unsafe { p.cast::<Self::Vector>().read_unaligned() }
            }
            #[inline(always)]
            unsafe fn store(_: S, p: *mut Self, v: Self::Vector) {
                // SAFETY: the caller's promise.
                unsafe { p.cast::<Self::Vector>().write_unaligned(v) }
            }
            #[inline(always)]
            unsafe fn load_masked(simd: S, mask: Self::Mask, p: *const Self) -> Self::Vector {
                // SAFETY: the caller's promise.
                unsafe { simd.$load(mask, p) }
            }
            #[inline(always)]
            unsafe fn store_masked(simd: S, mask: Self::Mask, p: *mut Self, v: Self::Vector) {
                // SAFETY: the caller's promise.
                unsafe { simd.$store(mask, p, v) }
            }
        }
    };
}
lanes!(f32 f32s m32s u32 F32_LANES: splat_f32s mul_add_e_f32s add_f32s reduce_sum_f32s mask_between_m32s mask_load_ptr_f32s mask_store_ptr_f32s);
lanes!(f64 f64s m64s u64 F64_LANES: splat_f64s mul_add_e_f64s add_f64s reduce_sum_f64s mask_between_m64s mask_load_ptr_f64s mask_store_ptr_f64s);

//! The one place where a plain build finds the widest vectors of the processor that it runs on.

/// Runs `pass` compiled for the widest instruction set that this processor has.
///
/// Whatever is inlined into `pass` is vectorised for that set; results are the same bits on every one of them, because
/// nothing in emitted code or in [`crate::math`] lets the compiler contract or reorder floating-point operations.
#[inline(always)]
pub fn simd<R>(pass: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(pass)
}

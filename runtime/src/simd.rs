//! The one place where a plain build finds the widest vectors of the processor that it runs on.

/// Work to be compiled once for each instruction set: a pass of a network over its slices.
///
/// Implement [`run`](Self::run) with `#[inline(always)]`. That is why passes are not closures: a closure cannot carry
/// the attribute, so LLVM leaves a long one as a function of its own, compiled for the oldest processor.
pub trait Pass {
    /// What the pass returns.
    type Output;

    /// Does the work.
    fn run(self) -> Self::Output;
}

/// A short closure is a pass; one of more than a dozen operations is better a type of its own.
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
/// nothing in emitted code or in [`crate::math`] lets the compiler contract or reorder floating-point operations.
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

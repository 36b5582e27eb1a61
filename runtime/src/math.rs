//! Element-wise functions of the real line, for `f32` and `f64`: what emitted loops call on each element.
//!
//! A loop around them vectorises, but for `powf` of `f64`. A multiplication is fused with an addition where that is
//! written, and nowhere else, so the bits are the same on every processor, wherever an element stands in a slice. What is
//! compiled for a processor that cannot fuse calls a function each time, which takes some 3 ns: a program for x86 does
//! so outside of [`simd`](crate::simd::simd), and on processors without AVX2, as do programs with debug assertions.
//!
//! The largest errors, in units in the last place of finite results, subnormal ones included. The tests `ulp` and
//! `special` of this crate measure them, over every 997th `f32` and over millions of `f64` or tables of values, and fail
//! where an error is larger than it says here. Nanoseconds an element of a slice in the first-level cache are of one core
//! with AVX2 at 3.25 GHz (`cargo bench --bench elementwise`).
//!
//! | | `f32` | `f64` | ns, `f32` |
//! |---|---|---|---|
//! | [`exp`] | 1 | 1 | 0.37 |
//! | [`exp2`] | 1.7 | 1.7 | 0.31 |
//! | [`expm1`] | 1.8 | 1.8 | 0.52 |
//! | [`ln`] | 1 | 1 | 0.65 |
//! | [`log2`] | 2.1 | 2.1 | 0.68 |
//! | [`log1p`] | 1 | 1 | 1.03 |
//! | [`tanh`] | 1.9 | 1.8 | 0.53 |
//! | [`sigmoid`] | 1.9 | 1.9 | 0.49 |
//! | [`softplus`] | 2 | 2 | 0.82 |
//! | [`silu`] | 2.9 | 2.9 | 0.54 |
//! | [`gelu`] | 3.1 | 3.1 | 1.08 |
//! | [`gelu_tanh`] | 3 | 3 | 1.40 |
//! | [`mish`] | 4.6 | 4.6 | 0.81 |
//! | [`erf`] | 1.6 | 1.6 | 1.32 |
//! | [`normal_cdf`] | 3 | 3 | 1.10 |
//! | [`normal_pdf`] | 2 | 2 | 0.51 |
//! | [`sinh`] | 3.9 | 3.9 | 1.09 |
//! | [`cosh`] | 2.9 | 2.9 | 0.61 |
//! | [`softsign`] | 1.5 | 1.5 | 0.12 |
//! | [`hypot`] | 1.5 | 1.5 | 0.22 |
//! | [`sin`] | 0.6 | 1.9 | 3.09 |
//! | [`cos`] | 0.6 | 1.9 | 3.65 |
//! | [`tan`] | 0.6 | 3.8 | 4.68 |
//! | [`asin`] | 1.3 | 1.6 | 0.55 |
//! | [`acos`] | 1.3 | 1.6 | 0.60 |
//! | [`atan`] | 1.5 | 1.6 | 0.86 |
//! | [`atan2`] | 1.8 | 1.8 | 0.70 |
//! | [`powf`] | 0.6 | 1 | 3.48 |
//!
//! What is multiplied with a vanishing factor (`silu`, `gelu`, `mish`) has these digits down to a thousand times the least
//! normal number. `softplus` could take less at 2.5 units, and `gelu_tanh` half its time where the digits of its left tail
//! do not count: digits were preferred. Square root, division and `recip` are rounded correctly (0.5); `powf` of
//! `f64` is the standard library's, with the bound of glibc.

mod activations;
mod circular;
mod inverse;
mod kernels;
mod normal;
mod power;
mod special;

pub use activations::{
    and, clamp, cosh, elu, hard_sigmoid, hard_tanh, leaky_relu, mish, not, or, rsqrt, selu, silu, sinh, softsign,
};
pub use special::{
    Special, acos, asin, atan, atan2, cos, erf, exp2, expm1, floor, gelu, gelu_tanh, hypot, log1p, log2, normal_cdf,
    normal_pdf, round, sin, tan,
};

use crate::linalg::Multiply;
use std::hint::select_unpredictable;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// The element type of a network: `f32` or `f64`.
pub trait Real:
    Copy
    + Default
    + PartialOrd
    + Send
    + Sync
    + std::fmt::Debug
    + std::fmt::Display
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Multiply
    + Special
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The nearest value of this type.
    fn from_f64(x: f64) -> Self;
    /// Exact.
    fn to_f64(self) -> f64;
    /// `self·a + b`, rounded once.
    fn fma(self, a: Self, b: Self) -> Self;
    /// As [`exp`].
    fn exp(self) -> Self;
    /// As [`ln`].
    fn ln(self) -> Self;
    /// As [`sqrt`].
    fn sqrt(self) -> Self;
    /// As [`abs`].
    fn abs(self) -> Self;
    /// As [`tanh`].
    fn tanh(self) -> Self;
    /// As [`sigmoid`].
    fn sigmoid(self) -> Self;
    /// As [`softplus`].
    fn softplus(self) -> Self;
    /// As [`powi`].
    fn powi(self, n: i32) -> Self;
    /// As [`powf`].
    fn powf(self, p: Self) -> Self;
}

macro_rules! real {
    ($t:ident: $($kernel:ident)*; $($std:ident)*; $power:ident) => {
        impl Real for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn fma(self, a: Self, b: Self) -> Self {
                $t::mul_add(self, a, b)
            }
            $(#[inline(always)]
            fn $kernel(self) -> Self {
                kernels::$t::$kernel(self)
            })*
            $(#[inline(always)]
            fn $std(self) -> Self {
                $t::$std(self)
            })*
            #[inline(always)]
            fn powi(self, n: i32) -> Self {
                let (mut power, mut base, mut left) = (1.0, self, n.unsigned_abs());
                while left > 0 {
                    power = if left & 1 == 1 { power * base } else { power };
                    base *= base;
                    left >>= 1;
                }
                if n < 0 { 1.0 / power } else { power }
            }
            #[inline(always)]
            fn powf(self, p: Self) -> Self {
                $power::powf(self, p)
            }
        }
    };
}
real!(f32: exp ln tanh sigmoid softplus; sqrt abs; power);
real!(f64: exp ln tanh sigmoid softplus; sqrt abs; f64);

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[cfg_attr(not(debug_assertions), inline(always))]
        pub fn $name<T: Real>(x: T) -> T {
            Real::$name(x)
        }
    )*};
}

functions! {
    /// `eˣ`.
    exp
    /// Natural logarithm; NaN below zero, `-inf` at zero.
    ln
    /// Square root; NaN below zero.
    sqrt
    /// Magnitude.
    abs
    /// Hyperbolic tangent.
    tanh
    /// `1 / (1 + e⁻ˣ)`.
    sigmoid
    /// `ln(1 + eˣ)`, without overflow.
    softplus
}

/// `x²`.
#[inline(always)]
pub fn square<T: Real>(x: T) -> T {
    x * x
}

/// `max(x, 0)`; NaN stays NaN.
#[inline(always)]
pub fn relu<T: Real>(x: T) -> T {
    if x <= T::ZERO { T::ZERO } else { x }
}

/// -1, 0 or 1 by the sign of `x`; 0 at zero; NaN stays NaN.
#[inline(always)]
pub fn sign<T: Real>(x: T) -> T {
    if x > T::ZERO {
        T::ONE
    } else if x < T::ZERO {
        -T::ONE
    } else {
        x
    }
}

/// The larger; NaN if either is.
#[inline(always)]
pub fn max<T: Real>(x: T, y: T) -> T {
    #[allow(clippy::eq_op)] // the test for NaN
    if x > y || x != x { x } else { y }
}

/// The smaller; NaN if either is.
#[inline(always)]
pub fn min<T: Real>(x: T, y: T) -> T {
    #[allow(clippy::eq_op)] // the test for NaN
    if x < y || x != x { x } else { y }
}

/// `xⁿ` for a whole `n`, by repeated squaring.
#[inline(always)]
pub fn powi<T: Real>(x: T, n: i32) -> T {
    x.powi(n)
}

/// `xᵖ`; NaN for negative `x` and fractional `p`.
#[inline(always)]
pub fn powf<T: Real>(x: T, p: T) -> T {
    x.powf(p)
}

/// `a` where `mask` holds, else `b`; both are evaluated. No branch: LLVM would move divisions and loads into one, and then not
/// vectorise the loop around.
#[inline(always)]
pub fn select<T: Copy>(mask: bool, a: T, b: T) -> T {
    select_unpredictable(mask, a, b)
}

/// `1/x`.
#[inline(always)]
pub fn recip<T: Real>(x: T) -> T {
    T::ONE / x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_powers_multiply() {
        for n in 0..8 {
            assert_eq!(powi(3.0_f64, n), 3u32.pow(n as u32) as f64);
            assert_eq!(powi(-2.0_f32, -n), 1.0 / (-2i32).pow(n as u32) as f32);
        }
        assert_eq!(powi(0.0_f32, 0), 1.0);
        assert_eq!(powi(-0.0_f32, -3), f32::NEG_INFINITY);
    }

    #[test]
    fn nan_stays_nan_where_values_are_compared() {
        const NAN: f32 = f32::NAN;
        assert!(relu(NAN).is_nan() && sign(NAN).is_nan());
        assert!([max(NAN, 1.0), max(1.0, NAN), min(NAN, 1.0), min(1.0, NAN)].iter().all(|y| y.is_nan()));
        assert_eq!((relu(-1.0), relu(2.0), sign(-0.5), sign(0.0), sign(7.0)), (0.0, 2.0, -1.0, 0.0, 1.0));
        assert_eq!((max(1.0, 2.0), min(1.0, 2.0), select(true, 1, 2), recip(4.0)), (2.0, 1.0, 1, 0.25));
    }
}

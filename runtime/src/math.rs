//! Element-wise functions of the real line, for `f32` and `f64`: what emitted loops call on each element.
//!
//! Every function is branch-free where that lets a loop over a slice vectorise.

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
{
    const ZERO: Self;
    const ONE: Self;
    /// The nearest value of this type.
    fn from_f64(x: f64) -> Self;
    /// Exact.
    fn to_f64(self) -> f64;
    fn exp(self) -> Self;
    fn ln(self) -> Self;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    fn tanh(self) -> Self;
    fn sigmoid(self) -> Self;
    fn softplus(self) -> Self;
    fn powi(self, n: i32) -> Self;
    fn powf(self, p: Self) -> Self;
}

macro_rules! real {
    ($t:ident) => {
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
            fn exp(self) -> Self {
                $t::exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                $t::ln(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $t::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $t::abs(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $t::tanh(self)
            }
            #[inline(always)]
            fn sigmoid(self) -> Self {
                let e = $t::exp(-$t::abs(self));
                if self >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
            }
            #[inline(always)]
            fn softplus(self) -> Self {
                $t::ln_1p($t::exp(-$t::abs(self))) + if self > 0.0 { self } else { self * 0.0 }
            }
            #[inline(always)]
            fn powi(self, n: i32) -> Self {
                $t::powi(self, n)
            }
            #[inline(always)]
            fn powf(self, p: Self) -> Self {
                $t::powf(self, p)
            }
        }
    };
}
real!(f32);
real!(f64);

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[inline(always)]
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

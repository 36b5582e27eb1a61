//! Activations and other functions that are written with those of the kernels, for any element type; each is a straight
//! line that vectorises. Where a factor vanishes faster than `x` grows, `x` is bounded, so that no result is `inf·0`.

use super::{Real, exp, expm1, min, sigmoid, sqrt};

/// A constant of the element type.
#[inline(always)]
fn number<T: Real>(x: f64) -> T {
    T::from_f64(x)
}

/// `x` where it is between `lo` and `hi`, else the nearer of them; `hi` if they are the wrong way round; NaN stays NaN.
#[inline(always)]
pub fn clamp<T: Real>(x: T, lo: T, hi: T) -> T {
    let x = if x < lo { lo } else { x };
    if x > hi { hi } else { x }
}

/// `1/√x`.
#[inline(always)]
pub fn rsqrt<T: Real>(x: T) -> T {
    T::ONE / sqrt(x)
}

/// Hyperbolic sine: twice the product of both functions at `x/2`, which do not overflow before the result does.
#[inline(always)]
pub fn sinh<T: Real>(x: T) -> T {
    let half: T = number(0.5);
    let e = expm1(half * x.abs());
    let h = e + T::ONE;
    let whole = (half * (e + e / h)) * (h + T::ONE / h);
    // Beyond the range `e` is infinite, and `e/h` would be NaN.
    let whole = if e < number(f64::INFINITY) { whole } else { e };
    let signed = if x < T::ZERO { -whole } else { whole };
    // Below that, the next term is nothing beside `x`, whose half may be no number.
    if x.abs() < number(1e-8) { x } else { signed }
}

/// Hyperbolic cosine.
#[inline(always)]
pub fn cosh<T: Real>(x: T) -> T {
    let half: T = number(0.5);
    let h = exp(half * x.abs());
    (half * h) * h + half / h / h
}

/// `x` where it is finite or above 0: what vanishes there must not be multiplied with minus infinity.
#[inline(always)]
fn from_below<T: Real>(x: T) -> T {
    let bound = number(-750.0);
    if x < bound { bound } else { x }
}

/// `x·σ(x)`; 0 far below zero.
#[inline(always)]
pub fn silu<T: Real>(x: T) -> T {
    from_below(x) * sigmoid(x)
}

/// `x·tanh(softplus(x))`; with `e = eˣ`, the hyperbolic tangent is `e·(e + 2)/(e·(e + 2) + 2)`.
#[inline(always)]
pub fn mish<T: Real>(x: T) -> T {
    let two: T = number(2.0);
    let e = exp(min(x, number(40.0)));
    let n = e * (e + two);
    from_below(x) * (n / (n + two))
}

/// `x` above 0, else `alpha·(eˣ - 1)`.
#[inline(always)]
pub fn elu<T: Real>(x: T, alpha: T) -> T {
    let below = alpha * expm1(x);
    if x > T::ZERO { x } else { below }
}

/// `1.0507·elu(x, 1.6733)`, whose fixed point is a mean of 0 and a variance of 1.
#[inline(always)]
pub fn selu<T: Real>(x: T) -> T {
    let below = number::<T>(1.758_099_340_847_376_8) * expm1(x);
    let above = number::<T>(1.050_700_987_355_480_5) * x;
    if x > T::ZERO { above } else { below }
}

/// `x` above 0, else `slope·x`.
#[inline(always)]
pub fn leaky_relu<T: Real>(x: T, slope: T) -> T {
    if x > T::ZERO { x } else { slope * x }
}

/// `(x + 3)/6` between 0 and 1.
#[inline(always)]
pub fn hard_sigmoid<T: Real>(x: T) -> T {
    clamp((x + number(3.0)) / number(6.0), T::ZERO, T::ONE)
}

/// `x` between -1 and 1.
#[inline(always)]
pub fn hard_tanh<T: Real>(x: T) -> T {
    clamp(x, -T::ONE, T::ONE)
}

/// `x/(1 + |x|)`.
#[inline(always)]
pub fn softsign<T: Real>(x: T) -> T {
    // The largest number of either type is at least this, and 1 is nothing beside it.
    let bound: T = number(1e30);
    let x = clamp(x, -bound, bound);
    x / (T::ONE + x.abs())
}

/// Whether both masks hold.
#[inline(always)]
pub fn and(a: bool, b: bool) -> bool {
    a & b
}

/// Whether either mask holds.
#[inline(always)]
pub fn or(a: bool, b: bool) -> bool {
    a | b
}

/// Whether the mask does not hold.
#[inline(always)]
pub fn not(mask: bool) -> bool {
    !mask
}

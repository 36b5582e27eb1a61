//! Matrix products over row-major slices, with transposition by flags and without allocation.

use crate::math::Real;

/// `out += op(a)·op(b)`, or `=` where `add` is false; dims are `[m, k, n]`.
fn product<'o, T: Real>(
    out: &'o mut [T],
    a: &[T],
    b: &[T],
    [m, k, n]: [usize; 3],
    [ta, tb]: [bool; 2],
    add: bool,
) -> &'o mut [T] {
    assert!(out.len() == m * n && a.len() == m * k && b.len() == k * n);
    if !add {
        out.fill(T::ZERO);
    }
    for i in 0..m {
        for p in 0..k {
            let x = if ta { a[p * m + i] } else { a[i * k + p] };
            for j in 0..n {
                let y = if tb { b[j * k + p] } else { b[p * n + j] };
                out[i * n + j] += x * y;
            }
        }
    }
    out
}

macro_rules! products {
    ($($(#[$doc:meta])* $name:ident $flags:expr, $add:expr;)*) => {$(
        $(#[$doc])*
        #[doc = ""]
        #[doc = "`dims` is `[m, k, n]`: the product is `[m, n]`, and sums over `k`. Returns `out`."]
        #[doc = ""]
        #[doc = "# Panics"]
        #[doc = "Where the length of a slice is not the product of its two dimensions."]
        #[inline]
        pub fn $name<'o, T: Real>(out: &'o mut [T], a: &[T], b: &[T], dims: [usize; 3]) -> &'o mut [T] {
            product(out, a, b, dims, $flags, $add)
        }
    )*};
}

products! {
    /// `out = a·b`.
    matmul [false, false], false;
    /// `out = a·bᵀ`.
    matmul_nt [false, true], false;
    /// `out = aᵀ·b`.
    matmul_tn [true, false], false;
    /// `out = aᵀ·bᵀ`.
    matmul_tt [true, true], false;
    /// `out += a·b`.
    matmul_add [false, false], true;
    /// `out += a·bᵀ`.
    matmul_nt_add [false, true], true;
    /// `out += aᵀ·b`.
    matmul_tn_add [true, false], true;
    /// `out += aᵀ·bᵀ`.
    matmul_tt_add [true, true], true;
}

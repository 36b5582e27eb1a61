//! The ways to compute a product, and which one is chosen: the cost model of [`super`].
//!
//! By the dimensions and flags alone, in steps that `benches/products.rs` measured. In nanoseconds on a Zen 4, where a
//! vector is 16 numbers of `f32` and a fused operation takes a quarter of one:
//!
//! | way | costs |
//! |---|---|
//! | inlined | 5, and `m·k·n/30`; with one column, whose sums lie across the vectors, 4 a row |
//! | inner products | 60, and for each row and column `k/64` and 1.5 for the fold |
//! | turned | as blocked, with `m` for `n`, and `m·n/2` for the transpose |
//! | blocked | 80, and `m·k·⌈n/16⌉/4`, and `k·n/20` where `b` is packed |

use super::Product;
use crate::math::Real;
use crate::simd::simd;

/// How a product is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    /// Loops that are inlined where it is called.
    Inlined,
    /// Inner products of the rows of `a` with few columns of `b`.
    FewColumns,
    /// Inner products of the transposed rows of `b` with few rows of `a`.
    FewRows,
    /// The transpose of the blocked product of the transposes.
    Turned,
    /// Blocks and tiles.
    Blocked,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Inlined, Self::FewColumns, Self::FewRows, Self::Turned, Self::Blocked];

    /// Whether a product can be computed so.
    pub fn is_possible(self, [m, k, n]: [usize; 3], [ta, tb]: [bool; 2]) -> bool {
        let any = m * k * n > 0;
        match self {
            Self::Inlined => true,
            Self::FewColumns => any && n <= FEW && !ta,
            Self::FewRows => any && m <= FEW && tb,
            Self::Turned | Self::Blocked => any,
        }
    }
}

/// The most columns, or rows, of inner products.
pub(super) const FEW: usize = 4;

/// The least length of the rows of inner products for each column: folding the lanes must cost little.
const LONG: usize = 8;

/// Up to this many columns, which would fill half a vector, the transposes are multiplied where `a` is transposed
/// already.
const NARROW: usize = 8;

/// Up to this many elements besides the batch, and this many multiplications, a product is inlined.
const INLINED: [usize; 2] = [1 << 8, 1 << 14];

/// The same for the multiplications of one to three columns, whose sums fill no vector, and of fewer rows than a tile
/// has where they lie across.
const INLINED_POOR: usize = 1 << 9;

/// The same for those of one column, where it is a sum of rows.
const INLINED_SWEEP: usize = 1 << 12;

/// Whether a product is inlined: constant where its dimensions are.
#[inline(always)]
pub(super) fn is_inlined([m, k, n]: [usize; 3], [ta, _]: [bool; 2]) -> bool {
    // What is left besides the batch, which is `k` where `a` is transposed, else `m`.
    let constant = if ta { m * n } else { k * n };
    let most = match () {
        () if ta && n == 1 => INLINED_SWEEP,
        () if n < 4 || (ta && m < 6) => INLINED_POOR,
        () => INLINED[1],
    };
    (constant <= INLINED[0] && m * k * n <= most) || m * k * n == 0
}

/// The way that is chosen.
pub fn choice(dims: [usize; 3], flags: [bool; 2]) -> Way {
    let ([m, k, n], [ta, tb]) = (dims, flags);
    match () {
        () if is_inlined(dims, flags) => Way::Inlined,
        () if n <= FEW && !ta && k >= LONG * n => Way::FewColumns,
        () if m <= FEW && tb && k >= LONG * m => Way::FewRows,
        () if n == 1 || (n <= NARROW && ta && k > n) => Way::Turned,
        () => Way::Blocked,
    }
}

/// `out = op(a)·op(b)` in a way of the caller's choice; false where it can't be.
///
/// # Panics
/// Where the length of a slice is not the product of its two dimensions.
pub fn multiply<T: Real>(way: Way, out: &mut [T], a: &[T], b: &[T], dims: [usize; 3], flags: [bool; 2]) -> bool {
    let possible = way.is_possible(dims, flags);
    if possible {
        let product = Product { out, a, b, dims, flags, add: false };
        product.check();
        if way == Way::Inlined { simd(product) } else { T::multiply(product, way) }
    }
    possible
}

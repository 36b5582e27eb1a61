//! The ways to compute a product, and which one is chosen: the cost model of [`super`].
//!
//! By the dimensions and flags alone, in steps that `benches/products.rs` measured. In nanoseconds on a Zen 3 of which
//! others use half, where a vector is 8 numbers of `f32` and a fused operation takes a sixth of one:
//!
//! | way | costs |
//! |---|---|
//! | inlined | 5, and `m·k·n/8`; nothing is fused, and a compiler that does not know the dimensions makes it twice that |
//! | inner products | 50, and for each row and column `4 + k/32` |
//! | small | 45, and `m·k·⌈n/8⌉/6`, and `k·n/4` where `b` is transposed |
//! | turned | as small or blocked with `m` for `n`, and `90 + m·n` for the transpose |
//! | blocked | 80, and as small; `k·n/20` where `b` is packed |

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
    /// Tiles.
    Small,
    /// Blocks and tiles.
    Blocked,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Inlined, Self::FewColumns, Self::FewRows, Self::Turned, Self::Small, Self::Blocked];

    /// Whether a product can be computed so.
    pub fn is_possible(self, [m, k, n]: [usize; 3], [ta, tb]: [bool; 2]) -> bool {
        let any = m * k * n > 0;
        match self {
            Self::Inlined => true,
            Self::FewColumns => any && n <= FEW && !ta,
            Self::FewRows => any && m <= FEW && tb,
            Self::Small => any && [m * k, k * n, m * n].iter().sum::<usize>() <= SMALL,
            Self::Turned | Self::Blocked => any,
        }
    }
}

/// The most columns, or rows, of inner products.
pub(super) const FEW: usize = 4;

/// The least length of the rows of inner products, and, of large products, of those for each column: folding the lanes
/// must cost little.
const LONG: [usize; 2] = [16, 8];

/// Fewer columns than this, which would leave a vector partly empty, are multiplied as rows of the transposes, from as
/// many rows on.
const NARROW: usize = 8;

/// Up to this many elements, operands and product lie in the first-level cache.
const SMALL: usize = 1 << 13;

/// Up to this many elements besides the batch, and this many multiplications, a product is inlined.
const INLINED: [usize; 2] = [1 << 8, 1 << 7];

/// The same for the multiplications of one row or one column, of which other ways cannot make a tile.
const INLINED_VECTOR: usize = 1 << 9;

/// The same for four columns, a vector of any processor, and half of one that other ways want.
const INLINED_HALF: usize = 1 << 11;

/// Whether a product is inlined: constant where its dimensions are.
#[inline(always)]
pub(super) fn is_inlined([m, k, n]: [usize; 3], [ta, _]: [bool; 2]) -> bool {
    // What is left besides the batch, which is `k` where `a` is transposed, else `m`.
    let constant = if ta { m * n } else { k * n };
    let most = match n {
        _ if m == 1 || n == 1 => INLINED_VECTOR,
        4 => INLINED_HALF,
        _ => INLINED[1],
    };
    (constant <= INLINED[0] && m * k * n <= most) || m * k * n == 0
}

/// The way that is chosen.
pub fn choice(dims: [usize; 3], flags: [bool; 2]) -> Way {
    let ([m, k, n], [ta, tb]) = (dims, flags);
    let small = Way::Small.is_possible(dims, flags);
    // Columns, and rows of `b`, that need no transposition: what inner products cost, against tiles of the transposes.
    let inner = (tb || n == 1) && (m < NARROW || m * n * (128 + k) < 4480 + 5 * m * k);
    let turns = m >= NARROW && if small { ta || k > n } else { ta && k > n };
    match () {
        () if is_inlined(dims, flags) => Way::Inlined,
        () if n <= FEW && !ta && if small { inner } else { k >= LONG[1] * n } => Way::FewColumns,
        () if m <= FEW && tb && if small { n < NARROW && k >= LONG[0] } else { k >= LONG[1] * m } => Way::FewRows,
        () if n == 1 || (n < NARROW && turns) => Way::Turned,
        () if small => Way::Small,
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

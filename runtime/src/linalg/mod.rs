//! Matrix products over row-major slices, with transposition by flags.
//!
//! | product | where | how |
//! |---|---|---|
//! | fewest multiplications, or no vectors of the processor that `pulp` knows | `inlined` | plain loops; the few are inlined into the caller's pass, so that constant dimensions are constant in them |
//! | all operands in the first-level cache | `small` | tiles of sums in registers |
//! | up to four columns, or rows | `dots` | inner products of whole rows |
//! | all others | `blocked` | packed blocks and tiles of sums in registers |
//!
//! Which one depends on the dimensions and the flags alone ([`ways`]). The inlined ones are the same bits everywhere; in the
//! others a multiplication is fused with its addition, so they are the same bits on every processor that can do that:
//! x86-64 since 2013, and every AArch64. None allocates, but for memory that each thread keeps.

/// Has the `run` of a product compiled for the vectors of each processor.
macro_rules! with_simd {
    ($product:ident: $($t:ident)*) => {$(
        impl pulp::WithSimd for $product<'_, $t> {
            type Output = ();
            #[inline(always)]
            fn with_simd<S: pulp::Simd>(self, simd: S) {
                self.run(simd);
            }
        }
    )*};
}

mod blocked;
mod dots;
mod inlined;
mod kernel;
mod lanes;
mod pack;
mod scratch;
mod small;
mod threads;
#[doc(hidden)]
pub mod ways;

use crate::math::Real;
use crate::simd::Pass;
use blocked::{Blocked, Packed, Packs, Part, Piece, Whole};
use dots::Dots;
use inlined::{plain, put};
use pulp::Arch;
use scratch::{Common, Scratch};
use small::Small;
use std::ops::Range;

use ways::{Way, choice, is_inlined};

pub use lanes::{SUM_LANES, add_products, add_rows, to_lanes, to_rows};
pub(crate) use pack::transpose;

/// The operands of `out = op(a)·op(b)`, or of `out +=` with `add`; dims are `[m, k, n]`.
#[doc(hidden)]
pub struct Product<'a, T> {
    out: &'a mut [T],
    a: &'a [T],
    b: &'a [T],
    dims: [usize; 3],
    /// Whether `a` and `b` are transposed.
    flags: [bool; 2],
    add: bool,
}

impl<T> Product<'_, T> {
    #[inline(always)]
    fn check(&self) {
        let Product { ref out, a, b, dims: [m, k, n], .. } = *self;
        assert!(
            out.len() == m * n && a.len() == m * k && b.len() == k * n,
            "slices and dimensions of a product differ"
        );
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn product<T: Real>(product: Product<T>) {
    product.check();
    match is_inlined(product.dims, product.flags) {
        true => product.run(),
        false => chosen(product),
    }
}

/// One copy for all calls: the code around them stays short.
#[inline(never)]
fn chosen<T: Real>(product: Product<T>) {
    let way = choice(product.dims, product.flags);
    T::multiply(product, way);
}

/// Products that are compiled with this crate, once for each instruction set, and not into every network.
#[doc(hidden)]
pub trait Multiply: Sized {
    /// Computes `product`, in a way that is possible for it.
    fn multiply(product: Product<Self>, way: Way);

    /// Which of the operands are packed for a product.
    fn packs(whole: &Whole<Self>) -> [bool; 2];

    /// Packs a piece of what all parts read.
    ///
    /// # Safety
    /// As of [`Piece::new`].
    unsafe fn pack(whole: &Whole<Self>, packed: &Packed<Self>, piece: Range<usize>);

    /// Computes a part of a product.
    ///
    /// # Safety
    /// As of [`Blocked::new`].
    unsafe fn part(whole: &Whole<Self>, part: Part, packed: Option<&Packed<Self>>);

    /// Lends this thread's memory for what threads read together; within `work` only new memory could be lent.
    fn with_common(work: impl FnOnce(&mut Common<Self>));
}

macro_rules! multiply {
    ($($t:ident)*) => {$(
        impl Multiply for $t {
            fn multiply(product: Product<Self>, way: Way) {
                let arch = Arch::new();
                let len = product.out.len();
                let way = if matches!(arch, Arch::Scalar) { Way::Inlined } else { way };
                match way {
                    // What a processor without known vectors does with all of them, and so compiled for it alone.
                    Way::Inlined => plain(product),
                    Way::FewColumns => scratch::$t(|scratch| dispatch(arch, few_columns(product, scratch))),
                    Way::FewRows => scratch::$t(|scratch| dispatch(arch, few_rows(product, scratch))),
                    Way::Turned => turned(product, scratch::$t(|scratch| scratch.take_out(len)), |rows| {
                        scratch::$t(|scratch| scratch.put_back(rows));
                    }),
                    Way::Small if product.flags[1] => {
                        scratch::$t(|scratch| dispatch(arch, Small { product, scratch: Some(scratch) }));
                    }
                    Way::Small => dispatch(arch, Small { product, scratch: None }),
                    Way::Blocked => threads::multiply(product),
                }
            }

            fn packs(whole: &Whole<Self>) -> [bool; 2] {
                let mut packs = [false; 2];
                dispatch(Arch::new(), Packs { whole, packs: &mut packs });
                packs
            }

            unsafe fn pack(whole: &Whole<Self>, packed: &Packed<Self>, piece: Range<usize>) {
                // SAFETY: the caller's promise.
                dispatch(Arch::new(), unsafe { Piece::new(whole, packed, piece) });
            }

            unsafe fn part(whole: &Whole<Self>, part: Part, packed: Option<&Packed<Self>>) {
                // SAFETY: the caller's promise.
                scratch::$t(|scratch| dispatch(Arch::new(), unsafe { Blocked::new(whole, part, packed, scratch) }));
            }

            fn with_common(work: impl FnOnce(&mut Common<Self>)) {
                let mut common = scratch::$t(Scratch::take_common);
                work(&mut common);
                scratch::$t(|scratch| scratch.put_back_common(common));
            }
        }
    )*};
}
multiply!(f32 f64);

/// Runs `work` on an instruction set with vectors; it is not compiled for any other.
fn dispatch<W: pulp::WithSimd>(arch: Arch, work: W) -> W::Output {
    match arch {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Arch::V4(simd) => pulp::Simd::vectorize(simd, work),
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Arch::V3(simd) => pulp::Simd::vectorize(simd, work),
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        _ => unreachable!("other processors multiply in plain loops"),
        #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
        _ => arch.dispatch(work),
    }
}

/// The product of the transposes in `rows`, as long as the columns of `out` and few, and then its transpose.
fn turned<T: Real>(product: Product<T>, mut rows: Vec<T>, put_back: impl FnOnce(Vec<T>)) {
    let Product { out, a, b, dims: [m, k, n], flags: [ta, tb], add } = product;
    let (dims, flags) = ([n, k, m], [!tb, !ta]);
    let way = if Way::Small.is_possible(dims, flags) { Way::Small } else { Way::Blocked };
    T::multiply(Product { out: &mut rows, a: b, b: a, dims, flags, add: false }, way);
    for (j, row) in rows.chunks_exact(m).enumerate() {
        for (i, &sum) in row.iter().enumerate() {
            put(&mut out[i * n + j], sum, add);
        }
    }
    put_back(rows);
}

/// The inner products of the rows of `a` with the columns of `b`.
fn few_columns<'a, T: Real>(product: Product<'a, T>, scratch: &'a mut Scratch<T>) -> Dots<'a, T> {
    let Product { out, a, b, dims: [_, k, n], flags: [_, tb], add } = product;
    let columns = if tb || n == 1 { b } else { scratch.transposed(b, [k, n]) };
    Dots { out, strides: [n, 1], rows: a, columns, k, add }
}

/// The inner products of the rows of `b` with those of `a`.
fn few_rows<'a, T: Real>(product: Product<'a, T>, scratch: &'a mut Scratch<T>) -> Dots<'a, T> {
    let Product { out, a, b, dims: [m, k, n], flags: [ta, _], add } = product;
    let columns = if ta && m > 1 { scratch.transposed(a, [k, m]) } else { a };
    Dots { out, strides: [1, n], rows: b, columns, k, add }
}

macro_rules! products {
    ($($(#[$doc:meta])* $name:ident $flags:expr, $add:expr;)*) => {$(
        $(#[$doc])*
        #[doc = ""]
        #[doc = "`dims` is `[m, k, n]`: the product is `[m, n]`, and sums over `k`. Returns `out`."]
        #[doc = ""]
        #[doc = "# Panics"]
        #[doc = "Where the length of a slice is not the product of its two dimensions."]
        #[cfg_attr(not(debug_assertions), inline(always))]
        pub fn $name<'o, T: Real>(out: &'o mut [T], a: &[T], b: &[T], dims: [usize; 3]) -> &'o mut [T] {
            product(Product { out: &mut *out, a, b, dims, flags: $flags, add: $add });
            out
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

#[cfg(test)]
mod tests {
    use super::*;

    type Function<T> = for<'o> fn(&'o mut [T], &[T], &[T], [usize; 3]) -> &'o mut [T];

    /// Numbers between -1 and 1 that a row and a column never share.
    fn numbers<T: Real>(len: usize, seed: u32) -> Vec<T> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            T::from_f64(f64::from(state >> 8) / f64::from(1 << 23) - 1.0)
        };
        (0..len).map(next).collect()
    }

    /// Checks one product of one size against sums in `f64`, within `k` roundings of a product of ones.
    fn check<T: Real>(product: Function<T>, [m, k, n]: [usize; 3], [ta, tb]: [bool; 2], add: bool, epsilon: f64) {
        let (a, b, old) = (numbers::<T>(m * k, 1), numbers::<T>(k * n, 2), numbers::<T>(m * n, 3));
        let mut out = old.clone();
        let returned = product(&mut out, &a, &b, [m, k, n]).as_ptr();
        assert_eq!(returned, out.as_ptr());
        for i in 0..m {
            for j in 0..n {
                let at =
                    |p| (if ta { a[p * m + i] } else { a[i * k + p] }, if tb { b[j * k + p] } else { b[p * n + j] });
                let sum: f64 = (0..k).map(at).map(|(a, b)| a.to_f64() * b.to_f64()).sum();
                let expected = if add { old[i * n + j].to_f64() + sum } else { sum };
                let error = (out[i * n + j].to_f64() - expected).abs();
                assert!(error <= epsilon * (2 + k) as f64, "[{i}, {j}] of {m}x{k}x{n} {ta} {tb} {add}: {error:e}");
            }
        }
    }

    fn check_all<T: Real>(dims: [usize; 3], epsilon: f64) {
        let products: [(Function<T>, [bool; 2], bool); 8] = [
            (matmul, [false, false], false),
            (matmul_nt, [false, true], false),
            (matmul_tn, [true, false], false),
            (matmul_tt, [true, true], false),
            (matmul_add, [false, false], true),
            (matmul_nt_add, [false, true], true),
            (matmul_tn_add, [true, false], true),
            (matmul_tt_add, [true, true], true),
        ];
        for (product, flags, add) in products {
            check(product, dims, flags, add, epsilon);
        }
    }

    #[test]
    fn every_product_of_every_size_is_the_sum_of_products() {
        let sizes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 16, 17, 19, 33];
        for m in sizes {
            for k in sizes {
                for n in sizes {
                    check_all::<f32>([m, k, n], f64::from(f32::EPSILON));
                    check_all::<f64>([m, k, n], f64::EPSILON);
                }
            }
        }
    }

    /// Whichever way is chosen, by a cost model that may change.
    #[test]
    fn every_possible_way_makes_the_same_product() {
        use super::ways::multiply;
        let sizes = [1, 2, 3, 7, 8, 17, 25, 70];
        for (m, k, n) in sizes.iter().flat_map(|&m| sizes.iter().flat_map(move |&k| sizes.map(move |n| (m, k, n)))) {
            let (a, b) = (numbers::<f32>(m * k, 1), numbers::<f32>(k * n, 2));
            for flags in [[false, false], [true, false], [false, true], [true, true]] {
                let mut expected = vec![0.0; m * n];
                multiply(Way::Inlined, &mut expected, &a, &b, [m, k, n], flags);
                let near = |(x, y): (&f32, &f32)| (x - y).abs() <= f32::EPSILON * (2 + k) as f32;
                let (mut out, mut twice) = (vec![f32::NAN; m * n], expected.clone());
                plain(Product { out: &mut out, a: &a, b: &b, dims: [m, k, n], flags, add: false });
                plain(Product { out: &mut twice, a: &a, b: &b, dims: [m, k, n], flags, add: true });
                assert!(out.iter().zip(&expected).all(near), "plain, {m}x{k}x{n} {flags:?}");
                let added = |(sum, (x, y)): (&f32, (&f32, &f32))| *sum == x + y;
                assert!(twice.iter().zip(expected.iter().zip(&out)).all(added), "plain, {m}x{k}x{n} {flags:?}");
                for way in Way::ALL {
                    let mut out = vec![f32::NAN; m * n];
                    if multiply(way, &mut out, &a, &b, [m, k, n], flags) {
                        assert!(out.iter().zip(&expected).all(near), "{way:?} of {m}x{k}x{n} {flags:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn long_sums_and_large_products_too() {
        for dims in [
            [3, 1000, 5],
            [13, 513, 13],
            [1, 700, 40],
            [70, 600, 1],
            [64, 64, 64],
            [61, 67, 71],
            [1, 600, 600],
            [300, 1025, 333],
            [1030, 40, 100],
        ] {
            check_all::<f32>(dims, f64::from(f32::EPSILON));
            check_all::<f64>(dims, f64::EPSILON);
        }
    }

    /// Runs one product on the instruction set that `S` is, where there is one, by each of the ways that serve it.
    #[cfg(target_arch = "x86_64")]
    fn on<S: pulp::Simd>(simd: S, a: &[f32], b: &[f32], dims: [usize; 3], flags: [bool; 2]) -> Vec<Vec<f32>> {
        let [m, _, n] = dims;
        let mut results = vec![vec![0.5; m * n]; 2];
        let [tiles, inner] = &mut results[..] else { unreachable!("there are two") };
        let scratch = &mut Scratch::new();
        let whole = Whole::new(Product { out: tiles, a, b, dims, flags, add: true });
        // SAFETY: there is no other part.
        simd.vectorize(unsafe { Blocked::new(&whole, whole.all(), None, scratch) });
        if Way::FewColumns.is_possible(dims, flags) {
            let product = Product { out: inner, a, b, dims, flags, add: true };
            simd.vectorize(few_columns(product, scratch));
        }
        results
    }

    /// The promise of the module: fused on any instruction set gives one result, and it is near what is not fused.
    #[test]
    #[cfg(target_arch = "x86_64")]
    fn instruction_sets_agree() {
        let (Some(narrow), Some(wide)) = (pulp::x86::V3::try_new(), pulp::x86::V4::try_new()) else { return };
        for dims in [[1, 1, 1], [13, 700, 40], [30, 65, 3], [25, 600, 1], [12, 33, 32], [40, 1100, 2], [200, 40, 300]] {
            for flags in [[false, false], [true, false], [false, true], [true, true]] {
                let [m, k, n] = dims;
                let (a, b) = (numbers::<f32>(m * k, 1), numbers::<f32>(k * n, 2));
                let results = on(wide, &a, &b, dims, flags);
                assert_eq!(results, on(narrow, &a, &b, dims, flags), "{dims:?}");
                let mut plain = vec![0.5; m * n];
                Product { out: &mut plain, a: &a, b: &b, dims, flags, add: true }.run();
                for (fused, plain) in results[0].iter().zip(plain) {
                    assert!((fused - plain).abs() <= f32::EPSILON * k as f32, "{dims:?}: {fused} {plain}");
                }
            }
        }
    }

    /// The same sums come from rows and columns of a part of a product: that is how threads may share one.
    #[test]
    fn a_part_has_the_bits_of_the_whole() {
        let [m, k, n] = [100, 530, 90];
        let (a, b) = (numbers::<f32>(m * k, 1), numbers::<f32>(k * n, 2));
        let (mut whole, mut part) = (vec![0.0; m * n], vec![0.0; 37 * n]);
        matmul(&mut whole, &a, &b, [m, k, n]);
        matmul(&mut part, &a[50 * k..87 * k], &b, [37, k, n]);
        assert_eq!(part, whole[50 * n..87 * n]);
    }

    #[test]
    #[should_panic(expected = "slices and dimensions of a product differ")]
    fn a_slice_of_another_length_panics() {
        matmul(&mut [0.0; 6], &[0.0; 6], &[0.0; 8], [2, 3, 3]);
    }
}

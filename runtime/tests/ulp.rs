//! The published error bounds of the element-wise functions, in units in the last place, measured over the whole line.
//!
//! The reference for `f32` is the standard library in `f64`; for `f64`, arithmetic on pairs of doubles. The measured
//! maxima are printed: `cargo test -p pullback --test ulp -- --nocapture`.

mod pairs;
mod published;

use published::{Type, published};
use pullback::math::*;

/// The largest error of a function, and where.
struct Worst {
    ulp: f64,
    at: f64,
}

impl Worst {
    fn of(errors: impl Iterator<Item = (f64, f64)>) -> Self {
        errors.fold(Self { ulp: 0.0, at: f64::NAN }, |worst, (at, ulp)| {
            assert!(!ulp.is_nan(), "no error can be told at {at:e}");
            if ulp > worst.ulp { Self { ulp, at } } else { worst }
        })
    }

    fn assert_within(&self, t: Type, name: &str) {
        let bound = published(name, t);
        println!("{name:12} {:.3} ULP at {:e} (bound {bound})", self.ulp, self.at);
        assert!(self.ulp <= bound, "{name}: {:.3} ULP at {:e}, beyond {bound}", self.ulp, self.at);
    }
}

mod single {
    use super::*;

    /// Every `step`th of all 2³² bit patterns but the NaNs.
    fn floats(step: usize) -> impl Iterator<Item = f32> {
        (0..=u32::MAX).step_by(step).map(f32::from_bits).filter(|x| !x.is_nan())
    }

    /// The distance of `y` from `exact`, in units in the last place of `exact` rounded to `f32`.
    fn error(y: f32, exact: f64) -> f64 {
        let nearest = exact as f32;
        if y == nearest || (y.is_nan() && nearest.is_nan()) {
            return if nearest.is_finite() { (y as f64 - exact).abs() / unit(exact) } else { 0.0 };
        }
        if !y.is_finite() || exact.is_nan() { f64::INFINITY } else { (y as f64 - exact).abs() / unit(exact) }
    }

    fn unit(exact: f64) -> f64 {
        let exponent = (exact.abs().to_bits() >> 52) as i32 - 1023;
        2f64.powi((exponent - 23).max(-149))
    }

    fn check(step: usize) {
        let worst = |y: fn(f32) -> f32, exact: fn(f64) -> f64| {
            Worst::of(floats(step).map(|x| (x as f64, error(y(x), exact(x as f64)))))
        };
        worst(exp, f64::exp).assert_within(Type::F32, "exp");
        worst(ln, f64::ln).assert_within(Type::F32, "ln");
        worst(tanh, f64::tanh).assert_within(Type::F32, "tanh");
        worst(sigmoid, |x| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) })
            .assert_within(Type::F32, "sigmoid");
        worst(softplus, |x| (-x.abs()).exp().ln_1p() + x.max(0.0)).assert_within(Type::F32, "softplus");
    }

    #[test]
    fn bounds_hold_for_f32() {
        check(997);
    }

    #[test]
    #[ignore = "every f32 there is: minutes; run with --release"]
    fn bounds_hold_for_every_f32() {
        check(1);
    }
}

mod double {
    use super::*;
    use pairs::{Pair, Scaled};

    /// Uniform between `-40` and `40`, denser where `tanh` rounds worst, all over where `exp` is neither 0 nor
    /// infinite, and of all exponents; the latter from a multiplicative generator.
    fn doubles() -> impl Iterator<Item = f64> {
        let uniform = (-200_000..200_000).map(|i| f64::from(i) * 2.000_171e-4);
        let near = (-200_000..200_000).map(|i| f64::from(i) * 3.000_171e-6);
        let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move |exponent: u64| {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f64::from_bits((bits >> 63 << 63) | (exponent << 52) | (bits << 1 >> 12))
        };
        let wide = (0..2047 * 100).map(move |i| next(i % 2047));
        let mut rest = 1_u64;
        let steep = (0..200_000).map(move |_| {
            rest = rest.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (rest >> 11) as f64 / 2f64.powi(53) * 1460.0 - 750.0
        });
        uniform.chain(near).chain(wide).chain(steep)
    }

    /// The distance of `y` from `exact`, in units in the last place of `exact`, which are never below a subnormal's.
    fn error(y: f64, exact: Scaled) -> f64 {
        let nearest = exact.nearest();
        if !nearest.is_finite() || !y.is_finite() {
            return if y == nearest { 0.0 } else { f64::INFINITY };
        }
        let exponent = (exact.pair.high.abs().to_bits() >> 52) as i32 - 1023;
        let unit = (exponent - 52).max(-1074 - exact.exponent);
        // `y` without the scale is exact: it is either normal, or it gains bits.
        let y = pairs::scale(y, -exact.exponent);
        pairs::scale(((y - exact.pair.high) - exact.pair.low).abs(), -unit)
    }

    fn worst(y: fn(f64) -> f64, exact: fn(f64) -> Scaled, domain: fn(f64) -> bool) -> Worst {
        worst_of_every(1, y, exact, domain)
    }

    /// Of a part of the numbers, where the exact value takes microseconds.
    fn worst_of_every(step: usize, y: fn(f64) -> f64, exact: fn(f64) -> Scaled, domain: fn(f64) -> bool) -> Worst {
        Worst::of(doubles().step_by(step).filter(|&x| domain(x)).map(|x| (x, error(y(x), exact(x)))))
    }

    #[test]
    fn bounds_hold_for_f64() {
        // Beyond ±800 the results are the limits, which `the_edges_are_exact` checks.
        let bounded = |x: f64| x.abs() < 800.0;
        worst(exp, Pair::exp, bounded).assert_within(Type::F64, "exp");
        worst(ln, |x| Pair::ln(x).into(), |x| x > 0.0).assert_within(Type::F64, "ln");
        worst(tanh, |x| Pair::tanh(x).into(), bounded).assert_within(Type::F64, "tanh");
        worst(exp2, Pair::exp2, |x| x.abs() < 1074.0).assert_within(Type::F64, "exp2");
        worst(log2, |x| (Pair::ln(x) / pairs::LN_2).into(), |x| x > 0.0).assert_within(Type::F64, "log2");
        worst(expm1, Pair::expm1, bounded).assert_within(Type::F64, "expm1");
        worst(log1p, |x| Pair::log1p(x).into(), |x| x > -1.0).assert_within(Type::F64, "log1p");
        worst(silu, Pair::silu, |x| x.abs() < 690.0 && x.abs() > 1e-290).assert_within(Type::F64, "silu");
        worst_of_every(19, gelu, Pair::gelu, |x| x.abs() < 37.0 && x.abs() > 1e-290).assert_within(Type::F64, "gelu");
        worst_of_every(19, normal_cdf, Pair::normal_cdf, |x| x.abs() < 37.0).assert_within(Type::F64, "normal_cdf");
        worst_of_every(19, erf, Pair::erf, |x| x > 1e-290 && x < 7.0).assert_within(Type::F64, "erf");
        let turns = |x: f64| x.abs() > 1e-200 && x.abs() < 300.0;
        worst_of_every(5, sin, Pair::sin, turns).assert_within(Type::F64, "sin");
        worst_of_every(5, cos, Pair::cos, turns).assert_within(Type::F64, "cos");
        worst_of_every(5, tan, Pair::tan, turns).assert_within(Type::F64, "tan");
        let arc = |x: f64| x.abs() > 1e-200 && x.abs() < 1.0;
        worst_of_every(5, asin, Pair::asin, arc).assert_within(Type::F64, "asin");
        worst_of_every(5, acos, Pair::acos, arc).assert_within(Type::F64, "acos");
        worst_of_every(5, atan, Pair::atan, |x| x.abs() > 1e-200 && x.abs() < 1e200).assert_within(Type::F64, "atan");
        worst(sigmoid, Pair::sigmoid, bounded).assert_within(Type::F64, "sigmoid");
        worst(softplus, Pair::softplus, bounded).assert_within(Type::F64, "softplus");
    }

    #[test]
    fn the_bound_of_atan2_holds_for_f64() {
        let points = doubles().step_by(5).zip(doubles().skip(1).step_by(7)).filter(|(y, x)| {
            let (small, large) = (y.abs().min(x.abs()), y.abs().max(x.abs()));
            small > 1e-150 && large < 1e150 && small / large > 1e-200
        });
        let worst = Worst::of(points.map(|(y, x)| (y, error(atan2(y, x), Pair::atan2(y, x)))));
        worst.assert_within(Type::F64, "atan2");
    }

    #[test]
    fn the_reference_knows_constants() {
        let e = Pair::exp(1.0);
        assert_eq!((e.nearest(), e.exponent), (std::f64::consts::E, 1));
        assert!((e.pair.low * 2.0 - 1.445_646_891_729_250_2e-16).abs() < 1e-30);
        let ln_10 = Pair::ln(10.0);
        assert_eq!(ln_10.high, std::f64::consts::LN_10);
        assert!((ln_10.low + 2.170_756_223_382_249_4e-16).abs() < 1e-30);
    }
}

/// The limits, for both types: each is one value, not one within a bound.
macro_rules! edges {
    ($name:ident $t:ident) => {
        #[test]
        fn $name() {
            const INF: $t = $t::INFINITY;
            const TINY: $t = $t::from_bits(1);
            let same = |y: $t, expected: $t| assert_eq!(y.to_bits(), expected.to_bits(), "{y:e}, not {expected:e}");
            for function in [exp, ln, tanh, sigmoid, softplus] {
                assert!(function($t::NAN).is_nan());
            }
            same(exp(0.0), 1.0);
            same(exp(-0.0), 1.0);
            same(exp(INF), INF);
            same(exp($t::MAX), INF);
            same(exp(-INF), 0.0);
            same(exp(-$t::MAX), 0.0);
            same(exp(TINY), 1.0);
            same(ln(0.0), -INF);
            same(ln(-0.0), -INF);
            same(ln(1.0), 0.0);
            same(ln(INF), INF);
            assert!(ln(-TINY).is_nan() && ln(-1.0 as $t).is_nan() && ln(-INF).is_nan());
            same(tanh(0.0), 0.0);
            same(tanh(-0.0), -0.0);
            same(tanh(TINY), TINY);
            same(tanh(INF), 1.0);
            same(tanh(-INF), -1.0);
            same(tanh(-$t::MAX), -1.0);
            same(sigmoid(0.0), 0.5);
            same(sigmoid(INF), 1.0);
            same(sigmoid(-INF), 0.0);
            same(softplus(INF), INF);
            same(softplus($t::MAX), $t::MAX);
            same(softplus(-INF), 0.0);
        }
    };
}
edges!(the_edges_are_exact_for_f32 f32);
edges!(the_edges_are_exact_for_f64 f64);

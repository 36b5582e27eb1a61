//! The published error bounds of the element-wise functions, in units in the last place, measured over the whole line.
//!
//! The reference for `f32` is the standard library in `f64`; for `f64`, arithmetic on pairs of doubles. The measured
//! maxima are printed: `cargo test -p pullback --test ulp -- --nocapture`.

mod published;

use published::{Type, published};
use pullback::math::{exp, exp2, expm1, ln, log1p, log2, sigmoid, silu, softplus, tanh};

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
        Worst::of(doubles().filter(|&x| domain(x)).map(|x| (x, error(y(x), exact(x)))))
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
        worst(sigmoid, Pair::sigmoid, bounded).assert_within(Type::F64, "sigmoid");
        worst(softplus, Pair::softplus, bounded).assert_within(Type::F64, "softplus");
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

/// Sums of two doubles, the second below half a unit of the first: about 106 bits.
/// Dekker, "A floating-point technique for extending the available precision", 1971.
mod pairs {
    use std::ops::{Add, Div, Mul, Neg};

    #[derive(Clone, Copy)]
    pub struct Pair {
        pub high: f64,
        pub low: f64,
    }

    /// `pair·2^exponent`: the low half of a small number would be lost to underflow.
    #[derive(Clone, Copy)]
    pub struct Scaled {
        pub pair: Pair,
        pub exponent: i32,
    }

    pub const LN_2: Pair = Pair { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };

    /// `x·2ⁿ`, in steps that neither overflow nor underflow before the result does.
    pub fn scale(x: f64, n: i32) -> f64 {
        let (third, rest) = (n / 3, n - 2 * (n / 3));
        x * 2f64.powi(third) * 2f64.powi(third) * 2f64.powi(rest)
    }

    fn pair(high: f64, low: f64) -> Pair {
        let sum = high + low;
        Pair { high: sum, low: low - (sum - high) }
    }

    impl From<f64> for Pair {
        fn from(x: f64) -> Self {
            Pair { high: x, low: 0.0 }
        }
    }

    impl From<Pair> for Scaled {
        fn from(pair: Pair) -> Self {
            Scaled { pair, exponent: 0 }
        }
    }

    impl Add for Pair {
        type Output = Pair;
        fn add(self, other: Pair) -> Pair {
            let sum = self.high + other.high;
            let rest = sum - self.high;
            let error = (self.high - (sum - rest)) + (other.high - rest);
            pair(sum, error + self.low + other.low)
        }
    }

    impl Mul for Pair {
        type Output = Pair;
        fn mul(self, other: Pair) -> Pair {
            let product = self.high * other.high;
            let error = self.high.mul_add(other.high, -product);
            pair(product, error + self.high * other.low + self.low * other.high)
        }
    }

    impl Div for Pair {
        type Output = Pair;
        fn div(self, other: Pair) -> Pair {
            let quotient = self.high / other.high;
            let rest = self + -(Pair::from(quotient) * other);
            let next = rest.high / other.high;
            let rest = rest + -(Pair::from(next) * other);
            pair(quotient, next) + (rest.high / other.high).into()
        }
    }

    impl Neg for Pair {
        type Output = Pair;
        fn neg(self) -> Pair {
            Pair { high: -self.high, low: -self.low }
        }
    }

    impl Scaled {
        pub fn nearest(self) -> f64 {
            scale(self.pair.high, self.exponent)
        }

        /// As a pair; only for numbers far from underflow and overflow.
        fn plain(self) -> Pair {
            Pair { high: scale(self.pair.high, self.exponent), low: scale(self.pair.low, self.exponent) }
        }
    }

    impl Pair {
        pub fn exp(x: f64) -> Scaled {
            Pair::exp_pair(x.into())
        }

        /// The Taylor series at `f/2⁸`, squared eight times as `e - 1`, which keeps its digits.
        fn exp_pair(x: Pair) -> Scaled {
            let exponent = (x.high / LN_2.high).round();
            let minus_one = Pair::minus_one(x + -(LN_2 * exponent.into()));
            Scaled { pair: minus_one + 1.0.into(), exponent: exponent as i32 }
        }

        fn minus_one(f: Pair) -> Pair {
            let f = Pair { high: f.high / 256.0, low: f.low / 256.0 };
            let series = (1..=14).rev().fold(Pair::from(0.0), |sum, k| (sum + 1.0.into()) * f / f64::from(k).into());
            (0..8).fold(series, |e, _| e * e + e + e)
        }

        pub fn exp2(x: f64) -> Scaled {
            let whole = x.round();
            let Scaled { pair, exponent } = Pair::exp_pair(LN_2 * (x - whole).into());
            Scaled { pair, exponent: exponent + whole as i32 }
        }

        pub fn expm1(x: f64) -> Scaled {
            let Scaled { pair, exponent } = Pair::exp(x);
            match exponent {
                0 if x.abs() < 1e-9 => {
                    let x = Pair::from(x);
                    (x * (Pair::from(1.0) + x * 0.5.into() + x * x / 6.0.into())).into()
                }
                0 => Pair::minus_one(x.into()).into(),
                -60..=60 => (Scaled { pair, exponent }.plain() + (-1.0).into()).into(),
                ..=-61 => Pair::from(-1.0).into(),
                _ => Scaled { pair, exponent },
            }
        }

        pub fn log1p(x: f64) -> Pair {
            match x {
                f64::INFINITY => x.into(),
                _ if x.abs() < 1e-9 => Pair::ln_1p(x.into()),
                _ => Pair::ln_near(x.ln_1p(), Pair::from(1.0) + x.into()),
            }
        }

        pub fn silu(x: f64) -> Scaled {
            let Scaled { pair, exponent } = Pair::sigmoid(x);
            Scaled { pair: pair * x.into(), exponent }
        }

        /// One step of Newton's method from the standard library's value.
        pub fn ln(x: f64) -> Pair {
            if x == f64::INFINITY {
                return x.into();
            }
            Pair::ln_near(x.ln(), x.into())
        }

        fn ln_near(y: f64, x: Pair) -> Pair {
            let e = Pair::exp(-y);
            let scaled = Pair { high: scale(x.high, e.exponent), low: scale(x.low, e.exponent) };
            let t = scaled * e.pair + (-1.0).into();
            // ln(1 + t), with t below 1e-13.
            Pair::from(y) + t + -(t * t * 0.5.into())
        }

        /// `ln(1 + e)` for `e` up to 1, by its value rather than by that of `1 + e`, which drops digits of a small `e`.
        fn ln_1p(e: Pair) -> Pair {
            if e.high < 1e-9 {
                return e * (Pair::from(1.0) + -(e * 0.5.into()) + e * e / 3.0.into());
            }
            Pair::ln_near(e.high.ln_1p(), Pair::from(1.0) + e)
        }

        pub fn tanh(x: f64) -> Pair {
            if x.abs() < 1e-3 {
                let z = Pair::from(x) * x.into();
                let ratio = |a: f64, b: f64| Pair::from(a) / b.into();
                let terms =
                    [ratio(1.0, 1.0), ratio(-1.0, 3.0), ratio(2.0, 15.0), ratio(-17.0, 315.0), ratio(62.0, 2835.0)];
                return Pair::from(x) * terms.into_iter().rev().fold(Pair::from(0.0), |sum, c| sum * z + c);
            }
            let e = Pair::exp(-2.0 * x.abs()).plain();
            let y = (Pair::from(1.0) + -e) / (Pair::from(1.0) + e);
            if x < 0.0 { -y } else { y }
        }

        pub fn sigmoid(x: f64) -> Scaled {
            let e = Pair::exp(-x.abs());
            let denominator = Pair::from(1.0) + e.plain();
            match x < 0.0 {
                true => Scaled { pair: e.pair / denominator, exponent: e.exponent },
                false => (Pair::from(1.0) / denominator).into(),
            }
        }

        pub fn softplus(x: f64) -> Scaled {
            let e = Pair::exp(-x.abs());
            match x {
                x if x > 0.0 => (Pair::from(x) + Pair::ln_1p(e.plain())).into(),
                x if x < -40.0 => {
                    Scaled { pair: e.pair * (Pair::from(1.0) + -(e.plain() * 0.5.into())), exponent: e.exponent }
                }
                _ => Pair::ln_1p(e.plain()).into(),
            }
        }
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

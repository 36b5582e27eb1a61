//! Sums of two doubles, the second below half a unit of the first: about 106 bits.
//! Dekker, "A floating-point technique for extending the available precision", 1971.

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

/// What rounding dropped from π/2.
const HALF_PI_LOW: f64 = 6.123233995736766e-17;

const SQRT_2: Pair = Pair { high: std::f64::consts::SQRT_2, low: -9.667293313452913e-17 };
/// `1/√2π`.
const FRAC_1_SQRT_TAU: Pair = Pair { high: 0.3989422804014327, low: -2.49232720227773e-17 };

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
            let terms = [ratio(1.0, 1.0), ratio(-1.0, 3.0), ratio(2.0, 15.0), ratio(-17.0, 315.0), ratio(62.0, 2835.0)];
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

    /// `Φ(a) - ½` for `a` from 0 to 5, by a series whose terms have one sign.
    fn normal_middle(a: Pair) -> Pair {
        let square = a * a;
        let Scaled { pair, exponent } = Pair::exp_pair(square * (-0.5).into());
        let density = Scaled { pair: pair * FRAC_1_SQRT_TAU, exponent }.plain();
        let terms =
            std::iter::successors(Some((a, 3)), |&(term, odd)| Some((term * square / f64::from(odd).into(), odd + 2)));
        density * terms.take(90).fold(Pair::from(0.0), |sum, (term, _)| sum + term)
    }

    /// `Φ(-a)` for `a` from 5, by Laplace's continued fraction.
    fn normal_tail(a: Pair) -> Scaled {
        let Scaled { pair, exponent } = Pair::exp_pair(a * a * (-0.5).into());
        let fraction = (1..90).rev().fold(a, |below, n| a + Pair::from(f64::from(n)) / below);
        Scaled { pair: pair * FRAC_1_SQRT_TAU / fraction, exponent }
    }

    pub fn normal_cdf(x: f64) -> Scaled {
        let a = Pair::from(x.abs());
        match x {
            ..-5.0 => Pair::normal_tail(a),
            -5.0..0.0 => (Pair::from(0.5) + -Pair::normal_middle(a)).into(),
            0.0..5.0 => (Pair::from(0.5) + Pair::normal_middle(a)).into(),
            _ => (Pair::from(1.0) + -Pair::normal_tail(a).plain()).into(),
        }
    }

    /// For `x` of at least 0.
    pub fn erf(x: f64) -> Scaled {
        let a = SQRT_2 * x.into();
        let half = if a.high < 5.0 { Pair::normal_middle(a) } else { Pair::from(0.5) + -Pair::normal_tail(a).plain() };
        (half + half).into()
    }

    pub fn gelu(x: f64) -> Scaled {
        let Scaled { pair, exponent } = Pair::normal_cdf(x);
        Scaled { pair: pair * x.into(), exponent }
    }

    /// Sine and cosine by their series, for `|x|` up to 4.
    fn sin_cos(x: impl Into<Pair>) -> [Pair; 2] {
        let x = x.into();
        let square = x * x;
        let series = |start: f64| {
            (1..25).rev().fold(Pair::from(1.0), |sum, k| {
                let below = (2.0 * f64::from(k) + start - 2.0) * (2.0 * f64::from(k) + start - 1.0);
                Pair::from(1.0) + -(sum * square / below.into())
            })
        };
        [series(2.0) * x, series(1.0)]
    }

    /// As [`sin_cos`](Self::sin_cos), for a few hundred quarter turns.
    fn turned_sin_cos(x: f64) -> [Pair; 2] {
        let quarters = (x / std::f64::consts::FRAC_PI_2).round();
        let half_pi = Pair { high: std::f64::consts::FRAC_PI_2, low: HALF_PI_LOW };
        let [sine, cosine] = Pair::sin_cos(Pair::from(x) + -(half_pi * quarters.into()));
        match quarters.rem_euclid(4.0) {
            0.0 => [sine, cosine],
            1.0 => [cosine, -sine],
            2.0 => [-sine, -cosine],
            _ => [-cosine, sine],
        }
    }

    pub fn sin(x: f64) -> Scaled {
        Pair::turned_sin_cos(x)[0].into()
    }

    pub fn cos(x: f64) -> Scaled {
        Pair::turned_sin_cos(x)[1].into()
    }

    pub fn tan(x: f64) -> Scaled {
        let [sine, cosine] = Pair::turned_sin_cos(x);
        (sine / cosine).into()
    }

    /// One step of Newton's method from the standard library's value, as for those below.
    pub fn asin(x: f64) -> Scaled {
        let y = x.asin();
        let [sine, cosine] = Pair::sin_cos(y);
        let step = if x.abs() < 1.0 { (Pair::from(x) + -sine) / cosine } else { Pair::from(HALF_PI_LOW * x) };
        (Pair::from(y) + step).into()
    }

    pub fn acos(x: f64) -> Scaled {
        let y = x.acos();
        let [sine, cosine] = Pair::sin_cos(y);
        let step = if x.abs() < 1.0 { (cosine + -Pair::from(x)) / sine } else { Pair::from(0.0) };
        (Pair::from(y) + step).into()
    }

    pub fn atan(x: f64) -> Scaled {
        Pair::atan2(x, 1.0)
    }

    /// Where neither argument is near the ends of the range.
    pub fn atan2(y: f64, x: f64) -> Scaled {
        let angle = y.atan2(x);
        let ([sine, cosine], x, y) = (Pair::sin_cos(angle), Pair::from(x), Pair::from(y));
        (Pair::from(angle) + (y * cosine + -(x * sine)) / (x * cosine + y * sine)).into()
    }
}

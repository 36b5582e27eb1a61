//! Dimensions: polynomials over names with whole coefficients, in one normal form, so that equal ones are `==`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{Add, Mul, Sub};

/// A product of names, sorted, a power as repetition; empty for the constant term.
type Monomial = Vec<String>;

/// The size of an axis: `13`, `N`, `2 * H + 1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Dim(BTreeMap<Monomial, i64>);

/// The sizes of an array's axes; empty for a scalar.
pub type Shape = Vec<Dim>;

impl Dim {
    pub fn number(n: i64) -> Self {
        Dim::term(Vec::new(), n)
    }

    pub fn name(name: impl Into<String>) -> Self {
        Dim::term(vec![name.into()], 1)
    }

    fn term(monomial: Monomial, coefficient: i64) -> Self {
        Dim(if coefficient == 0 { BTreeMap::new() } else { BTreeMap::from([(monomial, coefficient)]) })
    }

    /// The number of elements of `shape`.
    pub fn product<'a>(shape: impl IntoIterator<Item = &'a Dim>) -> Self {
        shape.into_iter().fold(Dim::number(1), |all, d| &all * d)
    }

    /// The value, if there is no name in it.
    pub fn as_number(&self) -> Option<i64> {
        match self.0.len() {
            0 => Some(0),
            1 => self.0.get(&Vec::new()).copied(),
            _ => None,
        }
    }

    /// The name, if it is nothing but a name.
    pub fn as_name(&self) -> Option<&str> {
        match self.0.iter().next() {
            Some((monomial, 1)) if self.0.len() == 1 && monomial.len() == 1 => Some(&monomial[0]),
            _ => None,
        }
    }

    pub fn is_one(&self) -> bool {
        self.as_number() == Some(1)
    }

    /// Below zero, whatever the names stand for.
    pub fn is_negative(&self) -> bool {
        !self.0.is_empty() && self.0.values().all(|c| *c < 0)
    }

    /// The names that occur.
    pub fn names(&self) -> BTreeSet<&str> {
        self.0.keys().flatten().map(String::as_str).collect()
    }

    /// The value where every name has one.
    pub fn evaluate(&self, size: &impl Fn(&str) -> i64) -> i64 {
        self.0.iter().map(|(monomial, c)| c * monomial.iter().map(|n| size(n)).product::<i64>()).sum()
    }

    /// The same expression with something else in the place of every name.
    pub fn substitute(&self, with: &impl Fn(&str) -> Dim) -> Dim {
        let term = |(monomial, c): (&Monomial, &i64)| monomial.iter().fold(Dim::number(*c), |all, n| &all * &with(n));
        self.0.iter().map(term).fold(Dim::default(), |sum, term| &sum + &term)
    }

    /// What `name` is where this expression equals `value`: if it stands here once, times a number that divides the rest.
    pub fn solve(&self, name: &str, value: &Dim) -> Option<Dim> {
        let with_name: Vec<(&Monomial, &i64)> = self.0.iter().filter(|(m, _)| m.iter().any(|n| n == name)).collect();
        let [(monomial, factor)] = with_name.as_slice() else { return None };
        let rest = &(value - self) + &Dim::term(monomial.to_vec(), **factor);
        let divides = monomial.len() == 1 && rest.0.values().all(|c| c % *factor == 0);
        divides.then(|| Dim(rest.0.into_iter().map(|(m, c)| (m, c / *factor)).collect()))
    }

    /// The terms as coefficient and names, in a fixed order: those with most names first, the constant last.
    pub fn terms(&self) -> Vec<(i64, &[String])> {
        let mut terms: Vec<_> = self.0.iter().map(|(monomial, c)| (*c, monomial.as_slice())).collect();
        terms.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.1.cmp(b.1)));
        terms
    }

    fn merged(&self, other: &Dim, sign: i64) -> Dim {
        let mut sum = self.0.clone();
        for (monomial, c) in &other.0 {
            *sum.entry(monomial.clone()).or_insert(0) += sign * c;
        }
        sum.retain(|_, c| *c != 0);
        Dim(sum)
    }
}

impl Dim {
    /// `floor(self / by)`, where that is a polynomial whatever the names stand for.
    pub fn divided(&self, by: i64) -> Option<Dim> {
        let mut quotient = Dim::default();
        for (monomial, c) in &self.0 {
            if !monomial.is_empty() && c % by != 0 {
                return None;
            }
            quotient = quotient.merged(&Dim::term(monomial.clone(), c.div_euclid(by)), 1);
        }
        Some(quotient)
    }

    /// `self / by`, where that is a polynomial without a remainder.
    pub fn exactly_divided(&self, by: &Dim) -> Option<Dim> {
        if let Some(n) = by.as_number() {
            let divisible = n != 0 && self.0.values().all(|c| c % n == 0);
            return divisible.then(|| self.divided(n)).flatten();
        }
        // Only a single term divides another, name by name.
        let [(c, names)] = by.terms()[..] else { return (self == by).then(|| Dim::number(1)) };
        let mut quotient = Dim::default();
        for (monomial, own) in &self.0 {
            let mut left = monomial.clone();
            for name in names {
                let at = left.iter().position(|n| n == name)?;
                left.remove(at);
            }
            if own % c != 0 {
                return None;
            }
            quotient = quotient.merged(&Dim::term(left, own / c), 1);
        }
        Some(quotient)
    }
}

impl Add for &Dim {
    type Output = Dim;
    fn add(self, other: &Dim) -> Dim {
        self.merged(other, 1)
    }
}

impl Sub for &Dim {
    type Output = Dim;
    fn sub(self, other: &Dim) -> Dim {
        self.merged(other, -1)
    }
}

impl Mul for &Dim {
    type Output = Dim;
    fn mul(self, other: &Dim) -> Dim {
        let mut product = Dim::default();
        for (a, c) in &self.0 {
            for (b, d) in &other.0 {
                let mut monomial = [a.as_slice(), b.as_slice()].concat();
                monomial.sort();
                product = product.merged(&Dim::term(monomial, c * d), 1);
            }
        }
        product
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let terms = self.terms();
        if terms.is_empty() {
            return write!(f, "0");
        }
        for (i, (c, names)) in terms.into_iter().enumerate() {
            let sign = match (i, c < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            };
            let factors: Vec<String> = match c.abs() {
                1 if !names.is_empty() => names.to_vec(),
                n => std::iter::once(n.to_string()).chain(names.iter().cloned()).collect(),
            };
            write!(f, "{sign}{}", factors.join(" * "))?;
        }
        Ok(())
    }
}

/// A shape as users write it: `[N, 13]`, `[]`.
pub fn show(shape: &[Dim]) -> String {
    let dims: Vec<String> = shape.iter().map(Dim::to_string).collect();
    format!("[{}]", dims.join(", "))
}

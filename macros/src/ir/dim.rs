//! Dimensions: polynomials with whole coefficients over names and over quotients that are rounded down, in one normal
//! form, so that equal ones are `==`.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Add, Mul, Sub};
use std::rc::Rc;

/// A product of factors, sorted, a power as repetition; empty for the constant term.
type Monomial = Vec<Factor>;

/// What terms are products of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Factor {
    Name(Rc<str>),
    /// A dimension divided by a number above 1 and rounded down, in the form that [`Dim::quotient`] gives it.
    Quotient(Dim, i64),
}

/// The size of an axis: `13`, `N`, `2 * H + 1`, `H / 2`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dim(Terms);

/// Most sizes are numbers, and all are copied often: no copy takes memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Terms {
    Number(i64),
    /// In ascending order, none with the coefficient 0, and not the constant term alone.
    Named(Rc<[(Monomial, i64)]>),
}

/// The sizes of an array's axes; empty for a scalar.
pub type Shape = Vec<Dim>;

impl Default for Dim {
    fn default() -> Self {
        Dim::number(0)
    }
}

impl Dim {
    pub fn number(n: i64) -> Self {
        Dim(Terms::Number(n))
    }

    pub fn name(name: impl Into<Rc<str>>) -> Self {
        Dim::term(vec![Factor::Name(name.into())], 1)
    }

    fn term(monomial: Monomial, coefficient: i64) -> Self {
        match monomial.is_empty() || coefficient == 0 {
            true => Dim::number(coefficient),
            false => Dim(Terms::Named([(monomial, coefficient)].into())),
        }
    }

    /// The sum of terms in ascending order, some of which may have the coefficient 0.
    fn sum(mut terms: Vec<(Monomial, i64)>) -> Self {
        terms.retain(|(_, c)| *c != 0);
        match &terms[..] {
            [] => Dim::number(0),
            [(monomial, c)] if monomial.is_empty() => Dim::number(*c),
            _ => Dim(Terms::Named(terms.into())),
        }
    }

    /// Its terms, in ascending order.
    fn each(&self) -> impl Iterator<Item = (&[Factor], i64)> + Clone {
        let (number, named): (_, &[(Monomial, i64)]) = match &self.0 {
            Terms::Number(0) => (None, &[]),
            Terms::Number(n) => (Some((&[][..], *n)), &[]),
            Terms::Named(terms) => (None, terms),
        };
        number.into_iter().chain(named.iter().map(|(monomial, c)| (&monomial[..], *c)))
    }

    /// The number of elements of `shape`.
    pub fn product<'a>(shape: impl IntoIterator<Item = &'a Dim>) -> Self {
        shape.into_iter().fold(Dim::number(1), |all, d| &all * d)
    }

    /// The value, if there is no name in it.
    pub fn as_number(&self) -> Option<i64> {
        match self.0 {
            Terms::Number(n) => Some(n),
            Terms::Named(_) => None,
        }
    }

    /// The name, if it is nothing but a name.
    pub fn as_name(&self) -> Option<&str> {
        let Terms::Named(terms) = &self.0 else { return None };
        match &terms[..] {
            [(monomial, 1)] => match monomial.as_slice() {
                [Factor::Name(name)] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn is_one(&self) -> bool {
        self.as_number() == Some(1)
    }

    /// Below zero, whatever the names stand for.
    pub fn is_negative(&self) -> bool {
        *self != Dim::number(0) && self.each().all(|(_, c)| c < 0)
    }

    /// The names that occur.
    pub fn names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for factor in self.each().flat_map(|(monomial, _)| monomial) {
            match factor {
                Factor::Name(name) => drop(names.insert(&**name)),
                Factor::Quotient(of, _) => names.extend(of.names()),
            }
        }
        names
    }

    /// The value where every name has one; the largest number, or the least, where it is beyond.
    pub fn evaluate(&self, size: &impl Fn(&str) -> i64) -> i64 {
        self.reckoned(&|name| size(name))
    }

    fn reckoned(&self, size: &dyn Fn(&str) -> i64) -> i64 {
        let value = |factor: &Factor| match factor {
            Factor::Name(name) => size(name),
            Factor::Quotient(of, by) => of.reckoned(size).div_euclid(*by),
        };
        let term = |(monomial, c): (&[Factor], i64)| monomial.iter().map(value).fold(c, i64::saturating_mul);
        self.each().map(term).fold(0, i64::saturating_add)
    }

    /// The same expression with something else in the place of every name.
    pub fn substitute(&self, with: &impl Fn(&str) -> Dim) -> Dim {
        self.replaced(&|name| with(name))
    }

    fn replaced(&self, with: &dyn Fn(&str) -> Dim) -> Dim {
        if let Terms::Number(_) = self.0 {
            return self.clone();
        }
        let factor = |factor: &Factor| match factor {
            Factor::Name(name) => with(name),
            Factor::Quotient(of, by) => of.replaced(with).quotient(*by),
        };
        let term = |(monomial, c): (&[Factor], i64)| monomial.iter().fold(Dim::number(c), |all, f| &all * &factor(f));
        self.each().map(term).fold(Dim::default(), |sum, term| &sum + &term)
    }

    /// What `name` is where this expression equals `value`: if that is all that it can be.
    pub fn solve(&self, name: &str, value: &Dim) -> Option<Dim> {
        let (factor, rest) = self.linear_in(name)?;
        (value - &rest).exactly_divided(&factor)
    }

    /// This as `factor * name + rest`, neither of which has the name in it.
    pub fn linear_in(&self, name: &str) -> Option<(Dim, Dim)> {
        let (mut factor, mut rest) = (Dim::default(), Dim::default());
        for (monomial, c) in self.each() {
            let mut left = monomial.to_vec();
            match left.iter().position(|f| matches!(f, Factor::Name(own) if **own == *name)) {
                Some(at) => {
                    left.remove(at);
                    factor = &factor + &Dim::term(left, c);
                }
                None => rest = &rest + &Dim::term(left, c),
            }
        }
        let is_free = |dim: &Dim| !dim.names().contains(name);
        (factor != Dim::number(0) && is_free(&factor) && is_free(&rest)).then_some((factor, rest))
    }

    /// The terms as coefficient and factors, in a fixed order: those with most factors first, the constant last.
    pub fn terms(&self) -> Vec<(i64, &[Factor])> {
        let mut terms: Vec<_> = self.each().map(|(monomial, c)| (c, monomial)).collect();
        terms.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.1.cmp(b.1)));
        terms
    }

    /// This as a difference of two without a minus.
    pub fn signs(&self) -> (Dim, Dim) {
        let part = |sign: i64| {
            let terms = self.each().filter(move |(_, c)| c * sign > 0);
            Dim::sum(terms.map(|(monomial, c)| (monomial.to_vec(), c * sign)).collect())
        };
        (part(1), part(-1))
    }

    fn merged(&self, other: &Dim, sign: i64) -> Dim {
        match (&self.0, &other.0) {
            (Terms::Number(a), Terms::Number(b)) => return Dim::number(a + sign * b),
            (_, Terms::Number(0)) => return self.clone(),
            (Terms::Number(0), _) if sign == 1 => return other.clone(),
            _ => {}
        }
        let mut sum: Vec<(Monomial, i64)> = self.each().map(|(monomial, c)| (monomial.to_vec(), c)).collect();
        for (monomial, c) in other.each() {
            match sum.binary_search_by(|(own, _)| own[..].cmp(monomial)) {
                Ok(at) => sum[at].1 += sign * c,
                Err(at) => sum.insert(at, (monomial.to_vec(), sign * c)),
            }
        }
        Dim::sum(sum)
    }
}

impl Dim {
    /// `floor(self / by)`, where that is a polynomial whatever the names stand for.
    pub fn divided(&self, by: i64) -> Option<Dim> {
        let mut quotient = Dim::default();
        for (monomial, c) in self.each() {
            if !monomial.is_empty() && c % by != 0 {
                return None;
            }
            quotient = quotient.merged(&Dim::term(monomial.to_vec(), c.div_euclid(by)), 1);
        }
        Some(quotient)
    }

    /// `floor(self / by)` for a number above 0, in a form that is the same for equal quotients.
    pub fn quotient(&self, by: i64) -> Dim {
        let (mut whole, mut rest) = (Dim::default(), Dim::default());
        for (monomial, c) in self.each() {
            whole = &whole + &Dim::term(monomial.to_vec(), c.div_euclid(by));
            rest = &rest + &Dim::term(monomial.to_vec(), c.rem_euclid(by));
        }
        &whole + &rest.proper_quotient(by)
    }

    /// The same where all coefficients are from 0 on and below `by`.
    fn proper_quotient(self, by: i64) -> Dim {
        let constant = self.each().find(|(monomial, _)| monomial.is_empty()).map_or(0, |(_, c)| c);
        let named = &self - &Dim::number(constant);
        let common = named.each().fold(by, |a, (_, c)| greatest_common_divisor(a, c));
        match named.terms()[..] {
            [] => Dim::default(),
            // floor((g a + c) / g b) = floor((a + floor(c / g)) / b)
            _ if common > 1 => {
                let least = named.divided(common).expect("a common divisor");
                (&least + &Dim::number(constant / common)).quotient(by / common)
            }
            // floor((floor(a / b) + c) / d) = floor((a + b c) / b d)
            [(1, [Factor::Quotient(of, inner)])] => (of + &Dim::number(constant * inner)).quotient(by * inner),
            _ => Dim::term(vec![Factor::Quotient(self, by)], 1),
        }
    }

    /// `self / by`, where that has no remainder whatever the names stand for.
    pub fn exactly_divided(&self, by: &Dim) -> Option<Dim> {
        let &(leading, factors) = by.terms().first()?;
        let (mut rest, mut quotient) = (self.clone(), Dim::default());
        // Division of polynomials: the terms come in an order that multiplication keeps, so the first one gets smaller.
        while let Some(&(own, left)) = rest.terms().first() {
            let mut left = left.to_vec();
            for factor in factors {
                let at = left.iter().position(|f| f == factor)?;
                left.remove(at);
            }
            if own % leading != 0 {
                return None;
            }
            let term = Dim::term(left, own / leading);
            rest = &rest - &(&term * by);
            quotient = &quotient + &term;
        }
        Some(quotient)
    }
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
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
        match (&self.0, &other.0) {
            (Terms::Number(a), Terms::Number(b)) => return Dim::number(a * b),
            (Terms::Number(1), _) => return other.clone(),
            (_, Terms::Number(1)) => return self.clone(),
            _ => {}
        }
        let mut product = Dim::default();
        for (a, c) in self.each() {
            for (b, d) in other.each() {
                let mut monomial = [a, b].concat();
                monomial.sort();
                product = product.merged(&Dim::term(monomial, c * d), 1);
            }
        }
        product
    }
}

impl PartialOrd for Dim {
    fn partial_cmp(&self, other: &Dim) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dim {
    fn cmp(&self, other: &Dim) -> Ordering {
        self.each().cmp(other.each())
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
            let number = (c.abs() != 1 || names.is_empty()).then(|| c.abs().to_string());
            let is_one = number.is_none() && names.len() == 1;
            let names = names.iter().map(|factor| match factor {
                Factor::Quotient(..) if !is_one => format!("({factor})"),
                _ => factor.to_string(),
            });
            let factors: Vec<String> = number.into_iter().chain(names).collect();
            write!(f, "{sign}{}", factors.join(" * "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Factor::Name(name) => write!(f, "{name}"),
            Factor::Quotient(of, by) if of.as_name().is_some() => write!(f, "{of} / {by}"),
            Factor::Quotient(of, by) => write!(f, "({of}) / {by}"),
        }
    }
}

/// A shape as users write it: `[N, 13]`, `[]`.
pub fn show(shape: &[Dim]) -> String {
    let dims: Vec<String> = shape.iter().map(Dim::to_string).collect();
    format!("[{}]", dims.join(", "))
}

//! Dimensions: quotients mean the same in their normal form, equal ones are found equal, and products divide.

use super::interpret::Random;
use crate::ir::dim::Dim;

const NAMES: [&str; 3] = ["A", "B", "H"];

/// What an expression is for sizes of its names.
type Value = Box<dyn Fn(&[i64; 3]) -> i64>;

/// A dimension with a value for every size of its names.
fn grown(random: &mut Random, depth: usize) -> (Dim, Value) {
    if depth == 0 || random.below(4) == 0 {
        let (number, k) = (random.below(7) as i64 - 2, random.below(3));
        return match random.below(2) {
            0 => (Dim::number(number), Box::new(move |_| number)),
            _ => (Dim::name(NAMES[k]), Box::new(move |sizes| sizes[k])),
        };
    }
    let (a, value) = grown(random, depth - 1);
    if random.below(2) == 0 {
        let by = random.below(5) as i64 + 1;
        return (a.quotient(by), Box::new(move |sizes| value(sizes).div_euclid(by)));
    }
    let (b, other) = grown(random, depth - 1);
    match random.below(3) {
        0 => (&a + &b, Box::new(move |sizes| value(sizes) + other(sizes))),
        1 => (&a - &b, Box::new(move |sizes| value(sizes) - other(sizes))),
        _ => (&a * &b, Box::new(move |sizes| value(sizes) * other(sizes))),
    }
}

fn of(sizes: &[i64; 3]) -> impl Fn(&str) -> i64 {
    move |name| sizes[NAMES.iter().position(|n| *n == name).expect("a name")]
}

#[test]
fn the_normal_form_has_the_value_of_what_was_written() {
    let mut random = Random::new(1);
    for _ in 0..2000 {
        let (dim, value) = grown(&mut random, 4);
        for _ in 0..10 {
            let sizes = [(); 3].map(|()| random.below(9) as i64);
            assert_eq!(dim.evaluate(&of(&sizes)), value(&sizes), "{dim} at {sizes:?}");
            let numbers = dim.substitute(&|name| Dim::number(of(&sizes)(name)));
            assert_eq!(numbers.as_number(), Some(value(&sizes)), "{dim} at {sizes:?}");
        }
    }
}

#[test]
fn a_product_is_divided_by_its_factors() {
    let mut random = Random::new(2);
    for _ in 0..1000 {
        let ((a, _), (b, _)) = (grown(&mut random, 3), grown(&mut random, 3));
        let product = &a * &b;
        match b == Dim::default() {
            true => assert_eq!(product.exactly_divided(&b), None),
            false => assert_eq!(product.exactly_divided(&b), Some(a), "{product} by {b}"),
        }
    }
}

#[test]
fn an_expression_is_solved_for_a_name_that_it_has_once() {
    let [a, b, h] = NAMES.map(Dim::name);
    let number = Dim::number;
    assert_eq!((&number(2) * &h).solve("H", &number(28)), Some(number(14)));
    assert_eq!((&number(2) * &h).solve("H", &number(7)), None);
    assert_eq!((&(&a * &h) + &a).solve("H", &(&a * &b)), Some(&b - &number(1)));
    assert_eq!((&a * &h).solve("H", &(&(&a * &a) + &(&a * &b))), Some(&a + &b));
    assert_eq!(h.quotient(2).solve("H", &number(7)), None);
    assert_eq!((&h + &h.quotient(2)).solve("H", &number(3)), None);
    assert_eq!((&h * &h).solve("H", &number(9)), None);
}

#[test]
fn equal_quotients_are_one() {
    let h = Dim::name("H");
    let number = Dim::number;
    assert_eq!(h.quotient(2).quotient(3), h.quotient(6));
    assert_eq!((&number(2) * &h).quotient(2), h);
    assert_eq!((&number(4) * &h).quotient(6), (&number(2) * &h).quotient(3));
    assert_eq!((&h - &number(1)).quotient(2), &(&h + &number(1)).quotient(2) - &number(1));
    let text = |dim: Dim| dim.to_string();
    assert_eq!(text(h.quotient(2)), "H / 2");
    assert_eq!(text(&number(3) * &(&h + &number(1)).quotient(2)), "3 * ((H + 1) / 2)");
    assert_eq!(text(&h * &h.quotient(2)), "H * (H / 2)");
}

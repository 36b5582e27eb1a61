//! An axis below zero, two calls deep.
use pullback::network;

#[network]
fn shorter(x: Input<K>) -> Output<{ K - 4 }> {
    slice(x, start = 2, end = -2)
}

#[network]
fn twice(x: Input<K>, w: Param<K>) -> Output<{ K - 8 }> {
    self::shorter(self::shorter(x * w))
}

#[network]
fn f(x: Input<6>, inner: twice) -> Output {
    sum(inner(x))
}

fn main() {}

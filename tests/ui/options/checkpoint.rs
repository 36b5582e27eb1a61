//! How many turns of a loop are computed again at a time is a number above 0.
use pullback::network;

#[network(checkpoint)]
fn without(x: Input<T>, w: Param) -> Output {
    let mut h = w;
    for t in 0..T {
        h = tanh(h + x.at(t));
    }
    h
}

#[network(checkpoint = 0)]
fn zero(x: Input<T>, w: Param) -> Output {
    let mut h = w;
    for t in 0..T {
        h = tanh(h + x.at(t));
    }
    h
}

#[network(checkpoint = T)]
fn named(x: Input<T>, w: Param) -> Output {
    let mut h = w;
    for t in 0..T {
        h = tanh(h + x.at(t));
    }
    h
}

fn main() {}

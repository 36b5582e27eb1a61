//! The quotient of a count that is neither a name nor a multiple is not known.
use pullback::network;

#[network(checkpoint = 5)]
fn f(x: Input<T>, y: Input<{ 2 * T }>, w: Param) -> Output {
    let mut h = w * sum(x);
    for t in 0..2 * T {
        h = tanh(h + y.at(t));
    }
    h
}

fn main() {}

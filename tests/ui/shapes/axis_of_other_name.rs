// An axis is one of the value's.
use pullback::network;

#[network]
fn f(x: Input<N, K>, y: Input<H>) -> Output<N> {
    sum(x, axis = H)
}

fn main() {}

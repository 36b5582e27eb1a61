// ndarray names arrays of at most six axes.
use pullback::network;

#[network]
fn f(x: Input<A, B, C, D, E, F, G>) -> Output<A> {
    x
}

fn main() {}

// Parts of one size divide the axis.
use pullback::network;

#[network]
fn f(x: Input<N, 5>) -> Output<N, 2> {
    let (a, b) = split(x, parts = 2, axis = 1);
    a + b
}

fn main() {}

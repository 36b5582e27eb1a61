// Sizes make up the axis.
use pullback::network;

#[network]
fn f(x: Input<N, 5>) -> Output<N, 2> {
    let (a, _) = split(x, sizes = [2, 2], axis = 1);
    a
}

fn main() {}

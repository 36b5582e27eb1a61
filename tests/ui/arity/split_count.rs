// Every part has a name.
use pullback::network;

#[network]
fn f(x: Input<N, 4>) -> Output<N, 1> {
    let (a, b) = split(x, parts = 4, axis = 1);
    a + b
}

fn main() {}

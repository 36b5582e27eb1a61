// A tuple is returned only where one is declared.
use pullback::network;

#[network]
fn f(x: Input<N>) -> Output<N> {
    (x, tanh(x))
}

fn main() {}

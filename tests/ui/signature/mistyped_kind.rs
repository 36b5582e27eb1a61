// The nearest kind of argument is suggested.
use pullback::network;

#[network]
fn f(x: Imput<N>) -> Output<N> {
    x
}

fn main() {}

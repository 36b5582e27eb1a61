// A model is a plain `fn`.
use pullback::network;

#[network]
const fn f(x: Input<N>) -> Output<N> {
    x
}

fn main() {}

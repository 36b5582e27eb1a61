// A model is a plain `fn`.
use pullback::network;

#[network]
unsafe fn f(x: Input<N>) -> Output<N> {
    x
}

fn main() {}

// A model is a free function.
use pullback::network;

#[network]
fn f(&self, x: Input<N>) -> Output<N> {
    x
}

fn main() {}

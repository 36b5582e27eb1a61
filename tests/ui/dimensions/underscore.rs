// A dimension has a name.
use pullback::network;

#[network]
fn f(x: Input<N, _>) -> Output<N> {
    x
}

fn main() {}

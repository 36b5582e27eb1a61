// The nearest option is suggested.
use pullback::network;

#[network(f46)]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    x * w
}

fn main() {}

// A part takes no value.
use pullback::network;

#[network(part = true)]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    x * w
}

fn main() {}

// `crate` is a path.
use pullback::network;

#[network(crate = 3)]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    x * w
}

fn main() {}

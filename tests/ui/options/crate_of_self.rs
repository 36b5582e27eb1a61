// `crate` is a path that a `use` can go through.
use pullback::network;

#[network(crate = Self::pullback)]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    x * w
}

fn main() {}

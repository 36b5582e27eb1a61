// What has parameters is derived.
use pullback::network;

#[network(gradient(x = dy))]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    sign(x * w)
}

fn main() {}

// A size is read off an axis, not solved for.
use pullback::network;

#[network]
fn f(x: Input<N>, w: Param<N, {2 * H}>) -> Output<N> {
    x
}

fn main() {}

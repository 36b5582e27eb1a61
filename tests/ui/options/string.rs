// Options are words, not strings.
use pullback::network;

#[network("f64")]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    x * w
}

fn main() {}

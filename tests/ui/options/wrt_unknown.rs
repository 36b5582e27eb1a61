// `wrt` names arguments.
use pullback::network;

#[network(wrt(y))]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    x * w
}

fn main() {}

// `wrt` names inputs.
use pullback::network;

#[network(wrt)]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    x * w
}

fn main() {}

// `wrt` names inputs: parameters have gradients anyway.
use pullback::network;

#[network(wrt(w))]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    x * w
}

fn main() {}

// `dot` names both operands and their shapes.
use pullback::network;

#[network]
fn f(x: Input<N, 13>, w: Param<12, 13>) -> Output<N, 13> {
    x.dot(w)
}

fn main() {}

// Shapes are broadcast from the last axis on.
use pullback::network;

#[network]
fn f(x: Input<N, 3>, b: Param<2>) -> Output<N, 3> {
    x + b
}

fn main() {}

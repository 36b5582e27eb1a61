// A state is written once in a step.
use pullback::network;

#[network]
fn normal(x: Input<N, C>, s: Param<C>, b: Param<C>, mean: State<C>, var: State<C>) -> Output<N, C> {
    batch_norm(x, s, b, mean, var)
}

#[network]
fn f(x: Input<N, C>, layer: normal) -> Output<N, C> {
    layer(layer(x))
}

fn main() {}

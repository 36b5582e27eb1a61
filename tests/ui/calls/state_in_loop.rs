// A state is written once in a step, not in every turn.
use pullback::network;

#[network]
fn normal(x: Input<N, C>, s: Param<C>, b: Param<C>, mean: State<C>, var: State<C>) -> Output<N, C> {
    batch_norm(x, s, b, mean, var)
}

#[network]
fn f(x: Input<N, C>, layer: normal) -> Output<N, C> {
    let mut h = x;
    for _ in 0..3 {
        h = layer(h);
    }
    h
}

fn main() {}

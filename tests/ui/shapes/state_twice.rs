// A state is written once in a step.
use pullback::network;

#[network]
fn f(x: Input<N, C>, s: Param<C>, b: Param<C>, mean: State<C>, var: State<C>) -> Output<N, C> {
    let h = batch_norm(x, s, b, mean, var);
    batch_norm(h, s, b, mean, var)
}

fn main() {}

// There is one mean for each channel.
use pullback::network;

#[network]
fn f(x: Input<N, C>, s: Param<C>, b: Param<C>, mean: State<N>, var: State<C>) -> Output<N, C> {
    batch_norm(x, s, b, mean, var)
}

fn main() {}

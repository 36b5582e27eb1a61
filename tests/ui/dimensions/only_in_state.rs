// Sizes are read off what comes in.
use pullback::network;

#[network]
fn f(x: Input<N>, mean: State<C>) -> Output<N> {
    x - sum(mean)
}

fn main() {}

// Two names are two sizes.
use pullback::network;

#[network]
fn f(x: Input<N>, y: Input<M>) -> Output<N> {
    x + y
}

fn main() {}

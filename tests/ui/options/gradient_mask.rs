// A mask is no number here either.
use pullback::network;

#[network(gradient(x = dy * (abs(x) < 1)))]
fn f(x: Input<N>) -> Output<N> {
    sign(x)
}

fn main() {}

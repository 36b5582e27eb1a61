// A model cannot call itself.
use pullback::network;

#[network]
fn f(x: Input<N, N>, w: Param<N, N>) -> Output<N, N> {
    f(x.dot(w), w)
}

fn main() {}

// An operation without options takes none.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    tanh(x, axis = 1).dot(w)
}

fn main() {}

// The dimensions of a `let` are those of arguments.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let h: Output<N, Q> = x.dot(w);
    h
}

fn main() {}

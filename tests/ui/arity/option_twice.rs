// An option is given once.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let h = sum(x, axis = 0, axis = 1);
    x.dot(w) + b
}

fn main() {}

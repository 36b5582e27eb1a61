// An option has a value of its kind.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let h = sum(x, axis = true);
    x.dot(w) + b
}

fn main() {}

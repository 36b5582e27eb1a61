// A name is bound before it is used.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let y = h + b;
    let h = x.dot(w);
    sigmoid(y)
}

fn main() {}

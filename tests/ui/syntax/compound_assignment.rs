// A name is bound again, not assigned to.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let h = x.dot(w);
    h += b;
    h
}

fn main() {}

// An annotation is checked.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let h: Output<H, N> = x.dot(w);
    h
}

fn main() {}

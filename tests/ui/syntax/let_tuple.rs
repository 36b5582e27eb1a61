// A `let` binds one plain name.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let (a, c) = (x, w);
    a + c
}

fn main() {}

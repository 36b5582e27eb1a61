// A `let` always binds.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let h = x else { w };
    h
}

fn main() {}

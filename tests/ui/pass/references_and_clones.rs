// `&`, `*`, `clone` and a stated shape mean what they do in Rust.
#![deny(warnings)]

use pullback::network;

#[network]
fn f(x: &Input<N, K>, w: &Param<K, H>, b: Param<H>) -> Output<N, H> {
    let h: Output<N, H> = x.clone().dot(&w.view()) + &b;
    *h
}

fn main() {}

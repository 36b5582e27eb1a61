// All mistakes of one kind are reported at once, each of them once.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    let mut h = x.dot(w) % 2.0;
    match 0 { _ => h ^ 2 }
}

fn main() {}

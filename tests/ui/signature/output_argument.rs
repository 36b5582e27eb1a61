// `Output` is for results.
use pullback::network;

#[network]
fn f(x: Output<N>) -> Output<N> {
    x
}

fn main() {}

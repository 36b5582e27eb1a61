// Labels are no seed.
use pullback::network;

#[network]
fn f(x: Input<N, K>, k: Index<N>) -> Output<N, K> {
    dropout(x, k)
}

fn main() {}

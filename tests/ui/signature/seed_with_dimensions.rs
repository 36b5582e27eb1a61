// There is one seed.
use pullback::network;

#[network]
fn f(x: Input<N, K>, seed: Random<N>) -> Output<N, K> {
    dropout(x, seed)
}

fn main() {}

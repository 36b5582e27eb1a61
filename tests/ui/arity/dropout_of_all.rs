// Where everything is dropped, nothing is left to scale.
use pullback::network;

#[network]
fn f(x: Input<N, K>, seed: Random) -> Output<N, K> {
    dropout(x, seed, p = 1)
}

fn main() {}

// A model returns an array or a scalar.
use pullback::network;

#[network]
fn f(x: Input<N>) -> Result<Output<N>, String> {
    x
}

fn main() {}

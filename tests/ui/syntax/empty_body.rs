// A model ends with a value.
use pullback::network;

#[network]
fn f(x: Input<N>) -> Output<N> {}

fn main() {}

// One attribute is enough.
use pullback::network;

#[network]
#[network]
fn f(x: Input<N>) -> Output<N> {
    x
}

fn main() {}

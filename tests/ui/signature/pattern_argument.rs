// An argument is one plain name.
use pullback::network;

#[network]
fn f((x, y): Input<N>) -> Output<N> {
    x
}

fn main() {}

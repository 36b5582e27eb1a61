// The return type is written out.
use pullback::network;

#[network]
fn f(x: Input<N>) {
    x
}

fn main() {}

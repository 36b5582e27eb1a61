// An unknown option gets the list of options.
use pullback::network;

#[network(fsat)]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    x * w
}

fn main() {}

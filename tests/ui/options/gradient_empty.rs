// An option says something.
use pullback::network;

#[network(gradient)]
fn f(x: Input<N>) -> Output<N> {
    sign(x)
}

fn main() {}

// The dimensions of the result are those of arguments.
use pullback::network;

#[network]
fn f(x: Input<N>) -> Output<M> {
    x
}

fn main() {}

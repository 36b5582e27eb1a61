// What goes back to an input has its shape.
use pullback::network;

#[network(gradient(x = sum(dy, axis = 1)))]
fn f(x: Input<N, K>) -> Output<N, K> {
    sign(x)
}

fn main() {}

// One value has one cotangent.
use pullback::network;

#[network(gradient(x = dy))]
fn f(x: Input<N>) -> (Output<N>, Output<N>) {
    (sign(x), x)
}

fn main() {}

// `y` is the value.
use pullback::network;

#[network(gradient(x = dy * y))]
fn f(x: Input<N>, y: Input<N>) -> Output<N> {
    sign(x * y)
}

fn main() {}

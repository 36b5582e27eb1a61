// The element type is given once.
use pullback::network;

#[network(f32, f64)]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    x * w
}

fn main() {}

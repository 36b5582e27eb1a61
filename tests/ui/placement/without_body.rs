// A model has a body.
use pullback::network;

trait T {
    #[network]
    fn f(x: Input<N>) -> Output<N>;
}

fn main() {}

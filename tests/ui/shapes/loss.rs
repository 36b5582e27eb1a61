// A loss does not broadcast.
use pullback::network;

#[network]
fn f(x: Input<N, 1>, y: Input<N>) -> Output {
    mse(x, y)
}

fn main() {}

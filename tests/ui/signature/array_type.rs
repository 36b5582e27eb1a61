// An ndarray type is no kind of argument.
use pullback::network;

#[network]
fn f(x: Array2<f32>) -> Output<N> {
    x
}

fn main() {}

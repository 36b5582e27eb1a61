// `impl Trait` is no kind of argument.
use pullback::network;

#[network]
fn f(x: impl Into<f32>) -> Output {
    1
}

fn main() {}

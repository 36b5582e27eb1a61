// A constant of the program is no name of the model.
use pullback::network;

pub const SCALE: f32 = 2.0;

#[network]
fn f(x: Input<N>) -> Output<N> {
    SCALE * x
}

fn main() {}

// A plain Rust type is no kind of argument.
use pullback::network;

#[network]
fn f(x: Input<N>, training: bool) -> Output<N> {
    x
}

fn main() {}

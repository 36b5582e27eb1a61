//! Each branch has a value.
use pullback::network;

#[network]
fn f(x: Input<N>, flag: Mask) -> Output<N> {
    let y = if flag { x };
    y
}

#[network]
fn g(x: Input<N>) -> Output<N> {
    if let y = x { y } else { x }
}

fn main() {}

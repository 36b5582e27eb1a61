//! No other attribute stands on an argument.
use pullback::network;

#[network]
fn f(#[cfg(all())] x: Input<N>, #[inline] y: Input<N>) -> Output<N> {
    x + y
}

fn main() {}

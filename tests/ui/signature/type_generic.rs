// Only dimensions are generic.
use pullback::network;

#[network]
fn f<T>(x: Input<N>) -> Output<N> {
    x
}

fn main() {}

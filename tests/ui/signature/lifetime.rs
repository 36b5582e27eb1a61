// Only dimensions are generic.
use pullback::network;

#[network]
fn f<'a>(x: &'a Input<N>) -> Output<N> {
    x
}

fn main() {}

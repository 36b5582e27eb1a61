// The nearest dimension is suggested.
use pullback::network;

#[network]
fn f(x: Input<Hidden>) -> Output<Hiden> {
    x
}

fn main() {}

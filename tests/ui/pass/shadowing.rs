// A name may be bound again, also to what it was.
#![deny(warnings)]

use pullback::network;

#[network]
fn f(x: Input<N>, w: Param<N>) -> Output<N> {
    let x = x * w;
    let w = x + 1;
    let x = { let x = w * 2; x - w };
    x
}

fn main() {
    let x = pullback::ndarray::arr1(&[3.0]);
    assert_eq!(f(&x, &f::Params { w: x.clone() })[0], 10.0);
}

// Any name that Rust accepts is a name.
#![deny(warnings)]

use pullback::network;

#[network]
fn f(ξ: Input<N, Κ>, β: Param<Κ>) -> Output<N, Κ> {
    let größe = ξ * β;
    größe
}

fn main() {
    let x = pullback::ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0]]);
    let params = f::Params { β: pullback::ndarray::arr1(&[2.0, 3.0]) };
    assert_eq!(f(&x, &params)[[1, 1]], 12.0);
}

// A model may be of any visibility.
#![deny(warnings)]

use pullback::network;

mod a {
    use super::network;

    #[network]
    pub(crate) fn f(x: Input<N>, w: Param) -> Output<N> {
        x * w
    }
}

fn main() {
    let x = pullback::ndarray::arr1(&[3.0]);
    assert_eq!(a::f(&x, &a::f::Params { w: 2.0 })[0], 6.0);
}

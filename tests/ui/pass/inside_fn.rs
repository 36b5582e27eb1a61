// A model may stand inside a function.
#![deny(warnings)]

use pullback::network;

fn inner() -> f32 {
    #[network]
    fn f(x: Input<N>, w: Param<N>) -> Output {
        sum(x * w)
    }
    let x = pullback::ndarray::arr1(&[1.0, 2.0]);
    f(&x, &f::Params { w: x.clone() })
}

fn main() {
    assert_eq!(inner(), 5.0);
}

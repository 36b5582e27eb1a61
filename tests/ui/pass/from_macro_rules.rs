// A model may come out of a macro, with a whole expression in an invisible group.
#![deny(warnings)]

use pullback::network;

macro_rules! model {
    ($name:ident, $x:ident, $value:expr) => {
        #[network]
        fn $name($x: Input<N>, b: Param<N>) -> Output<N> {
            2 * $value
        }
    };
}
model!(f, x, x + x);

fn main() {
    let x = pullback::ndarray::arr1(&[1.0]);
    assert_eq!(f(&x, &f::Params { b: x.clone() })[0], 4.0);
}

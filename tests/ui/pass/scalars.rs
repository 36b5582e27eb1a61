// A model of scalars is a model.
#![deny(warnings)]

use pullback::network;

#[network(f64)]
fn f(x: Input, w: Param) -> Output {
    -x.powi(2) * w
}

fn main() {
    assert_eq!(f(3.0, &f::Params { w: 2.0 }), -18.0);
}

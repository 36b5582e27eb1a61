// Raw identifiers are plain names.
#![deny(warnings)]

use pullback::network;

#[network]
fn f(r#type: Input<N, K>, r#move: Param<K, H>) -> Output<N, H> {
    let r#loop = r#type.dot(r#move);
    tanh(r#loop)
}

fn main() {
    let x = pullback::ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0]]);
    let params = f::Params { r#move: x.clone() };
    assert!(f(&x, &params)[[0, 0]] < 1.0);
}

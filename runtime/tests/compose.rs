//! Composed networks.
use ndarray::{Array2, array};
use pullback::network;

#[network]
pub fn housing_loss(x: Input<N, 13>, y: Input<N, 1>, model: housing) -> Output {
    mse(model(x), y)
}

#[network]
pub fn housing(x: Input<N, 13>, hidden: dense<13, 13>, price: dense<13, 1>) -> Output<N, 1> {
    price(sigmoid(hidden(x)))
}

/// One layer of neurons: a weighted sum and a bias.
#[network]
pub fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[test]
fn it_runs() {
    let x = Array2::<f32>::ones((3, 13));
    let y = array![[1.0], [2.0], [3.0]];
    let params = housing_loss::Params::init(&mut rand::rng());
    let (value, gradients) = housing_loss::value_and_grad(&x, &y, &params);
    println!("{value} {gradients:?}");
    let h = housing::Params {
        hidden: dense::Params { w: Array2::zeros((13, 13)), b: ndarray::Array1::zeros(13) },
        price: dense::zeros(13, 1),
    };
    housing(&x, &h);
}

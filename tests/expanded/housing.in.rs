/// The error of a small network on house prices: a row a house, a column a feature.
#[network]
pub fn housing(
    x: Input<N, 13>,
    y: Input<N, 1>,
    w1: Param<13, 13>,
    b1: Param<13>,
    w2: Param<13, 1>,
    b2: Param<1>,
) -> Output {
    let hidden = sigmoid(x.dot(w1) + b1);
    let price = hidden.dot(w2) + b2;
    mse(price, y)
}

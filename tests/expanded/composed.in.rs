/// One layer of neurons: a weighted sum and a bias.
#[network]
pub fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

/// The error of a small network on house prices, made of two layers.
#[network]
pub fn composed(x: Input<N, 13>, y: Input<N, 1>, hidden: dense<13, 13>, price: dense<13, 1>) -> Output {
    mse(price(sigmoid(hidden(x))), y)
}

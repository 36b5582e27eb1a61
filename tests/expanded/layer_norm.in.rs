/// Every row with mean 0 and variance 1, then scaled and shifted.
#[network(wrt(x))]
pub fn layer_norm(x: Input<N, H>, scale: Param<H>, shift: Param<H>) -> Output<N, H> {
    let centred = x - mean(x, axis = 1, keepdims = true);
    let variance = mean(square(centred), axis = 1, keepdims = true);
    centred / sqrt(variance + 1e-5) * scale + shift
}

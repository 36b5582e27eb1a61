/// One head of attention over a sequence.
#[network(f64)]
pub fn attention(x: Input<T, 16>, wq: Param<16, 8>, wk: Param<16, 8>, wv: Param<16, 16>) -> Output<T, 16> {
    let query = x.dot(wq);
    let key = x.dot(wk);
    let weights = softmax(query.dot(key.t()) / sqrt(8.0), axis = 1);
    weights.dot(x.dot(wv))
}

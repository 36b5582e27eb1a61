/// How badly two layers tell ten digits apart.
#[network]
pub fn digits(
    x: Input<N, 64>,
    labels: Index<N>,
    w1: Param<64, H>,
    b1: Param<H>,
    w2: Param<H, 10>,
    b2: Param<10>,
) -> Output {
    let hidden = relu(x.dot(w1) + b1);
    let logits = hidden.dot(w2) + b2;
    softmax_cross_entropy(logits, labels)
}

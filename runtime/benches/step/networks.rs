//! The networks of the workloads, as a user writes them.

use pullback::network;

/// W1: a network of the size of a textbook example.
#[network]
pub fn tiny(x: Input<N, 3>, y: Input<N, 1>, w1: Param<3, 4>, b1: Param<4>, w2: Param<4, 1>, b2: Param<1>) -> Output {
    let hidden = sigmoid(x.dot(w1) + b1);
    mse(hidden.dot(w2) + b2, y)
}

/// W2 and W9: thirteen facts about a house, and its price.
#[network]
pub fn houses(
    x: Input<N, 13>,
    y: Input<N, 1>,
    w1: Param<13, 13>,
    b1: Param<13>,
    w2: Param<13, 1>,
    b2: Param<1>,
) -> Output {
    let hidden = sigmoid(x.dot(w1) + b1);
    mse(hidden.dot(w2) + b2, y)
}

/// W3: images of 28 by 28, and ten classes.
#[network]
pub fn small_images(
    x: Input<N, 784>,
    labels: Index<N>,
    w1: Param<784, 89>,
    b1: Param<89>,
    w2: Param<89, 10>,
    b2: Param<10>,
) -> Output {
    let hidden = tanh(x.dot(w1) + b1);
    softmax_cross_entropy(hidden.dot(w2) + b2, labels)
}

/// W4: the same images, three layers.
#[network]
pub fn images(
    x: Input<N, 784>,
    labels: Index<N>,
    w1: Param<784, 512>,
    b1: Param<512>,
    w2: Param<512, 512>,
    b2: Param<512>,
    w3: Param<512, 10>,
    b3: Param<10>,
) -> Output {
    let hidden = relu(x.dot(w1) + b1);
    let deeper = relu(hidden.dot(w2) + b2);
    softmax_cross_entropy(deeper.dot(w3) + b3, labels)
}

/// W5: twelve element-wise operations, and the mean.
#[network]
pub fn chain(a: Param<M, N>, b: Param<M, N>, c: Param<M, N>) -> Output {
    let mixed = sigmoid(a) * tanh(b) + c;
    let grown = log1p(exp(0.5 * mixed));
    let scaled = grown * b / sqrt(1 + c * c);
    mean(tanh(softplus(scaled) * a))
}

/// W6: layers of which one alone is larger than a cache.
#[network]
pub fn large(
    x: Input<N, 1024>,
    y: Input<N, 1024>,
    w1: Param<1024, 2048>,
    b1: Param<2048>,
    w2: Param<2048, 2048>,
    b2: Param<2048>,
    w3: Param<2048, 1024>,
    b3: Param<1024>,
) -> Output {
    let hidden = gelu_tanh(x.dot(w1) + b1);
    let deeper = gelu_tanh(hidden.dot(w2) + b2);
    mse(deeper.dot(w3) + b3, y)
}

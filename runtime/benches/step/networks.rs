//! The networks of the workloads, as a user writes them.

use pullback::network;
use pullback::nn::{dense, transformer_block};

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

/// W7: sixteen filters over an image, and ten classes.
#[network]
pub fn convolved(
    x: Input<N, 1, 28, 28>,
    labels: Index<N>,
    w: Param<16, 1, 5, 5>,
    b: Param<16>,
    w2: Param<12544, 10>,
    b2: Param<10>,
) -> Output {
    let seen = tanh(conv2d(x, w, padding = 2) + reshape(b, [16, 1, 1]));
    softmax_cross_entropy(flatten(seen, axis = 1).dot(w2) + b2, labels)
}

/// W8: a long short-term memory, which says at each step what comes next.
#[network]
pub fn sequence(
    x: Input<T, N, 62>,
    labels: Index<T, N>,
    w: Param<62, 512>,
    u: Param<128, 512>,
    b: Param<512>,
    v: Param<128, 62>,
    c: Param<62>,
) -> Output {
    let mut hidden = broadcast_to(0.0, [N, 128]);
    let mut cell = broadcast_to(0.0, [N, 128]);
    let said = for t in 0..T {
        let z = x.at(t).dot(w) + hidden.dot(u) + b;
        let input = sigmoid(z.slice(axis = 1, end = 128));
        let forget = sigmoid(z.slice(axis = 1, start = 128, end = 256));
        let candidate = tanh(z.slice(axis = 1, start = 256, end = 384));
        let output = sigmoid(z.slice(axis = 1, start = 384));
        cell = forget * cell + input * candidate;
        hidden = output * tanh(cell);
        hidden
    };
    softmax_cross_entropy(said.dot(v) + c, labels)
}

/// W10: images through a bottleneck of 32 numbers, and back.
#[network]
pub fn autoencoder(
    x: Input<N, 784>,
    w1: Param<784, 128>,
    b1: Param<128>,
    w2: Param<128, 32>,
    b2: Param<32>,
    w3: Param<32, 128>,
    b3: Param<128>,
    w4: Param<128, 784>,
    b4: Param<784>,
) -> Output {
    let code = relu(relu(x.dot(w1) + b1).dot(w2) + b2);
    mse(relu(code.dot(w3) + b3).dot(w4) + b4, x)
}

/// A layer of a deep network.
#[network]
pub fn layer<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    tanh(x.dot(w) + b)
}

/// W11: deep and narrow, as one approximates the solutions of differential equations.
#[network]
pub fn deep(
    x: Input<N, 3>,
    y: Input<N, 1>,
    l0: layer<3, 20>,
    l1: layer<20, 20>,
    l2: layer<20, 20>,
    l3: layer<20, 20>,
    l4: layer<20, 20>,
    l5: layer<20, 20>,
    l6: layer<20, 20>,
    l7: layer<20, 20>,
    out: dense<20, 1>,
) -> Output {
    let early = l3(l2(l1(l0(x))));
    mse(out(l7(l6(l5(l4(early))))), y)
}

/// W15: W11 with a stack of layers.
#[network]
pub fn stack(
    x: Input<N, 3>,
    y: Input<N, 1>,
    first: layer<3, 20>,
    more: [layer<20, 20>; 7],
    out: dense<20, 1>,
) -> Output {
    mse(out(more(first(x))), y)
}

/// W12: W8 with a gated recurrent unit.
#[network]
pub fn gated(
    x: Input<T, N, 62>,
    labels: Index<T, N>,
    w: Param<62, 384>,
    u: Param<128, 384>,
    b: Param<384>,
    c: Param<384>,
    v: Param<128, 62>,
    d: Param<62>,
) -> Output {
    let mut hidden = broadcast_to(0.0, [N, 128]);
    let said = for t in 0..T {
        let a = x.at(t).dot(w) + b;
        let z = hidden.dot(u) + c;
        let gates = sigmoid(a.slice(axis = 1, end = 256) + z.slice(axis = 1, end = 256));
        let reset = gates.slice(axis = 1, end = 128);
        let update = gates.slice(axis = 1, start = 128);
        let new = tanh(a.slice(axis = 1, start = 256) + reset * z.slice(axis = 1, start = 256));
        hidden = (1 - update) * new + update * hidden;
        hidden
    };
    softmax_cross_entropy(said.dot(v) + d, labels)
}

/// W13: a block of a transformer, with four heads.
#[network]
pub fn block(x: Input<N, T, 64>, y: Input<N, T, 64>, block: transformer_block<64, 4, 16, 256>) -> Output {
    mse(block(x), y)
}

/// W14: the class of a text, from the mean of its words.
#[network]
pub fn text(
    words: Index<N, T>,
    labels: Index<N>,
    table: Param<5000, 64>,
    w1: Param<64, 64>,
    b1: Param<64>,
    w2: Param<64, 10>,
    b2: Param<10>,
) -> Output {
    let hidden = tanh(mean(embedding(words, table), axis = 1).dot(w1) + b1);
    softmax_cross_entropy(hidden.dot(w2) + b2, labels)
}

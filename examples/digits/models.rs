//! Two networks that read a digit from its 8 by 8 pixels, and what training makes small.

use pullback::network;
use pullback::nn::{conv_block, dense, transformer_block};

/// Two convolutions, each with the largest of every four pixels taken, and a score for each digit.
#[network]
pub fn convolutional(
    x: Input<N, 8, 8>,
    first: conv_block<1, 16>,
    second: conv_block<16, 32>,
    out: dense<128, 10>,
) -> Output<N, 10> {
    let image = max_pool(first(insert_axis(x, axis = 1)), size = 2);
    let image = max_pool(second(image), size = 2);
    out(flatten(image, axis = 1))
}

/// A transformer to which each row of pixels is a word: 4 heads of 8 numbers look from row to row.
#[network]
pub fn attentive(
    x: Input<N, 8, 8>,
    words: dense<8, 32>,
    #[init(normal(0.1))] places: Param<8, 32>,
    block: transformer_block<32, 4, 8, 64>,
    out: dense<256, 10>,
) -> Output<N, 10> {
    let rows = reshape(words(reshape(x, [8 * N, 8])), [N, 8, 32]) + places;
    out(flatten(block(rows), axis = 1))
}

/// How badly the convolutional network tells digits apart.
#[network]
pub fn convolutional_loss(x: Input<N, 8, 8>, labels: Index<N>, model: convolutional) -> Output {
    softmax_cross_entropy(model(x), labels)
}

/// How badly the transformer does.
#[network]
pub fn attentive_loss(x: Input<N, 8, 8>, labels: Index<N>, model: attentive) -> Output {
    softmax_cross_entropy(model(x), labels)
}

//! Layers and blocks, written with [`network`](crate::network) as anybody else's are: `use pullback::nn::dense;` is enough.
//!
//! ```
//! use pullback::network;
//! use pullback::nn::{dense, mlp};
//!
//! #[network]
//! fn loss(x: Input<N, 4>, y: Input<N, 3>, body: mlp<4, H, 8>, head: dense<8, 3>) -> Output {
//!     mse(head(relu(body(x))), y)
//! }
//!
//! fn main() {
//!     let params = loss::Params::init(&mut pullback::rand::rng(), 16);
//!     assert_eq!(params.body.hidden.w.dim(), (4, 16));
//! }
//! ```
//!
//! `N` is a batch, and a row is a sample; sequences are `[T, N, I]` where a loop goes through them, and `[N, T, D]` where
//! attention sees them at once. Each network says its formula, the shapes of its parameters and how they start.
//! Their numbers are those of the network that calls them: they are parts, and run within it alone.

mod convolutional;
mod linear;
mod norm;
mod recurrent;
mod transformer;

pub use convolutional::{conv_block, conv_pool, conv3x3, pooled_dense, residual_block};
pub use linear::{dense, dropout, dropped, glu, mlp, rectified};
pub use norm::{batch_norm, batch_norm_2d, layer_norm, rms_norm};
pub use recurrent::{forget_gate, gate, gru, gru_cell, lstm, lstm_cell, rnn, rnn_cell};
pub use transformer::{
    causal_attention, causal_block, dropped_causal_block, embedding, feed_forward, heads, multi_head_attention,
    self_attention, transformer_block,
};

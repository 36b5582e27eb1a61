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
//! `N` is a batch, and a row is a sample. Each network says its formula, the shapes of its parameters and how they start.
//! Their numbers are `f32`, and those of the caller in a network that calls them.

mod linear;
mod norm;
mod recurrent;
mod transformer;

pub use linear::{dense, glu, mlp, rectified};
pub use norm::{layer_norm, rms_norm};
pub use recurrent::{forget_gate, gate, gru_cell, lstm_cell, rnn_cell};
pub use transformer::{embedding, feed_forward, self_attention, transformer_block};

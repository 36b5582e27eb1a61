//! Pullback: networks whose backward pass is derived, symbolically, while your program compiles.
//!
//! [`network`] reads a model written as nested functions and leaves behind two plain Rust functions, forward and
//! backward. This crate is what the emitted code stands on: element-wise functions, sums and products over slices,
//! the entry checks, parameters, and optimisers.

pub mod linalg;
pub mod math;
pub mod optim;
pub mod params;
pub mod reduce;
pub mod shape;
pub mod simd;

pub use ndarray;
pub use params::ParamSet;
pub use pullback_macros::network;
pub use shape::ShapeError;

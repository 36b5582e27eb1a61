//! The workloads written by hand to be as fast as possible: everything in place, loops fused, the update in the loop or
//! the product that makes the gradient.

pub mod chain;
pub mod convolution;
pub mod lanes;
pub mod layers;
pub mod recurrent;
pub mod tiny;

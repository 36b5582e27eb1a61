// The attribute goes on a function.
use pullback::network;

#[network]
pub use std::fmt;

fn main() {}

// The attribute goes on a function.
use pullback::network;

#[network]
mod m {}

fn main() {}

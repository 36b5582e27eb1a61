// The attribute goes on a function.
use pullback::network;

#[network]
const A: f64 = 1.0;

fn main() {}

// The attribute goes on a function.
use pullback::network;

#[network]
pub struct Layer;

fn main() {}

// Sizes can be reckoned with.
use pullback::network;

#[network]
fn f(x: Input<99999999999>) -> Output {
    x
}

fn main() {}

// Emitted code does not look names up in the user's scope.
#![deny(warnings)]

use pullback::network;

mod std {}
mod core {}
#[allow(dead_code)]
type Option = u8;
#[allow(dead_code)]
type Vec = u8;
#[allow(dead_code)]
type Result = u8;
#[allow(dead_code)]
type String = u8;
#[allow(dead_code)]
type Default = u8;

#[network]
fn f(x: Input<N>, w: Param<N>) -> Output {
    sum(tanh(x) * w)
}

fn main() {}

// 40 squarings, each of the one before, compile.
#![deny(warnings)]

use pullback::network;

#[network]
fn f(x: Input, w: Param) -> Output {
    let y = x * w;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    let y = y * y;
    y
}

fn main() {}

// rustc reports an expression that is in need of braces, and nobody else does.
use pullback::network;

#[network]
fn f(x: Input<N, H>, w: Param<H, 2 * H>) -> Output<N> {
    sum(x, axis = 1)
}

fn main() {}

// A labelled loop is named from its label on.
use pullback::network;

#[network]
fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {
    'a: loop {
        break 'a tanh(x)
    }
}

fn main() {}

// rustc reports an argument without a name, and nobody else does.
use pullback::network;

#[network]
fn f(Input<N>) -> Output<N> {
    x
}

fn main() {}

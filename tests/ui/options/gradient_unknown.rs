// `gradient` names inputs.
use pullback::network;

#[network(gradient(xs = dy, k = dy))]
fn f(x: Input<N>, k: Index<N>) -> Output<N> {
    sign(x)
}

fn main() {}

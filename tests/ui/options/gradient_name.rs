// The names in `gradient` are those of the arguments, `y` and `dy`.
use pullback::network;

#[network(gradient(x = dy * z))]
fn f(x: Input<N, K>) -> Output<N, K> {
    sign(x)
}

fn main() {}

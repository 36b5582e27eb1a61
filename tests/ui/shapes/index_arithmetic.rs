// Class labels are no numbers to reckon with.
use pullback::network;

#[network]
fn f(x: Input<N>, labels: Index<N>) -> Output<N> {
    x + labels
}

fn main() {}

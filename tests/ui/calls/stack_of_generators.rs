use pullback::network;

#[network]
fn constant(b: Param<N>) -> Output<N> {
    b * 1
}

#[network]
fn split(x: Input<N>) -> (Output<N>, Output<N>) {
    (tanh(x), exp(x))
}

#[network]
fn generated(x: Input<N>, layers: [constant; 3]) -> Output<N> {
    x + layers()
}

#[network]
fn twofold(x: Input<N>, layers: [split; 3]) -> Output<N> {
    let (a, b) = layers(x);
    a + b
}

fn main() {}

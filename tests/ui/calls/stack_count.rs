use pullback::network;

#[network]
fn gated(x: Input<N>) -> Output<N> {
    x * sigmoid(x)
}

#[network]
fn none(x: Input<N>, layers: [gated; 0]) -> Output<N> {
    layers(x)
}

#[network]
fn named(x: Input<N>, layers: [gated; DEPTHS[2]]) -> Output<N> {
    layers(x)
}

#[network]
fn endless(x: Input<N>, layers: [gated; 1_000_000]) -> Output<N> {
    layers(x)
}

fn main() {}

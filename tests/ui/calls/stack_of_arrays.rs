use pullback::network;

#[network]
fn arrays(x: [Input<N>; 3]) -> Output<N> {
    x
}

#[network]
fn stacks(x: Input<N>, layers: [[gated; 2]; 3]) -> Output<N> {
    layers(x)
}

#[network]
fn gated(x: Input<N>) -> Output<N> {
    x * sigmoid(x)
}

fn main() {}

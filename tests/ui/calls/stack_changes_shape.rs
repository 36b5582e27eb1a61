use pullback::network;

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>) -> Output<N, O> {
    x.dot(w)
}

#[network]
fn bound(x: Input<N, 4>, layers: [dense<4, 3>; 6]) -> Output<N, 3> {
    layers(x)
}

#[network]
fn reduced(x: Input<N, 4>, layers: [norm; 2]) -> Output<N> {
    layers(x)
}

#[network]
fn norm(x: Input<N, W>) -> Output<N> {
    sum(x * x, axis = 1)
}

fn main() {}

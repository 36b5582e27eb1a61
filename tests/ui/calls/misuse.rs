//! What one might write in the place of `layer(x)`.
use pullback::network;

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[network]
fn passed(x: Input<N, 3>, layer: dense<3, 3>) -> Output<N, 3> {
    dense(x, layer)
}

#[network]
fn as_method(x: Input<N, 3>, layer: dense<3, 3>) -> Output<N, 3> {
    layer.forward(x)
}

#[network]
fn as_method_of_array(x: Input<N, 3>, layer: dense<3, 3>) -> Output<N, 3> {
    x.layer()
}

#[network]
fn its_field(x: Input<N, 3>, layer: dense<3, 3>) -> Output<N, 3> {
    x.dot(layer.w)
}

#[network]
fn by_index(x: Input<N, 3>, layers: [dense<3, 3>; 4]) -> Output<N, 3> {
    layers[0](x)
}

#[network]
fn one_by_one(x: Input<N, 3>, layers: [dense<3, 3>; 4]) -> Output<N, 3> {
    let mut h = x;
    for layer in layers {
        h = layer(h);
    }
    h
}

#[network]
fn bound_at_the_call(x: Input<N, 3>, layer: dense) -> Output<N, 4> {
    layer::<3, 4>(x)
}

#[network]
fn given_to_a_group(x: Input<N, 3>, first: dense<3, 3>, second: dense<3, 3>) -> Output<N, 3> {
    second(first)
}

fn main() {}

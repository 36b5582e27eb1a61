//! The layers and their gradients are those of PyTorch, in the `f64` of their caller; their gradients agree with finite
//! differences; and their parameters start as they say. `nn/reference.py` wrote the numbers.

mod layers;

use layers::{assert_gradients, assert_near, fill, wave};
use ndarray::{Array, Array1, Dim, Dimension, IntoDimension, array};
use pullback::nn::{
    batch_norm, batch_norm_2d, causal_attention, causal_block, conv_block, conv_pool, dense, embedding, glu, gru,
    gru_cell, layer_norm, lstm, lstm_cell, mlp, multi_head_attention, pooled_dense, residual_block, rms_norm, rnn,
    rnn_cell, self_attention, transformer_block,
};
use pullback::{ParamSet, network, nn};
use rand::{SeedableRng, rngs::StdRng};

const N: usize = 3;
const I: usize = 4;
const H: usize = 5;

fn input<const R: usize>(shape: [usize; R], index: usize) -> Array<f64, Dim<[usize; R]>>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    let values = (0..shape.iter().product()).map(wave(1.0, index)).collect();
    Array::from_shape_vec(shape, values).unwrap()
}

/// PyTorch's numbers for a layer: its outputs one after another, and the gradient of each parameter.
struct Reference {
    outputs: Vec<Vec<f64>>,
    gradients: Vec<Vec<f64>>,
}

fn reference(layer: &str) -> Reference {
    let mut reference = Reference { outputs: Vec::new(), gradients: Vec::new() };
    let lines = include_str!("nn/reference.csv").lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let mut fields = line.split(',');
        if fields.next() == Some(layer) {
            let to = if fields.next() == Some("y") { &mut reference.outputs } else { &mut reference.gradients };
            to.push(fields.map(|number| number.parse().unwrap()).collect());
        }
    }
    assert!(!reference.outputs.is_empty(), "no numbers for {layer}");
    reference
}

#[network(f64)]
fn of_dense(x: Input<N, 4>, layer: dense<4, 2>) -> Output<N, 2> {
    layer(x)
}

#[network(f64)]
fn of_mlp(x: Input<N, 4>, layer: mlp<4, 5, 2>) -> Output<N, 2> {
    layer(x)
}

#[network(f64)]
fn of_glu(x: Input<N, 4>, layer: glu<4, 2>) -> Output<N, 2> {
    layer(x)
}

#[network(f64)]
fn of_layer_norm(x: Input<N, 4>, layer: layer_norm<4>) -> Output<N, 4> {
    layer(x)
}

#[network(f64)]
fn of_rms_norm(x: Input<N, 4>, layer: rms_norm<4>) -> Output<N, 4> {
    layer(x)
}

#[network(f64)]
fn of_rnn_cell(x: Input<N, 4>, h: Input<N, 5>, layer: rnn_cell<4, 5>) -> Output<N, 5> {
    layer(x, h)
}

#[network(f64)]
fn of_gru_cell(x: Input<N, 4>, h: Input<N, 5>, layer: gru_cell<4, 5>) -> Output<N, 5> {
    layer(x, h)
}

#[network(f64)]
fn of_lstm_cell(
    x: Input<N, 4>,
    h: Input<N, 5>,
    c: Input<N, 5>,
    layer: lstm_cell<4, 5>,
) -> (Output<N, 5>, Output<N, 5>) {
    layer(x, h, c)
}

#[network(f64)]
fn of_embedding(tokens: Index<T>, layer: embedding<6, 4>) -> Output<T, 4> {
    layer(tokens)
}

#[network(f64)]
fn of_self_attention(x: Input<T, 4>, layer: self_attention<4>) -> Output<T, 4> {
    layer(x)
}

#[network(f64)]
fn of_multi_head_attention(x: Input<N, T, 6>, layer: multi_head_attention<6, 2, 3>) -> Output<N, T, 6> {
    layer(x)
}

/// Heads whose sizes do not add up to that of a position.
#[network(f64)]
fn of_narrow_attention(x: Input<N, T, 6>, layer: multi_head_attention<6, 2, 2>) -> Output<N, T, 6> {
    layer(x)
}

#[network(f64)]
fn of_transformer_block(x: Input<N, T, 6>, layer: transformer_block<6, 2, 3, 5>) -> Output<N, T, 6> {
    layer(x)
}

#[network(f64)]
fn of_causal_attention(x: Input<N, T, 6>, layer: causal_attention<6, 2, 3>) -> Output<N, T, 6> {
    layer(x)
}

#[network(f64)]
fn of_causal_block(x: Input<N, T, 6>, layer: causal_block<6, 2, 3, 5>) -> Output<N, T, 6> {
    layer(x)
}

#[network(f64)]
fn of_conv_pool(x: Input<N, 3, H, W>, layer: conv_pool<3, 2>) -> Output<N, 2, { H / 2 }, { W / 2 }> {
    layer(x)
}

#[network(f64)]
fn of_conv_block(x: Input<N, 3, H, W>, layer: conv_block<3, 2>) -> Output<N, 2, H, W> {
    layer(x)
}

#[network(f64)]
fn of_residual_block(x: Input<N, 3, H, W>, layer: residual_block<3>) -> Output<N, 3, H, W> {
    layer(x)
}

#[network(f64)]
fn of_pooled_dense(x: Input<N, 3, H, W>, layer: pooled_dense<3, 2>) -> Output<N, 2> {
    layer(x)
}

#[network(f64)]
fn of_rnn(x: Input<T, N, 4>, h: Input<N, 5>, layer: rnn<4, 5>) -> (Output<T, N, 5>, Output<N, 5>) {
    layer(x, h)
}

#[network(f64)]
fn of_gru(x: Input<T, N, 4>, h: Input<N, 5>, layer: gru<4, 5>) -> (Output<T, N, 5>, Output<N, 5>) {
    layer(x, h)
}

#[network(f64)]
fn of_lstm(
    x: Input<T, N, 4>,
    h: Input<N, 5>,
    c: Input<N, 5>,
    layer: lstm<4, 5>,
) -> (Output<T, N, 5>, Output<N, 5>, Output<N, 5>) {
    layer(x, h, c)
}

#[network(f64)]
fn of_batch_norm(x: Input<N, 4>, layer: batch_norm<4>) -> Output<N, 4> {
    layer(x)
}

#[network(f64)]
fn of_batch_norm_2d(x: Input<N, 3, H, W>, layer: batch_norm_2d<3>) -> Output<N, 3, H, W> {
    layer(x)
}

/// The outputs and the gradients of the sum of `output * weights` are the reference's, and the gradients agree with finite
/// differences.
macro_rules! check {
    ($layer:literal: $net:ident($($input:expr),*)) => {
        check!($layer: $net($($input),*) -> y * weights)
    };
    ($layer:literal: $net:ident($($input:expr),*) -> $($y:ident * $weights:ident),+) => {{
        let mut params = $net::Params::zeros();
        fill(&mut params);
        let reference = reference($layer);
        #[allow(unused_parens)]
        let (($($y),+), saved) = $net::forward($($input,)* &params);
        let mut index = 0;
        $(
            assert_near($layer, &$y, &reference.outputs[index]);
            let $weights = &weights(&$y, index);
            index += 1;
        )+
        assert_eq!(index, reference.outputs.len());
        #[allow(unused_parens)]
        let gradients = $net::backward($($input,)* &params, &saved, ($($weights),+));
        assert_same_gradients($layer, &gradients, &reference);
        assert_gradients(&params, &gradients, |p| {
            #[allow(unused_parens)]
            let ($($y),+) = $net($($input,)* p);
            0.0 $(+ (&$y * $weights).sum())+
        });
    }};
}

fn weights<D: Dimension>(y: &Array<f64, D>, index: usize) -> Array<f64, D> {
    let values = (0..y.len()).map(wave(1.0, 9 + index)).collect();
    Array::from_shape_vec(y.raw_dim(), values).unwrap()
}

fn assert_same_gradients(layer: &str, gradients: &impl ParamSet<Elem = f64>, reference: &Reference) {
    assert_eq!(gradients.count(), reference.gradients.len(), "{layer}");
    for (index, wanted) in reference.gradients.iter().enumerate() {
        assert_near(&format!("{layer}.{}", gradients.path(index)), gradients.array(index), wanted);
    }
}

#[test]
fn layers_are_those_of_pytorch() {
    let x = &input([N, I], 0);
    check!("dense": of_dense(x));
    check!("mlp": of_mlp(x));
    check!("glu": of_glu(x));
    check!("layer_norm": of_layer_norm(x));
    check!("rms_norm": of_rms_norm(x));
    check!("embedding": of_embedding(&array![5, 0, 5]));
}

#[test]
fn attention_is_that_of_pytorch() {
    check!("self_attention": of_self_attention(&input([N, I], 0)));
    let x = &input([2, N, 6], 0);
    check!("multi_head_attention": of_multi_head_attention(x));
    check!("narrow_attention": of_narrow_attention(x));
    check!("transformer_block": of_transformer_block(x));
    check!("causal_attention": of_causal_attention(x));
    check!("causal_block": of_causal_block(x));
}

#[test]
fn convolutions_are_those_of_pytorch() {
    let x = &input([2, 3, 4, 6], 0);
    check!("conv_block": of_conv_block(x));
    check!("conv_pool": of_conv_pool(x));
    check!("residual_block": of_residual_block(x));
    check!("pooled_dense": of_pooled_dense(x));
}

#[test]
fn sequences_are_those_of_pytorch() {
    let (x, h, c) = (&input([4, N, I], 0), &input([N, H], 1), &input([N, H], 2));
    check!("rnn": of_rnn(x, h) -> states * a, last * b);
    check!("gru": of_gru(x, h) -> states * a, last * b);
    check!("lstm": of_lstm(x, h, c) -> states * a, last * b, memory * d);
}

#[test]
fn cells_are_those_of_pytorch() {
    let (x, h, c) = (&input([N, I], 0), &input([N, H], 1), &input([N, H], 2));
    check!("rnn_cell": of_rnn_cell(x, h));
    check!("gru_cell": of_gru_cell(x, h));
    check!("lstm_cell": of_lstm_cell(x, h, c) -> next_h * a, next_c * b);
}

/// A batch norm in training, the statistics that it leaves, and in inference with these.
macro_rules! check_batch_norm {
    ($layer:literal: $net:ident($x:expr)) => {{
        let mut params = $net::Params::zeros();
        fill(&mut params);
        let mut state = $net::State::new();
        let reference = reference($layer);
        let (y, saved) = $net::forward($x, &params, &mut state);
        let gradients = $net::backward($x, &params, &saved, &weights(&y, 0));
        let found = [y.flatten(), state.layer.mean.flatten(), state.layer.var.flatten()];
        let inferred = $net($x, &params, &state);
        for (found, wanted) in found.iter().chain([&inferred.flatten()]).zip(&reference.outputs) {
            assert_near($layer, found, wanted);
        }
        assert_same_gradients($layer, &gradients, &reference);
    }};
}

#[test]
fn batch_norms_are_those_of_pytorch() {
    check_batch_norm!("batch_norm": of_batch_norm(&input([N, I], 0)));
    check_batch_norm!("batch_norm_2d": of_batch_norm_2d(&input([2, 3, 4, 6], 0)));
}

#[test]
fn parameters_start_as_the_layers_say() {
    let mut rng = StdRng::seed_from_u64(5);
    let lstm = lstm_cell::Params::init(&mut rng, 3, 8);
    assert_eq!((&lstm.forget.b, &lstm.input.b), (&Array1::ones(8), &Array1::zeros(8)));
    let u = &lstm.output.u;
    assert!((u.t().dot(u) - ndarray::Array2::<f32>::eye(8)).iter().all(|x| x.abs() < 1e-5));
    assert_eq!(nn::layer_norm::Params::init(&mut rng, 4).scale, Array1::<f32>::ones(4));
    assert_eq!(nn::heads::Params::init(&mut rng, 6, 2, 3).b, ndarray::Array2::<f32>::zeros((2, 3)));
    let w = residual_block::Params::init(&mut rng, 32).first.w;
    let variance = w.mapv(|w| w * w).mean().unwrap() * (32.0 * 9.0);
    assert!((variance - 2.0).abs() < 0.1, "{variance}");
    let paths: Vec<String> = (0..4).map(|k| lstm.path(k)).collect();
    assert_eq!(paths, ["input.w", "input.u", "input.b", "forget.w"]);
}

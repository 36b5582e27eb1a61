//! The layers give what their definitions give in NumPy, in the `f64` of their caller; their gradients agree with finite
//! differences; and their parameters start as they say.

#[path = "nn/reference.rs"]
mod reference;

use ndarray::{Array, Array1, Dim, Dimension, IntoDimension, array};
use pullback::nn::{
    conv_block, dense, embedding, glu, gru, gru_cell, layer_norm, lstm, lstm_cell, mlp, multi_head_attention,
    pooled_dense, residual_block, rms_norm, rnn, rnn_cell, self_attention, transformer_block,
};
use pullback::{ParamSet, network, nn};
use rand::{SeedableRng, rngs::StdRng};

const N: usize = 3;
const I: usize = 4;
const H: usize = 5;

/// As the script fills its arrays.
fn wave(amplitude: f64, index: usize) -> impl Fn(usize) -> f64 {
    move |position| amplitude * (1.3 * position as f64 + 0.7 * index as f64).sin()
}

fn input<const R: usize>(shape: [usize; R], index: usize) -> Array<f64, Dim<[usize; R]>>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    let values = (0..shape.iter().product()).map(wave(1.0, index)).collect();
    Array::from_shape_vec(shape, values).unwrap()
}

fn fill(params: &mut impl ParamSet<Elem = f64>) {
    for index in 0..params.count() {
        let values = wave(0.5, index);
        params.array_mut(index).iter_mut().enumerate().for_each(|(position, x)| *x = values(position));
    }
}

fn assert_near(found: impl IntoIterator<Item = f64>, wanted: &[f64]) {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), wanted.len());
    assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} is not {wanted:?}");
}

/// Every gradient of `net` agrees with a central difference of its value.
fn assert_gradients<P: ParamSet<Elem = f64> + Clone>(
    params: &P,
    gradients: &impl ParamSet<Elem = f64>,
    value: impl Fn(&P) -> f64,
) {
    const STEP: f64 = 1e-5;
    for index in 0..params.count() {
        for (position, gradient) in gradients.array(index).iter().enumerate() {
            let at = |step: f64| {
                let mut moved = params.clone();
                *moved.array_mut(index).iter_mut().nth(position).unwrap() += step;
                value(&moved)
            };
            let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            let path = params.path(index);
            assert!((gradient - difference).abs() < 1e-7, "{path}[{position}]: {gradient} but {difference}");
        }
    }
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
fn of_multi_head_attention(x: Input<N, T, 4>, layer: multi_head_attention<4, 2, 3>) -> Output<N, T, 4> {
    layer(x)
}

#[network(f64)]
fn of_transformer_block(x: Input<N, T, 4>, layer: transformer_block<4, 2, 3, 5>) -> Output<N, T, 4> {
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

/// All states of a sequence and the last ones, as one row of numbers.
#[network(f64)]
fn of_rnn(x: Input<T, N, 4>, h: Input<N, 5>, layer: rnn<4, 5>) -> Output<{ 5 * T * N + 5 * N }> {
    let (states, last) = layer(x, h);
    concat(flatten(states), flatten(last))
}

#[network(f64)]
fn of_gru(x: Input<T, N, 4>, h: Input<N, 5>, layer: gru<4, 5>) -> Output<{ 5 * T * N + 5 * N }> {
    let (states, last) = layer(x, h);
    concat(flatten(states), flatten(last))
}

#[network(f64)]
fn of_lstm(x: Input<T, N, 4>, h: Input<N, 5>, c: Input<N, 5>, layer: lstm<4, 5>) -> Output<{ 5 * T * N + 10 * N }> {
    let (states, last, memory) = layer(x, h, c);
    concat(flatten(states), flatten(last), flatten(memory))
}

/// Values against the script's, then gradients of the sum of `w · y` for fixed weights `w`.
macro_rules! check {
    ($net:ident($($input:expr),*), $numbers:ident) => {{
        let mut params = $net::Params::zeros();
        fill(&mut params);
        let (y, saved) = $net::forward($($input,)* &params);
        assert_near(y.iter().copied(), reference::$numbers);
        let weights = input_like(&y);
        let gradients = $net::backward($($input,)* &params, &saved, &weights);
        assert_gradients(&params, &gradients, |p| (&$net($($input,)* p) * &weights).sum());
    }};
}

fn input_like<D: Dimension>(y: &Array<f64, D>) -> Array<f64, D> {
    let values = (0..y.len()).map(wave(1.0, 9)).collect();
    Array::from_shape_vec(y.raw_dim(), values).unwrap()
}

#[test]
fn layers_give_what_numpy_gives_and_are_derived_rightly() {
    let x = &input([N, I], 0);
    check!(of_dense(x), DENSE);
    check!(of_mlp(x), MLP);
    check!(of_glu(x), GLU);
    check!(of_layer_norm(x), LAYER_NORM);
    check!(of_rms_norm(x), RMS_NORM);
    check!(of_self_attention(x), SELF_ATTENTION);
    check!(of_embedding(&array![5, 0, 5]), EMBEDDING);
}

#[test]
fn attention_gives_what_numpy_gives_and_is_derived_rightly() {
    let x = &input([2, N, I], 0);
    check!(of_multi_head_attention(x), MULTI_HEAD_ATTENTION);
    check!(of_transformer_block(x), TRANSFORMER_BLOCK);
}

#[test]
fn convolutions_give_what_numpy_gives_and_are_derived_rightly() {
    let x = &input([2, 3, 4, 5], 0);
    check!(of_conv_block(x), CONV_BLOCK);
    check!(of_residual_block(x), RESIDUAL_BLOCK);
    check!(of_pooled_dense(x), POOLED_DENSE);
}

#[test]
fn sequences_give_what_numpy_gives_and_are_derived_rightly() {
    let (x, h, c) = (&input([4, N, I], 0), &input([N, H], 1), &input([N, H], 2));
    check!(of_rnn(x, h), RNN);
    check!(of_gru(x, h), GRU);
    check!(of_lstm(x, h, c), LSTM);
}

#[test]
fn cells_give_what_numpy_gives_and_are_derived_rightly() {
    let (x, h, c) = (&input([N, I], 0), &input([N, H], 1), &input([N, H], 2));
    check!(of_rnn_cell(x, h), RNN_CELL);
    check!(of_gru_cell(x, h), GRU_CELL);
    let mut params = of_lstm_cell::Params::zeros();
    fill(&mut params);
    let ((next_h, next_c), saved) = of_lstm_cell::forward(x, h, c, &params);
    assert_near(next_h.iter().chain(&next_c).copied(), reference::LSTM_CELL);
    let weights = &input_like(&next_h);
    let gradients = of_lstm_cell::backward(x, h, c, &params, &saved, (weights, weights));
    assert_gradients(&params, &gradients, |p| {
        let (h, c) = of_lstm_cell(x, h, c, p);
        ((h + c) * weights).sum()
    });
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

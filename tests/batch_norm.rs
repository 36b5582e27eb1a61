//! Batch normalisation: statistics of the batch in training, running ones in inference, which training moves; on its own,
//! and in groups of other networks.

use ndarray::{Array2, Array4, Axis, array};
use pullback::{ParamSet, network};

/// With its own scale, shift and running statistics for `C` channels.
#[network(f64)]
fn normal<const C: usize>(
    x: Input<N, C>,
    #[init(ones)] scale: Param<C>,
    shift: Param<C>,
    mean: State<C>,
    #[init(ones)] var: State<C>,
) -> Output<N, C> {
    batch_norm(x, scale, shift, mean, var)
}

#[network(f64)]
fn images(
    x: Input<N, 3, 4, 5>,
    scale: Param<3>,
    shift: Param<3>,
    mean: State<3>,
    #[init(ones)] var: State<3>,
) -> Output {
    sum(square(batch_norm(x, scale, shift, mean, var, momentum = 0.25)))
}

/// Two layers, each with a state of its own, and a seed.
#[network(f64)]
fn deep(x: Input<N, 3>, w: Param<3, 4>, first: normal<3>, second: normal<4>, seed: Random) -> Output<N, 4> {
    second(dropout(tanh(first(x).dot(w)), seed, p = 0.25))
}

#[network(f64)]
fn deep_loss(x: Input<N, 3>, y: Input<N, 4>, model: deep, seed: Random) -> Output {
    mse(model(x, seed), y)
}

fn wavy(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((5 * i + 3 * j) as f64).sin() * (j + 1) as f64 + j as f64)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * b.abs().max(1.0)
}

#[test]
fn training_moves_the_running_statistics() {
    let (x, mut state) = (wavy(7, 2), normal::State::new(2));
    assert_eq!((&state.mean, &state.var), (&array![0.0, 0.0], &array![1.0, 1.0]));
    let params = normal::Params { scale: array![2.0, 1.0], shift: array![0.5, -1.0] };
    let (y, _) = normal::forward(&x, &params, &mut state);
    for (c, column) in x.axis_iter(Axis(1)).enumerate() {
        let (mean, biased) = (column.mean().unwrap(), column.var(0.0));
        for (n, v) in column.iter().enumerate() {
            let expected = (v - mean) / (biased + 1e-5).sqrt() * params.scale[c] + params.shift[c];
            assert!(close(y[[n, c]], expected));
        }
        assert!(close(state.mean[c], 0.1 * mean) && close(state.var[c], 0.9 + 0.1 * column.var(1.0)));
    }
    let inferred = normal(&x, &params, &state);
    let expected = (x[[3, 1]] - state.mean[1]) / (state.var[1] + 1e-5).sqrt() - 1.0;
    assert!(close(inferred[[3, 1]], expected));
}

#[test]
fn a_channel_is_all_that_is_not_the_channel() {
    let x = Array4::from_shape_fn((2, 3, 4, 5), |(n, c, h, w)| ((n + 2 * c + 3 * h + 5 * w) as f64).cos());
    let params = images::Params { scale: array![1.0, 2.0, 3.0], shift: array![0.0, 0.0, 1.0] };
    let (mut state, mut again) = (images::State::new(), images::State::new());
    let (value, gradients) = images::value_and_grad(&x, &params, &mut state);
    let channel = x.index_axis(Axis(1), 2);
    assert!(close(state.mean[2], 0.25 * channel.mean().unwrap()));
    assert!(close(state.var[2], 0.75 + 0.25 * channel.var(1.0)));
    // Σ (scale · z + shift)², where z has mean 0 and variance 1 (but for eps).
    assert!((value - 40.0 * (1.0 + 4.0 + 9.0 + 1.0)).abs() < 0.1);
    assert!((gradients.shift[2] - 80.0).abs() < 1e-9);
    let mut workspace = images::Workspace::default();
    let (_, into) = images::value_and_grad_into(&x, &params, &mut again, &mut workspace);
    assert_eq!(*into, gradients);
    assert_eq!(state, again);
}

#[test]
fn one_value_has_no_variance() {
    let (params, mut state) = (normal::Params { scale: array![1.0], shift: array![0.0] }, normal::State::new(1));
    let (y, _) = normal::forward(&array![[3.0]], &params, &mut state);
    assert_eq!((y[[0, 0]], state.var[0]), (0.0, 0.9));
}

#[test]
fn groups_keep_the_states_of_their_networks() {
    let (x, y) = (wavy(6, 3), wavy(6, 4));
    let mut params = deep_loss::Params::init(&mut <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(2));
    let mut state = deep_loss::State::new();
    let paths: Vec<String> = (0..state.count()).map(|k| state.path(k)).collect();
    let all = ["model.first.mean", "model.first.var", "model.second.mean", "model.second.var"];
    assert_eq!(paths, all);
    let (_, gradients) = deep_loss::value_and_grad(&x, &y, 4, &params, &mut state);
    assert!(close(state.model.first.mean[1], 0.1 * x.column(1).mean().unwrap()));
    assert!(state.model.second.var.iter().all(|v| *v != 1.0));
    let mut at = |params: &deep_loss::Params<f64>| deep_loss::value_and_grad(&x, &y, 4, params, &mut state).0;
    for k in 0..4 {
        let (own, step) = (params.model.w[[1, k]], 1e-5);
        params.model.w[[1, k]] = own + step;
        let above = at(&params);
        params.model.w[[1, k]] = own - step;
        let numeric = (above - at(&params)) / (2.0 * step);
        params.model.w[[1, k]] = own;
        assert!((gradients.model.w[[1, k]] - numeric).abs() < 1e-7, "{k}");
    }
    let inferred = deep_loss(&x, &y, &params, &state);
    assert!(inferred.is_finite() && inferred == deep_loss::infer(&x, &y, &params, &state));
}

#[test]
#[should_panic(expected = "state.mean")]
fn a_state_of_another_shape_is_named() {
    let params = normal::Params { scale: array![1.0, 1.0], shift: array![0.0, 0.0] };
    normal(&wavy(3, 2), &params, &normal::State::new(3));
}

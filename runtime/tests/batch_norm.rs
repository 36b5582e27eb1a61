//! The batch norms of `nn` against their definition, in training and in inference.

use ndarray::{Array2, Array4, Axis, array};
use pullback::nn::{batch_norm, batch_norm_2d};

fn close(a: f32, b: f32) {
    assert!((a - b).abs() < 1e-5, "{a} in place of {b}");
}

#[test]
fn columns_are_normalised_by_the_batch_and_then_by_the_state() {
    let x: Array2<f32> = array![[1.0, -2.0], [2.0, 4.0], [6.0, 1.0]];
    let (params, mut state) =
        (batch_norm::Params { scale: array![2.0, 0.5], shift: array![0.1, -0.1] }, batch_norm::State::new(2));
    let (output, _) = batch_norm::forward(&x, &params, &mut state);
    for c in 0..2 {
        let column = x.index_axis(Axis(1), c);
        let (mean, var) = (column.mean().unwrap(), column.var(0.0));
        for n in 0..3 {
            let normal = (x[[n, c]] - mean) / (var + 1e-5).sqrt();
            close(output[[n, c]], normal * params.scale[c] + params.shift[c]);
        }
        close(state.mean[c], 0.1 * mean);
        close(state.var[c], 0.9 + 0.1 * column.var(1.0));
    }
    let inferred = batch_norm(&x, &params, &state);
    let normal = (x[[1, 1]] - state.mean[1]) / (state.var[1] + 1e-5).sqrt();
    close(inferred[[1, 1]], normal * params.scale[1] + params.shift[1]);
}

#[test]
fn channels_are_normalised_over_samples_and_places() {
    let x = Array4::from_shape_fn((2, 3, 2, 2), |(n, c, i, j)| (n * 7 + c * 3 + i * 2 + j * 5) as f32 % 4.0);
    let (params, mut state) = (batch_norm_2d::init(&mut pullback::rand::rng(), 3), batch_norm_2d::State::new(3));
    let (output, _) = batch_norm_2d::forward(&x, &params, &mut state);
    for c in 0..3 {
        let channel = output.index_axis(Axis(1), c);
        close(channel.mean().unwrap(), 0.0);
        assert!((channel.var(0.0) - 1.0).abs() < 1e-4);
        close(state.mean[c], 0.1 * x.index_axis(Axis(1), c).mean().unwrap());
    }
}

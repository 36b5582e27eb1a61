//! The batch norms of `nn` against their definition, in training and in inference.

use ndarray::{Array2, Array4, Axis, array};
use pullback::network;
use pullback::nn::{batch_norm, batch_norm_2d};

#[network]
fn columns(x: Input<N, 2>, norm: batch_norm<2>) -> Output<N, 2> {
    norm(x)
}

#[network]
fn images(x: Input<N, C, 2, 2>, norm: batch_norm_2d<C>) -> Output<N, C, 2, 2> {
    norm(x)
}

fn close(a: f32, b: f32) {
    assert!((a - b).abs() < 1e-5, "{a} in place of {b}");
}

#[test]
fn columns_are_normalised_by_the_batch_and_then_by_the_state() {
    let x: Array2<f32> = array![[1.0, -2.0], [2.0, 4.0], [6.0, 1.0]];
    let params = columns::Params { norm: batch_norm::Params { scale: array![2.0, 0.5], shift: array![0.1, -0.1] } };
    let (norm, mut state) = (&params.norm, columns::State::new());
    let (output, _) = columns::forward(&x, &params, &mut state);
    for c in 0..2 {
        let column = x.index_axis(Axis(1), c);
        let (mean, var) = (column.mean().unwrap(), column.var(0.0));
        for n in 0..3 {
            let normal = (x[[n, c]] - mean) / (var + 1e-5).sqrt();
            close(output[[n, c]], normal * norm.scale[c] + norm.shift[c]);
        }
        close(state.norm.mean[c], 0.1 * mean);
        close(state.norm.var[c], 0.9 + 0.1 * column.var(1.0));
    }
    let inferred = columns(&x, &params, &state);
    let normal = (x[[1, 1]] - state.norm.mean[1]) / (state.norm.var[1] + 1e-5).sqrt();
    close(inferred[[1, 1]], normal * norm.scale[1] + norm.shift[1]);
}

#[test]
fn channels_are_normalised_over_samples_and_places() {
    let x = Array4::from_shape_fn((2, 3, 2, 2), |(n, c, i, j)| (n * 7 + c * 3 + i * 2 + j * 5) as f32 % 4.0);
    let (params, mut state) = (images::Params::init(&mut pullback::rand::rng(), 3), images::State::new(3));
    let (output, _) = images::forward(&x, &params, &mut state);
    for c in 0..3 {
        let channel = output.index_axis(Axis(1), c);
        close(channel.mean().unwrap(), 0.0);
        assert!((channel.var(0.0) - 1.0).abs() < 1e-4);
        close(state.norm.mean[c], 0.1 * x.index_axis(Axis(1), c).mean().unwrap());
    }
}

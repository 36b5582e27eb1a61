//! Dropout: what share it drops, that the mask is the same there and back, which uses have the same one, and that inference
//! knows nothing of it.

use ndarray::{Array1, Array2, Array3, Axis, ShapeBuilder};
use pullback::network;

#[network(wrt(x))]
fn dropped(x: Input<N, K>, seed: Random) -> Output<N, K> {
    dropout(x, seed, p = 0.3)
}

#[network(f64, wrt(x))]
fn dropped_64(x: Input<N, K>, seed: Random) -> Output<N, K> {
    dropout(x, seed, p = 0.3)
}

#[network]
fn twice(x: Input<N, K>, seed: Random) -> (Output<N, K>, Output<N, K>) {
    (dropout(x, seed), dropout(x, seed))
}

#[network]
fn by_call(x: Input<N, K>, seed: Random) -> (Output<N, K>, Output<N, K>) {
    (self::dropped(x, seed), self::dropped(x, seed))
}

#[network(wrt(x))]
fn in_turns(x: Input<N>, seed: Random) -> Output<3, N> {
    for t in 0..3 {
        dropout(x, seed)
    }
}

/// A hidden layer that learns not to rely on any of its neurons.
#[network(f64)]
fn loss(x: Input<N, 3>, y: Input<N, 1>, w: Param<3, 8>, v: Param<8, 1>, seed: Random) -> Output {
    let hidden = dropout(tanh(x.dot(w)), seed, p = 0.4);
    mse(hidden.dot(v), y)
}

fn ones(rows: usize, columns: usize) -> Array2<f32> {
    Array2::ones((rows, columns))
}

/// The share of zeros.
fn share<'a>(elements: impl IntoIterator<Item = &'a f32>) -> f64 {
    let (zeros, all) = elements.into_iter().fold((0, 0), |(z, n), &v| (z + usize::from(v == 0.0), n + 1));
    zeros as f64 / all as f64
}

#[test]
fn a_share_is_dropped_and_the_mean_stays() {
    let x = ones(400, 250);
    let (y, _) = dropped::forward(&x, 7, &dropped::Params {});
    assert!(y.iter().all(|&v| v == 0.0 || (v - 1.0 / 0.7).abs() < 1e-6));
    // Five standard deviations of a share of 100,000.
    assert!((share(&y) - 0.3).abs() < 5.0 * (0.21f64 / 1e5).sqrt(), "{}", share(&y));
    let mean = y.mean().unwrap();
    let variance = y.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 1e5;
    assert!((mean - 1.0).abs() < 0.012 && (variance - 0.3 / 0.7).abs() < 0.012, "{mean} {variance}");
    for axis in [0, 1] {
        let shares: Vec<f64> = y.axis_iter(Axis(axis)).map(share).collect();
        let bound = 5.5 * (0.21 / y.len_of(Axis(1 - axis)) as f64).sqrt();
        assert!(shares.iter().all(|s| (s - 0.3).abs() < bound), "{shares:?}");
    }
    // Neighbours know nothing of each other.
    let pairs = y.windows((1, 2)).into_iter().filter(|w| w.iter().all(|v| *v == 0.0)).count() as f64 / (400.0 * 249.0);
    assert!((pairs - 0.09).abs() < 5.0 * (0.09f64 * 0.91 / 1e5).sqrt() * 1.5, "{pairs}");
}

#[test]
fn the_mask_is_the_same_there_and_back() {
    let x = ones(30, 40);
    let (y, saved) = dropped::forward(&x, 3, &dropped::Params {});
    assert_eq!(dropped::backward(&x, 3, &dropped::Params {}, &saved, &ones(30, 40)).x, y);
    assert_eq!(saved.bytes(), 0);
}

#[test]
fn a_seed_gives_the_same_mask_in_any_layout_and_precision() {
    let (x, none) = (ones(30, 40), dropped::Params {});
    let (y, _) = dropped::forward(&x, 3, &none);
    let (turned, _) = dropped::forward(&Array2::ones((30, 40).f()), 3, &none);
    assert_eq!(y, turned);
    let (double, _) = dropped_64::forward(&Array2::ones((30, 40)), 3, &dropped_64::Params {});
    assert!(y.iter().zip(&double).all(|(a, b)| (*a == 0.0) == (*b == 0.0)));
    let (other, _) = dropped::forward(&x, 4, &none);
    assert_ne!(y, other);
    let (first, _) = dropped::forward(&ones(10, 40), 3, &none);
    assert_eq!(first, y.slice(ndarray::s![..10, ..]));
}

#[test]
fn every_use_has_a_mask_of_its_own() {
    let x = ones(20, 30);
    let ((a, b), _) = twice::forward(&x, 11, &twice::Params {});
    assert_ne!(a, b);
    let ((c, d), _) = by_call::forward(&x, 11, &by_call::Params {});
    assert!(c != d && a.mapv(|v| v == 0.0) != c.mapv(|v| v == 0.0));
    let x = Array1::ones(50);
    let (turns, saved) = in_turns::forward(&x, 1, &in_turns::Params {});
    let rows: Vec<_> = turns.outer_iter().collect();
    assert!(rows[0] != rows[1] && rows[1] != rows[2] && rows[0] != rows[2]);
    let back = in_turns::backward(&x, 1, &in_turns::Params {}, &saved, &Array2::ones((3, 50)));
    assert_eq!(back.x, turns.sum_axis(Axis(0)));
}

#[test]
fn inference_takes_no_seed() {
    let x = ones(3, 4);
    assert_eq!(dropped(&x, &dropped::Params {}), x);
    assert!(dropped::check(&x, &dropped::Params {}).is_ok());
}

#[test]
fn gradients_agree_with_differences_under_one_seed() {
    let x = Array2::from_shape_fn((5, 3), |(i, j)| ((7 * i + 3 * j) as f64).sin());
    let y = Array2::from_shape_fn((5, 1), |(i, _)| (i as f64).cos());
    let mut params = loss::Params::init(&mut <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(5));
    let (_, gradients) = loss::value_and_grad(&x, &y, 9, &params);
    let at = |params: &loss::Params<f64>| loss::value_and_grad(&x, &y, 9, params).0;
    for k in 0..8 {
        let (own, step) = (params.w[[1, k]], 1e-5);
        params.w[[1, k]] = own + step;
        let above = at(&params);
        params.w[[1, k]] = own - step;
        let numeric = (above - at(&params)) / (2.0 * step);
        params.w[[1, k]] = own;
        assert!((gradients.w[[1, k]] - numeric).abs() < 1e-8, "{k}");
    }
    let mut workspace = loss::Workspace::default();
    let (value, into) = loss::value_and_grad_into(&x, &y, 9, &params, &mut workspace);
    assert!(value == at(&params) && *into == gradients);
}

#[network]
fn deep(x: Input<N, M, K>, seed: Random) -> Output<N, M, K> {
    dropout(x, seed)
}

#[test]
fn no_two_rows_have_the_same_mask() {
    let (y, _) = deep::forward(&Array3::ones((40, 50, 64)), u64::MAX, &deep::Params {});
    let rows: std::collections::HashSet<Vec<bool>> =
        y.rows().into_iter().map(|row| row.iter().map(|v| *v == 0.0).collect()).collect();
    assert_eq!(rows.len(), 2000);
}

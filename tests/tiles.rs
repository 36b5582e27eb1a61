//! Steps whose rows are worked on in tiles, in lanes: the value and the gradients of forward and backward, which walk whole
//! arrays, for numbers of rows that fill their tiles and that don't.

use ndarray::{Array, Array1, Array2, Dimension, ShapeBuilder};
use pullback::network;

const ROWS: [usize; 8] = [1, 5, 31, 32, 33, 64, 100, 1003];

/// Positions among classes, and shares of them.
#[network(f64)]
fn flowers(x: Input<N, 4>, labels: Index<N>, w: Param<4, 16>, b: Param<16>, v: Param<16, 3>, c: Param<3>) -> Output {
    softmax_cross_entropy(tanh(x.dot(w) + b).dot(v) + c, labels)
}

/// As many features and classes as a tile has lanes.
#[network(f64)]
fn as_wide_as_lanes(x: Input<N, 32>, labels: Index<N>, w: Param<32, 32>, b: Param<32>) -> Output {
    softmax_cross_entropy(x.dot(w) * b, labels, smoothing = 0.1)
}

/// Shares whose sum is below the line.
#[network(f64)]
fn shares(x: Input<N, 13>, y: Input<N, 8>, w: Param<13, 8>) -> Output {
    let p = softmax(x.dot(w));
    mean(p * p) + mse(p, y) + mean(norm(x.dot(w), axis = 1))
}

#[network(f64)]
fn positions(x: Input<N, 12>, kind: Index<N>, kept: Mask<N>, w: Param<12, 9>, v: Param<9>) -> Output {
    let seen = x.dot(w) * (v + one_hot(kind, 9));
    let normal = seen - mean(seen, axis = 1, keepdims = true);
    sum(select(insert_axis(kept, axis = 1), sigmoid(normal), 0.1 * seen)) / 100
}

fn wavy<D: Dimension>(shape: impl ShapeBuilder<Dim = D>, step: f64) -> Array<f64, D> {
    let mut k = 0.0;
    Array::from_shape_simple_fn(shape, || {
        k += step;
        f64::sin(k)
    })
}

fn expect_near<D: Dimension>(found: &Array<f64, D>, expected: &Array<f64, D>, rows: usize) {
    let largest = expected.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    assert!(largest > 0.0 && largest.is_finite(), "{rows} rows");
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * largest;
    assert!(found.iter().zip(expected).all(near), "{rows} rows: {found} in place of {expected}");
}

fn expect_same_memory(bytes: impl Fn(usize) -> usize) {
    let all = ROWS.map(bytes);
    assert_eq!(all, [all[0]; ROWS.len()]);
}

/// The gradients of a step against those of backward, field by field; gives the memory of the step, which doesn't grow with
/// the rows of tiles.
macro_rules! agree {
    ($network:ident($($input:expr),*), $params:expr, $rows:expr, [$($field:ident)*]) => {{
        let params = $params;
        let (value, saved) = $network::forward($($input,)* &params);
        let expected = $network::backward($($input,)* &params, &saved, 1.0);
        let mut workspace = $network::Workspace::default();
        let (found, gradients) = $network::value_and_grad_into($($input,)* &params, &mut workspace);
        assert!((value - found).abs() <= 1e-12 * value.abs(), "{} rows: {found} in place of {value}", $rows);
        assert!((value - $network($($input,)* &params)).abs() <= 1e-12 * value.abs());
        $(expect_near(&gradients.$field, &expected.$field, $rows);)*
        workspace.bytes()
    }};
}

#[test]
fn classes_of_flowers() {
    expect_same_memory(|rows| {
        let (x, labels): (Array2<f64>, _) = (wavy((rows, 4), 0.7), Array1::from_shape_fn(rows, |i| i * i % 3));
        let params =
            flowers::Params { w: wavy((4, 16), 0.3), b: wavy(16, 0.2), v: wavy((16, 3), 0.9), c: wavy(3, 0.4) };
        agree!(flowers(&x, &labels), params, rows, [w b v c])
    });
}

#[test]
fn features_as_wide_as_lanes() {
    expect_same_memory(|rows| {
        let (x, labels): (Array2<f64>, _) = (wavy((rows, 32), 0.7), Array1::from_shape_fn(rows, |i| i * i % 32));
        let params = as_wide_as_lanes::Params { w: wavy((32, 32), 0.3), b: wavy(32, 0.2) };
        agree!(as_wide_as_lanes(&x, &labels), params, rows, [w b])
    });
}

#[test]
fn shares_below_the_line() {
    expect_same_memory(|rows| {
        let (x, y): (Array2<f64>, Array2<f64>) = (wavy((rows, 13), 0.7), wavy((rows, 8), 0.1));
        agree!(shares(&x, &y), shares::Params { w: wavy((13, 8), 0.3) }, rows, [w])
    });
}

#[test]
fn positions_and_truth_values() {
    expect_same_memory(|rows| {
        let (x, kind): (Array2<f64>, _) = (wavy((rows, 12), 0.7), Array1::from_shape_fn(rows, |i| (i * i + i) % 9));
        let kept = Array1::from_shape_fn(rows, |i| i % 3 > 0 || i == 0);
        agree!(positions(&x, &kind, &kept), positions::Params { w: wavy((12, 9), 0.3), v: wavy(9, 0.2) }, rows, [w v])
    });
}

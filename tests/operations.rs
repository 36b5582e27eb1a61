//! Operations with options as emitted code: every gradient agrees with a finite difference, and the bits are those of any
//! other layout of the inputs.

use ndarray::{Array, Array1, Array4, ArrayD, ArrayViewD, Axis, Dimension, IxDyn, ShapeBuilder};
use pullback::{ParamSet, network};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn random<D: Dimension>(shape: impl ShapeBuilder<Dim = D>, seed: u64) -> Array<f64, D> {
    let mut rng = StdRng::seed_from_u64(seed);
    Array::from_shape_simple_fn(shape, || rng.random_range(-1.0..1.0))
}

fn fill(params: &mut impl ParamSet<Elem = f64>) {
    for k in 0..params.count() {
        let mut array = params.array_mut(k);
        let values = random(array.raw_dim(), k as u64 + 1);
        array.assign(&values);
    }
}

/// Central differences of fourth order for every parameter.
fn check<P: ParamSet<Elem = f64> + Clone>(
    params: &P,
    gradients: &impl ParamSet<Elem = f64>,
    value: impl Fn(&P) -> f64,
) {
    let step = 1e-3;
    for k in 0..params.count() {
        let derived: ArrayViewD<f64> = gradients.array(k);
        let numeric = ArrayD::from_shape_fn(IxDyn(derived.shape()), |at| {
            let moved = |by: f64| {
                let mut moved = params.clone();
                moved.array_mut(k)[at.clone()] += by;
                value(&moved)
            };
            (8.0 * (moved(step) - moved(-step)) - (moved(2.0 * step) - moved(-2.0 * step))) / (12.0 * step)
        });
        let largest = numeric.iter().fold(1.0f64, |m, v| m.max(v.abs()));
        for (d, n) in derived.iter().zip(&numeric) {
            assert!((d - n).abs() <= 1e-6 * largest, "{}: {d} in place of {n}", params.path(k));
        }
    }
}

/// Two convolutions, pooled, flattened: what a small image classifier is made of.
#[network(f64)]
fn images(
    x: Input<N, 2, 8, 8>,
    w: Param<4, 2, 3, 3>,
    b: Param<4>,
    v: Param<6, 2, 3, 3>,
    out: Param<24, 3>,
    labels: Index<N>,
) -> Output {
    let first = max_pool(tanh(conv2d(x, w, padding = 1) + reshape(b, [4, 1, 1])), size = 2);
    let second = conv2d(first, v, stride = 2, padding = 1, groups = 2);
    let flat = flatten(sin(second), axis = 1);
    softmax_cross_entropy(flat.dot(out), labels)
}

#[test]
fn convolutions_and_pools_are_derived() {
    let mut params = images::Params::zeros();
    fill(&mut params);
    let (x, labels) = (random((3, 2, 8, 8), 7), Array1::from(vec![0, 2, 1]));
    let (value, gradients) = images::value_and_grad(&x, &labels, &params);
    check(&params, &gradients, |p| images(&x, &labels, p));
    let mut turned = Array4::zeros((3, 2, 8, 8).f());
    turned.assign(&x);
    assert_eq!((value, gradients), images::value_and_grad(&turned, &labels, &params));
}

/// An image grown from a smaller one.
#[network(f64)]
fn grown(x: Input<N, 4, 3, 3>, w: Param<4, 2, 3, 3>, s: Param<4, 1, 4>) -> Output {
    let image = conv_transpose2d(x, w, stride = 2, padding = 1, output_padding = 1, groups = 2);
    let lines = conv1d(reshape(image, [N, 4, 36]), s, dilation = 3, groups = 4);
    mean(square(avg_pool(lines, size = 3)) + sum(global_avg_pool(image)))
}

#[test]
fn transposed_and_one_dimensional_convolutions_are_derived() {
    let mut params = grown::Params::zeros();
    fill(&mut params);
    let x = random((2, 4, 3, 3), 3);
    let (_, gradients) = grown::value_and_grad(&x, &params);
    check(&params, &gradients, |p| grown(&x, p));
}

/// Parts, joins and turns.
#[network(f64)]
fn parts(x: Input<N, 6>, a: Param<N, 6>, b: Param<2, N>, n: Input<N>) -> Output {
    let left = slice(a, axis = 1, end = 2) * slice(x, axis = 1, start = -2);
    let odd = slice(a, axis = 1, start = 1, step = 2);
    let all = concat(left, flip(odd, axis = 1), b.t() * exp(b.t()), axis = 1);
    let more = stack(pad(all, 1, 2, axis = 1), pad(all, before = 3, axis = 1, value = 0.5));
    let first = more.at(0) * more.at(1);
    let sums = cumsum(first, axis = 0) + cumsum(tanh(first));
    sum(sums * broadcast_to(insert_axis(n, axis = 1), [N, 10])) + sum(square(slice(first, 0, 1)))
}

#[test]
fn parts_and_joins_are_derived() {
    for n in [1, 4, 5] {
        let mut params = parts::Params::zeros(n);
        fill(&mut params);
        let (x, w) = (random((n, 6), 5), random(n, 6));
        let (value, gradients) = parts::value_and_grad(&x, &w, &params);
        check(&params, &gradients, |p| parts(&x, &w, p));
        let mut reversed = x.clone();
        reversed.invert_axis(Axis(0));
        let mut reversed = reversed.as_standard_layout().into_owned();
        reversed.invert_axis(Axis(0));
        assert_eq!((value, gradients), parts::value_and_grad(&reversed, &w, &params));
    }
}

/// Rows of a table, looked up and put back.
#[network(f64)]
fn words(text: Index<N, T>, best: Param<V, D>, table: Param<V, D>) -> Output<N, D> {
    let seen = embedding(text, table);
    let peak = gather(best, argmax(mean(table, axis = 1), axis = 0).insert_axis(0));
    mean(seen * seen, axis = 1) + peak + sum(one_hot(text, classes = V).dot(best), axis = 1)
}

#[test]
fn tables_are_looked_up_and_derived() {
    let mut params = words::Params::zeros(5, 3);
    fill(&mut params);
    let text = ndarray::array![[0, 3, 3, 1], [4, 4, 4, 0]];
    let (output, saved) = words::forward(&text, &params);
    assert_eq!(output, words(&text, &params));
    let weights = random((2, 3), 9);
    let gradients = words::backward(&text, &params, &saved, &weights);
    check(&params, &gradients, |p| (words(&text, p) * &weights).sum());
    let message = words::check(&ndarray::array![[5]], &params).unwrap_err().to_string();
    assert!(message.contains("text") && message.contains('5'), "{message}");
}

/// Heads of attention over batches, normalised.
#[network(f64)]
fn heads(
    x: Input<N, T, 4>,
    seen: Mask<T, T>,
    wq: Param<4, 4>,
    wk: Param<4, 4>,
    wv: Param<4, 4>,
    g: Param<4>,
    s: Param<4>,
) -> Output<N, T, 4> {
    let y = layer_norm(x, g, s);
    let q = permute(reshape(y.dot(wq), [N, T, 2, 2]), [0, 2, 1, 3]);
    let k = permute(reshape(y.dot(wk), [N, T, 2, 2]), [0, 2, 1, 3]);
    let v = permute(reshape(y.dot(wv), [N, T, 2, 2]), [0, 2, 1, 3]);
    let all = attention(q, k, v, mask = seen) + attention(q, k, v, causal = true);
    rms_norm(x + reshape(permute(all, [0, 2, 1, 3]), [N, T, 4]))
}

#[test]
fn batches_of_products_are_derived() {
    let mut params = heads::Params::zeros();
    fill(&mut params);
    let x = random((2, 3, 4), 2);
    let seen = ndarray::array![[true, false, true], [true, true, true], [false, false, true]];
    let (output, saved) = heads::forward(&x, &seen, &params);
    let weights = random((2, 3, 4), 4);
    let gradients = heads::backward(&x, &seen, &params, &saved, &weights);
    check(&params, &gradients, |p| (heads(&x, &seen, p) * &weights).sum());
    let empty = heads(&random((0, 3, 4), 1), &seen, &params);
    assert_eq!((empty.shape(), output.shape()), (&[0, 3, 4][..], &[2, 3, 4][..]));
}

/// The two halves of every row, the second through a sigmoid.
#[network(f64)]
fn halves(x: Input<N, { 2 * H }>, w: Param<H>) -> (Output<N, H>, Output<N, H>) {
    split(x * concat(w, sigmoid(w)), sizes = [H, H], axis = 1)
}

/// A gated linear unit.
#[network(f64)]
fn gated(x: Input<N, 4>, layer: halves) -> Output {
    let (a, b) = layer(x);
    let (first, rest) = split(a * sigmoid(b), parts = 2, axis = 1);
    sum(first * first) + sum(rest)
}

#[test]
fn the_parts_of_a_split_are_values() {
    let mut params = gated::Params { layer: halves::Params { w: Array1::zeros(2) } };
    fill(&mut params);
    let x = random((3, 4), 8);
    let (_, gradients) = gated::value_and_grad(&x, &params);
    check(&params, &gradients, |params| gated(&x, params));
}

//! Long loops on threads: the same bits for any number of them, and what the same loops give for few rows at a time, which
//! nobody shares.

use ndarray::{Array1, Array2, Axis, s};
use pullback::math::Real;
use pullback::optim::{Adam, AdamConfig, Sgd, SgdConfig};
use pullback::threads::at_most;
use pullback::{ParamSet, network};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::ops::Range;

/// Element by element, over parameters that move meanwhile.
#[network]
fn chain(a: Param<M, N>, b: Param<M, N>, c: Input<M, N>) -> Output {
    let mixed = sigmoid(a) * tanh(b) + c;
    mean(tanh(softplus(mixed) * a)) + 0.5 * mean(square(b))
}

/// Rows with sums over all of them, as numbers and as arrays.
#[network(wrt(x))]
fn layers(x: Input<N, 8>, y: Input<N, W>, w: Param<8, W>, b: Param<W>, scale: Param) -> Output {
    mse(gelu_tanh(x.dot(w) + b) * scale, y)
}

/// Several loops along a row, with labels.
#[network]
fn classes(x: Input<N, 5>, labels: Index<N>, w: Param<5, 150>, gain: Param<150>, shift: Param<150>) -> Output {
    let scores = x.dot(w);
    let centred = scores - mean(scores, axis = 1, keepdims = true);
    let spread = sqrt(mean(square(centred), axis = 1, keepdims = true) + 1e-5);
    softmax_cross_entropy(centred / spread * gain + shift, labels)
}

/// Reads across the rows that are shared, at an offset, backwards and by position; masks and several results.
#[network(f64, wrt(x))]
fn across(x: Input<N, N>, v: Input<N>, k: Input<N, 1>) -> (Output<N, N>, Output<N>, Output<N>) {
    let mixed = tanh(x + t(x)) * v + exp(k) * reverse(v);
    let kept = select(x > mixed, mixed, sin(x));
    (kept, max(kept, axis = 1), sum(kept * kept, axis = 0))
}

#[network(wrt(x))]
fn dropped(x: Input<N, K>, seed: Random) -> Output<N, K> {
    dropout(tanh(x), seed, p = 0.3)
}

/// Turns over the images of a batch, on the way there and back, with sums over all of them.
#[network(wrt(x))]
fn images(x: Input<N, 3, 20, 20>, w: Param<8, 3, 5, 5>, v: Param<6, 4, 3, 3>, b: Param<6>) -> Output<N, 6> {
    let seen = relu(conv2d(x, w, padding = 2));
    tanh(mean(conv2d(seen, v, stride = 2, groups = 2), axis = (2, 3)) + b)
}

/// Turns that carry nothing, of turns that do.
#[network(f64, wrt(x))]
fn alone(x: Input<T, 40, 30>, gates: Input<T>, w: Param<T, 30, 30>) -> Output<T, 40, 30> {
    for t in 0..T {
        let mut h = x.at(t);
        for s in 0..3 {
            h = sin(h.dot(w.at(t))) * gates.at(t);
        }
        h
    }
}

/// A product for each of a batch.
#[network(wrt(a, b))]
fn products(a: Input<N, 40, 50>, b: Input<N, 50, 30>) -> Output<N, 40, 30> {
    matmul(a, b)
}

const THREADS: [usize; 4] = [1, 2, 3, 8];

fn wavy<T: Real>(rows: usize, columns: usize, step: f64) -> Array2<T> {
    Array2::from_shape_fn((rows, columns), |(i, j)| T::from_f64(((7 * i + 3 * j) as f64 * step).sin()))
}

fn bits<T: Real>(params: &impl ParamSet<Elem = T>) -> Vec<u64> {
    let arrays = (0..params.count()).map(|index| params.array(index));
    arrays.flat_map(|array| array.iter().map(|x| x.to_f64().to_bits()).collect::<Vec<_>>()).collect()
}

fn expect_same<T: PartialEq>(run: impl Fn() -> T) {
    let results = THREADS.map(|threads| at_most(threads, &run));
    assert!(results.iter().all(|result| *result == results[0]));
}

fn expect_near<'a>(found: impl IntoIterator<Item = &'a f32>, expected: impl IntoIterator<Item = &'a f32>) {
    let pairs: Vec<_> = found.into_iter().zip(expected).collect();
    let largest = pairs.iter().map(|(_, b)| b.abs()).fold(0.0, f32::max);
    assert!(!pairs.is_empty() && largest > 0.0);
    assert!(pairs.iter().all(|(a, b)| (*a - *b).abs() <= 2e-5 * largest));
}

fn chain_of(rows: usize) -> (chain::Params, Array2<f32>) {
    (chain::Params { a: wavy(rows, 90, 0.1), b: wavy(rows, 90, 0.2) }, wavy(rows, 90, 0.3))
}

#[test]
fn any_number_of_threads_moves_parameters_by_the_same_bits() {
    let run = || {
        let ((mut sgd, c), mut adam) = (chain_of(500), chain_of(500).0);
        let (mut workspace, mut losses) = (chain::Workspace::default(), Vec::new());
        let mut plain = Sgd::new(SgdConfig { lr: 0.5, ..Default::default() });
        let mut moments = Adam::new(AdamConfig::default());
        for _ in 0..2 {
            losses.push(chain::train(&c, &mut sgd, &mut workspace, &mut plain).to_bits());
            losses.push(chain::train(&c, &mut adam, &mut workspace, &mut moments).to_bits());
        }
        (losses, bits(&sgd), bits(&adam))
    };
    expect_same(run);
}

#[test]
fn parameters_that_move_in_pieces_move_as_after_the_step() {
    let ((mut moved, c), mut after) = (chain_of(500), chain_of(500).0);
    let mut optimisers = [(); 2].map(|()| Adam::new(AdamConfig { lr: 0.1, ..Default::default() }));
    for _ in 0..2 {
        let (mut at_once, mut later) = (chain::Workspace::default(), chain::Workspace::default());
        let loss = chain::train(&c, &mut moved, &mut at_once, &mut optimisers[0]);
        let (expected, gradients) = chain::value_and_grad_into(&c, &after, &mut later);
        optimisers[1].step(&mut after, gradients);
        assert_eq!(loss, expected);
        assert_eq!(bits(&moved), bits(&after));
    }
}

#[test]
fn elements_in_pieces_are_those_of_short_loops() {
    let (params, c) = chain_of(500);
    let (loss, gradients) = chain::value_and_grad(&c, &params);
    let mut sum = 0.0;
    for k in 0..20 {
        let rows = s![25 * k..25 * (k + 1), ..];
        let own = chain::Params { a: params.a.slice(rows).to_owned(), b: params.b.slice(rows).to_owned() };
        let (loss, part) = chain::value_and_grad(c.slice(rows), &own);
        sum += loss / 20.0;
        expect_near(gradients.a.slice(rows), &part.a.mapv(|d| d / 20.0));
        expect_near(gradients.b.slice(rows), &part.b.mapv(|d| d / 20.0));
    }
    expect_near(&[loss], &[sum]);
}

#[test]
fn rows_in_pieces_are_those_of_short_loops() {
    let params = layers::Params { b: wavy(1, 96, 0.3).remove_axis(Axis(0)), w: wavy(8, 96, 0.2), scale: 0.7 };
    let (x, y) = (wavy(1200, 8, 0.1), wavy(1200, 96, 0.4));
    expect_same(|| {
        let (loss, gradients) = layers::value_and_grad(&x, &y, &params);
        let (again, saved) = layers::forward(&x, &y, &params);
        (loss.to_bits(), bits(&gradients), again.to_bits(), bits(&layers::backward(&x, &y, &params, &saved, 1.0)))
    });
    let (loss, gradients) = layers::value_and_grad(&x, &y, &params);
    let (mut sum, mut w, mut b, mut scale) = (0.0, Array2::zeros((8, 96)), Array1::zeros(96), 0.0);
    for k in 0..40 {
        let rows = s![30 * k..30 * (k + 1), ..];
        let (loss, part) = layers::value_and_grad(x.slice(rows), y.slice(rows), &params);
        sum += loss / 40.0;
        w.scaled_add(1.0 / 40.0, &part.w);
        b.scaled_add(1.0 / 40.0, &part.b);
        scale += part.scale / 40.0;
        expect_near(gradients.x.slice(rows), &part.x.mapv(|d| d / 40.0));
    }
    expect_near(&[loss, gradients.scale], &[sum, scale]);
    expect_near(&gradients.w, &w);
    expect_near(&gradients.b, &b);
}

#[test]
fn losses_in_pieces_are_those_of_short_loops() {
    let params = classes::Params::init(&mut StdRng::seed_from_u64(1));
    let params = classes::Params { gain: Array1::ones(150), ..params };
    let (x, labels) = (wavy(1000, 5, 0.1), Array1::from_shape_fn(1000, |i| i * i % 150));
    expect_same(|| {
        let (loss, gradients) = classes::value_and_grad(&x, &labels, &params);
        (loss.to_bits(), bits(&gradients), classes(&x, &labels, &params).to_bits())
    });
    let (loss, gradients) = classes::value_and_grad(&x, &labels, &params);
    let (mut sum, mut w, mut shift) = (0.0, Array2::zeros((5, 150)), Array1::zeros(150));
    for k in 0..40 {
        let rows = 25 * k..25 * (k + 1);
        let (loss, part) = classes::value_and_grad(x.slice(s![rows.clone(), ..]), labels.slice(s![rows]), &params);
        sum += loss / 40.0;
        w.scaled_add(1.0 / 40.0, &part.w);
        shift.scaled_add(1.0 / 40.0, &part.shift);
    }
    expect_near(&[loss], &[sum]);
    expect_near(&gradients.w, &w);
    expect_near(&gradients.shift, &shift);
}

#[test]
fn what_is_read_across_pieces_is_read_at_its_place() {
    let n = 400;
    let (x, v): (Array2<f64>, Array1<f64>) = (wavy(n, n, 0.1), wavy(1, n, 0.7).remove_axis(Axis(0)));
    let k = wavy(n, 1, 0.05);
    let none = across::Params {};
    expect_same(|| {
        let ((kept, largest, sums), saved) = across::forward(&x, &v, &k, &none);
        let d = across::backward(&x, &v, &k, &none, &saved, (&kept, &v, &largest));
        (kept, largest, sums, bits(&d), across(&x, &v, &k, &none))
    });
    let (kept, largest, sums) = across(&x, &v, &k, &none);
    for i in 0..n {
        for j in 0..n {
            let mixed = (x[[i, j]] + x[[j, i]]).tanh() * v[j] + k[[i, 0]].exp() * v[n - 1 - j];
            let expected = if x[[i, j]] > mixed { mixed } else { x[[i, j]].sin() };
            assert!((kept[[i, j]] - expected).abs() < 1e-12, "{i}, {j}");
        }
        assert_eq!(largest[i], kept.row(i).fold(f64::NEG_INFINITY, |a, b| a.max(*b)));
        assert!((sums[i] - kept.column(i).mapv(|x| x * x).sum()).abs() < 1e-9);
    }
    let (_, saved) = across::forward(&x, &v, &k, &none);
    let (d, zeros): (Array2<f64>, _) = (wavy(n, n, 0.3), Array1::zeros(n));
    let d_x = across::backward(&x, &v, &k, &none, &saved, (&d, &zeros, &zeros)).x;
    let mixed = |i: usize, j: usize| {
        let through = (x[[i, j]] + x[[j, i]]).tanh();
        let taken = x[[i, j]] > through * v[j] + k[[i, 0]].exp() * v[n - 1 - j];
        (taken, if taken { d[[i, j]] * v[j] * (1.0 - through * through) } else { 0.0 })
    };
    for i in 0..n {
        for j in 0..n {
            let own = if mixed(i, j).0 { 0.0 } else { d[[i, j]] * x[[i, j]].cos() };
            assert!((d_x[[i, j]] - own - mixed(i, j).1 - mixed(j, i).1).abs() < 1e-12, "{i}, {j}");
        }
    }
}

#[test]
fn a_draw_in_pieces_is_that_of_the_position() {
    let x = Array2::from_elem((600, 300), 0.5f32);
    let of = |rows: usize| dropped::forward(x.slice(s![..rows, ..]), 7, &dropped::Params {}).0;
    expect_same(|| of(600));
    let (all, few) = (of(600), of(20));
    assert_eq!(all.slice(s![..20, ..]), few);
    for k in 1..30 {
        assert!(all.slice(s![20 * k..20 * (k + 1), ..]) != few, "each piece draws for itself");
    }
}

fn filled<T: Real, D: ndarray::Dimension>(
    shape: impl ndarray::ShapeBuilder<Dim = D>,
    step: f64,
) -> ndarray::Array<T, D> {
    let mut k = 0.0;
    ndarray::Array::from_shape_simple_fn(shape, || {
        k += step;
        T::from_f64(k.sin())
    })
}

#[test]
fn images_in_pieces_are_those_of_few() {
    let x = filled((60, 3, 20, 20), 0.1);
    let params = images::Params { w: filled((8, 3, 5, 5), 0.7), v: filled((6, 4, 3, 3), 0.9), b: filled(6, 0.3) };
    let d = filled((60, 6), 0.2);
    let run = |images: Range<usize>| {
        let (x, d) = (x.slice(s![images.clone(), .., .., ..]), d.slice(s![images, ..]));
        let (seen, saved) = images::forward(x, &params);
        (seen, images::backward(x, &params, &saved, d))
    };
    expect_same(|| (run(0..60).0, bits(&run(0..60).1)));
    let (seen, gradients) = run(0..60);
    let mut sum = images::Params { w: 0.0 * &params.w, v: 0.0 * &params.v, b: 0.0 * &params.b };
    for k in 0..60 {
        let (one, part) = run(k..k + 1);
        expect_near(seen.slice(s![k..k + 1, ..]), &one);
        expect_near(gradients.x.slice(s![k..k + 1, .., .., ..]), &part.x);
        sum = images::Params { w: sum.w + part.w, v: sum.v + part.v, b: sum.b + part.b };
    }
    expect_near(&gradients.w, &sum.w);
    expect_near(&gradients.v, &sum.v);
    expect_near(&gradients.b, &sum.b);
}

#[test]
fn turns_in_pieces_are_those_of_few() {
    let (x, gates) = (filled((80, 40, 30), 0.1), filled(80, 0.4));
    let params = alone::Params { w: filled((80, 30, 30), 0.3) };
    let d = filled((80, 40, 30), 0.2);
    let run = |turns: Range<usize>| {
        let (own, gates) = (alone::Params { w: params.w.slice(s![turns.clone(), .., ..]).to_owned() }, &gates);
        let (x, gates) = (x.slice(s![turns.clone(), .., ..]), gates.slice(s![turns.clone()]));
        let (out, saved) = alone::forward(x, gates, &own);
        (out, alone::backward(x, gates, &own, &saved, d.slice(s![turns, .., ..])))
    };
    expect_same(|| (run(0..80).0, bits(&run(0..80).1)));
    let (out, gradients) = run(0..80);
    for k in 0..80 {
        let ((one, part), own) = (run(k..k + 1), s![k..k + 1, .., ..]);
        assert_eq!((out.slice(own), gradients.x.slice(own)), (one.view(), part.x.view()));
        assert_eq!(gradients.w.slice(own), part.w);
    }
}

#[test]
fn products_in_pieces_are_those_of_few() {
    let (a, b, d) = (filled((70, 40, 50), 0.1), filled((70, 50, 30), 0.3), filled((70, 40, 30), 0.7));
    let none = products::Params {};
    let run = |own: Range<usize>| {
        let own = s![own, .., ..];
        let (a, b) = (a.slice(own), b.slice(own));
        let (out, saved) = products::forward(a, b, &none);
        let back = products::backward(a, b, &none, &saved, d.slice(own));
        (out, back.a, back.b)
    };
    expect_same(|| run(0..70));
    let all = run(0..70);
    for k in 0..70 {
        let (one, few) = (s![k..k + 1, .., ..], run(k..k + 1));
        assert_eq!((all.0.slice(one), all.1.slice(one)), (few.0.view(), few.1.view()));
        assert_eq!(all.2.slice(one), few.2);
    }
}

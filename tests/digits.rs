//! The networks of the example `digits`: their gradients agree with differences in `f64`, and they learn.

#[path = "../examples/digits/images.rs"]
mod images;
#[path = "../examples/digits/models.rs"]
mod models;

use images::Images;
use models::{attentive, attentive_loss, convolutional, convolutional_loss};
use ndarray::{Array1, Array3};
use pullback::optim::{Adam, AdamConfig};
use pullback::{ParamSet, network};
use rand::SeedableRng;
use rand::rngs::StdRng;

fn rng() -> StdRng {
    StdRng::seed_from_u64(4)
}

#[network(f64)]
fn convolutional_64(x: Input<N, 8, 8>, labels: Index<N>, model: convolutional) -> Output {
    softmax_cross_entropy(model(x), labels)
}

#[network(f64)]
fn attentive_64(x: Input<N, 8, 8>, labels: Index<N>, model: attentive) -> Output {
    softmax_cross_entropy(model(x), labels)
}

/// Some elements of every parameter, by central differences of fourth order.
fn check<P: ParamSet<Elem = f64> + Clone>(
    params: &P,
    gradients: &impl ParamSet<Elem = f64>,
    value: impl Fn(&P) -> f64,
) {
    for k in 0..params.count() {
        let array = gradients.array(k);
        for (at, derived) in array.indexed_iter().step_by(1 + array.len() / 5) {
            let moved = |by: f64| {
                let mut moved = params.clone();
                moved.array_mut(k)[at.clone()] += by;
                value(&moved)
            };
            let step = 1e-4;
            let numeric =
                (8.0 * (moved(step) - moved(-step)) - (moved(2.0 * step) - moved(-2.0 * step))) / (12.0 * step);
            assert!((derived - numeric).abs() < 1e-8, "{}: {derived} in place of {numeric}", params.path(k));
        }
    }
}

/// Four digits, blurred a little so that no two pixels tie.
fn some() -> (Array3<f64>, Array1<usize>) {
    let Images { mut x, labels } = Images::bundled().select(&[0, 1, 12, 33]);
    x.iter_mut().enumerate().for_each(|(k, pixel)| *pixel += 0.1 * (k as f32).sin());
    (x.mapv(f64::from), labels)
}

#[test]
fn both_are_derived_rightly() {
    let (x, labels) = some();
    let params = convolutional_64::Params::init(&mut rng());
    let (_, gradients) = convolutional_64::value_and_grad(&x, &labels, &params);
    check(&params, &gradients, |p| convolutional_64(&x, &labels, p));
    let params = attentive_64::Params::init(&mut rng());
    let (_, gradients) = attentive_64::value_and_grad(&x, &labels, &params);
    check(&params, &gradients, |p| attentive_64(&x, &labels, p));
}

#[test]
fn both_learn() {
    let (to_learn, held_out) = Images::bundled().split(2);
    let mut rng = rng();
    let mut opt = [0.003; 2].map(|lr| Adam::new(AdamConfig { lr, ..Default::default() }));
    let mut seen = convolutional_loss::Params::init(&mut rng);
    let mut read = attentive_loss::Params::init(&mut rng);
    for _ in 0..2 {
        for Images { x, labels } in to_learn.batches(16, &mut rng) {
            let (_, gradients) = convolutional_loss::value_and_grad(&x, &labels, &seen);
            opt[0].step(&mut seen, &gradients);
            let (_, gradients) = attentive_loss::value_and_grad(&x, &labels, &read);
            opt[1].step(&mut read, &gradients);
        }
    }
    let right = held_out.accuracy(&convolutional(&held_out.x, &seen.model));
    assert!(right > 0.85, "the convolutional network: {right}");
    let right = held_out.accuracy(&attentive(&held_out.x, &read.model));
    assert!(right > 0.85, "the transformer: {right}");
}

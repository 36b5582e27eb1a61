//! The golden files are what the macro emits, so they must also compile and run where they stand, and give the same bits
//! as the macro does.

use ndarray::{Array1, Array2};
use pullback::network;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// What the macro makes of the models now.
mod derived {
    use super::network;
    include!("expanded/attention.in.rs");
    include!("expanded/composed.in.rs");
    include!("expanded/digits.in.rs");
    include!("expanded/formula.in.rs");
    include!("expanded/housing.in.rs");
    include!("expanded/layer_norm.in.rs");
}

/// The golden files, as source of their own.
#[rustfmt::skip]
mod golden {
    pub mod attention { include!("expanded/attention.rs"); }
    pub mod composed { include!("expanded/composed.rs"); }
    pub mod digits { include!("expanded/digits.rs"); }
    pub mod formula { include!("expanded/formula.rs"); }
    pub mod housing { include!("expanded/housing.rs"); }
    pub mod layer_norm { include!("expanded/layer_norm.rs"); }
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(7)
}

fn wavy(rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((7 * i + 3 * j) as f32).sin())
}

#[test]
fn the_golden_step_of_housing_gives_the_bits_of_the_macro() {
    let (x, y) = (wavy(23, 13), wavy(23, 1));
    let derived = derived::housing::value_and_grad(&x, &y, &derived::housing::Params::init(&mut rng()));
    let golden = golden::housing::housing::value_and_grad(&x, &y, &golden::housing::housing::Params::init(&mut rng()));
    assert_eq!(derived.0.to_bits(), golden.0.to_bits());
    assert_eq!((&derived.1.w1, &derived.1.b1), (&golden.1.w1, &golden.1.b1));
    assert_eq!((&derived.1.w2, &derived.1.b2), (&golden.1.w2, &golden.1.b2));
}

#[test]
fn the_golden_step_of_a_composed_network_gives_the_bits_of_the_macro_and_of_the_flat_network() {
    let (x, y) = (wavy(23, 13), wavy(23, 1));
    let params = derived::composed::Params::init(&mut rng());
    let derived = derived::composed::value_and_grad(&x, &y, &params);
    let golden =
        golden::composed::composed::value_and_grad(&x, &y, &golden::composed::composed::Params::init(&mut rng()));
    let flat = derived::housing::value_and_grad(&x, &y, &derived::housing::Params::init(&mut rng()));
    assert_eq!((derived.0.to_bits(), derived.0.to_bits()), (golden.0.to_bits(), flat.0.to_bits()));
    assert_eq!((&derived.1.hidden.w, &derived.1.price.b), (&golden.1.hidden.w, &golden.1.price.b));
    assert_eq!((&derived.1.hidden.w, &derived.1.hidden.b), (&flat.1.w1, &flat.1.b1));
    assert_eq!((&derived.1.price.w, &derived.1.price.b), (&flat.1.w2, &flat.1.b2));
}

#[test]
fn the_golden_step_of_digits_gives_the_bits_of_the_macro() {
    let (x, labels) = (wavy(40, 64), Array1::from_shape_fn(40, |i| i % 10));
    let derived = derived::digits::value_and_grad(&x, &labels, &derived::digits::Params::init(&mut rng(), 32));
    let golden =
        golden::digits::digits::value_and_grad(&x, &labels, &golden::digits::digits::Params::init(&mut rng(), 32));
    assert_eq!(derived.0.to_bits(), golden.0.to_bits());
    assert_eq!((&derived.1.w1, &derived.1.w2), (&golden.1.w1, &golden.1.w2));
}

#[test]
fn the_golden_passes_of_layer_norm_give_the_bits_of_the_macro() {
    let (x, d_output) = (wavy(9, 20), wavy(9, 20));
    let (scale, shift) = (Array1::linspace(0.5, 1.5, 20), Array1::linspace(-1.0, 1.0, 20));
    let params = derived::layer_norm::Params { scale: scale.clone(), shift: shift.clone() };
    let (output, saved) = derived::layer_norm::forward(&x, &params);
    let gradients = derived::layer_norm::backward(&x, &params, &saved, &d_output);
    let params = golden::layer_norm::layer_norm::Params { scale, shift };
    let (expected, saved) = golden::layer_norm::layer_norm::forward(&x, &params);
    let golden = golden::layer_norm::layer_norm::backward(&x, &params, &saved, &d_output);
    assert_eq!(output, expected);
    assert_eq!((gradients.x, gradients.scale), (golden.x, golden.scale));
}

#[test]
fn the_golden_passes_of_attention_give_the_bits_of_the_macro() {
    let x = wavy(11, 16).mapv(f64::from);
    let params = derived::attention::Params::init(&mut rng());
    let (output, saved) = derived::attention::forward(&x, &params);
    let gradients = derived::attention::backward(&x, &params, &saved, &x);
    let params = golden::attention::attention::Params::init(&mut rng());
    let (expected, saved) = golden::attention::attention::forward(&x, &params);
    let golden = golden::attention::attention::backward(&x, &params, &saved, &x);
    assert_eq!(output, expected);
    assert_eq!((gradients.wq, gradients.wv), (golden.wq, golden.wv));
}

#[test]
fn the_golden_formula_gives_the_bits_of_the_macro() {
    let time = Array1::linspace(0.0, 3.0, 2500);
    let params = derived::formula::Params { amplitude: 2.0, decay: 0.7, shift: 0.1 };
    let ((wave, energy), saved) = derived::formula::forward(&time, &params);
    let gradients = derived::formula::backward(&time, &params, &saved, (&wave, 0.5));
    let params = golden::formula::formula::Params { amplitude: 2.0, decay: 0.7, shift: 0.1 };
    let ((expected, e), saved) = golden::formula::formula::forward(&time, &params);
    let golden = golden::formula::formula::backward(&time, &params, &saved, (&expected, 0.5));
    assert_eq!((wave, energy.to_bits()), (expected, e.to_bits()));
    assert_eq!((gradients.time, gradients.decay.to_bits()), (golden.time, golden.decay.to_bits()));
}

#[test]
fn a_workspace_says_how_large_it_is() {
    let params =
        derived::digits::Params { w1: wavy(64, 5), w2: wavy(5, 10), b1: Array1::zeros(5), b2: Array1::zeros(10) };
    let mut workspace = derived::digits::Workspace::default();
    assert_eq!(workspace.bytes(), 0);
    // Its documentation says 8 · H · N + 80 · N, and the copies.
    for (n, bytes) in [(3, 8 * 5 * 3 + 80 * 3), (7, 8 * 5 * 7 + 80 * 7)] {
        derived::digits::value_and_grad_into(&wavy(n, 64), &Array1::zeros(n), &params, &mut workspace);
        assert_eq!(workspace.bytes(), bytes);
    }
    let turned = wavy(64, 7).reversed_axes();
    derived::digits::value_and_grad_into(&turned, &Array1::zeros(7), &params, &mut workspace);
    assert_eq!(workspace.bytes(), 8 * 5 * 7 + 80 * 7 + 4 * 7 * 64);
}

#[test]
fn rows_in_parts_give_the_gradient_of_all_rows_in_memory_that_does_not_grow() {
    let params = derived::housing::Params::init(&mut rng());
    let mut workspace = derived::housing::Workspace::default();
    let mut bytes = Vec::new();
    for n in [100, 5_000, 40_000, 80_003] {
        let (x, y) = (wavy(n, 13), wavy(n, 1));
        let (value, gradients) = derived::housing::value_and_grad_into(&x, &y, &params, &mut workspace);
        // The pass back over all rows at once, with sums in another order.
        let (expected, saved) = derived::housing::forward(&x, &y, &params);
        let whole = derived::housing::backward(&x, &y, &params, &saved, 1.0);
        assert!((value - expected).abs() <= 1e-4 * expected, "{n} rows: {value} is not {expected}");
        let close = |a: &f32, b: &f32| (a - b).abs() <= 1e-4;
        assert!(gradients.w1.iter().zip(&whole.w1).all(|(a, b)| close(a, b)), "{n} rows");
        assert!(gradients.b1.iter().zip(&whole.b1).all(|(a, b)| close(a, b)), "{n} rows");
        assert!(gradients.w2.iter().zip(&whole.w2).all(|(a, b)| close(a, b)), "{n} rows");
        bytes.push(workspace.bytes());
    }
    assert_eq!(bytes[2], bytes[3]);
    assert!(bytes[3] < 20 * bytes[0]);
}

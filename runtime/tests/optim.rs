//! Optimisers on a hand-written set of parameters: one step by hand, convergence, memory, and what they refuse.

use ndarray::{Array, Array1, Array2, ArrayViewD, ArrayViewMutD, ShapeBuilder, array};
use pullback::ParamSet;
use pullback::ndarray;
use pullback::optim::{Adam, AdamConfig, Sgd, SgdConfig};
use pullback::threads::at_most;

/// What `#[network]` would emit for a weight, a bias and a scalar.
#[derive(Clone, Debug, PartialEq)]
struct Weights {
    w: Array2<f64>,
    b: Array1<f64>,
    scale: f64,
}

impl ParamSet for Weights {
    type Elem = f64;

    fn count(&self) -> usize {
        3
    }

    fn path(&self, index: usize) -> String {
        ["w", "b", "scale"][index].to_string()
    }

    fn array(&self, index: usize) -> ArrayViewD<'_, f64> {
        match index {
            0 => self.w.view().into_dyn(),
            1 => self.b.view().into_dyn(),
            _ => ndarray::aview0(&self.scale).into_dyn(),
        }
    }

    fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, f64> {
        match index {
            0 => self.w.view_mut().into_dyn(),
            1 => self.b.view_mut().into_dyn(),
            _ => ArrayViewMutD::from_shape(ndarray::IxDyn(&[]), std::slice::from_mut(&mut self.scale)).unwrap(),
        }
    }
}

fn weights() -> Weights {
    Weights { w: array![[1.0, -2.0], [0.5, 4.0]], b: array![0.0, 3.0], scale: 2.0 }
}

/// The gradient of half the sum of squares: the parameters themselves.
fn gradients(params: &Weights) -> Weights {
    params.clone()
}

fn close(a: &Weights, b: &Weights) {
    for index in 0..a.count() {
        for (a, b) in a.array(index).iter().zip(b.array(index)) {
            assert!((a - b).abs() <= 1e-12, "{a} is not {b}");
        }
    }
}

fn map(weights: &Weights, f: impl Fn(f64) -> f64) -> Weights {
    Weights { w: weights.w.mapv(&f), b: weights.b.mapv(&f), scale: f(weights.scale) }
}

#[test]
fn plain_descent_moves_by_the_learning_rate() {
    let (mut params, start) = (weights(), weights());
    Sgd::new(SgdConfig { lr: 0.1, weight_decay: 0.5, ..Default::default() }).step(&mut params, &gradients(&start));
    close(&params, &map(&start, |x| x - 0.1 * (x + 0.5 * x)));
}

#[test]
fn two_steps_with_momentum_by_hand() {
    for nesterov in [false, true] {
        let (mut params, g) = (weights(), weights());
        let mut opt = Sgd::new(SgdConfig { lr: 0.1, momentum: 0.9, nesterov, ..Default::default() });
        opt.step(&mut params, &g);
        opt.step(&mut params, &g);
        let moved = |g: f64| if nesterov { (g + 0.9 * g) + (g + 0.9 * (1.9 * g)) } else { g + 1.9 * g };
        close(&params, &map(&g, |x| x - 0.1 * moved(x)));
    }
}

#[test]
fn the_first_step_of_adam_is_the_learning_rate_by_the_sign() {
    let (mut params, start) = (weights(), weights());
    Adam::new(AdamConfig { lr: 0.1, eps: 0.0, ..Default::default() }).step(&mut params, &map(&start, |x| x + 0.25));
    close(&params, &map(&start, |x| x - 0.1 * (x + 0.25).signum()));
}

#[test]
fn two_steps_of_adam_by_hand() {
    let (mut params, start) = (weights(), weights());
    let mut opt = Adam::new(AdamConfig { weight_decay: 0.01, ..Default::default() });
    let (first, second) = (map(&start, |x| x + 0.25), map(&start, |x| 3.0 - x));
    opt.step(&mut params, &first);
    opt.step(&mut params, &second);
    let by_hand = |x: f64| {
        let (g1, g2) = (x + 0.25, 3.0 - x);
        let decay = |x: f64| 1e-3 * 0.01 * x;
        let one = x - 1e-3 * g1 / (g1.abs() + 1e-8) - decay(x);
        let m = (0.9 * 0.1 * g1 + 0.1 * g2) / (1.0 - 0.9f64.powi(2));
        let v = (0.999 * 0.001 * g1 * g1 + 0.001 * g2 * g2) / (1.0 - 0.999f64.powi(2));
        one - 1e-3 * m / (v.sqrt() + 1e-8) - decay(one)
    };
    close(&params, &map(&start, by_hand));
}

#[test]
fn a_quadratic_is_solved() {
    let norm = |weights: &Weights| (0..3).flat_map(|i| weights.array(i).to_owned()).map(|x| x * x).sum::<f64>();
    let mut params = weights();
    let mut sgd = Sgd::new(SgdConfig { lr: 0.1, momentum: 0.5, ..Default::default() });
    for _ in 0..200 {
        let g = gradients(&params);
        sgd.step(&mut params, &g);
    }
    assert!(norm(&params) < 1e-12);

    let mut params = weights();
    let mut adam = Adam::new(AdamConfig { lr: 0.1, ..Default::default() });
    for step in 0..2000 {
        adam.set_lr(0.1 / (1.0 + f64::from(step) / 50.0));
        let g = gradients(&params);
        adam.step(&mut params, &g);
    }
    assert!(norm(&params) < 1e-6);
}

#[test]
fn the_layout_of_an_array_makes_no_difference() {
    let columns = |weights: &Weights| {
        let w = Array::from_shape_vec((2, 2).f(), weights.w.t().iter().copied().collect()).unwrap();
        Weights { w, ..weights.clone() }
    };
    let (mut rows, mut mixed) = (weights(), columns(&weights()));
    assert!(!mixed.w.is_standard_layout() && mixed == rows);
    let (mut opt, mut other) = (Adam::new(AdamConfig::default()), Adam::new(AdamConfig::default()));
    for _ in 0..3 {
        let g = map(&weights(), |x| x * x - 1.0);
        opt.step(&mut rows, &g);
        other.step(&mut mixed, &columns(&g));
    }
    assert_eq!(rows, mixed);
}

#[test]
fn only_the_first_step_allocates() {
    let (mut params, g) = (weights(), weights());
    let mut sgd = Sgd::new(SgdConfig { momentum: 0.9, ..Default::default() });
    let mut adam = Adam::new(AdamConfig::default());
    sgd.step(&mut params, &g);
    adam.step(&mut params, &g);
    let later = allocation_counter::measure(|| {
        sgd.step(&mut params, &g);
        adam.step(&mut params, &g);
    });
    assert_eq!(later.count_total, 0);
}

#[test]
#[should_panic(expected = "the gradient of `b` has shape [3], the parameter [2]")]
fn a_gradient_of_another_shape_panics() {
    let g = Weights { b: array![1.0, 2.0, 3.0], ..weights() };
    Sgd::new(SgdConfig::default()).step(&mut weights(), &g);
}

#[test]
#[should_panic(expected = "`b` has shape [3], but [2] at the optimiser's first step: make a new optimiser")]
fn parameters_of_another_shape_than_before_panic() {
    let mut opt = Adam::new(AdamConfig::default());
    opt.step(&mut weights(), &weights());
    let other = Weights { b: array![1.0, 2.0, 3.0], ..weights() };
    opt.step(&mut other.clone(), &other);
}

#[test]
fn any_number_of_threads_moves_large_arrays_to_the_same_bits() {
    let large =
        || Weights { w: Array2::from_shape_fn((700, 301), |(i, j)| ((7 * i + 3 * j) as f64).sin()), ..weights() };
    let moved = |threads| {
        let (mut first, mut second) = (large(), large());
        let mut adam = Adam::new(AdamConfig { weight_decay: 0.1, ..Default::default() });
        let mut sgd = Sgd::new(SgdConfig { momentum: 0.9, ..Default::default() });
        at_most(threads, || {
            for _ in 0..3 {
                adam.step(&mut first, &gradients(&large()));
                sgd.step(&mut second, &gradients(&large()));
            }
        });
        (first, second)
    };
    let one = moved(1);
    assert!([2, 3, 8].into_iter().all(|threads| moved(threads) == one));
}

//! A training step of each workload as the macro derives it, with the crate's own optimiser.

use crate::data::{array, labels, layer, matrix, reach, vector};
use crate::networks::{chain, convolved, houses, images, large, sequence, small_images, tiny};
use pullback::optim::{Sgd, SgdConfig};

/// Steps once, and returns the loss before the step.
pub type Step = Box<dyn FnMut() -> f32>;

/// The learning rate of all workloads but W5.
pub const RATE: f64 = 0.01;

/// That of W5, whose gradients are of a mean over a million elements.
pub const RATE_OF_W5: f64 = 100.0;

fn sgd(lr: f64) -> Sgd {
    Sgd::new(SgdConfig { lr, ..Default::default() })
}

/// A step of a network of layers on `x` and `y`.
macro_rules! step {
    ($network:ident, $x:expr, $y:expr, $params:expr) => {{
        let (x, y, mut params) = ($x, $y, $params);
        let (mut workspace, mut optimiser) = ($network::Workspace::default(), sgd(RATE));
        Box::new(move || $network::train(&x, &y, &mut params, &mut workspace, &mut optimiser))
    }};
}

pub fn w1() -> Step {
    let ((w1, b1), (w2, b2)) = (layer(1, 0, [3, 4]), layer(1, 1, [4, 1]));
    step!(tiny, matrix(100, [1, 3], 1.0), matrix(101, [1, 1], 1.0), tiny::Params { w1, b1, w2, b2 })
}

pub fn w2() -> Step {
    let ((w1, b1), (w2, b2)) = (layer(2, 0, [13, 13]), layer(2, 1, [13, 1]));
    step!(houses, matrix(200, [23, 13], 1.0), matrix(201, [23, 1], 1.0), houses::Params { w1, b1, w2, b2 })
}

pub fn w3() -> Step {
    let ((w1, b1), (w2, b2)) = (layer(3, 0, [784, 89]), layer(3, 1, [89, 10]));
    step!(small_images, matrix(300, [60, 784], 1.0), labels(301, 60, 10), small_images::Params { w1, b1, w2, b2 })
}

pub fn w4() -> Step {
    let ((w1, b1), (w2, b2), (w3, b3)) = (layer(4, 0, [784, 512]), layer(4, 1, [512, 512]), layer(4, 2, [512, 10]));
    let params = images::Params { w1, b1, w2, b2, w3, b3 };
    step!(images, matrix(400, [128, 784], 1.0), labels(401, 128, 10), params)
}

pub fn w5() -> Step {
    let [a, b, c] = [500, 501, 502].map(|seed| matrix(seed, [1024, 1024], 1.0));
    let mut params = chain::Params { a, b, c };
    let (mut workspace, mut optimiser) = (chain::Workspace::default(), sgd(RATE_OF_W5));
    Box::new(move || chain::train(&mut params, &mut workspace, &mut optimiser))
}

pub fn w6() -> Step {
    let ((w1, b1), (w2, b2), (w3, b3)) =
        (layer(6, 0, [1024, 2048]), layer(6, 1, [2048, 2048]), layer(6, 2, [2048, 1024]));
    let params = large::Params { w1, b1, w2, b2, w3, b3 };
    step!(large, matrix(600, [512, 1024], 1.0), matrix(601, [512, 1024], 1.0), params)
}

pub fn w7() -> Step {
    let params = convolved::Params {
        w: array(710, [16, 1, 5, 5], reach(25)),
        b: vector(711, 16, reach(25)),
        w2: matrix(712, [12544, 10], reach(12544)),
        b2: vector(713, 10, reach(12544)),
    };
    step!(convolved, array(700, [32, 1, 28, 28], 1.0), labels(701, 32, 10), params)
}

pub fn w8() -> Step {
    let params = sequence::Params {
        w: matrix(810, [62, 512], reach(62)),
        u: matrix(811, [128, 512], reach(128)),
        b: vector(812, 512, reach(128)),
        v: matrix(813, [128, 62], reach(128)),
        c: vector(814, 62, reach(128)),
    };
    let labels = labels(801, 25 * 32, 62).into_shape_with_order((25, 32)).expect("a label for each step");
    step!(sequence, array(800, [25, 32, 62], 1.0), labels, params)
}

/// The gradient alone: nobody moves after so long a look.
pub fn w9() -> Step {
    let ((w1, b1), (w2, b2)) = (layer(9, 0, [13, 13]), layer(9, 1, [13, 1]));
    let (x, y) = (matrix(900, [1_000_000, 13], 1.0), matrix(901, [1_000_000, 1], 1.0));
    let params = houses::Params { w1, b1, w2, b2 };
    let mut workspace = houses::Workspace::default();
    Box::new(move || houses::value_and_grad_into(&x, &y, &params, &mut workspace).0)
}

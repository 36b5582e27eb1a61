//! A training step of each workload as the macro derives it, with the crate's own optimiser. W10 and on are not in the
//! table of targets: they are there to show that nothing falls off.

use crate::data::{array, labels, layer, matrix, reach, vector};
use crate::networks::{self, sequence, small_images, stack, text, tiny};
use crate::networks::{autoencoder, block, chain, convolved, deep, gated, houses, images, large};
use ndarray::Array2;
use pullback::nn::{dense, feed_forward, heads, layer_norm, multi_head_attention, transformer_block};
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

pub fn w10() -> Step {
    let [(w1, b1), (w2, b2)] = [(0, [784, 128]), (1, [128, 32])].map(|(number, dims)| layer(10, number, dims));
    let [(w3, b3), (w4, b4)] = [(2, [32, 128]), (3, [128, 784])].map(|(number, dims)| layer(10, number, dims));
    let mut params = autoencoder::Params { w1, b1, w2, b2, w3, b3, w4, b4 };
    let (mut workspace, mut optimiser) = (autoencoder::Workspace::default(), sgd(RATE));
    let x = matrix(1000, [128, 784], 1.0);
    Box::new(move || autoencoder::train(&x, &mut params, &mut workspace, &mut optimiser))
}

/// Points of W11 and W15, and what is to be there.
fn points() -> [Array2<f32>; 2] {
    [matrix(1100, [1024, 3], 1.0), matrix(1101, [1024, 1], 1.0)]
}

fn deep_layer(number: u64, dims: [usize; 2]) -> networks::layer::Params {
    let (w, b) = layer(11, number, dims);
    networks::layer::Params { w, b }
}

fn deep_out() -> dense::Params {
    let (w, b) = layer(11, 8, [20, 1]);
    dense::Params { w, b }
}

pub fn w11() -> Step {
    let next = |number| deep_layer(number, [20, 20]);
    let (l0, out) = (deep_layer(0, [3, 20]), deep_out());
    let [l1, l2, l3, l4, l5, l6, l7] = [1, 2, 3, 4, 5, 6, 7].map(next);
    let [x, y] = points();
    step!(deep, x, y, deep::Params { l0, l1, l2, l3, l4, l5, l6, l7, out })
}

pub fn w12() -> Step {
    let params = gated::Params {
        w: matrix(1210, [62, 384], reach(62)),
        u: matrix(1211, [128, 384], reach(128)),
        b: vector(1212, 384, reach(128)),
        c: vector(1213, 384, reach(128)),
        v: matrix(1214, [128, 62], reach(128)),
        d: vector(1215, 62, reach(128)),
    };
    let labels = labels(1201, 25 * 32, 62).into_shape_with_order((25, 32)).expect("a label for each step");
    step!(gated, array(1200, [25, 32, 62], 1.0), labels, params)
}

pub fn w13() -> Step {
    let norm = |seed| layer_norm::Params { scale: vector(seed, 64, 1.0), shift: vector(seed + 1, 64, 1.0) };
    let heads = |seed| heads::Params { w: matrix(seed, [64, 64], reach(64)), b: array(seed + 1, [4, 16], reach(64)) };
    let dense = |seed, [inputs, outputs]: [usize; 2]| dense::Params {
        w: matrix(seed, [inputs, outputs], reach(inputs)),
        b: vector(seed + 1, outputs, reach(inputs)),
    };
    let attention = multi_head_attention::Params {
        query: heads(1312),
        key: heads(1314),
        value: heads(1316),
        out: dense(1318, [64, 64]),
    };
    let forward = feed_forward::Params { up: dense(1322, [64, 256]), down: dense(1324, [256, 64]) };
    let all = transformer_block::Params { before: norm(1310), attention, between: norm(1320), forward };
    let [x, y] = [1300, 1301].map(|seed| array(seed, [8, 32, 64], 1.0));
    step!(block, x, y, block::Params { block: all })
}

pub fn w14() -> Step {
    let words = labels(1400, 64 * 32, 5000).into_shape_with_order((64, 32)).expect("32 words for each text");
    let ((w1, b1), (w2, b2)) = (layer(14, 1, [64, 64]), layer(14, 2, [64, 10]));
    let params = text::Params { table: matrix(1410, [5000, 64], 1.0), w1, b1, w2, b2 };
    step!(text, words, labels(1401, 64, 10), params)
}

pub fn w15() -> Step {
    let params = stack::Params {
        first: deep_layer(0, [3, 20]),
        more: [1, 2, 3, 4, 5, 6, 7].map(|number| deep_layer(number, [20, 20])),
        out: deep_out(),
    };
    let [x, y] = points();
    step!(stack, x, y, params)
}

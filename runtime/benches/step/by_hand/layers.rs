//! W3, W4 and W6: dense layers in place. Bias and activation are one loop, the loss and its gradient another, and the
//! product that makes the gradient of a weight subtracts it from the weight.

use crate::data::{labels, layer, matrix};
use crate::derived::{RATE, Step};
use ndarray::Array1;
use pullback::linalg::{matmul, matmul_nt, matmul_tn_add};
use pullback::math::{exp, ln, relu, tanh};
use pullback::simd::simd;

#[derive(Clone, Copy)]
enum Activation {
    Tanh,
    Relu,
    Gelu,
}

enum Target {
    Labels(Array1<usize>),
    Values(Vec<f32>),
}

struct Layer {
    inputs: usize,
    outputs: usize,
    w: Vec<f32>,
    b: Vec<f32>,
    /// What goes in, and its cotangent.
    x: Vec<f32>,
    d_x: Vec<f32>,
    /// The derivative of the activation that made `x`, where it is not a function of `x`.
    slope: Vec<f32>,
}

struct Net {
    layers: Vec<Layer>,
    activation: Activation,
    batch: usize,
    out: Vec<f32>,
    target: Target,
    /// Sums over the batch.
    sums: Vec<f32>,
}

/// The value of gelu in its older approximation, and the derivative.
#[inline(always)]
fn gelu(x: f32) -> (f32, f32) {
    const K: f32 = 0.797_884_6;
    const C: f32 = 0.044_715;
    let t = tanh(K * (x + C * x * x * x));
    (0.5 * x * (1.0 + t), 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * K * (1.0 + 3.0 * C * x * x))
}

/// Adds the bias and applies the activation.
fn activate(activation: Activation, x: &mut [f32], slope: &mut [f32], b: &[f32]) {
    let rows = x.chunks_exact_mut(b.len()).zip(slope.chunks_exact_mut(b.len()));
    match activation {
        Activation::Tanh => simd(|| rows.for_each(|(x, _)| x.iter_mut().zip(b).for_each(|(x, b)| *x = tanh(*x + b)))),
        Activation::Relu => simd(|| rows.for_each(|(x, _)| x.iter_mut().zip(b).for_each(|(x, b)| *x = relu(*x + b)))),
        Activation::Gelu => simd(|| {
            rows.for_each(|(x, slope)| {
                let columns = x.iter_mut().zip(slope).zip(b);
                columns.for_each(|((x, slope), b)| (*x, *slope) = gelu(*x + b));
            });
        }),
    }
}

/// Takes a cotangent through the activation.
fn through(activation: Activation, d_x: &mut [f32], x: &[f32], slope: &[f32]) {
    let all = d_x.iter_mut().zip(x).zip(slope);
    match activation {
        Activation::Tanh => simd(|| all.for_each(|((d, x), _)| *d *= 1.0 - x * x)),
        Activation::Relu => simd(|| all.for_each(|((d, x), _)| *d = if *x > 0.0 { *d } else { 0.0 })),
        Activation::Gelu => simd(|| all.for_each(|((d, _), slope)| *d *= slope)),
    }
}

/// The loss of a row of scores without their bias, which become their cotangent.
#[inline(always)]
pub fn softmax_cross_entropy(scores: &mut [f32], b: &[f32], label: usize, scale: f32) -> f32 {
    scores.iter_mut().zip(b).for_each(|(s, b)| *s += b);
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let chosen = scores[label];
    scores.iter_mut().for_each(|s| *s = exp(*s - most));
    let total: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|s| *s *= scale / total);
    scores[label] -= scale;
    ln(total) - (chosen - most)
}

/// The same for the squared error.
#[inline(always)]
fn squared_error(values: &mut [f32], b: &[f32], y: &[f32], scale: f32) -> f32 {
    let mut lanes = [0.0; 16];
    for (i, (value, (b, y))) in values.iter_mut().zip(b.iter().zip(y)).enumerate() {
        let error = *value + b - y;
        lanes[i % 16] += error * error;
        *value = 2.0 * scale * error;
    }
    lanes.iter().sum()
}

impl Net {
    fn new(seed: u64, dims: &[usize], batch: usize, activation: Activation, target: Target) -> Self {
        let layers = dims.windows(2).enumerate().map(|(l, dims)| {
            let (inputs, outputs) = (dims[0], dims[1]);
            let (w, b) = layer(seed, l as u64, [inputs, outputs]);
            let (w, b) = (w.into_raw_vec_and_offset().0, b.into_raw_vec_and_offset().0);
            let [x, d_x, slope] = [(); 3].map(|()| vec![0.0; batch * inputs]);
            Layer { inputs, outputs, w, b, x, d_x, slope }
        });
        let mut layers: Vec<_> = layers.collect();
        layers[0].x = matrix(100 * seed, [batch, dims[0]], 1.0).into_raw_vec_and_offset().0;
        let widest = dims.iter().max().expect("there are layers");
        let out = vec![0.0; batch * dims[dims.len() - 1]];
        Self { layers, activation, batch, out, target, sums: vec![0.0; *widest] }
    }

    fn forward(&mut self) {
        for l in 0..self.layers.len() {
            let (before, after) = self.layers.split_at_mut(l + 1);
            let Layer { inputs, outputs, w, b, x, .. } = &before[l];
            let dims = [self.batch, *inputs, *outputs];
            match after.first_mut() {
                Some(next) => {
                    matmul(&mut next.x, x, w, dims);
                    activate(self.activation, &mut next.x, &mut next.slope, b);
                }
                None => _ = matmul(&mut self.out, x, w, dims),
            }
        }
    }

    /// The loss; `out` becomes its cotangent.
    fn loss(&mut self) -> f32 {
        let last = self.layers.last().expect("there are layers");
        let (b, n) = (&last.b, last.outputs);
        let rows = self.out.chunks_exact_mut(n);
        match &self.target {
            Target::Labels(labels) => simd(|| {
                let scale = 1.0 / self.batch as f32;
                scale * rows.zip(labels).map(|(row, &label)| softmax_cross_entropy(row, b, label, scale)).sum::<f32>()
            }),
            Target::Values(y) => simd(|| {
                let scale = 1.0 / (self.batch * n) as f32;
                scale * rows.zip(y.chunks_exact(n)).map(|(row, y)| squared_error(row, b, y, scale)).sum::<f32>()
            }),
        }
    }

    fn backward(&mut self) {
        let rate = RATE as f32;
        for l in (0..self.layers.len()).rev() {
            let (before, after) = self.layers.split_at_mut(l + 1);
            let Layer { inputs, outputs, w, b, x, d_x, slope } = &mut before[l];
            let d_out = after.first_mut().map_or(&mut self.out, |next| &mut next.d_x);
            if l > 0 {
                matmul_nt(d_x, d_out, w, [self.batch, *outputs, *inputs]);
                through(self.activation, d_x, x, slope);
            }
            descend(b, d_out, &mut self.sums, rate);
            simd(|| d_out.iter_mut().for_each(|d| *d *= -rate));
            matmul_tn_add(w, x, d_out, [*inputs, self.batch, *outputs]);
        }
    }
}

/// Moves the bias against the sum of the rows of its cotangent.
pub fn descend(b: &mut [f32], d_out: &[f32], sums: &mut [f32], rate: f32) {
    let sums = &mut sums[..b.len()];
    simd(|| {
        sums.fill(0.0);
        d_out.chunks_exact(b.len()).for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, d)| *sum += d));
        b.iter_mut().zip(sums).for_each(|(b, sum)| *b -= rate * *sum);
    });
}

fn step(mut net: Net) -> Step {
    Box::new(move || {
        net.forward();
        let loss = net.loss();
        net.backward();
        loss
    })
}

pub fn w3() -> Step {
    step(Net::new(3, &[784, 89, 10], 60, Activation::Tanh, Target::Labels(labels(301, 60, 10))))
}

pub fn w4() -> Step {
    step(Net::new(4, &[784, 512, 512, 10], 128, Activation::Relu, Target::Labels(labels(401, 128, 10))))
}

pub fn w6() -> Step {
    let y = matrix(601, [512, 1024], 1.0).into_raw_vec_and_offset().0;
    step(Net::new(6, &[1024, 2048, 2048, 1024], 512, Activation::Gelu, Target::Values(y)))
}

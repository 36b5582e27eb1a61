//! The data of the workloads, made from fixed seeds by a formula that every peer has, so that all compute the same
//! losses.

use ndarray::{Array1, Array2};

/// Vigna's splitmix64, at position `x` of its sequence.
fn splitmix(x: u64) -> u64 {
    let z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Uniform from `-scale` up to `scale`.
fn uniform(seed: u64, scale: f32) -> impl FnMut(u64) -> f32 {
    move |i| {
        let unit = (splitmix((seed << 32) + i) >> 40) as f32 / (1u32 << 24) as f32;
        scale * (2.0 * unit - 1.0)
    }
}

pub fn matrix(seed: u64, [rows, columns]: [usize; 2], scale: f32) -> Array2<f32> {
    let elements = (0..(rows * columns) as u64).map(uniform(seed, scale)).collect();
    Array2::from_shape_vec((rows, columns), elements).expect("as many elements")
}

pub fn vector(seed: u64, len: usize, scale: f32) -> Array1<f32> {
    (0..len as u64).map(uniform(seed, scale)).collect()
}

/// Classes below `classes`.
pub fn labels(seed: u64, len: usize, classes: u64) -> Array1<usize> {
    (0..len as u64).map(|i| ((splitmix((seed << 32) + i) >> 33) % classes) as usize).collect()
}

/// How far the initial weights and biases of a layer with so many inputs reach.
pub fn reach(inputs: usize) -> f32 {
    1.0 / (inputs as f32).sqrt()
}

/// Layer `layer` of the workload with this seed: weights and biases.
pub fn layer(seed: u64, layer: u64, [inputs, outputs]: [usize; 2]) -> (Array2<f32>, Array1<f32>) {
    let seed = 100 * seed + 10 + 2 * layer;
    (matrix(seed, [inputs, outputs], reach(inputs)), vector(seed + 1, outputs, reach(inputs)))
}

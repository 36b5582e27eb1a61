//! W1 as one writes it for one point and constant sizes: arrays on the stack, no array library.

use crate::data::{layer, matrix};
use crate::derived::{RATE, Step};
use ndarray::Array2;
use pullback::math::sigmoid;

struct Net {
    w1: [[f32; 4]; 3],
    b1: [f32; 4],
    w2: [f32; 4],
    b2: f32,
}

impl Net {
    fn step(&mut self, x: &[f32; 3], y: f32) -> f32 {
        let rate = RATE as f32;
        let mut hidden = self.b1;
        for (x, row) in x.iter().zip(&self.w1) {
            for (h, w) in hidden.iter_mut().zip(row) {
                *h += x * w;
            }
        }
        hidden = hidden.map(sigmoid);
        let price = hidden.iter().zip(&self.w2).fold(self.b2, |sum, (h, w)| sum + h * w);
        let error = price - y;
        let d_price = 2.0 * error;
        for j in 0..4 {
            let d_z = d_price * self.w2[j] * hidden[j] * (1.0 - hidden[j]);
            self.w2[j] -= rate * d_price * hidden[j];
            self.b1[j] -= rate * d_z;
            for (x, row) in x.iter().zip(&mut self.w1) {
                row[j] -= rate * x * d_z;
            }
        }
        self.b2 -= rate * d_price;
        error * error
    }
}

/// The rows of a matrix of constant size.
pub fn rows<const M: usize, const N: usize>(matrix: &Array2<f32>) -> [[f32; N]; M] {
    std::array::from_fn(|i| std::array::from_fn(|j| matrix[[i, j]]))
}

pub fn w1() -> Step {
    let ((w1, b1), (w2, b2)) = (layer(1, 0, [3, 4]), layer(1, 1, [4, 1]));
    let [x] = rows(&matrix(100, [1, 3], 1.0));
    let y = matrix(101, [1, 1], 1.0)[[0, 0]];
    let (b1, w2) = (std::array::from_fn(|j| b1[j]), std::array::from_fn(|j| w2[[j, 0]]));
    let mut net = Net { w1: rows(&w1), b1, w2, b2: b2[0] };
    Box::new(move || net.step(std::hint::black_box(&x), y))
}

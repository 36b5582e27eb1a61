//! W7: image by image, the windows of a filter become a matrix that stays in the second-level cache, so that the filters are
//! one product of matrices; on the way back they are laid out again, which costs less than to keep them.

use super::layers::{descend, softmax_cross_entropy};
use crate::data::{array, labels, matrix, reach, vector};
use crate::derived::{RATE, Step};
use pullback::linalg::{matmul, matmul_nt, matmul_nt_add, matmul_tn_add};
use pullback::math::tanh;
use pullback::simd::simd;

const IMAGES: usize = 32;
/// The side of an image, and with two zeros around it.
const SIDE: usize = 28;
const PADDED: usize = SIDE + 4;
const PIXELS: usize = SIDE * SIDE;
const FILTERS: usize = 16;
/// The side of a filter, and its weights.
const WINDOW: usize = 5;
const WEIGHTS: usize = WINDOW * WINDOW;
const SEEN: usize = FILTERS * PIXELS;
const CLASSES: usize = 10;

/// What each weight of a filter meets, `[25, 784]`, from an image and zeros around it.
struct Windows {
    padded: Vec<f32>,
    all: Vec<f32>,
}

impl Windows {
    fn of(&mut self, image: &[f32]) -> &[f32] {
        for (y, row) in image.chunks_exact(SIDE).enumerate() {
            self.padded[(y + 2) * PADDED + 2..][..SIDE].copy_from_slice(row);
        }
        for (weight, pixels) in self.all.chunks_exact_mut(PIXELS).enumerate() {
            let start = weight / WINDOW * PADDED + weight % WINDOW;
            for (y, row) in pixels.chunks_exact_mut(SIDE).enumerate() {
                row.copy_from_slice(&self.padded[start + y * PADDED..][..SIDE]);
            }
        }
        &self.all
    }
}

/// The sum, in so many lanes that no addition waits for another.
#[inline(always)]
fn sum(x: &[f32]) -> f32 {
    let mut lanes = [0.0; 16];
    for x in x.as_chunks::<16>().0 {
        lanes.iter_mut().zip(x).for_each(|(lane, x)| *lane += x);
    }
    lanes.iter().sum()
}

pub fn w7() -> Step {
    let x = array(700, [IMAGES, 1, SIDE, SIDE], 1.0).into_raw_vec_and_offset().0;
    let labels = labels(701, IMAGES, CLASSES as u64);
    let mut w = matrix(710, [FILTERS, WEIGHTS], reach(WEIGHTS)).into_raw_vec_and_offset().0;
    let mut b = vector(711, FILTERS, reach(WEIGHTS)).to_vec();
    let mut w2 = matrix(712, [SEEN, CLASSES], reach(SEEN)).into_raw_vec_and_offset().0;
    let mut b2 = vector(713, CLASSES, reach(SEEN)).to_vec();
    let mut windows = Windows { padded: vec![0.0; PADDED * PADDED], all: vec![0.0; WEIGHTS * PIXELS] };
    let [mut seen, mut d_seen] = [(); 2].map(|()| vec![0.0; IMAGES * SEEN]);
    let mut scores = vec![0.0; IMAGES * CLASSES];
    let (mut d_w, mut d_b, mut sums) = (vec![0.0; FILTERS * WEIGHTS], vec![0.0; FILTERS], vec![0.0; CLASSES]);
    let rate = RATE as f32;
    Box::new(move || {
        for (image, seen) in x.chunks_exact(PIXELS).zip(seen.chunks_exact_mut(SEEN)) {
            matmul(seen, &w, windows.of(image), [FILTERS, WEIGHTS, PIXELS]);
            let filters = seen.chunks_exact_mut(PIXELS).zip(&b);
            simd(|| filters.for_each(|(seen, b)| seen.iter_mut().for_each(|x| *x = tanh(*x + b))));
        }
        matmul(&mut scores, &seen, &w2, [IMAGES, SEEN, CLASSES]);
        let (rows, scale) = (scores.chunks_exact_mut(CLASSES), 1.0 / IMAGES as f32);
        let loss = simd(|| {
            scale * rows.zip(&labels).map(|(row, &label)| softmax_cross_entropy(row, &b2, label, scale)).sum::<f32>()
        });
        matmul_nt(&mut d_seen, &scores, &w2, [IMAGES, CLASSES, SEEN]);
        descend(&mut b2, &scores, &mut sums, rate);
        scores.iter_mut().for_each(|d| *d *= -rate);
        matmul_tn_add(&mut w2, &seen, &scores, [SEEN, IMAGES, CLASSES]);
        d_w.fill(0.0);
        d_b.fill(0.0);
        let images = x.chunks_exact(PIXELS).zip(seen.chunks_exact(SEEN)).zip(d_seen.chunks_exact_mut(SEEN));
        for ((image, seen), d_seen) in images {
            simd(|| d_seen.iter_mut().zip(seen).for_each(|(d, x)| *d *= 1.0 - x * x));
            let filters = d_b.iter_mut().zip(d_seen.chunks_exact(PIXELS));
            simd(|| filters.for_each(|(d_b, d)| *d_b += sum(d)));
            matmul_nt_add(&mut d_w, d_seen, windows.of(image), [FILTERS, PIXELS, WEIGHTS]);
        }
        w.iter_mut().zip(&d_w).for_each(|(w, d)| *w -= rate * d);
        b.iter_mut().zip(&d_b).for_each(|(b, d)| *b -= rate * d);
        loss
    })
}

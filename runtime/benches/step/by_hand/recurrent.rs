//! W8: what doesn't wait for the state is one product over all steps, before the loop or after it; a step is one product and
//! one loop over gates, forward and back.

use super::layers::{descend, softmax_cross_entropy};
use crate::data::{array, labels, matrix, reach, vector};
use crate::derived::{RATE, Step};
use pullback::linalg::{matmul, matmul_add, matmul_nt, matmul_nt_add, matmul_tn_add};
use pullback::math::{sigmoid, tanh};
use pullback::simd::{Pass, simd};

const STEPS: usize = 25;
const BATCH: usize = 32;
const ROWS: usize = STEPS * BATCH;
const FEATURES: usize = 62;
const HIDDEN: usize = 128;
const GATES: usize = 4 * HIDDEN;

/// The state of a batch, all its gates, and the hyperbolic tangent of its cell.
const STATE: usize = BATCH * HIDDEN;

/// One step for all of a batch: `gates` come without bias and activation, and keep what backward needs.
struct Forward<'a> {
    gates: &'a mut [f32],
    b: &'a [f32],
    cell: &'a mut [f32],
    /// The cell before, and what is made of it: its hyperbolic tangent.
    before: &'a [f32],
    bent: &'a mut [f32],
    hidden: &'a mut [f32],
}

impl Pass for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { gates, b, cell, before, bent, hidden } = self;
        for row in 0..BATCH {
            let gates = &mut gates[row * GATES..][..GATES];
            let (input, rest) = gates.split_at_mut(HIDDEN);
            let (forget, rest) = rest.split_at_mut(HIDDEN);
            let (candidate, output) = rest.split_at_mut(HIDDEN);
            let [b_i, b_f, b_g, b_o] = [0, 1, 2, 3].map(|gate| &b[gate * HIDDEN..][..HIDDEN]);
            let of = row * HIDDEN;
            let (cell, bent, hidden) =
                (&mut cell[of..][..HIDDEN], &mut bent[of..][..HIDDEN], &mut hidden[of..][..HIDDEN]);
            let (before, output) = (&before[of..][..HIDDEN], &mut output[..HIDDEN]);
            for j in 0..HIDDEN {
                input[j] = sigmoid(input[j] + b_i[j]);
                forget[j] = sigmoid(forget[j] + b_f[j]);
            }
            for j in 0..HIDDEN {
                candidate[j] = tanh(candidate[j] + b_g[j]);
                output[j] = sigmoid(output[j] + b_o[j]);
            }
            for j in 0..HIDDEN {
                cell[j] = forget[j] * before[j] + input[j] * candidate[j];
                bent[j] = tanh(cell[j]);
                hidden[j] = output[j] * bent[j];
            }
        }
    }
}

/// The same back: `gates` become their cotangents before the activation.
struct Backward<'a> {
    gates: &'a mut [f32],
    before: &'a [f32],
    bent: &'a [f32],
    d_hidden: &'a [f32],
    d_cell: &'a mut [f32],
}

impl Pass for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { gates, before, bent, d_hidden, d_cell } = self;
        for row in 0..BATCH {
            let gates = &mut gates[row * GATES..][..GATES];
            let (input, rest) = gates.split_at_mut(HIDDEN);
            let (forget, rest) = rest.split_at_mut(HIDDEN);
            let (candidate, output) = rest.split_at_mut(HIDDEN);
            let of = row * HIDDEN;
            let (before, bent, d_hidden) = (&before[of..][..HIDDEN], &bent[of..][..HIDDEN], &d_hidden[of..][..HIDDEN]);
            let (d_cell, output) = (&mut d_cell[of..][..HIDDEN], &mut output[..HIDDEN]);
            for j in 0..HIDDEN {
                let (i, f, g, o) = (input[j], forget[j], candidate[j], output[j]);
                let d_c = d_cell[j] + d_hidden[j] * o * (1.0 - bent[j] * bent[j]);
                input[j] = d_c * g * i * (1.0 - i);
                forget[j] = d_c * before[j] * f * (1.0 - f);
                candidate[j] = d_c * i * (1.0 - g * g);
                output[j] = d_hidden[j] * bent[j] * o * (1.0 - o);
                d_cell[j] = d_c * f;
            }
        }
    }
}

pub fn w8() -> Step {
    let x = array(800, [STEPS, BATCH, FEATURES], 1.0).into_raw_vec_and_offset().0;
    let labels = labels(801, ROWS, FEATURES as u64);
    let of = |seed, shape: [usize; 2]| matrix(seed, shape, reach(shape[0])).into_raw_vec_and_offset().0;
    let (mut w, mut u, mut v) = (of(810, [FEATURES, GATES]), of(811, [HIDDEN, GATES]), of(813, [HIDDEN, FEATURES]));
    let (mut b, mut c) = (vector(812, GATES, reach(HIDDEN)).to_vec(), vector(814, FEATURES, reach(HIDDEN)).to_vec());
    let (mut gates, mut scores) = (vec![0.0; ROWS * GATES], vec![0.0; ROWS * FEATURES]);
    // States stand behind the one that a sequence starts from, which is zero.
    let [mut hidden, mut cell, mut bent, mut d_hidden] = [(); 4].map(|()| vec![0.0; (STEPS + 1) * STATE]);
    let (mut d_cell, mut sums) = (vec![0.0; STATE], vec![0.0; GATES]);
    let rate = RATE as f32;
    Box::new(move || {
        matmul(&mut gates, &x, &w, [ROWS, FEATURES, GATES]);
        for t in 0..STEPS {
            let gates = &mut gates[t * BATCH * GATES..][..BATCH * GATES];
            let (before, after) = hidden.split_at_mut((t + 1) * STATE);
            matmul_add(gates, &before[t * STATE..], &u, [BATCH, HIDDEN, GATES]);
            let (before, cell) = cell.split_at_mut((t + 1) * STATE);
            let (before, cell) = (&before[t * STATE..], &mut cell[..STATE]);
            let bent = &mut bent[t * STATE..][..STATE];
            simd(Forward { gates, b: &b, cell, before, bent, hidden: &mut after[..STATE] });
        }
        matmul(&mut scores, &hidden[STATE..], &v, [ROWS, HIDDEN, FEATURES]);
        let (rows, scale) = (scores.chunks_exact_mut(FEATURES), 1.0 / ROWS as f32);
        let loss = simd(|| {
            scale * rows.zip(&labels).map(|(row, &label)| softmax_cross_entropy(row, &c, label, scale)).sum::<f32>()
        });
        matmul_nt(&mut d_hidden[STATE..], &scores, &v, [ROWS, FEATURES, HIDDEN]);
        descend(&mut c, &scores, &mut sums, rate);
        simd(|| scores.iter_mut().for_each(|d| *d *= -rate));
        matmul_tn_add(&mut v, &hidden[STATE..], &scores, [HIDDEN, ROWS, FEATURES]);
        d_cell.fill(0.0);
        for t in (0..STEPS).rev() {
            let gates = &mut gates[t * BATCH * GATES..][..BATCH * GATES];
            let (d_before, d_hidden) = d_hidden.split_at_mut((t + 1) * STATE);
            let (before, bent) = (&cell[t * STATE..][..STATE], &bent[t * STATE..][..STATE]);
            simd(Backward { gates, before, bent, d_hidden: &d_hidden[..STATE], d_cell: &mut d_cell });
            if t > 0 {
                matmul_nt_add(&mut d_before[t * STATE..], gates, &u, [BATCH, GATES, HIDDEN]);
            }
        }
        descend(&mut b, &gates, &mut sums, rate);
        simd(|| gates.iter_mut().for_each(|d| *d *= -rate));
        matmul_tn_add(&mut w, &x, &gates, [FEATURES, ROWS, GATES]);
        matmul_tn_add(&mut u, &hidden[..ROWS * HIDDEN], &gates, [HIDDEN, ROWS, GATES]);
        loss
    })
}

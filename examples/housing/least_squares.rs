//! The baseline: ordinary least squares, derived by the same macro.

use ndarray::Array2;
use pullback::network;
use pullback::optim::{Sgd, SgdConfig};

/// A straight line through the columns, and its squared error.
#[network]
pub fn line(x: Input<N, D>, y: Input<N, 1>, w: Param<D, 1>, b: Param<1>) -> Output {
    mse(x.dot(w) + b, y)
}

/// The largest element of a gradient that counts as none: with it, a predicted price is
/// within a dollar of the exact solution's.
const SOLVED: f32 = 1e-6;

/// Steps down on all training homes at once until the gradient is gone: there least squares is solved.
///
/// The error is a bowl, some hundred and forty times as long as it is wide: a learning rate of 0.1 stays within its
/// width, and a momentum of 0.98 rolls along its length. It is flat where columns say the same twice (the levels of a
/// name add up to one), so many lines are equally good, and all of them predict the same. Starting from zero leads to
/// the shortest.
///
/// # Panics
/// Where 20,000 steps do not get there.
pub fn fit(x: &Array2<f32>, y: &Array2<f32>) -> line::Params {
    let mut params = line::Params::zeros(x.ncols());
    let mut workspace = line::Workspace::default();
    let mut opt = Sgd::new(SgdConfig { lr: 0.1, momentum: 0.98, ..Default::default() });
    for _ in 0..20_000 {
        let (_, gradients) = line::value_and_grad_into(x, y, &params, &mut workspace);
        let steepest = gradients.w.iter().chain(&gradients.b).fold(0.0, |most: f32, g| most.max(g.abs()));
        if steepest < SOLVED {
            return params;
        }
        opt.step(&mut params, gradients);
    }
    panic!("least squares did not converge");
}

/// Where the line puts these homes.
pub fn predict(x: &Array2<f32>, line: &line::Params) -> Array2<f32> {
    x.dot(&line.w) + &line.b
}

//! Parameters before training: the distributions behind `#[init(..)]`.
//!
//! Those that scale do so by a parameter's *fans*, how many values go into and out of each of its units. A matrix `[I, O]`,
//! which stands on the right of `x.dot(w)`, has the fans `I` and `O`. With more axes, a parameter is the weights of a
//! convolution `[out, in, height, width]`: its fans are `in` and `out`, each times the size of the receptive field.

use crate::math::Real;
use ndarray::{Array, Array2, ArrayView1, Dim, Dimension, IntoDimension};
use rand::{Rng, RngExt};

/// An array of rank `R`.
type Of<T, const R: usize> = Array<T, Dim<[usize; R]>>;

/// Uniform in `±√(6 / (fan_in + fan_out))`, which keeps the variance of signals and of gradients alike from layer to layer.
///
/// Source: Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
/// equation 16.
///
/// # Panics
/// Where the rank is below 2.
pub fn glorot<T: Real, const R: usize>(rng: &mut impl Rng, shape: [usize; R]) -> Of<T, R>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    let (fan_in, fan_out) = fans(&shape);
    let bound = (6.0 / (fan_in + fan_out)).sqrt();
    Array::from_shape_simple_fn(shape, || T::from_f64(bound * (2.0 * rng.random::<f64>() - 1.0)))
}

/// Normal with the variance `2 / (fan_in + fan_out)`: as [`glorot`], with tails.
///
/// Source: as [`glorot`], equation 12.
///
/// # Panics
/// Where the rank is below 2.
pub fn glorot_normal<T: Real, const R: usize>(rng: &mut impl Rng, shape: [usize; R]) -> Of<T, R>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    let (fan_in, fan_out) = fans(&shape);
    normal(rng, shape, (2.0 / (fan_in + fan_out)).sqrt())
}

/// Normal with the variance `2 / fan_in`, for layers in front of a `relu`, which halves the second moment.
///
/// Source: He, Zhang, Ren & Sun, "Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet
/// Classification", ICCV 2015, equation 10.
///
/// # Panics
/// Where the rank is below 2.
pub fn he<T: Real, const R: usize>(rng: &mut impl Rng, shape: [usize; R]) -> Of<T, R>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    normal(rng, shape, (2.0 / fans(&shape).0).sqrt())
}

/// Normal with the variance `1 / fan_in`, for `selu` and other layers that keep the variance themselves.
///
/// Source: LeCun, Bottou, Orr & Müller, "Efficient BackProp", in: Neural Networks: Tricks of the Trade, 1998, section 4.6.
///
/// # Panics
/// Where the rank is below 2.
pub fn lecun<T: Real, const R: usize>(rng: &mut impl Rng, shape: [usize; R]) -> Of<T, R>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    normal(rng, shape, (1.0 / fans(&shape).0).sqrt())
}

/// Normal with mean 0 and this standard deviation.
pub fn normal<T: Real, const R: usize>(rng: &mut impl Rng, shape: [usize; R], std: f64) -> Of<T, R>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    Array::from_shape_simple_fn(shape, || T::from_f64(std * standard_normal(rng)))
}

/// Uniform in `low..high`.
pub fn uniform<T: Real, const R: usize>(rng: &mut impl Rng, shape: [usize; R], low: f64, high: f64) -> Of<T, R>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    Array::from_shape_simple_fn(shape, || T::from_f64(low + (high - low) * rng.random::<f64>()))
}

/// A random matrix with orthonormal columns, or rows where these are fewer: it changes no length. Of more than two axes,
/// the first is the rows, and all others together are the columns.
///
/// Source: Saxe, McClelland & Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
/// networks", ICLR 2014, section 3. Made by the Gram-Schmidt process on normal vectors, done twice for accuracy.
///
/// # Panics
/// Where the rank is below 2.
pub fn orthogonal<T: Real, const R: usize>(rng: &mut impl Rng, shape: [usize; R]) -> Of<T, R>
where
    [usize; R]: IntoDimension<Dim = Dim<[usize; R]>>,
    Dim<[usize; R]>: Dimension,
{
    let (rows, columns) = (shape[0], shape[1..].iter().product());
    let few = orthonormal_rows(rng, rows.min(columns), rows.max(columns));
    let matrix = if rows <= columns { few } else { few.reversed_axes() };
    let values = matrix.iter().map(|x| T::from_f64(*x)).collect();
    Array::from_shape_vec(shape, values).expect("the matrix has as many elements")
}

fn orthonormal_rows(rng: &mut impl Rng, count: usize, length: usize) -> Array2<f64> {
    let mut rows: Array2<f64> = normal(rng, [count, length], 1.0);
    for k in 0..count {
        let (before, mut rest) = rows.view_mut().split_at(ndarray::Axis(0), k);
        let mut row = rest.row_mut(0);
        for _ in 0..2 {
            for other in before.rows() {
                let along = row.dot(&other);
                row.scaled_add(-along, &other);
            }
        }
        let length = norm(row.view());
        row /= length;
    }
    rows
}

fn norm(row: ArrayView1<f64>) -> f64 {
    row.dot(&row).sqrt()
}

/// A sample by Box and Muller's transform.
fn standard_normal(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

fn fans(shape: &[usize]) -> (f64, f64) {
    match shape {
        [] | [_] => panic!("an initialiser that scales by fans needs a parameter of rank 2 or more"),
        [fan_in, fan_out] => (*fan_in as f64, *fan_out as f64),
        [out, channels, field @ ..] => {
            let field = field.iter().product::<usize>() as f64;
            (*channels as f64 * field, *out as f64 * field)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn rng() -> StdRng {
        StdRng::seed_from_u64(1)
    }

    fn variance<D: Dimension>(w: &Array<f64, D>) -> f64 {
        w.mapv(|w| w * w).mean().unwrap()
    }

    #[test]
    fn variances_are_those_of_the_papers() {
        let near = |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 0.02, "{found} is not {wanted}");
        near(variance(&he::<f64, 2>(&mut rng(), [200, 300])), 2.0 / 200.0);
        near(variance(&lecun::<f64, 2>(&mut rng(), [200, 300])), 1.0 / 200.0);
        near(variance(&glorot::<f64, 2>(&mut rng(), [200, 300])), 2.0 / 500.0);
        near(variance(&glorot_normal::<f64, 2>(&mut rng(), [200, 300])), 2.0 / 500.0);
        near(variance(&normal::<f64, 1>(&mut rng(), [60_000], 0.1)), 0.01);
        near(variance(&uniform::<f64, 1>(&mut rng(), [60_000], -1.0, 1.0)), 1.0 / 3.0);
    }

    #[test]
    fn a_convolution_has_the_fans_of_its_field() {
        assert_eq!(fans(&[16, 8, 3, 3]), (72.0, 144.0));
        assert_eq!(fans(&[16, 8, 3]), (24.0, 48.0));
    }

    #[test]
    fn orthogonal_matrices_keep_lengths() {
        let w = orthogonal::<f64, 2>(&mut rng(), [20, 50]);
        assert!((w.dot(&w.t()) - Array2::<f64>::eye(20)).iter().all(|x| x.abs() < 1e-12));
        let w = orthogonal::<f64, 2>(&mut rng(), [50, 20]);
        assert!((w.t().dot(&w) - Array2::<f64>::eye(20)).iter().all(|x| x.abs() < 1e-12));
        assert_eq!(orthogonal::<f32, 4>(&mut rng(), [4, 2, 3, 3]).dim(), (4, 2, 3, 3));
    }
}

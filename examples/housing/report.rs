//! How far predictions are from prices, in dollars.

use crate::homes::UNIT;
use ndarray::Array2;

/// The errors of one model.
pub struct Errors {
    pub root_mean_square: f32,
    pub mean_absolute: f32,
}

impl Errors {
    /// Of prices in [`UNIT`]s.
    pub fn new(predicted: &Array2<f32>, actual: &Array2<f32>) -> Self {
        let errors = (predicted - actual) * UNIT;
        let mean = |errors: Array2<f32>| errors.mean().expect("at least one home");
        Self { root_mean_square: mean(errors.pow2()).sqrt(), mean_absolute: mean(errors.abs()) }
    }
}

/// Prints a line for each model.
pub fn print(models: &[(&str, &Array2<f32>)], actual: &Array2<f32>) {
    println!("error on the held-out homes       root mean square   mean absolute");
    for (name, predicted) in models {
        let errors = Errors::new(predicted, actual);
        println!("  {name:<32}{:>16}{:>16}", dollars(errors.root_mean_square), dollars(errors.mean_absolute));
    }
}

/// The root of the mean squared difference between the logarithms: about the relative error of a typical price.
pub fn log_error(predicted: &Array2<f32>, actual: &Array2<f32>) -> f32 {
    (predicted.ln() - actual.ln()).pow2().mean().expect("at least one home").sqrt()
}

/// `$12,345`, to the dollar.
pub fn dollars(amount: f32) -> String {
    let digits = format!("{:.0}", amount.abs());
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{}${grouped}", if amount < 0.0 { "-" } else { "" })
}

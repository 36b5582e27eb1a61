//! What the tests of layers share: arrays of numbers that are the same everywhere, and checks of values and gradients.

use pullback::ParamSet;

/// The numbers of an array: those with which `nn/reference.py` fills its own.
pub fn wave(amplitude: f64, index: usize) -> impl Fn(usize) -> f64 {
    move |position| amplitude * (1.3 * position as f64 + 0.7 * index as f64).sin()
}

/// Fills the parameters, each by its index.
pub fn fill(params: &mut impl ParamSet<Elem = f64>) {
    for index in 0..params.count() {
        let values = wave(0.5, index);
        params.array_mut(index).iter_mut().enumerate().for_each(|(position, x)| *x = values(position));
    }
}

/// What was found is what was wanted, but for roundings.
pub fn assert_near<'a>(
    what: &str,
    found: impl IntoIterator<Item = &'a f64>,
    wanted: impl IntoIterator<Item = &'a f64>,
) {
    let [found, wanted]: [Vec<f64>; 2] = [found.into_iter().copied().collect(), wanted.into_iter().copied().collect()];
    assert_eq!(found.len(), wanted.len(), "{what}");
    assert!(found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{what}: {found:?} is not {wanted:?}");
}

/// Every gradient agrees with a central difference of the value.
pub fn assert_gradients<P: ParamSet<Elem = f64> + Clone>(
    params: &P,
    gradients: &impl ParamSet<Elem = f64>,
    value: impl Fn(&P) -> f64,
) {
    const STEP: f64 = 1e-5;
    for index in 0..params.count() {
        for (position, gradient) in gradients.array(index).iter().enumerate() {
            let at = |step: f64| {
                let mut moved = params.clone();
                *moved.array_mut(index).iter_mut().nth(position).unwrap() += step;
                value(&moved)
            };
            let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            let path = params.path(index);
            assert!((gradient - difference).abs() < 1e-7, "{path}[{position}]: {gradient} but {difference}");
        }
    }
}

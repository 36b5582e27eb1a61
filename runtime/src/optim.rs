//! Optimisers over any [`ParamSet`]: a step moves each parameter by its gradient.
//!
//! An optimiser keeps its state per array, in row-major order. The first step allocates it, later ones allocate
//! nothing for arrays of rank 4 or less.

use crate::math::Real;
use crate::params::ParamSet;
use crate::simd::{Pass, simd};
use crate::threads::{Worth, each_of, shares};
use std::slice::{from_mut, from_ref};
use std::sync::Mutex;

/// What moves parameters against their gradients, a part of an array at a time: an optimiser, as the `train` of a network
/// calls it.
pub trait Optimiser<T: Real>: Send {
    /// A step of these parameters begins: there is state for each array from now on.
    ///
    /// # Panics
    /// May, where the arrays are of other shapes than at the first step.
    fn begin(&mut self, params: &impl ParamSet<Elem = T>);

    /// Moves the elements of array `index` from `start` on, counted in row-major order; there are as many `gradients`
    /// as `parameters`. A step moves each element once, in no particular order, and perhaps on another thread.
    fn update(&mut self, index: usize, start: usize, parameters: &mut [T], gradients: &[T]);
}

/// How [`Sgd`] moves; `SgdConfig { lr: 0.1, ..Default::default() }` leaves the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdConfig {
    /// Learning rate; 0.01.
    pub lr: f64,
    /// What part of the last step's velocity stays; 0.
    pub momentum: f64,
    /// Whether the gradient counts as if the velocity had been followed already; false.
    pub nesterov: bool,
    /// How much of each parameter is added to its gradient; 0.
    pub weight_decay: f64,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self { lr: 0.01, momentum: 0.0, nesterov: false, weight_decay: 0.0 }
    }
}

/// Gradient descent, with momentum where it is asked for.
///
/// With `g` the gradient and `decay·θ` added to it, a step is `v ← momentum·v + g`, `θ ← θ - lr·v`, and with `nesterov`
/// `θ ← θ - lr·(g + momentum·v)`. Source: Sutskever, Martens, Dahl & Hinton, "On the importance of initialization and
/// momentum in deep learning", ICML 2013, with the learning rate outside the velocity.
///
/// ```
/// # use pullback::{ParamSet, ndarray::*, optim::{Sgd, SgdConfig}};
/// # struct Weights(Array1<f32>);
/// # impl ParamSet for Weights {
/// #     type Elem = f32;
/// #     fn count(&self) -> usize { 1 }
/// #     fn path(&self, _: usize) -> String { "w".into() }
/// #     fn array(&self, _: usize) -> ArrayViewD<'_, f32> { self.0.view().into_dyn() }
/// #     fn array_mut(&mut self, _: usize) -> ArrayViewMutD<'_, f32> { self.0.view_mut().into_dyn() }
/// # }
/// # let (mut params, gradients) = (Weights(array![1.0, 2.0]), Weights(array![1.0, -1.0]));
/// let mut opt = Sgd::new(SgdConfig { lr: 0.5, ..Default::default() });
/// opt.step(&mut params, &gradients);
/// assert_eq!(params.0, array![0.5, 2.5]);
/// ```
#[derive(Clone, Debug)]
pub struct Sgd<T = f32> {
    config: SgdConfig,
    state: State<T, 1>,
}

impl<T: Real> Sgd<T> {
    /// An optimiser that has not moved yet.
    pub fn new(config: SgdConfig) -> Self {
        Self { config, state: State::default() }
    }

    /// Moves `params` against `grads`.
    ///
    /// # Panics
    /// Where the arrays of `grads`, or those of the first step, are of other shapes than those of `params`.
    pub fn step(&mut self, params: &mut impl ParamSet<Elem = T>, grads: &impl ParamSet<Elem = T>) {
        step(self, params, grads);
    }

    /// The learning rate of the next step.
    pub fn lr(&self) -> f64 {
        self.config.lr
    }

    /// Sets the learning rate of the next step, for a schedule.
    pub fn set_lr(&mut self, lr: f64) {
        self.config.lr = lr;
    }
}

impl<T: Real> Optimiser<T> for Sgd<T> {
    #[inline]
    fn begin(&mut self, params: &impl ParamSet<Elem = T>) {
        if self.config.momentum != 0.0 {
            self.state.begin(params);
        }
    }

    #[inline]
    fn update(&mut self, index: usize, start: usize, parameters: &mut [T], gradients: &[T]) {
        let SgdConfig { lr, momentum, nesterov, weight_decay } = self.config;
        let [lr, momentum, decay] = [lr, momentum, weight_decay].map(T::from_f64);
        if momentum == T::ZERO {
            return apply(Update { parameters, gradients, state: [], rule: Descent { lr, decay } });
        }
        let state = self.state.of(index, start, parameters.len());
        match nesterov {
            false => apply(Update { parameters, gradients, state, rule: Momentum { lr, momentum, decay } }),
            true => apply(Update { parameters, gradients, state, rule: Nesterov { lr, momentum, decay } }),
        }
    }
}

/// How [`Adam`] moves; `AdamConfig { lr: 1e-4, ..Default::default() }` leaves the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamConfig {
    /// Learning rate; 0.001.
    pub lr: f64,
    /// What part of the mean gradient stays from step to step; 0.9.
    pub beta1: f64,
    /// What part of the mean squared gradient stays from step to step; 0.999.
    pub beta2: f64,
    /// Added to the root of the mean square, against division by zero; 1e-8.
    pub eps: f64,
    /// How much of each parameter is taken away at a step, times the learning rate, apart from the gradient; 0.
    pub weight_decay: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 }
    }
}

/// Steps of a size that each parameter's own gradients set.
///
/// With `g` the gradient at step `t`: `m ← β₁·m + (1 - β₁)·g`, `v ← β₂·v + (1 - β₂)·g²`,
/// `θ ← θ - lr·(m/(1 - β₁ᵗ)/(√(v/(1 - β₂ᵗ)) + ε) + decay·θ)`. Sources: Kingma & Ba, "Adam: a method for stochastic
/// optimization", ICLR 2015, algorithm 1; the decay apart from the gradient is Loshchilov & Hutter, "Decoupled weight
/// decay regularization", ICLR 2019.
#[derive(Clone, Debug)]
pub struct Adam<T = f32> {
    config: AdamConfig,
    state: State<T, 2>,
    steps: u32,
    /// Of the step that has begun.
    moments: Moments<T>,
}

impl<T: Real> Adam<T> {
    /// An optimiser that has not moved yet.
    pub fn new(config: AdamConfig) -> Self {
        Self { config, state: State::default(), steps: 0, moments: Moments::of(&config, 1) }
    }

    /// Moves `params` against `grads`.
    ///
    /// # Panics
    /// Where the arrays of `grads`, or those of the first step, are of other shapes than those of `params`.
    pub fn step(&mut self, params: &mut impl ParamSet<Elem = T>, grads: &impl ParamSet<Elem = T>) {
        step(self, params, grads);
    }

    /// The learning rate of the next step.
    pub fn lr(&self) -> f64 {
        self.config.lr
    }

    /// Sets the learning rate of the next step, for a schedule.
    pub fn set_lr(&mut self, lr: f64) {
        self.config.lr = lr;
    }
}

impl<T: Real> Optimiser<T> for Adam<T> {
    fn begin(&mut self, params: &impl ParamSet<Elem = T>) {
        self.steps = self.steps.saturating_add(1);
        self.moments = Moments::of(&self.config, self.steps);
        self.state.begin(params);
    }

    #[inline]
    fn update(&mut self, index: usize, start: usize, parameters: &mut [T], gradients: &[T]) {
        let state = self.state.of(index, start, parameters.len());
        apply(Update { parameters, gradients, state, rule: self.moments });
    }
}

/// What a step does to one parameter, given its gradient and `S` numbers of state.
trait Rule<T, const S: usize>: Copy + Send {
    fn update(self, parameter: T, gradient: T, state: [T; S]) -> (T, [T; S]);
}

#[derive(Clone, Copy)]
struct Descent<T> {
    lr: T,
    decay: T,
}

impl<T: Real> Rule<T, 0> for Descent<T> {
    #[inline(always)]
    fn update(self, parameter: T, gradient: T, _: [T; 0]) -> (T, [T; 0]) {
        (parameter - self.lr * (gradient + self.decay * parameter), [])
    }
}

#[derive(Clone, Copy)]
struct Momentum<T> {
    lr: T,
    momentum: T,
    decay: T,
}

impl<T: Real> Rule<T, 1> for Momentum<T> {
    #[inline(always)]
    fn update(self, parameter: T, gradient: T, [velocity]: [T; 1]) -> (T, [T; 1]) {
        let velocity = self.momentum * velocity + (gradient + self.decay * parameter);
        (parameter - self.lr * velocity, [velocity])
    }
}

#[derive(Clone, Copy)]
struct Nesterov<T> {
    lr: T,
    momentum: T,
    decay: T,
}

impl<T: Real> Rule<T, 1> for Nesterov<T> {
    #[inline(always)]
    fn update(self, parameter: T, gradient: T, [velocity]: [T; 1]) -> (T, [T; 1]) {
        let gradient = gradient + self.decay * parameter;
        let velocity = self.momentum * velocity + gradient;
        (parameter - self.lr * (gradient + self.momentum * velocity), [velocity])
    }
}

#[derive(Clone, Copy, Debug)]
struct Moments<T> {
    beta: [T; 2],
    /// `1 - beta`.
    gain: [T; 2],
    /// With the correction of the first moment.
    lr: T,
    /// Of the second moment.
    correction: T,
    eps: T,
    /// With the learning rate.
    decay: T,
}

impl<T: Real> Moments<T> {
    /// Those of step `steps`, counted from 1.
    fn of(config: &AdamConfig, steps: u32) -> Self {
        let AdamConfig { lr, beta1, beta2, eps, weight_decay } = *config;
        // In f64: 1 - β₂ᵗ has few digits at the first steps.
        let correction = |beta: f64| 1.0 - beta.powi(steps.min(i32::MAX as u32) as i32);
        Self {
            beta: [beta1, beta2].map(T::from_f64),
            gain: [1.0 - beta1, 1.0 - beta2].map(T::from_f64),
            lr: T::from_f64(lr / correction(beta1)),
            correction: T::from_f64(1.0 / correction(beta2)),
            eps: T::from_f64(eps),
            decay: T::from_f64(lr * weight_decay),
        }
    }
}

impl<T: Real> Rule<T, 2> for Moments<T> {
    #[inline(always)]
    fn update(self, parameter: T, gradient: T, [mean, square]: [T; 2]) -> (T, [T; 2]) {
        let mean = self.beta[0] * mean + self.gain[0] * gradient;
        let square = self.beta[1] * square + self.gain[1] * (gradient * gradient);
        let step = self.lr * mean / ((square * self.correction).sqrt() + self.eps);
        (parameter - step - self.decay * parameter, [mean, square])
    }
}

/// `S` numbers for each parameter, array by array.
#[derive(Clone, Debug)]
struct State<T, const S: usize>(Vec<ArrayState<T, S>>);

#[derive(Clone, Debug)]
struct ArrayState<T, const S: usize> {
    shape: Vec<usize>,
    values: [Vec<T>; S],
}

impl<T, const S: usize> Default for State<T, S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Real, const S: usize> State<T, S> {
    /// Zeros, at the first step; later, the arrays must still be of the shapes that they had then.
    fn begin(&mut self, params: &impl ParamSet<Elem = T>) {
        if self.0.is_empty() {
            let zeros = |index| {
                let array = params.array(index);
                let values = std::array::from_fn(|_| vec![T::ZERO; array.len()]);
                ArrayState { shape: array.shape().to_vec(), values }
            };
            self.0 = (0..params.count()).map(zeros).collect();
            return;
        }
        assert_eq!(self.0.len(), params.count(), "the optimiser has state for another network: make a new one");
        for (index, ArrayState { shape, .. }) in self.0.iter().enumerate() {
            let same = params.elements(index).is_some_and(|(found, _)| found == shape);
            if !same && params.array(index).shape() != shape {
                let (path, found) = (params.path(index), params.array(index).shape().to_vec());
                panic!(
                    "`{path}` has shape {found:?}, but {shape:?} at the optimiser's first step: make a new optimiser"
                );
            }
        }
    }

    /// The state of `len` elements of array `index`.
    fn of(&mut self, index: usize, start: usize, len: usize) -> [&mut [T]; S] {
        self.0[index].values.each_mut().map(|values| &mut values[start..][..len])
    }
}

/// A step of all arrays.
fn step<T: Real>(
    optimiser: &mut impl Optimiser<T>,
    params: &mut impl ParamSet<Elem = T>,
    grads: &impl ParamSet<Elem = T>,
) {
    assert_eq!(params.count(), grads.count(), "parameters and gradients are of different networks");
    optimiser.begin(params);
    (0..params.count()).for_each(|index| move_array(optimiser, params, grads, index));
}

/// Moves one array in row-major order: as slices where both lie so, else element by element.
#[inline]
pub(crate) fn move_array<T: Real>(
    optimiser: &mut impl Optimiser<T>,
    params: &mut impl ParamSet<Elem = T>,
    grads: &impl ParamSet<Elem = T>,
    index: usize,
) {
    let shape = params.elements(index).map(|(shape, _)| shape);
    if let Some((of, gradients)) = grads.elements(index)
        && shape == Some(of)
        && let Some(parameters) = params.elements_mut(index)
    {
        return optimiser.update(index, 0, parameters, gradients);
    }
    let gradient = grads.array(index);
    let mut array = params.array_mut(index);
    if array.shape() != gradient.shape() {
        let (path, found, expected) = (params.path(index), gradient.shape(), params.array(index));
        panic!("the gradient of `{path}` has shape {found:?}, the parameter {:?}", expected.shape());
    }
    if let (Some(parameters), Some(gradients)) = (array.as_slice_mut(), gradient.as_slice()) {
        return optimiser.update(index, 0, parameters, gradients);
    }
    for (i, (parameter, gradient)) in array.iter_mut().zip(gradient).enumerate() {
        optimiser.update(index, i, from_mut(parameter), from_ref(gradient));
    }
}

/// Up to so many elements, the choice of an instruction set takes longer than they do.
const FEW: usize = 32;

#[inline]
fn apply<T: Real, R: Rule<T, S>, const S: usize>(update: Update<'_, T, R, S>) {
    match update.parameters.len() {
        ..=FEW => update.run(),
        ENOUGH.. => share(update),
        _ => simd(update),
    }
}

/// So many elements, some 10 us of them, are worth a thread.
const ENOUGH: usize = 1 << 14;

/// So many, to be woken.
const MANY: usize = 1 << 18;

/// The most parts of an array.
const PARTS: usize = 16;

/// Some of the elements on each thread: each moves by itself, so that the bits are those of one thread.
#[inline(never)]
fn share<T: Real, R: Rule<T, S>, const S: usize>(mut update: Update<'_, T, R, S>) {
    let len = update.parameters.len();
    let parts = shares((len / ENOUGH).min(PARTS));
    let worth = if len < MANY { Worth::Sharing } else { Worth::Waking };
    let pieces: [_; PARTS] = std::array::from_fn(|_| Mutex::new(Some(update.split_off(len.div_ceil(parts)))));
    each_of(parts, parts, worth, |part| {
        let piece = pieces[part].lock().expect("nobody panics with it").take();
        simd(piece.expect("each part is moved once"));
    });
}

struct Update<'a, T, R, const S: usize> {
    parameters: &'a mut [T],
    gradients: &'a [T],
    state: [&'a mut [T]; S],
    rule: R,
}

impl<'a, T, R: Copy, const S: usize> Update<'a, T, R, S> {
    /// The first elements, at most so many, which are not among these any more.
    fn split_off(&mut self, len: usize) -> Self {
        let len = len.min(self.parameters.len());
        let all = "there are as many of each";
        Self {
            parameters: self.parameters.split_off_mut(..len).expect(all),
            gradients: self.gradients.split_off(..len).expect(all),
            state: self.state.each_mut().map(|state| state.split_off_mut(..len).expect(all)),
            rule: self.rule,
        }
    }
}

impl<T: Real, R: Rule<T, S>, const S: usize> Pass for Update<'_, T, R, S> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { parameters, gradients, state, rule } = self;
        let len = parameters.len();
        let gradients = &gradients[..len];
        let state = state.map(|state| &mut state[..len]);
        for i in 0..len {
            let (moved, now) = rule.update(parameters[i], gradients[i], std::array::from_fn(|s| state[s][i]));
            parameters[i] = moved;
            for s in 0..S {
                state[s][i] = now[s];
            }
        }
    }
}

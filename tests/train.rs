//! Steps that move parameters while gradients are hot: the same bits as gradients first and the optimiser after them, for every
//! kind of parameter, and nothing allocated once the memory is there.

use ndarray::{Array2, ShapeBuilder};
use pullback::optim::{Adam, AdamConfig, Optimiser, Sgd, SgdConfig};
use pullback::{ParamSet, network};
use rand::SeedableRng;
use rand::rngs::StdRng;

#[network]
fn block<const W: usize>(x: Input<N, W>, w: Param<W, W>, b: Param<W>, #[init(ones)] rate: Param) -> Output<N, W> {
    x + tanh(x.dot(w) + b) * rate
}

/// Layers of their own, a stack, tied weights, a scalar, one that is never used, and a draw.
#[network]
fn mixed(
    x: Input<N, 3>,
    y: Input<N, 3>,
    seed: Random,
    first: block<3>,
    blocks: [block<3>; 2],
    tied: block<3>,
    scale: Param,
    unused: Param<3, 2>,
) -> Output {
    let hidden = dropout(tied(blocks(first(x))), seed, p = 0.2);
    mse(tied(hidden) * scale, y)
}

/// A parameter on both sides of a loop, and in it.
#[network(f64)]
fn recurrent(x: Input<T, 3>, w: Param<3, 3>, start: Param<3>, out: Param<3, 3>) -> Output {
    let mut h = start;
    for t in 0..T {
        h = tanh(h.dot(w) + x.at(t).dot(out));
    }
    sum(h.dot(out))
}

/// Rows in lanes, with a parameter that is a row for each.
#[network]
fn tiled(x: Input<N, 5>, shift: Param<N, 5>, w: Param<5, 6>, b: Param<6>, v: Param<6>) -> Output {
    mean(square(sigmoid((x + shift).dot(w) + b).dot(v)))
}

/// Element by element, longer than a tile; one parameter is read both by tiles and as a whole.
#[network]
fn chain(a: Param<50, 70>, b: Param<50, 70>, c: Param<50, 70>) -> Output {
    mean(tanh(a * b) * c + exp(a)) + square(sum(c))
}

fn wavy(rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((7 * i + 3 * j) as f32).sin())
}

fn bits<T: Into<f64> + pullback::math::Real>(params: &impl ParamSet<Elem = T>) -> Vec<u64> {
    let arrays = (0..params.count()).map(|index| params.array(index));
    arrays.flat_map(|array| array.iter().map(|x| x.to_f64().to_bits()).collect::<Vec<_>>()).collect()
}

/// What three steps of each optimiser make of the parameters, by `train` and by gradients first.
macro_rules! agree {
    ($network:ident($($input:expr),*), $params:expr) => {{
        macro_rules! with {
            ($optimiser:expr) => {{
                let (mut apart, mut hot) = ($params, $params);
                let (mut of_apart, mut of_hot) = ($optimiser, $optimiser);
                let (mut gradients_first, mut workspace) = Default::default();
                for _ in 0..3 {
                    let (value, gradients) = $network::value_and_grad_into($($input,)* &apart, &mut gradients_first);
                    of_apart.step(&mut apart, gradients);
                    let trained = $network::train($($input,)* &mut hot, &mut workspace, &mut of_hot);
                    assert_eq!(trained.to_bits(), value.to_bits());
                    assert_eq!(bits(&hot), bits(&apart));
                    assert_eq!(bits(&workspace.gradients), bits(gradients));
                }
                assert_ne!(bits(&hot), bits(&$params));
            }};
        }
        with!(Sgd::new(SgdConfig { lr: 0.1, weight_decay: 0.1, ..Default::default() }));
        with!(Sgd::new(SgdConfig { lr: 0.1, momentum: 0.9, ..Default::default() }));
        with!(Sgd::new(SgdConfig { lr: 0.1, momentum: 0.9, nesterov: true, ..Default::default() }));
        with!(Adam::new(AdamConfig { lr: 0.1, weight_decay: 0.1, ..Default::default() }));
    }};
}

#[test]
fn every_kind_of_parameter_moves_as_after_the_step() {
    let (x, y) = (wavy(5, 3), wavy(5, 3) * 0.5);
    agree!(mixed(&x, &y, 7), mixed::Params { scale: 0.5, ..mixed::Params::init(&mut StdRng::seed_from_u64(1)) });
}

#[test]
fn parameters_of_a_loop_move_after_it() {
    let x = wavy(6, 3).mapv(f64::from);
    agree!(recurrent(&x), recurrent::Params::init(&mut StdRng::seed_from_u64(2)));
}

#[test]
fn parameters_of_tiles_move_after_all_of_them() {
    for rows in [1, 33] {
        let mut params = tiled::Params::init(&mut StdRng::seed_from_u64(3), rows);
        params.v.fill(0.5);
        agree!(tiled(&wavy(rows, 5)), params.clone());
    }
}

#[test]
fn parameters_move_tile_by_tile() {
    let [a, b, c] = [1.0, 0.5, 0.1].map(|scale| wavy(50, 70) * scale);
    agree!(chain(), chain::Params { a: a.clone(), b: b.clone(), c: c.clone() });
}

#[test]
fn a_parameter_in_another_layout_moves_and_is_in_standard_layout_then() {
    let in_order =
        || tiled::Params { b: ndarray::Array1::ones(6), ..tiled::Params::init(&mut StdRng::seed_from_u64(4), 9) };
    let mut turned = in_order();
    turned.w = Array2::from_shape_fn((5, 6).f(), |at| in_order().w[at]);
    let (mut params, mut workspace, x) = (in_order(), tiled::Workspace::default(), wavy(9, 5));
    for params in [&mut params, &mut turned] {
        tiled::train(&x, params, &mut workspace, &mut Sgd::new(SgdConfig::default()));
    }
    assert_eq!(turned, params);
    assert!(turned.w.is_standard_layout());
}

/// Counts the elements that it is asked to move.
struct Counting(Vec<usize>);

impl Optimiser<f32> for Counting {
    fn begin(&mut self, params: &impl ParamSet<Elem = f32>) {
        self.0 = vec![0; params.count()];
    }

    fn update(&mut self, index: usize, start: usize, parameters: &mut [f32], gradients: &[f32]) {
        assert_eq!((start, parameters.len()), (self.0[index], gradients.len()));
        self.0[index] += parameters.len();
    }
}

#[test]
fn each_element_moves_once() {
    let mut params = mixed::Params::init(&mut StdRng::seed_from_u64(5));
    let mut counting = Counting(Vec::new());
    mixed::train(&wavy(4, 3), &wavy(4, 3), 1, &mut params, &mut Default::default(), &mut counting);
    let sizes: Vec<usize> = (0..params.count()).map(|index| params.array(index).len()).collect();
    assert_eq!(counting.0, sizes);
}

#[test]
fn training_allocates_nothing_in_steady_state() {
    let (x, mut workspace) = (wavy(40, 5), tiled::Workspace::default());
    let mut params = tiled::Params::init(&mut StdRng::seed_from_u64(6), 40);
    let mut optimiser = Adam::new(AdamConfig::default());
    let mut step = || tiled::train(&x, &mut params, &mut workspace, &mut optimiser);
    step();
    let counted = allocation_counter::measure(|| {
        step();
    });
    assert_eq!(counted.count_total, 0);
}

// --- more than a loss ---

/// The loss, and what it was made of.
#[network(wrt(x))]
fn with_logits(x: Input<N, 3>, labels: Index<N>, w: Param<3, 4>, b: Param<4>) -> (Output, Output<N, 4>, Output) {
    let logits = x.dot(w) + b;
    (softmax_cross_entropy(logits, labels), logits, mean(square(logits)))
}

#[network(wrt(x))]
fn without(x: Input<N, 3>, labels: Index<N>, w: Param<3, 4>, b: Param<4>) -> Output {
    softmax_cross_entropy(x.dot(w) + b, labels)
}

#[test]
fn a_loss_may_come_with_other_outputs() {
    let x = Array2::from_shape_fn((5, 3), |(i, j)| ((7 * i + 3 * j) as f32).sin());
    let labels = ndarray::array![0, 3, 1, 2, 3];
    let mut params = with_logits::Params::init(&mut <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(5));
    let alone = without::Params { w: params.w.clone(), b: params.b.clone() };
    let ((loss, logits, size), gradients) = with_logits::value_and_grad(&x, &labels, &params);
    let (expected, of_loss) = without::value_and_grad(&x, &labels, &alone);
    assert!((loss - expected).abs() < 1e-6);
    let near = |a: &Array2<f32>, b: &Array2<f32>| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    assert!(near(&gradients.w, &of_loss.w) && near(&gradients.x, &of_loss.x));
    assert!(near(&logits, &(x.dot(&params.w) + &params.b)));
    assert!((size - logits.mapv(|v| v * v).mean().unwrap()).abs() < 1e-6);
    let mut workspace = with_logits::Workspace::default();
    let mut step = || {
        let ((again, seen, _), _) = with_logits::value_and_grad_into(&x, &labels, &params, &mut workspace);
        assert!(again == loss && seen == logits);
    };
    step();
    assert_eq!(allocation_counter::measure(&mut step).count_total, 0);
    let mut sgd = Sgd::new(SgdConfig { lr: 0.1, ..Default::default() });
    let before = params.clone();
    let (trained, seen, _) = with_logits::train(&x, &labels, &mut params, &mut workspace, &mut sgd);
    assert!(trained == loss && seen == logits);
    assert!(near(&params.w, &(&before.w - &(0.1 * &gradients.w))));
}

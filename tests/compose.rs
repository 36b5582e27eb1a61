//! Networks made of networks: in one module and across modules and crates, nested, tied, inferred, in both precisions;
//! and a composed network gives the same bits as the flat one.

use layers::activations;
use layers::{block, pair};
use ndarray::{Array, Array1, Array2, Dimension};
use pullback::{ParamSet, network};
use rand::SeedableRng;
use rand::rngs::StdRng;

fn rng() -> StdRng {
    StdRng::seed_from_u64(3)
}

fn wavy<T: pullback::math::Real>(rows: usize, columns: usize) -> Array2<T> {
    Array2::from_shape_fn((rows, columns), |(i, j)| T::from_f64(((7 * i + 3 * j) as f64).sin()))
}

fn bits<T: pullback::math::Real, D: Dimension>(array: &Array<T, D>) -> Vec<u64> {
    array.iter().map(|x| x.to_f64().to_bits()).collect()
}

// --- one module, in any order, nested ---

#[network]
pub fn housing_loss(x: Input<N, 13>, y: Input<N, 1>, model: housing) -> Output {
    mse(model(x), y)
}

/// Two layers of neurons.
#[network]
pub fn housing(x: Input<N, 13>, hidden: dense<13, 13>, price: dense<13, 1>) -> Output<N, 1> {
    price(sigmoid(hidden(x)))
}

#[network]
fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
    x.dot(w) + b
}

#[network]
fn flat_loss(
    x: Input<N, 13>,
    y: Input<N, 1>,
    w1: Param<13, 13>,
    b1: Param<13>,
    w2: Param<13, 1>,
    b2: Param<1>,
) -> Output {
    mse(sigmoid(x.dot(w1) + b1).dot(w2) + b2, y)
}

#[network(f64)]
fn housing_loss_64(x: Input<N, 13>, y: Input<N, 1>, model: housing) -> Output {
    mse(model(x), y)
}

#[network(f64)]
fn flat_loss_64(
    x: Input<N, 13>,
    y: Input<N, 1>,
    w1: Param<13, 13>,
    b1: Param<13>,
    w2: Param<13, 1>,
    b2: Param<1>,
) -> Output {
    mse(sigmoid(x.dot(w1) + b1).dot(w2) + b2, y)
}

macro_rules! same_bits {
    ($composed:ident, $flat:ident, $real:ty) => {
        let (x, y) = (wavy::<$real>(29, 13), wavy::<$real>(29, 1));
        let flat = $flat::Params::init(&mut rng());
        let params = $composed::Params {
            model: housing::Params {
                hidden: dense::Params { w: flat.w1.clone(), b: flat.b1.clone() },
                price: dense::Params { w: flat.w2.clone(), b: flat.b2.clone() },
            },
        };
        let (value, gradients) = $composed::value_and_grad(&x, &y, &params);
        let (flat_value, flat_gradients) = $flat::value_and_grad(&x, &y, &flat);
        assert_eq!(value.to_bits(), flat_value.to_bits());
        let (hidden, price) = (&gradients.model.hidden, &gradients.model.price);
        assert_eq!(bits(&hidden.w), bits(&flat_gradients.w1));
        assert_eq!(bits(&hidden.b), bits(&flat_gradients.b1));
        assert_eq!(bits(&price.w), bits(&flat_gradients.w2));
        assert_eq!(bits(&price.b), bits(&flat_gradients.b2));
        let (value, saved) = $composed::forward(&x, &y, &params);
        let (flat_value, flat_saved) = $flat::forward(&x, &y, &flat);
        assert_eq!(value.to_bits(), flat_value.to_bits());
        let back = $composed::backward(&x, &y, &params, &saved, 0.5);
        let flat_back = $flat::backward(&x, &y, &flat, &flat_saved, 0.5);
        assert_eq!(bits(&back.model.hidden.w), bits(&flat_back.w1));
        assert_eq!(saved.bytes(), flat_saved.bytes());
    };
}

#[test]
fn a_composed_network_gives_the_bits_of_the_flat_one() {
    same_bits!(housing_loss, flat_loss, f32);
    same_bits!(housing_loss_64, flat_loss_64, f64);
}

#[test]
fn parameters_are_visited_by_dotted_paths_in_order() {
    let mut params = housing_loss::Params::init(&mut rng());
    let paths: Vec<String> = (0..params.count()).map(|k| params.path(k)).collect();
    assert_eq!(paths, ["model.hidden.w", "model.hidden.b", "model.price.w", "model.price.b"]);
    params.array_mut(3).fill(2.5);
    assert_eq!(params.model.price.b[0], 2.5);
    assert_eq!(params.array(0).shape(), [13, 13]);
}

#[test]
fn a_callee_initialises_its_own_parameters() {
    let (composed, flat) = (housing_loss::Params::init(&mut rng()), flat_loss::Params::init(&mut rng()));
    assert_eq!(composed.model.hidden.w, flat.w1);
    assert_eq!(composed.model.price.w, flat.w2);
    assert_eq!(housing_loss::Params::zeros().model.hidden.w, Array2::<f32>::zeros((13, 13)));
}

#[test]
fn the_entry_check_names_the_path_of_a_parameter() {
    let mut params = housing_loss::Params::init(&mut rng());
    params.model.price.w = Array2::zeros((12, 1));
    let error = housing_loss::check(&wavy(2, 13), &wavy(2, 1), &params).unwrap_err().to_string();
    assert!(error.contains("model.price.w"), "{error}");
}

// --- sharing ---

#[network]
fn tied(x: Input<N, K>, layer: dense<K, K>) -> Output<N, K> {
    layer(tanh(layer(x)))
}

#[network]
fn tied_flat(x: Input<N, K>, w: Param<K, K>, b: Param<K>) -> Output<N, K> {
    tanh(x.dot(w) + b).dot(w) + b
}

#[test]
fn one_group_called_twice_has_tied_weights() {
    let x = wavy::<f32>(5, 4);
    let layer = dense::Params { w: wavy(4, 4), b: Array1::linspace(0.0, 1.0, 4) };
    let flat = tied_flat::Params { w: layer.w.clone(), b: layer.b.clone() };
    let params = tied::Params { layer };
    let ((y, saved), (flat_y, flat_saved)) = (tied::forward(&x, &params), tied_flat::forward(&x, &flat));
    assert_eq!(y, flat_y);
    let gradients = tied::backward(&x, &params, &saved, &y);
    let flat_gradients = tied_flat::backward(&x, &flat, &flat_saved, &y);
    assert_eq!(bits(&gradients.layer.w), bits(&flat_gradients.w));
    assert_eq!(bits(&gradients.layer.b), bits(&flat_gradients.b));
}

// --- dimensions ---

/// Nothing is bound: the first call decides, and what it leaves open is read off the parameters.
#[network]
fn inferred(x: Input<N, 3>, first: dense, second: dense) -> Output<N> {
    let h = relu(first(x));
    sum(second(h), axis = 1)
}

#[test]
fn dimensions_that_no_call_decides_are_read_off_the_parameters() {
    let x = wavy::<f32>(6, 3);
    let params = inferred::Params { first: dense::zeros(3, 5), second: dense::init(&mut rng(), 5, 2) };
    assert_eq!(inferred(&x, &params).shape(), [6]);
    assert_eq!(inferred::Params::zeros(4, 2).second.w.dim(), (4, 2));
    let wrong = inferred::Params { first: dense::zeros(3, 5), second: dense::zeros(4, 2) };
    let error = inferred::check(&x, &wrong).unwrap_err().to_string();
    assert!(error.contains("second.w") && error.contains("[O, second_O]"), "{error}");
}

#[network]
fn widened<const H: usize>(x: Input<N, H>, up: dense<H, { 2 * H }>, down: dense<{ 2 * H }, H>) -> Output<N, H> {
    x + down(relu(up(x)))
}

#[network]
fn doubled(x: Input<N, { 2 * H }>, half: Param<H>) -> Output {
    sum(x) * sum(half)
}

#[network]
fn solved(x: Input<N, 6>, inner: doubled) -> Output {
    inner(x)
}

#[test]
fn dimensions_are_polynomials() {
    let params = widened::Params::init(&mut rng(), 3);
    assert_eq!((params.up.w.dim(), params.down.w.dim()), ((3, 6), (6, 3)));
    assert_eq!(widened(&wavy(4, 3), &params).dim(), (4, 3));
    assert_eq!(solved::Params::zeros().inner.half.len(), 3);
}

#[network]
fn never_called(x: Input<N>, spare: dense<2, 3>, open: dense) -> Output {
    sum(x)
}

#[test]
fn a_group_that_is_never_called_has_no_gradient() {
    let params = never_called::Params { spare: dense::init(&mut rng(), 2, 3), open: dense::init(&mut rng(), 4, 5) };
    let (_, gradients) = never_called::value_and_grad(&Array1::ones(3), &params);
    assert_eq!(gradients.spare.w, Array2::<f32>::zeros((2, 3)));
    assert_eq!(gradients.open.w, Array2::<f32>::zeros((4, 5)));
}

// --- another crate, modules, re-exports ---

#[network]
fn across(x: Input<N, 4>, first: block<4, 8, 6>, last: layers::dense<6, 2>) -> Output<N, 2> {
    activations::swish(last(layers::activations::swish(first(x))))
}

#[network]
fn across_flat(
    x: Input<N, 4>,
    w1: Param<4, 8>,
    b1: Param<8>,
    w2: Param<8, 6>,
    s2: Param<6>,
    w3: Param<6, 2>,
    b3: Param<2>,
) -> Output<N, 2> {
    let z1 = x.dot(w1) + b1;
    let z2 = s2 * (z1 * sigmoid(z1)).dot(w2);
    let z3 = (z2 * sigmoid(z2)).dot(w3) + b3;
    z3 * sigmoid(z3)
}

#[test]
fn networks_of_another_crate_are_inlined_with_all_that_is_private_there() {
    let x = wavy::<f32>(7, 4);
    let mut params = across::Params::init(&mut rng());
    params.first.outer.scale = Array1::linspace(0.5, 1.5, 6);
    let flat = across_flat::Params {
        w1: params.first.inner.w.clone(),
        b1: params.first.inner.b.clone(),
        w2: params.first.outer.w.clone(),
        s2: params.first.outer.scale.clone(),
        w3: params.last.w.clone(),
        b3: params.last.b.clone(),
    };
    let ((y, saved), (flat_y, flat_saved)) = (across::forward(&x, &params), across_flat::forward(&x, &flat));
    assert_eq!(bits(&y), bits(&flat_y));
    let gradients = across::backward(&x, &params, &saved, &y);
    let flat_gradients = across_flat::backward(&x, &flat, &flat_saved, &y);
    assert_eq!(bits(&gradients.first.outer.scale), bits(&flat_gradients.s2));
    assert_eq!(bits(&gradients.first.inner.w), bits(&flat_gradients.w1));
    assert_eq!(bits(&gradients.last.w), bits(&flat_gradients.w3));
}

/// The runtime goes by another path here than where `dense` comes from.
#[layers::pullback::network(crate = ::layers::pullback)]
fn through(x: Input<N, 4>, layer: ::layers::dense<4, 2>) -> Output {
    sum(layer(x))
}

#[test]
fn the_path_of_the_runtime_is_that_of_the_caller() {
    let (value, gradients) = through::value_and_grad(&wavy(3, 4), &through::Params::zeros());
    assert_eq!((value, &gradients.layer.b), (0.0, &Array1::from_elem(2, 3.0)));
}

/// Two networks of one name.
mod other {
    pub mod deep {
        use pullback::network;

        #[network]
        pub(in crate::other) fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>) -> Output<N, O> {
            square(x.dot(w))
        }
    }

    #[pullback::network]
    pub(super) fn squared<const O: usize>(x: Input<N, I>, layer: deep::dense<I, O>) -> Output<N, O> {
        layer(x)
    }

    pub(crate) use squared as renamed;
}

#[network]
fn both(
    x: Input<N, 3>,
    a: dense<3, 3>,
    b: other::squared,
    c: self::other::renamed<4>,
    d: crate::dense<4, 4>,
) -> Output<N, 4> {
    d(c(b(a(x))))
}

#[test]
fn networks_of_one_name_do_not_mix() {
    let x = wavy::<f32>(5, 3);
    let params = both::Params::init(&mut rng(), 7);
    let h = x.dot(&params.a.w).dot(&params.b.layer.w).mapv(|z| z * z);
    let h = h.dot(&params.c.layer.w).mapv(|z| z * z);
    let wanted = h.dot(&params.d.w);
    let y = both(&x, &params);
    assert!(y.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs())));
}

// --- tuples ---

#[network]
fn both_values(x: Input<N, K>, layer: pair<K, 3>) -> (Output<N, 3>, Output) {
    let (z, squares) = layer(x);
    let shifted: Output<N, 3> = z + 0.0;
    (shifted, sum(squares))
}

#[network]
fn one_value(x: Input<N, K>, layer: pair) -> Output {
    let (_, squares) = layer(x);
    sum(squares)
}

#[network]
fn passed_on(x: Input<N, 2>, y: Input<N, 2>, layer: pair<2, O>) -> (Output<N, O>, Output<N, O>) {
    let (z, _) = layer(x);
    layer(y + 0.0 * sum(z))
}

#[test]
fn a_tuple_is_taken_apart_and_passed_on() {
    let x = wavy::<f32>(4, 2);
    let layer = pair::Params { w: wavy(2, 3) };
    let z = x.dot(&layer.w);
    let params = both_values::Params { layer: layer.clone() };
    let ((shifted, total), saved) = both_values::forward(&x, &params);
    assert!((&shifted - &z).iter().all(|d| d.abs() < 1e-5));
    assert!((total - z.mapv(|z| z * z).sum()).abs() < 1e-4);
    let gradients = both_values::backward(&x, &params, &saved, (&Array2::zeros((4, 3)), 1.0));
    let (_, of_one) = one_value::value_and_grad(&x, &one_value::Params { layer: layer.clone() });
    assert!((&gradients.layer.w - &of_one.layer.w).iter().all(|d| d.abs() < 1e-4));
    let (first, second) = passed_on(&x, &x, &passed_on::Params { layer });
    assert_eq!(second, first.mapv(|z| z * z));
}

// --- layers of the runtime ---

#[network(f64)]
fn learned(x: Input<N, 3>, y: Index<N>, body: pullback::nn::mlp<3, H, 8>, head: pullback::nn::dense<8, 4>) -> Output {
    softmax_cross_entropy(head(body(x)), y)
}

#[test]
fn layers_of_the_runtime_learn_in_the_precision_of_their_caller() {
    use pullback::optim::{Adam, AdamConfig};
    let (x, y) = (wavy::<f64>(12, 3), Array1::from_shape_fn(12, |i| i % 4));
    let mut params: learned::Params = learned::Params::init(&mut rng(), 16);
    let mut adam = Adam::new(AdamConfig { lr: 0.02, ..Default::default() });
    let start = learned(&x, &y, &params);
    for _ in 0..200 {
        let (_, gradients) = learned::value_and_grad(&x, &y, &params);
        adam.step(&mut params, &gradients);
    }
    let end = learned(&x, &y, &params);
    assert!(end < 0.2 * start, "from {start} to {end}");
}

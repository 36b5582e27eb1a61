//! Stacks of networks as emitted code: the same as the networks written one after another; their arrays are visited, checked
//! and initialised one by one; a step allocates nothing.

use ndarray::{Array2, ShapeBuilder};
use pullback::{ParamSet, network};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// Scales every feature.
#[network]
fn scaled(x: Input<N, W>, #[init(ones)] s: Param<W>) -> Output<N, W> {
    x * s
}

/// A residual block.
#[network]
fn block<const W: usize>(
    x: Input<N, W>,
    norm: scaled,
    w: Param<W, W>,
    b: Param<W>,
    #[init(ones)] rate: Param,
) -> Output<N, W> {
    x + tanh(norm(x).dot(w) + b) * rate
}

#[network]
fn stacked(x: Input<N, F>, y: Input<N, F>, first: Param<F>, blocks: [block; 3]) -> Output {
    mse(blocks(x + first), y)
}

#[network]
fn written_out(x: Input<N, F>, y: Input<N, F>, first: Param<F>, a: block, b: block, c: block) -> Output {
    mse(c(b(a(x + first))), y)
}

#[network]
fn deep(x: Input<N, 4>, all: [block<4>; 40]) -> Output<N, 4> {
    all(x)
}

#[network(wrt(x))]
fn pairs(x: Input<N, 4>, pairs: [pair; 2], last: pair) -> Output {
    sum(last(pairs(x)))
}

#[network]
fn pair(x: Input<N, W>, blocks: [block<W>; 2]) -> Output<N, W> {
    blocks(x)
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(3)
}

fn wavy(rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((7 * i + 3 * j) as f32).sin())
}

/// All elements in the order of the visit.
fn elements(set: &impl ParamSet<Elem = f32>) -> Vec<f32> {
    (0..set.count()).flat_map(|k| set.array(k).iter().copied().collect::<Vec<_>>()).collect()
}

fn is_close(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

#[test]
fn a_stack_is_its_networks_one_after_another() {
    let (x, y) = (wavy(5, 4), wavy(5, 4));
    let params = stacked::Params::init(&mut rng(), 4);
    let [a, b, c] = params.blocks.clone();
    let apart = written_out::Params { first: params.first.clone(), a, b, c };
    let (value, gradients) = stacked::value_and_grad(&x, &y, &params);
    let (expected, all) = written_out::value_and_grad(&x, &y, &apart);
    assert!((value - expected).abs() < 1e-5);
    assert!(is_close(&elements(&gradients), &elements(&all)));
    let (output, saved) = stacked::forward(&x, &y, &params);
    assert!((output - expected).abs() < 1e-5);
    assert!(is_close(&elements(&stacked::backward(&x, &y, &params, &saved, 1.0)), &elements(&all)));
    assert!((stacked(&x, &y, &params) - expected).abs() < 1e-5);
}

#[test]
fn arrays_are_visited_network_by_network() {
    let params = pairs::Params::init(&mut rng());
    let paths: Vec<String> = (0..params.count()).map(|k| params.path(k)).collect();
    assert_eq!(paths.len(), 4 * 6);
    assert_eq!(
        paths[..5],
        [
            "pairs.0.blocks.0.norm.s",
            "pairs.0.blocks.0.w",
            "pairs.0.blocks.0.b",
            "pairs.0.blocks.0.rate",
            "pairs.0.blocks.1.norm.s",
        ]
    );
    assert_eq!(paths[23], "last.blocks.1.rate");
    assert_eq!(params.pairs[1].blocks[0].norm.s.len(), 4);
    let (_, gradients) = pairs::value_and_grad(&wavy(3, 4), &params);
    assert_eq!(gradients.count(), params.count());
    assert_eq!(gradients.x.shape(), [3, 4]);
    assert_eq!(gradients.pairs[1].blocks[1].w, gradients.array(13).into_dimensionality().unwrap());
}

#[test]
fn each_network_is_initialised_and_checked_by_itself() {
    let mut params = deep::Params::init(&mut rng());
    assert_ne!(params.all[0].w, params.all[39].w);
    assert_eq!(params.all[39].norm.s, ndarray::Array1::ones(4));
    assert_eq!(deep(&wavy(2, 4), &params).shape(), [2, 4]);
    assert_eq!(deep::Params::<f32>::default().count(), 160);
    params.all[7].w = Array2::zeros((4, 3));
    let found = deep::check(&wavy(2, 4), &params).unwrap_err().to_string();
    assert!(found.contains("`all.*.w`") && found.contains("[4, 3]"), "{found}");
}

#[test]
fn a_step_allocates_nothing_in_steady_state() {
    let mut params = stacked::Params::init(&mut rng(), 4);
    let mut transposed = Array2::zeros((4, 4).f());
    transposed.assign(&params.blocks[1].w);
    params.blocks[1].w = transposed;
    let (x, y, mut workspace) = (wavy(5, 4), wavy(5, 4), stacked::Workspace::default());
    let expected = stacked::value_and_grad(&x, &y, &params);
    let mut step = || {
        let (value, gradients) = stacked::value_and_grad_into(&x, &y, &params, &mut workspace);
        assert_eq!((value, gradients), (expected.0, &expected.1));
    };
    step();
    assert_eq!(allocation_counter::measure(&mut step).count_total, 0);
}

/// Adds what comes in, where that has the shape of what goes out.
#[network]
fn residual<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>) -> Output<N, O> {
    let y = x.dot(w);
    if I == O { x + y } else { y }
}

#[network]
fn narrowing(x: Input<N, 4>, same: residual<4, 4>, last: residual<4, 2>, scale: Mask) -> Output<N, 2> {
    let y = last(same(x));
    if scale { 2 * y } else { y }
}

#[test]
fn sizes_and_flags_choose() {
    let (x, params) = (wavy(3, 4), narrowing::Params::init(&mut rng()));
    let expected = (&x + &x.dot(&params.same.w)).dot(&params.last.w);
    assert!(is_close(narrowing(&x, false, &params).as_slice().unwrap(), expected.as_slice().unwrap()));
    assert!(is_close(narrowing(&x, true, &params).as_slice().unwrap(), (2.0 * &expected).as_slice().unwrap()));
    let alone = residual::Params { w: params.last.w.clone() };
    assert_eq!(residual(&x, &alone), x.dot(&alone.w));
    let square = residual::check(&x, &residual::Params { w: params.same.w.clone() }).unwrap_err().to_string();
    assert!(square.contains("`I` and `O` are both 4"), "{square}");
}

// --- as many networks as a dimension says ---

#[network]
fn encoder<const L: usize, const D: usize>(
    x: Input<N, D>,
    before: Param<D>,
    blocks: [block<D>; L],
    last: block<D>,
) -> Output<N, D> {
    last(blocks(x + before))
}

#[network]
fn encoded(x: Input<N, F>, y: Input<N, F>, first: encoder<2, F>, second: encoder<K, F>, scale: Param) -> Output {
    mse(scale * second(first(x)), y)
}

#[network]
fn all_written_out(
    x: Input<N, F>,
    y: Input<N, F>,
    p: Param<F>,
    a: block,
    b: block,
    c: block,
    q: Param<F>,
    d: block,
    e: block,
    scale: Param,
) -> Output {
    mse(scale * e(d(c(b(a(x + p))) + q)), y)
}

#[test]
fn a_dimension_says_how_many_networks_there_are() {
    let (x, y) = (wavy(5, 4), wavy(5, 4));
    let mut params = encoded::Params::init(&mut rng(), 4, 1);
    assert_eq!((params.first.blocks.len(), params.second.blocks.len()), (2, 1));
    params.scale = 0.5;
    let paths: Vec<String> = (0..params.count()).map(|k| params.path(k)).collect();
    assert_eq!(paths.len(), 1 + 8 + 4 + 1 + 4 + 4 + 1);
    assert_eq!(
        [&paths[0], &paths[1], &paths[8], &paths[9], &paths[14], &paths[22]],
        [
            "first.before",
            "first.blocks.0.norm.s",
            "first.blocks.1.rate",
            "first.last.norm.s",
            "second.blocks.0.norm.s",
            "scale"
        ]
    );
    let [b0, b1] = [params.first.blocks[0].clone(), params.first.blocks[1].clone()];
    let apart = all_written_out::Params {
        p: params.first.before.clone(),
        a: b0,
        b: b1,
        c: params.first.last.clone(),
        q: params.second.before.clone(),
        d: params.second.blocks[0].clone(),
        e: params.second.last.clone(),
        scale: params.scale,
    };
    let (value, gradients) = encoded::value_and_grad(&x, &y, &params);
    let (expected, all) = all_written_out::value_and_grad(&x, &y, &apart);
    assert!((value - expected).abs() < 1e-5);
    assert!(is_close(&elements(&gradients), &elements(&all)));
    assert!((encoded(&x, &y, &params) - expected).abs() < 1e-5);
    let (output, saved) = encoded::forward(&x, &y, &params);
    assert!((output - expected).abs() < 1e-5);
    assert!(is_close(&elements(&encoded::backward(&x, &y, &params, &saved, 1.0)), &elements(&all)));
    // A step of training moves every array, and allocates nothing in steady state.
    let mut workspace = encoded::Workspace::default();
    let mut sgd = pullback::optim::Sgd::new(pullback::optim::SgdConfig { lr: 0.1, ..Default::default() });
    let before = elements(&params);
    let trained = encoded::train(&x, &y, &mut params, &mut workspace, &mut sgd);
    assert!((trained - expected).abs() < 1e-5);
    let moved: Vec<f32> = before.iter().zip(elements(&gradients)).map(|(p, g)| p - 0.1 * g).collect();
    assert!(is_close(&elements(&params), &moved));
    let mut step = || assert!(encoded::value_and_grad_into(&x, &y, &params, &mut workspace).0 > 0.0);
    step();
    assert_eq!(allocation_counter::measure(&mut step).count_total, 0);
}

#[test]
fn the_number_of_networks_is_checked_and_may_be_none() {
    let x = wavy(5, 4);
    let none = encoder::Params::<f32>::init(&mut rng(), 0, 4);
    let last = block(&(&x + &none.before), &none.last);
    assert!(is_close(encoder(&x, &none).as_slice().unwrap(), last.as_slice().unwrap()));
    let mut params = encoded::Params::init(&mut rng(), 4, 3);
    params.first.blocks.pop();
    let found = encoded::check(&x, &x, &params).unwrap_err().to_string();
    assert_eq!(found, "`encoded`: `first.blocks` holds 1 networks, expected 2");
    params.first.blocks = encoded::Params::init(&mut rng(), 5, 2).first.blocks;
    let found = encoded::check(&x, &x, &params).unwrap_err().to_string();
    assert!(found.contains("`first.blocks.*.norm.s` has shape [5]"), "{found}");
}

/// A size of groups alone, in the body.
#[network]
fn hidden_size<const H: usize>(
    x: Input<N, 4>,
    up: pullback::nn::dense<4, { 2 * H }>,
    blocks: [block<H>; L],
) -> Output<L, H> {
    let halves = reshape(up(x), [N * 2, H]);
    let mut h = mean(blocks(halves), axis = 0);
    for _ in 0..L {
        h = reshape(h * 1, [H]);
        h
    }
}

#[test]
fn sizes_of_groups_alone_may_stand_in_a_body() {
    let params = hidden_size::Params::init(&mut rng(), 3, 2);
    assert_eq!((params.up.w.dim(), params.blocks.len()), ((4, 6), 2));
    assert_eq!(hidden_size(&wavy(5, 4), &params).shape(), [2, 3]);
}

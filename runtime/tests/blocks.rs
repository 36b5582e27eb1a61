//! Blocks of `nn` beyond what `nn.rs` compares with PyTorch: pooling of images of any size, causal attention that sees no
//! later position, against plain loops, and dropout, of which each network of a stack has masks of its own.

mod layers;

use layers::{assert_gradients, assert_near, fill};
use ndarray::{Array, Array2, Array3, Array4, Dimension, s};
use pullback::nn::{causal_attention, causal_block, conv_pool, dropped, dropped_causal_block};
use pullback::{network, nn};

fn wavy<D: Dimension, S: ndarray::ShapeBuilder<Dim = D>>(shape: S) -> Array<f64, D> {
    let mut position = 0.0;
    Array::from_shape_simple_fn(shape, || {
        position += 1.0;
        f64::sin(1.7 * position)
    })
}

// --- convolution and pooling ---

#[network(f64)]
fn of_conv_pool(x: Input<N, 2, H, W>, layer: conv_pool<2, 3>) -> Output<N, 3, { H / 2 }, { W / 2 }> {
    layer(x)
}

#[network(f64)]
fn loss_of_conv_pool(x: Input<N, 2, H, W>, layer: conv_pool<2, 3>) -> Output {
    mean(square(layer(x)))
}

/// `max over 2 by 2 of relu(Σ w x + b)`, place by place.
fn conv_pooled(x: &Array4<f64>, w: &Array4<f64>, b: &[f64]) -> Array4<f64> {
    let (n, channels, height, width) = x.dim();
    let at = |i: usize, o: usize, r: usize, c: usize| {
        let mut sum = b[o];
        for k in 0..channels {
            for (u, v) in (0..3).flat_map(|u| (0..3).map(move |v| (u, v))) {
                let (row, column) = ((r + u).wrapping_sub(1), (c + v).wrapping_sub(1));
                if row < height && column < width {
                    sum += w[[o, k, u, v]] * x[[i, k, row, column]];
                }
            }
        }
        sum.max(0.0)
    };
    Array4::from_shape_fn((n, b.len(), height / 2, width / 2), |(i, o, r, c)| {
        let places = [(0, 0), (0, 1), (1, 0), (1, 1)];
        places.iter().map(|(u, v)| at(i, o, 2 * r + u, 2 * c + v)).fold(f64::NEG_INFINITY, f64::max)
    })
}

#[test]
fn conv_pool_is_the_greatest_of_each_four_rectified_sums() {
    let mut params = of_conv_pool::Params::<f64>::zeros();
    fill(&mut params);
    for size in [(4, 6), (5, 7), (2, 2), (1, 3)] {
        let x = wavy((2, 2, size.0, size.1));
        let found = of_conv_pool(&x, &params);
        assert_eq!(found.shape(), [2, 3, size.0 / 2, size.1 / 2]);
        let wanted = conv_pooled(&x, &params.layer.conv.w, params.layer.conv.b.as_slice().unwrap());
        assert_near("conv_pool", &found, &wanted);
    }
    let (x, params) = (wavy((2, 2, 5, 4)), loss_of_conv_pool::Params { layer: params.layer });
    let (_, gradients) = loss_of_conv_pool::value_and_grad(&x, &params);
    assert_gradients(&params, &gradients, |params| loss_of_conv_pool(&x, params));
}

// --- causal attention ---

#[network(f64)]
fn of_causal_attention(x: Input<N, T, 4>, layer: causal_attention<4, 2, 3>) -> Output<N, T, 4> {
    layer(x)
}

#[network(f64)]
fn loss_of_causal_block(x: Input<N, T, 4>, layer: causal_block<4, 2, 3, 5>) -> Output {
    mean(square(layer(x)))
}

#[network(f64)]
fn of_causal_block(x: Input<N, T, 4>, layer: causal_block<4, 2, 3, 5>) -> Output<N, T, 4> {
    layer(x)
}

/// Head by head, position by position.
fn causally(x: &Array3<f64>, params: &nn::causal_attention::Params<f64>) -> Array3<f64> {
    let (n, steps, _) = x.dim();
    let (heads, each) = params.query.b.dim();
    let mut y = Array3::zeros((n, steps, params.out.b.len()));
    let project = |row: ndarray::ArrayView1<f64>, layer: &nn::heads::Params<f64>, a: usize, k: usize| {
        layer.b[[a, k]] + (0..row.len()).map(|d| row[d] * layer.w[[d, a * each + k]]).sum::<f64>()
    };
    for (i, t) in (0..n).flat_map(|i| (0..steps).map(move |t| (i, t))) {
        let mut joined = vec![0.0; heads * each];
        for a in 0..heads {
            let row = |u: usize| x.slice(s![i, u, ..]);
            let score = |u: usize| {
                let products =
                    (0..each).map(|k| project(row(t), &params.query, a, k) * project(row(u), &params.key, a, k));
                (products.sum::<f64>() / (each as f64).sqrt()).exp()
            };
            let total: f64 = (0..=t).map(score).sum();
            for k in 0..each {
                joined[a * each + k] =
                    (0..=t).map(|u| score(u) / total * project(row(u), &params.value, a, k)).sum::<f64>();
            }
        }
        for d in 0..params.out.b.len() {
            y[[i, t, d]] = params.out.b[d] + (0..joined.len()).map(|j| joined[j] * params.out.w[[j, d]]).sum::<f64>();
        }
    }
    y
}

#[test]
fn causal_attention_sees_no_later_position() {
    let mut params = of_causal_attention::Params::<f64>::zeros();
    fill(&mut params);
    let x = wavy((2, 5, 4));
    assert_near("causal_attention", &of_causal_attention(&x, &params), &causally(&x, &params.layer));
    let mut block = of_causal_block::Params::<f64>::zeros();
    fill(&mut block);
    let y = of_causal_block(&x, &block);
    let mut later = x.clone();
    later.slice_mut(s![.., 3.., ..]).fill(7.0);
    let changed = of_causal_block(&later, &block);
    assert_near("causal_block", changed.slice(s![.., ..3, ..]), y.slice(s![.., ..3, ..]));
    assert!(changed.slice(s![.., 3.., ..]) != y.slice(s![.., 3.., ..]));
}

#[test]
fn gradients_of_a_causal_block_agree_with_differences() {
    let (x, mut params) = (wavy((2, 3, 4)), loss_of_causal_block::Params::<f64>::zeros());
    fill(&mut params);
    let (_, gradients) = loss_of_causal_block::value_and_grad(&x, &params);
    assert_gradients(&params, &gradients, |params| loss_of_causal_block(&x, params));
}

// --- dropout ---

#[network(f64, wrt(x))]
fn of_dropout(x: Input<N, H>, seed: Random) -> Output<N, H> {
    nn::dropout(x, seed)
}

#[test]
fn dropout_drops_half_there_and_back_and_nothing_in_inference() {
    let (x, none) = (Array2::ones((60, 50)), of_dropout::Params {});
    let (y, saved) = of_dropout::forward(&x, 5, &none);
    let dropped = y.iter().filter(|v| **v == 0.0).count();
    assert!(y.iter().all(|v| *v == 0.0 || *v == 2.0) && (dropped as f64 - 1500.0).abs() < 5.0 * 750f64.sqrt());
    assert_eq!(of_dropout::backward(&x, 5, &none, &saved, &x).x, y);
    assert_eq!(of_dropout(&x, &none), x);
}

/// Leaves what it was given where nothing is dropped, and counts how often an element has been kept.
#[network(f64)]
fn marked(x: Input<N, H>, seed: Random) -> Output<N, H> {
    let kept = dropout(0 * x + 1, seed);
    4 * x + sign(kept)
}

#[network(f64)]
fn marks(x: Input<N, H>, seed: Random, layers: [marked; 3]) -> Output<N, H> {
    layers(x, seed)
}

#[network(f64)]
fn named_marks(x: Input<N, H>, depth: Input<L>, seed: Random, layers: [marked; L]) -> Output<N, H> {
    layers(x, seed) + 0 * sum(depth)
}

#[test]
fn every_network_of_a_stack_has_a_mask_of_its_own() {
    let x = Array2::zeros((20, 30));
    let (y, _) = marks::forward(&x, 3, &marks::Params { layers: Default::default() });
    // In base 4, a digit for each network.
    let masks: Vec<Array2<f64>> = (0..3).map(|k| y.mapv(|v| (v / 4f64.powi(k)).floor() % 4.0)).collect();
    for mask in &masks {
        let kept = mask.sum();
        assert!(mask.iter().all(|v| *v == 0.0 || *v == 1.0) && (kept - 300.0).abs() < 5.0 * 150f64.sqrt(), "{kept}");
    }
    assert!(masks[0] != masks[1] && masks[1] != masks[2] && masks[0] != masks[2]);
    let depth = ndarray::Array1::zeros(3);
    let layers = std::iter::repeat_with(Default::default).take(3).collect();
    let (named, _) = named_marks::forward(&x, &depth, 3, &named_marks::Params { layers });
    assert_eq!(named, y);
}

#[network(f64)]
fn loss_of_stack(x: Input<N, T, 4>, seed: Random, blocks: [dropped_causal_block<4, 2, 2, 5>; 2]) -> Output {
    mean(square(blocks(x, seed)))
}

#[network(f64)]
fn loss_of_dropped(x: Input<N, 4>, seed: Random, first: dropped<4, 6>, second: dropped<6, 6>) -> Output {
    mean(square(second(first(x, seed), seed)))
}

#[test]
fn the_masks_of_a_stack_are_the_same_there_and_back() {
    let (x, mut params) = (wavy((3, 4, 4)), loss_of_stack::Params::<f64>::default());
    params.blocks = std::array::from_fn(|_| nn::dropped_causal_block::zeros(4, 2, 2, 5));
    fill(&mut params);
    let (value, gradients) = loss_of_stack::value_and_grad(&x, 11, &params);
    assert_gradients(&params, &gradients, |params| loss_of_stack::value_and_grad(&x, 11, params).0);
    assert_ne!(value, loss_of_stack::value_and_grad(&x, 12, &params).0);
    assert_eq!(loss_of_stack(&x, &params), loss_of_stack(&x, &params));
    let (x, mut params) = (wavy((5, 4)), loss_of_dropped::Params::<f64>::zeros());
    fill(&mut params);
    let (_, gradients) = loss_of_dropped::value_and_grad(&x, 11, &params);
    assert_gradients(&params, &gradients, |params| loss_of_dropped::value_and_grad(&x, 11, params).0);
}

//! Where a condition of a rule changes: derivatives on an axis, at a bound, between bounds that are the wrong way around, for a
//! slope that falls, for no elements at all; and values by another definition.

use super::interpret::{Array, Random, run, sizes};
use super::middle::lowered;
use super::stability::{derived, same};
use crate::differentiate::Seed;
use crate::ir::graph::{Goal, Root, Source};
use crate::ir::model::Role;
use crate::simplify;

pub const ALL: [fn(); 8] = [
    gradients_are_right_on_an_axis_and_at_a_bound,
    gradients_are_right_for_a_slope_that_falls,
    second_derivatives_are_right_on_an_axis,
    nothing_gives_no_gradient,
    what_meets_zeros_alone_sends_no_nan_back,
    spellings_of_one_value_agree,
    losses_are_exact_where_a_share_is_nothing_or_all,
    states_move_towards_the_mean_and_the_variance_of_the_batch,
];

/// The gradients of a function of arrays of two elements.
#[track_caller]
fn gradients(call: &str, arguments: &[[f64; 2]], want: &[[f64; 2]]) {
    let names = &["a", "b", "c"][..arguments.len()];
    let signature: Vec<String> = names.iter().map(|name| format!("{name}: Param<N>")).collect();
    let source = format!("fn f({}) -> Output<N> {{ {call}({}) }}", signature.join(", "), names.join(", "));
    let arrays: Vec<&[f64]> = arguments.iter().map(|a| &a[..]).collect();
    let got = derived(&source, &arrays);
    want.iter().zip(&got[1..]).for_each(|(want, got)| same(got, want));
}

#[test]
fn gradients_are_right_on_an_axis_and_at_a_bound() {
    gradients("hypot", &[[0.0, 2.0], [2.0, 0.0]], &[[0.0, 1.0], [1.0, 0.0]]);
    gradients("atan2", &[[0.0, 2.0], [2.0, 0.0]], &[[0.5, 0.0], [0.0, -0.5]]);
    gradients("pow", &[[0.0, 0.0], [1.0, 2.0]], &[[1.0, 0.0]]);
    // At the lower bound, and at the upper one.
    gradients("clamp", &[[2.0, 3.0], [2.0, 2.0], [3.0, 3.0]], &[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
    // Below both of two bounds that are the same, and that are the wrong way around.
    gradients("clamp", &[[0.0, 0.0], [2.0, 3.0], [2.0, 2.0]], &[[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]);
    // Above the one and below the other, the wrong way around.
    gradients("clamp", &[[0.0, 2.5], [3.0, 3.0], [-2.0, 2.0]], &[[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]);
    // Between them, and beyond either one.
    gradients("clamp", &[[2.5, 2.5], [2.0, 2.0], [3.0, 3.0]], &[[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]);
    gradients("clamp", &[[0.0, 5.0], [2.0, 2.0], [3.0, 3.0]], &[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
}

#[test]
fn gradients_are_right_for_a_slope_that_falls() {
    let (x, slope) = ([-2.0, 3.0], [-0.5, -0.5]);
    gradients("leaky_relu", &[x, slope], &[[-0.5, 1.0], [-2.0, 0.0]]);
    gradients("elu", &[x, slope], &[[-0.5 * f64::exp(-2.0), 1.0], [f64::exp_m1(-2.0), 0.0]]);
}

#[test]
fn second_derivatives_are_right_on_an_axis() {
    let second = |call: &str, by: usize| {
        let graph = lowered(&format!("fn f(a: Param<N>, b: Param<N>) -> Output<N> {{ {call}(a, b) }}"));
        let mut gradient = simplify::expand(&super::derived(&graph, &[0, 1], Seed::Argument));
        gradient.roots = vec![Root { goal: Goal::Output(0), node: gradient.roots[1 + by].node }];
        gradient.arguments.iter_mut().for_each(|a| a.source = Source::User(Role::Param));
        let second = simplify::simplify(&super::derived(&gradient, &[0, 1], Seed::Argument));
        let arrays = [[0.0, 2.0], [2.0, 0.0], [1.0; 2], [1.0; 2]];
        let arrays = arrays.map(|data| Array { shape: vec![2], data: data.to_vec() });
        run(&second, &sizes(&[("N", 2)]), &arrays).split_off(1).into_iter().map(|a| a.data).collect::<Vec<_>>()
    };
    assert_eq!(second("hypot", 0), [[0.5, 0.0], [0.0, 0.0]]);
    assert_eq!(second("hypot", 1), [[0.0, 0.0], [0.0, 0.5]]);
    assert_eq!(second("atan2", 0), [[0.0, 0.0], [-0.25, 0.25]]);
    assert_eq!(second("atan2", 1), [[-0.25, 0.25], [0.0, 0.0]]);
}

/// A share of nothing is infinite, and reaches no element.
#[test]
fn nothing_gives_no_gradient() {
    for value in ["mean(x * w)", "sum(mean(x * w, axis = 0))", "mse(x * w, x)"] {
        let graph = lowered(&format!("fn f(x: Input<N, K>, w: Param<K>) -> Output {{ {value} }}"));
        let joint = simplify::simplify(&super::derived(&graph, &[1], Seed::Argument));
        let array = |shape: &[usize]| Array::filled(shape.to_vec(), |_| 1.0);
        let got = run(&joint, &sizes(&[("N", 0), ("K", 2)]), &[array(&[0, 2]), array(&[2]), array(&[])]);
        assert_eq!(got[1].data, [0.0, 0.0], "{value}: {joint}");
    }
}

/// Of a product's result, the columns that are not taken have operands that are infinite.
#[test]
fn what_meets_zeros_alone_sends_no_nan_back() {
    let taken: &[f64] = &[1.0, 0.0, 1.0];
    let (x, w): (&[f64], &[f64]) = (&[1.0, 2.0, 3.0, 4.0], &[1.0, 0.0, 1.0, 1.0, 0.0, 1.0]);
    for product in ["x.dot(ln(w))", "t(t(ln(w)).dot(t(x)))"] {
        let signature = "m: Input<K>, x: Param<N, 2>, w: Param<2, K>";
        let got =
            derived(&format!("fn f({signature}) -> Output<N, K> {{ select(m > 0, {product}, 7) }}"), &[taken, x, w]);
        same(&got[2], &[0.0; 4]);
        same(&got[3], &[4.0, 0.0, 4.0, 6.0, 0.0, 6.0]);
    }
}

/// Two ways to write the same.
#[test]
fn spellings_of_one_value_agree() {
    let pairs = [
        ("einsum(\"nk->k\", x * x)", "sum(x * x, axis = 0)"),
        ("einsum(\"nk->\", x)", "sum(x)"),
        ("slice(concat(x, y, z, axis = 1), axis = 1, start = 6)", "z"),
        ("slice(concat(z, x, y, axis = 0), axis = 0, start = 2, end = 4)", "x"),
        ("pad(x, 1, 2, axis = 1, value = 2.5)", "pad(x - 2.5, 1, 2, axis = 1) + 2.5"),
        ("rms_norm(v)", "squeeze(rms_norm(insert_axis(v, axis = 0)), axis = 0)"),
        ("layer_norm(v)", "squeeze(layer_norm(insert_axis(v, axis = 0)), axis = 0)"),
        ("rms_norm(v)", "v / sqrt(mean(v * v) + 0.00001)"),
        ("cosine(v, u)", "cosine(insert_axis(v, axis = 0), insert_axis(u, axis = 0))"),
        ("cosine(v, u)", "1 - v.dot(u) / (norm(v) * norm(u))"),
        ("mse(a, b)", "square(a - b)"),
        ("mae(a, b)", "abs(a - b)"),
        ("huber(a, b)", "huber(insert_axis(a, axis = 0), insert_axis(b, axis = 0))"),
        ("huber(3 * a, b - 2)", "3 * a - (b - 2) - 0.5"),
        ("hinge(a, b)", "relu(1 - a * b)"),
        ("bce_with_logits(a, b)", "softplus(a) - a * b"),
        ("binary_cross_entropy(a / 3, b / 2)", "-(b / 2 * ln(a / 3) + (1 - b / 2) * ln(1 - a / 3))"),
        ("max(permute(x, [1, 0]), axis = 0)", "max(x, axis = 1)"),
        ("std(x, axis = 1)", "sqrt(mean(square(x - mean(x, axis = 1, keepdims = true)), axis = 1))"),
    ];
    let arguments = "x: Param<2, 3>, y: Param<2, 3>, z: Param<2, 3>, v: Param<3>, u: Param<3>, a: Param, b: Param";
    for (one, other) in pairs {
        let source = format!("fn f({arguments}) -> Output {{ sum(exp({one} - ({other}))) - sum(exp({one} * 0)) }}");
        let graph = simplify::simplify(&lowered(&source));
        let arrays = [2, 2, 2, 1, 1, 0, 0].iter().enumerate().map(|(seed, rank)| {
            let shape = [2, 3][2 - rank..].to_vec();
            Random::new(seed as u64).array(shape, 0.5, 1.5)
        });
        let got = run(&graph, &sizes(&[]), &arrays.collect::<Vec<_>>());
        assert!(got[0].data[0].abs() < 1e-12, "{one} is not {other}: {got:?}\n{graph}");
    }
}

/// The values of a model in training: its outputs, then its states.
fn in_training(source: &str, dims: &[(&str, usize)], arguments: &[(&[usize], &[f64])]) -> Vec<Array> {
    let graph = simplify::expand(&simplify::resolve(&lowered(source), true));
    let array = |(shape, data): &(&[usize], &[f64])| Array { shape: shape.to_vec(), data: data.to_vec() };
    run(&graph, &sizes(dims), &arguments.iter().map(array).collect::<Vec<_>>())
}

#[test]
fn losses_are_exact_where_a_share_is_nothing_or_all() {
    let loss = |call: &str, [a, b]: [[f64; 2]; 2], want: f64| {
        let source = format!("fn f(a: Param<N, 2>, b: Input<N, 2>) -> Output {{ {call} }}");
        same(&in_training(&source, &[("N", 1)], &[(&[1, 2], &a), (&[1, 2], &b)])[0].data, &[want]);
    };
    let (infinite, ln) = (f64::INFINITY, f64::ln);
    let binary = "binary_cross_entropy(a, b)";
    loss(binary, [[0.25, 0.5], [0.0, 1.0]], -(ln(0.75) + ln(0.5)) / 2.0);
    loss(binary, [[0.0, 1.0], [0.0, 1.0]], 0.0);
    // What was held impossible, or certain, and is not.
    loss(binary, [[0.0, 0.5], [1.0, 1.0]], infinite);
    loss(binary, [[1.0, 0.5], [0.0, 1.0]], infinite);
    for call in ["nll(a, b)", "kl_divergence(a, b)"] {
        loss(call, [[-infinite, ln(0.75)], [0.0, 1.0]], -ln(0.75));
        loss(call, [[0.0, ln(0.75)], [0.0, 1.0]], -ln(0.75));
        loss(call, [[-infinite, ln(0.75)], [1.0, 0.0]], infinite);
    }
    loss("kl_divergence(a, b)", [[ln(0.25), ln(0.75)], [0.5, 0.5]], 0.5 * (ln(2.0) + ln(0.5 / 0.75)));
    loss("nll(a, b)", [[ln(0.25), ln(0.75)], [0.5, 0.5]], -0.5 * (ln(0.25) + ln(0.75)));
}

#[test]
fn states_move_towards_the_mean_and_the_variance_of_the_batch() {
    let source = "fn f(x: Input<N, 2>, g: Param<2>, b: Param<2>, m: State<2>, v: State<2>) -> Output<N, 2> {
        batch_norm(x, g, b, m, v, momentum = 0.25)
    }";
    // The columns 1, 2, 6 and 2, 2, 5: their means are 3, their unbiased variances 7 and 3.
    let x: &[f64] = &[1.0, 2.0, 2.0, 2.0, 6.0, 5.0];
    let moved = |n: usize, x: &[f64]| {
        let arguments: [(&[usize], &[f64]); 5] =
            [(&[n, 2], x), (&[2], &[1.0, 1.0]), (&[2], &[0.0, 0.0]), (&[2], &[1.0, -2.0]), (&[2], &[4.0, 5.0])];
        let values = in_training(source, &[("N", n)], &arguments);
        [values[1].data.clone(), values[2].data.clone()]
    };
    let [mean, variance] = moved(3, x);
    same(&mean, &[1.5, -0.75]);
    same(&variance, &[4.75, 4.5]);
    // One row has no variance.
    let [mean, variance] = moved(1, &x[..2]);
    same(&mean, &[1.0, -1.0]);
    same(&variance, &[3.0, 3.75]);
}

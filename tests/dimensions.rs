//! Dimensions as expressions: sizes that are read off them, solved from calls, and computed from strides; the same numbers
//! with names as without.

use ndarray::{Array, Array2, Array4, Dimension, s};
use pullback::network;

fn wavy<D: Dimension, S: ndarray::ShapeBuilder<Dim = D>>(shape: S) -> Array<f64, D> {
    let mut position = 0.0;
    Array::from_shape_simple_fn(shape, || {
        position += 1.0;
        f64::sin(1.7 * position)
    })
}

#[network(f64, wrt(x))]
fn named(x: Input<N, C, H, W>, w: Param<O, C, 3, 3>) -> Output<N, O, { (H + 1) / 4 }, { (W + 1) / 4 }> {
    max_pool(tanh(conv2d(x, w, padding = 1, stride = 2)), size = 2)
}

#[network(f64, wrt(x))]
fn numbered(x: Input<2, 2, 9, 6>, w: Param<3, 2, 3, 3>) -> Output<2, 3, 2, 1> {
    max_pool(tanh(conv2d(x, w, padding = 1, stride = 2)), size = 2)
}

#[test]
fn sizes_that_strides_leave_are_the_same_by_name_and_by_number() {
    let (x, w) = (wavy((2, 2, 9, 6)), wavy((3, 2, 3, 3)));
    let (params, same) = (named::Params { w: w.clone() }, numbered::Params { w });
    let ((y, saved), (expected, other)) = (named::forward(&x, &params), numbered::forward(&x, &same));
    assert_eq!(y, expected);
    assert_eq!(named(&x, &params), expected);
    let (back, expected) = (named::backward(&x, &params, &saved, &y), numbered::backward(&x, &same, &other, &expected));
    assert!((&back.x - &expected.x).iter().all(|d| d.abs() < 1e-14));
    assert!((&back.w - &expected.w).iter().all(|d| d.abs() < 1e-14));
    // Any size, down to none at all.
    for (h, w) in [(1, 1), (2, 3), (3, 3), (4, 8), (8, 5)] {
        let x: Array4<f64> = wavy((1, 2, h, w));
        let (y, saved) = named::forward(&x, &params);
        assert_eq!(y.shape(), [1, 3, (h + 1) / 4, (w + 1) / 4]);
        assert_eq!(named::backward(&x, &params, &saved, &y).x.shape(), x.shape());
    }
}

#[network(f64)]
fn every_second(x: Input<N>) -> Output<{ (N + 1) / 2 }> {
    x.slice(0, 0, N, 2)
}

#[test]
fn a_slice_with_a_step_takes_any_size() {
    let x = ndarray::Array1::linspace(0.0, 6.0, 7);
    assert_eq!(every_second(&x, &every_second::Params {}), x.slice(s![..;2]));
    let even = x.slice(s![..6]);
    assert_eq!(every_second(even, &every_second::Params {}), even.slice(s![..;2]));
}

// --- read off expressions ---

#[network(f64)]
fn paired(x: Input<N, { 2 * H }>, joined: Input<{ A * K + 1 }>, w: Param<A, H>) -> Output<N, K> {
    let (left, right) = split(x, axis = 1, parts = 2);
    let shared = mean((left * right).dot(w.t()), axis = 1, keepdims = true);
    broadcast_to(shared, [N, K]) + mean(joined)
}

#[test]
fn a_size_is_read_off_an_expression() {
    let (x, params) = (wavy((3, 8)), paired::Params { w: wavy((2, 4)) });
    let joined = ndarray::Array1::ones(11);
    let y = paired(&x, &joined, &params);
    let shared =
        (&x.slice(s![.., ..4]) * &x.slice(s![.., 4..])).dot(&params.w.t()).mean_axis(ndarray::Axis(1)).unwrap();
    let expected = shared.insert_axis(ndarray::Axis(1)) + 1.0;
    assert_eq!(y.shape(), [3, 5]);
    assert!((&y - &expected).iter().all(|d| d.abs() < 1e-13));
    let odd = paired::check(&wavy((3, 7)), &joined, &params).unwrap_err().to_string();
    assert!(odd.contains("`x` has shape [3, 7], expected [N, 2 * H]") && odd.contains("H = "), "{odd}");
    let uneven = paired::check(&x, &ndarray::Array1::ones(10), &params).unwrap_err().to_string();
    assert!(uneven.contains("`joined`") && uneven.contains("[A * K + 1]"), "{uneven}");
    let none = paired::check(&x, &ndarray::Array1::ones(0), &paired::Params { w: wavy((0, 4)) });
    assert!(none.is_err());
}

// --- solved at calls ---

#[network(f64)]
fn joined<const A: usize, const K: usize>(x: Input<N, { A * K }>, scale: Param<A, K>) -> Output<N, A> {
    sum(reshape(x, [N, A, K]) * scale, axis = 2)
}

#[network(f64)]
fn halved(x: Input<N, C, { 2 * H }, { 2 * W }>) -> Output<N, C, H, W> {
    avg_pool(x, size = 2)
}

#[network(f64)]
fn pooled(x: Input<N, C, H, W>) -> Output<N, C, { H / 2 }, { W / 2 }> {
    avg_pool(x, size = 2)
}

#[network(f64)]
fn by_heads(x: Input<N, 12>, y: Input<N, { 3 * M }>, a: joined<4, 3>, b: joined<M, 3>) -> Output<N> {
    sum(a(x), axis = 1) + sum(b(y), axis = 1)
}

#[network(f64)]
fn twice_pooled(
    x: Input<N, 1, 28, 30>,
    y: Input<N, 1, { 4 * S }, S>,
    last: Param<7, 7>,
) -> (Output<N>, Output<N, 1, S, { S / 4 }>) {
    let small = self::pooled(self::halved(x));
    (sum(reshape(small, [N, 7, 7]) * last, axis = [1, 2]), self::pooled(self::pooled(y)))
}

#[network(f64)]
fn by_products(x: Input<N, { P * Q }>, p: Input<P>, inner: joined<P, Q>) -> Output<N, P> {
    inner(x) * p
}

#[test]
fn a_call_solves_the_expressions_of_its_callee() {
    let params =
        by_heads::Params { a: joined::Params { scale: wavy((4, 3)) }, b: joined::Params { scale: wavy((2, 3)) } };
    let (x, y): (Array2<f64>, Array2<f64>) = (wavy((5, 12)), wavy((5, 6)));
    let of = |x: &Array2<f64>, scale: &Array2<f64>| x.dot(&scale.clone().into_shape_with_order(scale.len()).unwrap());
    let expected = of(&x, &params.a.scale) + of(&y, &params.b.scale);
    let found = by_heads(&x, &y, &params);
    assert!((&found - &expected).iter().all(|d| d.abs() < 1e-13));
    let (x, y) = (wavy((2, 1, 28, 30)), wavy((2, 1, 20, 5)));
    let (sums, small) = twice_pooled(&x, &y, &twice_pooled::Params { last: Array2::ones((7, 7)) });
    let whole = pooled(&pooled(&x, &pooled::Params {}), &pooled::Params {});
    assert!(
        (&sums - &whole.sum_axis(ndarray::Axis(3)).sum_axis(ndarray::Axis(2)).sum_axis(ndarray::Axis(1)))
            .iter()
            .all(|d| d.abs() < 1e-13)
    );
    assert_eq!(small.shape(), [2, 1, 5, 1]);
    let params = by_products::Params { inner: joined::Params { scale: wavy((3, 4)) } };
    assert_eq!(by_products(&wavy((2, 12)), &ndarray::Array1::ones(3), &params).shape(), [2, 3]);
}

// --- too small ---

#[network(f64)]
fn valid(x: Input<N, 1, H, W>, w: Param<1, 1, 3, 3>) -> Output<N, 1, { H - 2 }, { W - 2 }> {
    conv2d(x, w)
}

#[test]
fn a_size_below_zero_is_found_on_entry() {
    let params = valid::Params { w: wavy((1, 1, 3, 3)) };
    assert_eq!(valid(&wavy((2, 1, 2, 5)), &params).shape(), [2, 1, 0, 3]);
    let small = valid::check(&wavy((2, 1, 4, 1)), &params).unwrap_err().to_string();
    assert!(small.contains("`W - 2` is below zero with W = 1 (from `x`)"), "{small}");
}

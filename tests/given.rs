//! Derivatives that their authors give: in the network itself, in those that call it, from another crate, in loops, and
//! behind a `select`.

use layers::activations;
use ndarray::{Array2, array};
use pullback::network;

/// A number to the nearest whole one; the gradient does not notice.
#[network(f64, gradient(x = dy), wrt(x))]
fn whole(x: Input<N, K>) -> Output<N, K> {
    round(x)
}

/// Half of what the derivative would be, of `x` alone, from the value.
#[network(f64, gradient(x = 0.5 * dy * y), wrt(x, shift))]
fn soft(x: Input<N>, shift: Input<N>) -> Output<N> {
    exp(x + shift)
}

#[network(f64)]
fn binary(x: Input<N, 3>, w: Param<3, 2>, v: Param<2>) -> Output {
    sum(activations::hard_sign(x.dot(w)) * v)
}

#[network(f64)]
fn exponentials(x: Input<N>, a: Param<N>, b: Param<N>) -> Output {
    sum(self::soft(a * x, b) * x)
}

#[network(f64)]
fn in_a_loop(x: Input<3, N>, w: Param<N>) -> Output {
    let mut h = w;
    for t in 0..3 {
        h = self::soft(h, x.at(t)) * 0.5;
    }
    sum(h)
}

/// What goes back to an input may be any expression, with calls in it.
#[network(f64, gradient(x = { let s = self::halved(dy); select(k, s, dy) }), wrt(x))]
fn chosen(x: Input<N>, k: Mask<N>) -> Output<N> {
    x * 3
}

#[network(f64)]
fn halved(x: Input<N>) -> Output<N> {
    x / 2
}

/// Not taken where `x` is negative: the infinite cotangent there does not come through.
#[network(f64, wrt(x))]
fn guarded(x: Input<N>) -> Output {
    sum(select(x > 0, self::inverse(x), 0))
}

#[network(f64, gradient(x = -dy / x / x))]
fn inverse(x: Input<N>) -> Output<N> {
    1 / x
}

#[test]
fn a_network_has_the_derivative_that_is_given() {
    let x = array![[0.4, 1.6], [-0.2, -3.5]];
    let (value, saved) = whole::forward(&x, &whole::Params {});
    assert_eq!(value, array![[0.0, 2.0], [0.0, -4.0]]);
    let dy: Array2<f64> = array![[1.0, 2.0], [3.0, 4.0]];
    assert_eq!(whole::backward(&x, &whole::Params {}, &saved, &dy).x, dy);
}

#[test]
fn what_is_not_named_gets_nothing() {
    let (x, shift) = (array![0.1, 0.2], array![0.3, -0.1]);
    let (value, saved) = soft::forward(&x, &shift, &soft::Params {});
    let gradients = soft::backward(&x, &shift, &soft::Params {}, &saved, &array![1.0, 2.0]);
    assert_eq!(gradients.x, array![0.5 * value[0], value[1]]);
    assert_eq!(gradients.shift, array![0.0, 0.0]);
}

#[test]
fn a_caller_goes_straight_through() {
    let (x, w) = (array![[1.0, 0.5, 0.0], [0.0, 1.0, -1.0]], array![[0.5, 4.0], [0.5, 1.0], [0.25, 0.5]]);
    let params = binary::Params { w, v: array![2.0, 3.0] };
    let (value, gradients) = binary::value_and_grad(&x, &params);
    assert_eq!(value, 2.0 + 3.0 + 2.0 + 3.0);
    // The products are [[0.75, 4.5], [0.25, 0.5]]: one of them is too large.
    assert_eq!(gradients.w, array![[2.0, 0.0], [3.0, 3.0], [-2.0, -3.0]]);
    assert_eq!(gradients.v, array![2.0, 2.0]);
}

#[test]
fn a_caller_uses_the_value() {
    let (x, a, b) = (array![0.5, -1.0], array![0.2, 0.4], array![0.1, 0.3]);
    let (_, gradients) = exponentials::value_and_grad(&x, &exponentials::Params { a: a.clone(), b: b.clone() });
    for k in 0..2 {
        let expected = 0.5 * x[k] * x[k] * (a[k] * x[k] + b[k]).exp();
        assert!((gradients.a[k] - expected).abs() < 1e-15);
        assert_eq!(gradients.b[k], 0.0);
    }
}

#[test]
fn a_loop_uses_it_in_every_turn() {
    let (x, w) = (array![[0.1], [0.2], [0.3]], array![0.4]);
    let (value, gradients) = in_a_loop::value_and_grad(&x, &in_a_loop::Params { w: w.clone() });
    let (mut h, mut expected) = (w[0], 1.0);
    for t in 0..3 {
        h = (h + x[[t, 0]]).exp() * 0.5;
        expected *= 0.5 * h;
    }
    assert!((value - h).abs() < 1e-15 && (gradients.w[0] - expected).abs() < 1e-15);
}

#[test]
fn it_may_be_any_expression() {
    let (x, k) = (array![1.0, 2.0], array![false, true]);
    let (value, saved) = chosen::forward(&x, &k, &chosen::Params {});
    assert_eq!(value, array![3.0, 6.0]);
    let gradients = chosen::backward(&x, &k, &chosen::Params {}, &saved, &array![1.0, 1.0]);
    assert_eq!(gradients.x, array![1.0, 0.5]);
}

#[test]
fn a_branch_that_is_not_taken_sends_nothing_back() {
    let (_, gradients) = guarded::value_and_grad(&array![2.0, 0.0], &guarded::Params {});
    assert_eq!(gradients.x, array![-0.25, 0.0]);
}

// A model may stand inside a function.
#![deny(warnings)]

use pullback::network;

fn inner() -> f32 {
    #[network]
    fn f(x: Input<N>, w: Param<N>) -> Output {
        sum(x * w)
    }
    let x = pullback::ndarray::arr1(&[1.0, 2.0]);
    f(&x, &f::Params { w: x.clone() })
}

fn composed() -> f32 {
    #[network]
    fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
        x.dot(w) + b
    }
    #[network(local)]
    fn two<const H: usize>(x: Input<N, 2>, first: dense<2, H>, rest: [dense<H, H>; 2], scale: Param) -> Output<N, H> {
        scale * rest(first(x))
    }
    #[network(local)]
    fn loss(x: Input<N, 2>, y: Input<N, 3>, body: two<3>, deep: [dense<3, 3>; L], norm: pullback::nn::batch_norm<3>) -> Output {
        mse(norm(deep(body(x))), y)
    }
    #[network(local)]
    fn without(x: Input<N>, gate: gated) -> Output {
        sum(gate(x))
    }
    #[network]
    fn gated(x: Input<N>) -> Output<N> {
        x * sigmoid(x)
    }
    let mut params: loss::Params = loss::Params::init(&mut pullback::rand::rng(), 2);
    params.body.first = dense::Params { w: params.body.first.w, b: pullback::ndarray::arr1(&[1.0, 2.0, 3.0]) };
    let (x, y) = (pullback::ndarray::arr2(&[[1.0, 2.0], [0.5, 0.1]]), pullback::ndarray::arr2(&[[0.0; 3]; 2]));
    let mut state = loss::State::new(2);
    let (value, gradients) = loss::value_and_grad(&x, &y, &params, &mut state);
    let dense::Gradients { w, .. } = &gradients.body.rest[1];
    assert_eq!((w.dim(), gradients.deep.len()), ((3, 3), 2));
    let none = pullback::ndarray::arr1(&[0.0]);
    value - value + without(&none, &without::Params { gate: gated::Params {} })
}

fn main() {
    assert_eq!(composed(), 0.0);
    assert_eq!(inner(), 5.0);
}

//! A composed network leaves no lint, whatever its callees are called and wherever they stand.
#![deny(warnings)]
use pullback::network;

mod layers {
    #![deny(missing_docs)]
    //! Two modules deep.
    pub mod deep {
        //! Here it is.
        use pullback::network;

        /// A layer.
        #[network]
        pub fn dense<const I: usize, const O: usize>(
            /// Documented.
            x: Input<N, I>,
            #[init(orthogonal)] w: Param<I, O>,
            #[init(constant(-0.5))] b: Param<O>,
        ) -> Output<N, O> {
            let z = x.dot(w);
            z + b
        }

        /// Never used.
        #[network]
        #[allow(dead_code)]
        fn unused(x: Input<N>) -> Output<N> {
            x
        }
    }
    pub use deep::dense as layer;
}

use layers::layer;

#[network(wrt(x))]
fn r#gen(x: Input<N>, #[init(normal(0.1))] r#type: Param) -> Output<N> {
    x * r#type
}

#[network(f64)]
#[cfg(all())]
pub(crate) fn f(x: Input<N, T>, r#move: layer<T, 3>, dense: layers::deep::dense<3, N>, r#gen: r#gen) -> Output {
    let z = dense(r#move(x));
    sum(r#gen(sum(z, axis = 1)))
}

/// The variables of a group's parameters give way to arguments of the same name.
#[network]
fn clashing(x: Input<N, 2>, own_w: Param<2, 2>, own: layer<2, 2>, own_w_: Param<2>) -> Output<N, 2> {
    let own_b = own(x.dot(own_w));
    own_b + own_w_
}

#[network]
#[cfg(any())]
fn left_out(x: Input<N>) -> Output<N> {
    no_such_network(x)
}

fn main() {
    let mut rng = pullback::rand::rng();
    let params = f::Params::init(&mut rng, 2, 4);
    assert_eq!(params.dense.b[0], -0.5);
    let x = pullback::ndarray::Array2::<f64>::ones((4, 2));
    let (_, gradients) = f::value_and_grad(&x, &params);
    assert_eq!(gradients.r#move.w.dim(), (2, 3));
    let params = clashing::Params::init(&mut rng);
    assert_eq!(clashing(&pullback::ndarray::arr2(&[[0.0, 0.0]]), &params), pullback::ndarray::arr2(&[[-0.5, -0.5]]));
    let params = f::Params::init(&mut rng, 2, 4);
    let _: (f64, f64) = (gradients.r#gen.r#type, params.r#gen.r#type);
}

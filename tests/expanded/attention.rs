// What `#[network]` makes of this model:
//
//     /// One head of attention over a sequence.
//     #[network(f64)]
//     pub fn attention(x: Input<T, 16>, wq: Param<16, 8>, wk: Param<16, 8>, wv: Param<16, 16>) -> Output<T, 16> {
//         let query = x.dot(wq);
//         let key = x.dot(wk);
//         let weights = softmax(query.dot(key.t()) / sqrt(8.0), axis = 1);
//         weights.dot(x.dot(wv))
//     }

/// One head of attention over a sequence.
///
/// ```text
/// query = x·wq
/// key = x·wk
/// weights = softmax(query·keyᵀ / 2.8284271247461903)
/// weights·(x·wv)
/// ```
#[allow(dead_code)]
pub fn attention<'a>(
    x: impl ::core::convert::Into<::pullback::ndarray::ArrayView2<'a, f64>>,
    params: &attention::Params,
) -> ::pullback::ndarray::Array2<f64> {
    attention::infer(x, params)
}
/// What `#[network]` derives from [`attention`](fn@attention).
#[allow(
    dead_code,
    non_snake_case,
    unused_doc_comments,
    unused_variables,
    unused_mut,
    clippy::all
)]
pub mod attention {
    use ::pullback::emitted::*;
    /// The network's mathematics, and what was rewritten for stability; `stabilise = false` leaves all as it is written.
    pub const EXPLANATION: &str = r#"query = x·wq
key = x·wk
weights = softmax(query·keyᵀ / 2.8284271247461903)
weights·(x·wv)"#;
    /// The parameters of `attention`.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Params<T = f64> {
        /// `[16, 8]`.
        pub wq: Array2<T>,
        /// `[16, 8]`.
        pub wk: Array2<T>,
        /// `[16, 16]`.
        pub wv: Array2<T>,
    }
    impl Params {
        /// Zeros everywhere.
        pub fn zeros() -> Self {
            self::zeros()
        }
        /// What each parameter's `#[init(..)]` says; else matrices from Glorot's uniform distribution, and zeros for
        /// vectors and scalars.
        pub fn init(rng: &mut impl Rng) -> Self {
            self::init(rng)
        }
    }
    /// As [`Params::zeros`], with elements of any type.
    pub fn zeros<T: Real>() -> Params<T> {
        Params {
            wq: array([16, 8], vec![T::ZERO; 128]),
            wk: array([16, 8], vec![T::ZERO; 128]),
            wv: array([16, 16], vec![T::ZERO; 256]),
        }
    }
    /// As [`Params::init`], with elements of any type.
    pub fn init<T: Real>(rng: &mut impl Rng) -> Params<T> {
        Params {
            wq: glorot(rng, [16, 8]),
            wk: glorot(rng, [16, 8]),
            wv: glorot(rng, [16, 16]),
        }
    }
    impl<T: Real> ParamSet for Params<T> {
        type Elem = T;
        fn count(&self) -> usize {
            3
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 3] = ["wq", "wk", "wv"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => self.wq.view().into_dyn(),
                1 => self.wk.view().into_dyn(),
                2 => self.wv.view().into_dyn(),
                _ => no_such_array(index, 3),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => self.wq.view_mut().into_dyn(),
                1 => self.wk.view_mut().into_dyn(),
                2 => self.wv.view_mut().into_dyn(),
                _ => no_such_array(index, 3),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => array_elements(&self.wq),
                1 => array_elements(&self.wk),
                2 => array_elements(&self.wv),
                _ => no_such_array(index, 3),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => self.wq.as_slice_mut(),
                1 => self.wk.as_slice_mut(),
                2 => self.wv.as_slice_mut(),
                _ => no_such_array(index, 3),
            }
        }
    }
    /// The gradients of `attention`: field for field as [`Params`].
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Gradients<T = f64> {
        /// `[16, 8]`: the gradient with respect to `wq`.
        pub wq: Array2<T>,
        /// `[16, 8]`: the gradient with respect to `wk`.
        pub wk: Array2<T>,
        /// `[16, 16]`: the gradient with respect to `wv`.
        pub wv: Array2<T>,
    }
    impl<T: Real> ParamSet for Gradients<T> {
        type Elem = T;
        fn count(&self) -> usize {
            3
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 3] = ["wq", "wk", "wv"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => self.wq.view().into_dyn(),
                1 => self.wk.view().into_dyn(),
                2 => self.wv.view().into_dyn(),
                _ => no_such_array(index, 3),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => self.wq.view_mut().into_dyn(),
                1 => self.wk.view_mut().into_dyn(),
                2 => self.wv.view_mut().into_dyn(),
                _ => no_such_array(index, 3),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => array_elements(&self.wq),
                1 => array_elements(&self.wk),
                2 => array_elements(&self.wv),
                _ => no_such_array(index, 3),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => self.wq.as_slice_mut(),
                1 => self.wk.as_slice_mut(),
                2 => self.wv.as_slice_mut(),
                _ => no_such_array(index, 3),
            }
        }
    }
    /// What the forward pass of `attention` keeps for the backward pass.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Saved {
        /// `[T, 8]` (saved: backward of dot needs it).
        pub query: Array2<f64>,
        /// `[T, 8]` (saved: backward of dot needs it).
        pub key: Array2<f64>,
        /// `[T, T]` (saved: backward of dot needs it).
        pub weights: Array2<f64>,
        /// `[T, 16]` (saved: backward of dot needs it).
        pub x_dot_wv: Array2<f64>,
    }
    impl Saved {
        /// The size in bytes: 8 · T · 8 + 8 · T · 8 + 8 · T · T + 8 · T · 16.
        pub fn bytes(&self) -> usize {
            let sizes: &[usize] = &[
                self.query.len() * ::core::mem::size_of::<f64>(),
                self.key.len() * ::core::mem::size_of::<f64>(),
                self.weights.len() * ::core::mem::size_of::<f64>(),
                self.x_dot_wv.len() * ::core::mem::size_of::<f64>(),
            ];
            sizes.iter().sum()
        }
    }
    /// The outputs, and nothing kept.
    #[track_caller]
    pub fn infer<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f64>>,
        params: &Params,
    ) -> Array2<f64> {
        let x: ArrayView2<'a, f64> = x.into();
        let Sizes { T } = checked(sizes(x, params));
        let x = &flat(x);
        let wq = &flat(params.wq.view());
        let wk = &flat(params.wk.view());
        let wv = &flat(params.wv.view());
        let mut output = vec![0.0; T * 16];
        let mut query = vec![0.0; T * 8];
        let mut key = vec![0.0; T * 8];
        let mut query_dot_key = vec![0.0; T * T];
        let mut weights = vec![0.0; T * T];
        let mut x_dot_wv = vec![0.0; T * 16];
        let mut over_query_dot_key = vec![0.0; T];
        let mut exp_minus = vec![0.0; T];
        simd(Infer {
            T,
            x,
            wq,
            wk,
            wv,
            output: &mut output,
            query: &mut query,
            key: &mut key,
            query_dot_key: &mut query_dot_key,
            weights: &mut weights,
            x_dot_wv: &mut x_dot_wv,
            over_query_dot_key: &mut over_query_dot_key,
            exp_minus: &mut exp_minus,
        });
        array([T, 16], output)
    }
    /// The pass that keeps what [`backward`] needs.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares; [`check`] finds the same without a panic.
    #[track_caller]
    pub fn forward<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f64>>,
        params: &Params,
    ) -> (Array2<f64>, Saved) {
        let x: ArrayView2<'a, f64> = x.into();
        let Sizes { T } = checked(sizes(x, params));
        let x = &flat(x);
        let wq = &flat(params.wq.view());
        let wk = &flat(params.wk.view());
        let wv = &flat(params.wv.view());
        let mut output = vec![0.0; T * 16];
        let mut query = vec![0.0; T * 8];
        let mut key = vec![0.0; T * 8];
        let mut weights = vec![0.0; T * T];
        let mut x_dot_wv = vec![0.0; T * 16];
        let mut query_dot_key = vec![0.0; T * T];
        let mut over_query_dot_key = vec![0.0; T];
        let mut exp_minus = vec![0.0; T];
        simd(Forward {
            T,
            x,
            wq,
            wk,
            wv,
            output: &mut output,
            query: &mut query,
            key: &mut key,
            weights: &mut weights,
            x_dot_wv: &mut x_dot_wv,
            query_dot_key: &mut query_dot_key,
            over_query_dot_key: &mut over_query_dot_key,
            exp_minus: &mut exp_minus,
        });
        (
            array([T, 16], output),
            Saved {
                query: array([T, 8], query),
                key: array([T, 8], key),
                weights: array([T, T], weights),
                x_dot_wv: array([T, 16], x_dot_wv),
            },
        )
    }
    /// The pass back: the gradients for the cotangent of the output.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares, or the cotangent has not the output's.
    #[track_caller]
    pub fn backward<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f64>>,
        params: &Params,
        saved: &Saved,
        d_output: impl ::core::convert::Into<ArrayView2<'a, f64>>,
    ) -> Gradients {
        let x: ArrayView2<'a, f64> = x.into();
        let Sizes { T } = checked(sizes(x, params));
        let d_output: ArrayView2<'a, f64> = d_output.into();
        checked(expect_cotangent("attention", d_output.shape(), &[T, 16]));
        checked(
            expect_shape(
                "attention",
                "saved.query",
                saved.query.shape(),
                &[T, 8],
                "[T, 8]",
                &[("T", T, "x")],
            ),
        );
        checked(
            expect_shape(
                "attention",
                "saved.key",
                saved.key.shape(),
                &[T, 8],
                "[T, 8]",
                &[("T", T, "x")],
            ),
        );
        checked(
            expect_shape(
                "attention",
                "saved.weights",
                saved.weights.shape(),
                &[T, T],
                "[T, T]",
                &[("T", T, "x")],
            ),
        );
        checked(
            expect_shape(
                "attention",
                "saved.x_dot_wv",
                saved.x_dot_wv.shape(),
                &[T, 16],
                "[T, 16]",
                &[("T", T, "x")],
            ),
        );
        let x = &flat(x);
        let d_output = &flat(d_output);
        let query = &flat(saved.query.view());
        let key = &flat(saved.key.view());
        let weights = &flat(saved.weights.view());
        let x_dot_wv = &flat(saved.x_dot_wv.view());
        let mut d_wq = vec![0.0; 128];
        let mut d_wk = vec![0.0; 128];
        let mut d_wv = vec![0.0; 256];
        let mut d_weights = vec![0.0; T * T];
        let mut d_x_dot_wv = vec![0.0; T * 16];
        let mut d_query_dot_key = vec![0.0; T * T];
        let mut d_query = vec![0.0; T * 8];
        let mut d_key = vec![0.0; T * 8];
        let mut times = vec![0.0; T];
        simd(Backward {
            T,
            x,
            d_output,
            query,
            key,
            weights,
            x_dot_wv,
            d_wq: &mut d_wq,
            d_wk: &mut d_wk,
            d_wv: &mut d_wv,
            d_weights: &mut d_weights,
            d_x_dot_wv: &mut d_x_dot_wv,
            d_query_dot_key: &mut d_query_dot_key,
            d_query: &mut d_query,
            d_key: &mut d_key,
            times: &mut times,
        });
        Gradients {
            wq: array([16, 8], d_wq),
            wk: array([16, 8], d_wk),
            wv: array([16, 16], d_wv),
        }
    }
    /// The entry check alone: whether the shapes are those that the network declares.
    pub fn check<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f64>>,
        params: &Params,
    ) -> Result<(), ShapeError> {
        let x: ArrayView2<'a, f64> = x.into();
        sizes(x, params).map(|_| ())
    }
    /// The sizes behind the names of dimensions.
    struct Sizes {
        T: usize,
    }
    #[inline]
    fn sizes<'a>(x: ArrayView2<'a, f64>, params: &Params) -> Result<Sizes, ShapeError> {
        let T = x.shape()[0];
        expect_shape(
            "attention",
            "x",
            x.shape(),
            &[T, 16],
            "[T, 16]",
            &[("T", T, "x")],
        )?;
        expect_shape(
            "attention",
            "wq",
            params.wq.shape(),
            &[16, 8],
            "[16, 8]",
            &[("T", T, "x")],
        )?;
        expect_shape(
            "attention",
            "wk",
            params.wk.shape(),
            &[16, 8],
            "[16, 8]",
            &[("T", T, "x")],
        )?;
        expect_shape(
            "attention",
            "wv",
            params.wv.shape(),
            &[16, 16],
            "[16, 16]",
            &[("T", T, "x")],
        )?;
        Ok(Sizes { T })
    }
    /// The slices of `attention`'s inference.
    struct Infer<'a> {
        T: usize,
        x: &'a [f64],
        wq: &'a [f64],
        wk: &'a [f64],
        wv: &'a [f64],
        output: &'a mut [f64],
        query: &'a mut [f64],
        key: &'a mut [f64],
        query_dot_key: &'a mut [f64],
        weights: &'a mut [f64],
        x_dot_wv: &'a mut [f64],
        over_query_dot_key: &'a mut [f64],
        exp_minus: &'a mut [f64],
    }
    impl Pass for Infer<'_> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            #[inline(always)]
            fn distinct<'a>(
                T: usize,
                x: &'a [f64],
                wq: &'a [f64],
                wk: &'a [f64],
                wv: &'a [f64],
                output: &'a mut [f64],
                query: &'a mut [f64],
                key: &'a mut [f64],
                query_dot_key: &'a mut [f64],
                weights: &'a mut [f64],
                x_dot_wv: &'a mut [f64],
                over_query_dot_key: &'a mut [f64],
                exp_minus: &'a mut [f64],
            ) {
                let over_query_dot_key = &mut over_query_dot_key[..T];
                let exp_minus = &mut exp_minus[..T];
                /// query = x·wq
                let query = matmul(query, x, wq, [T, 16, 8]);
                /// key = x·wk
                let key = matmul(key, x, wk, [T, 16, 8]);
                /// x_dot_wv = x·wv
                let x_dot_wv = matmul(x_dot_wv, x, wv, [T, 16, 16]);
                /// query_dot_key = query·keyᵀ
                let query_dot_key = matmul_nt(query_dot_key, query, key, [T, 8, T]);
                share_rows(
                    [T, T * 46],
                    [
                        rows_of(&mut weights[..], T),
                        own_of(&mut over_query_dot_key[..]),
                        own_of(&mut exp_minus[..]),
                    ],
                    #[inline(always)]
                    |
                        part: ::core::ops::Range<usize>,
                        weights: &mut [f64],
                        over_query_dot_key: &mut [f64],
                        exp_minus: &mut [f64]|
                    {
                        let query_dot_key = &query_dot_key[part.start * T..part.end * T];
                        let over_query_dot_key = &mut over_query_dot_key[..T];
                        let exp_minus = &mut exp_minus[..T];
                        for i in 0..part.end - part.start {
                            let query_dot_key = &query_dot_key[i * T..][..T];
                            for j in 0..T {
                                /// over_query_dot_key = query_dot_key / 2.8284271247461903
                                let over_query_dot_key_j = query_dot_key[j]
                                    / 2.8284271247461903;
                                over_query_dot_key[j] = over_query_dot_key_j;
                            }
                            /// max_1 = max[T](over_query_dot_key)
                            /// softmax: { let e = exp(x - max(x, axis = axis, keepdims = true)); e / sum(e, axis = axis, keepdims = true) }
                            let max_1 = max_of(over_query_dot_key);
                            for j in 0..T {
                                /// exp_minus = exp(over_query_dot_key − max_1)
                                /// softmax: { let e = exp(x - max(x, axis = axis, keepdims = true)); e / sum(e, axis = axis, keepdims = true) }
                                let exp_minus_j = exp(over_query_dot_key[j] - max_1);
                                exp_minus[j] = exp_minus_j;
                            }
                            /// total_exp_minus = Σ[T](exp_minus)
                            /// softmax: { let e = exp(x - max(x, axis = axis, keepdims = true)); e / sum(e, axis = axis, keepdims = true) }
                            let total_exp_minus = sum(exp_minus);
                            let weights = &mut weights[i * T..][..T];
                            for j in 0..T {
                                /// weights = exp_minus / total_exp_minus
                                /// softmax: { let e = exp(x - max(x, axis = axis, keepdims = true)); e / sum(e, axis = axis, keepdims = true) }
                                let weights_j = exp_minus[j] / total_exp_minus;
                                weights[j] = weights_j;
                            }
                        }
                        []
                    },
                );
                /// output = weights·x_dot_wv
                let output = matmul(output, weights, x_dot_wv, [T, T, 16]);
            }
            let Self {
                T,
                x,
                wq,
                wk,
                wv,
                output,
                query,
                key,
                query_dot_key,
                weights,
                x_dot_wv,
                over_query_dot_key,
                exp_minus,
            } = self;
            distinct(
                T,
                x,
                wq,
                wk,
                wv,
                output,
                query,
                key,
                query_dot_key,
                weights,
                x_dot_wv,
                over_query_dot_key,
                exp_minus,
            )
        }
    }
    /// The slices of `attention`'s forward pass.
    struct Forward<'a> {
        T: usize,
        x: &'a [f64],
        wq: &'a [f64],
        wk: &'a [f64],
        wv: &'a [f64],
        output: &'a mut [f64],
        query: &'a mut [f64],
        key: &'a mut [f64],
        weights: &'a mut [f64],
        x_dot_wv: &'a mut [f64],
        query_dot_key: &'a mut [f64],
        over_query_dot_key: &'a mut [f64],
        exp_minus: &'a mut [f64],
    }
    impl Pass for Forward<'_> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            #[inline(always)]
            fn distinct<'a>(
                T: usize,
                x: &'a [f64],
                wq: &'a [f64],
                wk: &'a [f64],
                wv: &'a [f64],
                output: &'a mut [f64],
                query: &'a mut [f64],
                key: &'a mut [f64],
                weights: &'a mut [f64],
                x_dot_wv: &'a mut [f64],
                query_dot_key: &'a mut [f64],
                over_query_dot_key: &'a mut [f64],
                exp_minus: &'a mut [f64],
            ) {
                let over_query_dot_key = &mut over_query_dot_key[..T];
                let exp_minus = &mut exp_minus[..T];
                /// query = x·wq
                let query = matmul(query, x, wq, [T, 16, 8]);
                /// key = x·wk
                let key = matmul(key, x, wk, [T, 16, 8]);
                /// x_dot_wv = x·wv
                let x_dot_wv = matmul(x_dot_wv, x, wv, [T, 16, 16]);
                /// query_dot_key = query·keyᵀ
                let query_dot_key = matmul_nt(query_dot_key, query, key, [T, 8, T]);
                share_rows(
                    [T, T * 46],
                    [
                        rows_of(&mut weights[..], T),
                        own_of(&mut over_query_dot_key[..]),
                        own_of(&mut exp_minus[..]),
                    ],
                    #[inline(always)]
                    |
                        part: ::core::ops::Range<usize>,
                        weights: &mut [f64],
                        over_query_dot_key: &mut [f64],
                        exp_minus: &mut [f64]|
                    {
                        let query_dot_key = &query_dot_key[part.start * T..part.end * T];
                        let over_query_dot_key = &mut over_query_dot_key[..T];
                        let exp_minus = &mut exp_minus[..T];
                        for i in 0..part.end - part.start {
                            let query_dot_key = &query_dot_key[i * T..][..T];
                            for j in 0..T {
                                /// over_query_dot_key = query_dot_key / 2.8284271247461903
                                let over_query_dot_key_j = query_dot_key[j]
                                    / 2.8284271247461903;
                                over_query_dot_key[j] = over_query_dot_key_j;
                            }
                            /// max_1 = max[T](over_query_dot_key)
                            /// softmax: { let e = exp(x - max(x, axis = axis, keepdims = true)); e / sum(e, axis = axis, keepdims = true) }
                            let max_1 = max_of(over_query_dot_key);
                            for j in 0..T {
                                /// exp_minus = exp(over_query_dot_key − max_1)
                                /// softmax: { let e = exp(x - max(x, axis = axis, keepdims = true)); e / sum(e, axis = axis, keepdims = true) }
                                let exp_minus_j = exp(over_query_dot_key[j] - max_1);
                                exp_minus[j] = exp_minus_j;
                            }
                            /// total_exp_minus = Σ[T](exp_minus)
                            /// softmax: { let e = exp(x - max(x, axis = axis, keepdims = true)); e / sum(e, axis = axis, keepdims = true) }
                            let total_exp_minus = sum(exp_minus);
                            let weights = &mut weights[i * T..][..T];
                            for j in 0..T {
                                /// weights = exp_minus / total_exp_minus
                                /// softmax: { let e = exp(x - max(x, axis = axis, keepdims = true)); e / sum(e, axis = axis, keepdims = true) }
                                let weights_j = exp_minus[j] / total_exp_minus;
                                weights[j] = weights_j;
                            }
                        }
                        []
                    },
                );
                /// output = weights·x_dot_wv
                let output = matmul(output, weights, x_dot_wv, [T, T, 16]);
            }
            let Self {
                T,
                x,
                wq,
                wk,
                wv,
                output,
                query,
                key,
                weights,
                x_dot_wv,
                query_dot_key,
                over_query_dot_key,
                exp_minus,
            } = self;
            distinct(
                T,
                x,
                wq,
                wk,
                wv,
                output,
                query,
                key,
                weights,
                x_dot_wv,
                query_dot_key,
                over_query_dot_key,
                exp_minus,
            )
        }
    }
    /// The slices of `attention`'s backward pass.
    struct Backward<'a> {
        T: usize,
        x: &'a [f64],
        d_output: &'a [f64],
        query: &'a [f64],
        key: &'a [f64],
        weights: &'a [f64],
        x_dot_wv: &'a [f64],
        d_wq: &'a mut [f64],
        d_wk: &'a mut [f64],
        d_wv: &'a mut [f64],
        d_weights: &'a mut [f64],
        d_x_dot_wv: &'a mut [f64],
        d_query_dot_key: &'a mut [f64],
        d_query: &'a mut [f64],
        d_key: &'a mut [f64],
        times: &'a mut [f64],
    }
    impl Pass for Backward<'_> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            #[inline(always)]
            fn distinct<'a>(
                T: usize,
                x: &'a [f64],
                d_output: &'a [f64],
                query: &'a [f64],
                key: &'a [f64],
                weights: &'a [f64],
                x_dot_wv: &'a [f64],
                d_wq: &'a mut [f64],
                d_wk: &'a mut [f64],
                d_wv: &'a mut [f64],
                d_weights: &'a mut [f64],
                d_x_dot_wv: &'a mut [f64],
                d_query_dot_key: &'a mut [f64],
                d_query: &'a mut [f64],
                d_key: &'a mut [f64],
                times: &'a mut [f64],
            ) {
                let times = &mut times[..T];
                /// d_weights = d_output·x_dot_wvᵀ
                /// dot: d_a = dot(dy, t(b))
                let d_weights = matmul_nt(d_weights, d_output, x_dot_wv, [T, 16, T]);
                /// d_x_dot_wv = weightsᵀ·d_output
                /// dot: d_b = dot(t(a), dy)
                let d_x_dot_wv = matmul_tn(d_x_dot_wv, weights, d_output, [T, T, 16]);
                /// d_wv = xᵀ·d_x_dot_wv
                /// dot: d_b = dot(t(a), dy)
                let d_wv = matmul_tn(d_wv, x, d_x_dot_wv, [16, T, 16]);
                share_rows(
                    [T, T * 19],
                    [rows_of(&mut d_query_dot_key[..], T), own_of(&mut times[..])],
                    #[inline(always)]
                    |
                        part: ::core::ops::Range<usize>,
                        d_query_dot_key: &mut [f64],
                        times: &mut [f64]|
                    {
                        let weights = &weights[part.start * T..part.end * T];
                        let d_weights = &d_weights[part.start * T..part.end * T];
                        let times = &mut times[..T];
                        for i in 0..part.end - part.start {
                            let d_weights = &d_weights[i * T..][..T];
                            let weights = &weights[i * T..][..T];
                            for j in 0..T {
                                /// times = d_weights · weights
                                /// softmax: d_x = y * (dy - sum(dy * y, axis = axis, keepdims = true))
                                let times_j = d_weights[j] * weights[j];
                                times[j] = times_j;
                            }
                            /// total_times = Σ[T](times)
                            /// softmax: d_x = y * (dy - sum(dy * y, axis = axis, keepdims = true))
                            let total_times = sum(times);
                            let d_query_dot_key = &mut d_query_dot_key[i * T..][..T];
                            for j in 0..T {
                                /// d_query_dot_key = weights · (d_weights − total_times) / 2.8284271247461903
                                /// div: d_a = dy / b
                                let d_query_dot_key_j = weights[j]
                                    * (d_weights[j] - total_times) / 2.8284271247461903;
                                d_query_dot_key[j] = d_query_dot_key_j;
                            }
                        }
                        []
                    },
                );
                /// d_query = d_query_dot_key·key
                /// dot: d_a = dot(dy, t(b))
                let d_query = matmul(d_query, d_query_dot_key, key, [T, T, 8]);
                /// d_key = d_query_dot_keyᵀ·query
                /// dot: d_b = dot(t(a), dy)
                let d_key = matmul_tn(d_key, d_query_dot_key, query, [T, T, 8]);
                /// d_wk = xᵀ·d_key
                /// dot: d_b = dot(t(a), dy)
                let d_wk = matmul_tn(d_wk, x, d_key, [16, T, 8]);
                /// d_wq = xᵀ·d_query
                /// dot: d_b = dot(t(a), dy)
                let d_wq = matmul_tn(d_wq, x, d_query, [16, T, 8]);
            }
            let Self {
                T,
                x,
                d_output,
                query,
                key,
                weights,
                x_dot_wv,
                d_wq,
                d_wk,
                d_wv,
                d_weights,
                d_x_dot_wv,
                d_query_dot_key,
                d_query,
                d_key,
                times,
            } = self;
            distinct(
                T,
                x,
                d_output,
                query,
                key,
                weights,
                x_dot_wv,
                d_wq,
                d_wk,
                d_wv,
                d_weights,
                d_x_dot_wv,
                d_query_dot_key,
                d_query,
                d_key,
                times,
            )
        }
    }
}
#[doc(hidden)]
#[macro_export]
#[allow(unused_macros, non_local_definitions)]
macro_rules! __attention_65f9ee17a8eb06ef {
    ({ $($link:tt)* } $($asked:tt)*) => {
        $($link)* ! { { $($link)* } $($asked)* { __attention_65f9ee17a8eb06ef {} {} { fn
        attention(x : Input < T, 16 >, wq : Param < 16, 8 >, wk : Param < 16, 8 >, wv :
        Param < 16, 16 >) -> Output < T, 16 > { let query = x.dot(wq); let key = x
        .dot(wk); let weights = softmax(query.dot(key.t()) / sqrt(8.0), axis = 1);
        weights.dot(x.dot(wv)) } } } }
    };
}
#[doc(hidden)]
#[allow(unused_imports)]
pub use __attention_65f9ee17a8eb06ef as attention;

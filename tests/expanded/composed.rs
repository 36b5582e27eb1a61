// What `#[network]` makes of this model:
//
//     /// One layer of neurons: a weighted sum and a bias.
//     #[network]
//     pub fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> {
//         x.dot(w) + b
//     }
//
//     /// The error of a small network on house prices, made of two layers.
//     #[network]
//     pub fn composed(x: Input<N, 13>, y: Input<N, 1>, hidden: dense<13, 13>, price: dense<13, 1>) -> Output {
//         mse(price(sigmoid(hidden(x))), y)
//     }

/// One layer of neurons: a weighted sum and a bias.
///
/// ```text
/// x·w + b
/// ```
#[allow(dead_code)]
pub fn dense<'a>(
    x: impl ::core::convert::Into<::pullback::ndarray::ArrayView2<'a, f32>>,
    params: &dense::Params,
) -> ::pullback::ndarray::Array2<f32> {
    dense::infer(x, params)
}
/// What `#[network]` derives from [`dense`](fn@dense).
#[allow(
    dead_code,
    non_snake_case,
    unused_doc_comments,
    unused_variables,
    unused_mut,
    clippy::all
)]
pub mod dense {
    use ::pullback::emitted::*;
    /// The network's mathematics, and what was rewritten for stability; `stabilise = false` leaves all as it is written.
    pub const EXPLANATION: &str = r#"x·w + b"#;
    /// The parameters of `dense`.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Params<T = f32> {
        /// `[I, O]`.
        pub w: Array2<T>,
        /// `[O]`.
        pub b: Array1<T>,
    }
    impl Params {
        /// Zeros everywhere.
        ///
        /// The sizes are `I`, `O`: const generics as they are declared, then the other names as the parameters have them.
        pub fn zeros(I: usize, O: usize) -> Self {
            self::zeros(I, O)
        }
        /// What each parameter's `#[init(..)]` says; else matrices from Glorot's uniform distribution, and zeros for
        /// vectors and scalars.
        ///
        /// The sizes are `I`, `O`: const generics as they are declared, then the other names as the parameters have them.
        pub fn init(rng: &mut impl Rng, I: usize, O: usize) -> Self {
            self::init(rng, I, O)
        }
    }
    /// As [`Params::zeros`], with elements of any type.
    pub fn zeros<T: Real>(I: usize, O: usize) -> Params<T> {
        Params {
            w: array([I, O], vec![T::ZERO; I * O]),
            b: array([O], vec![T::ZERO; O]),
        }
    }
    /// As [`Params::init`], with elements of any type.
    pub fn init<T: Real>(rng: &mut impl Rng, I: usize, O: usize) -> Params<T> {
        Params {
            w: glorot(rng, [I, O]),
            b: array([O], vec![T::ZERO; O]),
        }
    }
    impl<T: Real> ParamSet for Params<T> {
        type Elem = T;
        fn count(&self) -> usize {
            2
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 2] = ["w", "b"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => self.w.view().into_dyn(),
                1 => self.b.view().into_dyn(),
                _ => no_such_array(index, 2),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => self.w.view_mut().into_dyn(),
                1 => self.b.view_mut().into_dyn(),
                _ => no_such_array(index, 2),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => array_elements(&self.w),
                1 => array_elements(&self.b),
                _ => no_such_array(index, 2),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => self.w.as_slice_mut(),
                1 => self.b.as_slice_mut(),
                _ => no_such_array(index, 2),
            }
        }
    }
    /// The gradients of `dense`: field for field as [`Params`].
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Gradients<T = f32> {
        /// `[I, O]`: the gradient with respect to `w`.
        pub w: Array2<T>,
        /// `[O]`: the gradient with respect to `b`.
        pub b: Array1<T>,
    }
    impl<T: Real> ParamSet for Gradients<T> {
        type Elem = T;
        fn count(&self) -> usize {
            2
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 2] = ["w", "b"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => self.w.view().into_dyn(),
                1 => self.b.view().into_dyn(),
                _ => no_such_array(index, 2),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => self.w.view_mut().into_dyn(),
                1 => self.b.view_mut().into_dyn(),
                _ => no_such_array(index, 2),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => array_elements(&self.w),
                1 => array_elements(&self.b),
                _ => no_such_array(index, 2),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => self.w.as_slice_mut(),
                1 => self.b.as_slice_mut(),
                _ => no_such_array(index, 2),
            }
        }
    }
    /// What the forward pass of `dense` keeps for the backward pass.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Saved {}
    impl Saved {
        /// The size in bytes: 0.
        pub fn bytes(&self) -> usize {
            let sizes: &[usize] = &[];
            sizes.iter().sum()
        }
    }
    /// The outputs, and nothing kept.
    #[track_caller]
    pub fn infer<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        params: &Params,
    ) -> Array2<f32> {
        let x: ArrayView2<'a, f32> = x.into();
        let Sizes { N, I, O } = checked(sizes(x, params));
        let x = &flat(x);
        let w = &flat(params.w.view());
        let b = &flat(params.b.view());
        let mut output = vec![0.0; N * O];
        simd(#[inline(always)] || self::infer_pass(I, N, O, x, w, b, &mut output));
        array([N, O], output)
    }
    /// The pass that keeps what [`backward`] needs.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares; [`check`] finds the same without a panic.
    #[track_caller]
    pub fn forward<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        params: &Params,
    ) -> (Array2<f32>, Saved) {
        let x: ArrayView2<'a, f32> = x.into();
        let Sizes { N, I, O } = checked(sizes(x, params));
        let x = &flat(x);
        let w = &flat(params.w.view());
        let b = &flat(params.b.view());
        let mut output = vec![0.0; N * O];
        simd(#[inline(always)] || self::forward_pass(I, N, O, x, w, b, &mut output));
        (array([N, O], output), Saved {})
    }
    /// The pass back: the gradients for the cotangent of the output.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares, or the cotangent has not the output's.
    #[track_caller]
    pub fn backward<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        params: &Params,
        saved: &Saved,
        d_output: impl ::core::convert::Into<ArrayView2<'a, f32>>,
    ) -> Gradients {
        let x: ArrayView2<'a, f32> = x.into();
        let Sizes { N, I, O } = checked(sizes(x, params));
        let d_output: ArrayView2<'a, f32> = d_output.into();
        checked(expect_cotangent("dense", d_output.shape(), &[N, O]));
        let x = &flat(x);
        let d_output = &flat(d_output);
        let mut d_w = vec![0.0; I * O];
        let mut d_b = vec![0.0; O];
        simd(
            #[inline(always)]
            || self::backward_pass(I, N, O, x, d_output, &mut d_w, &mut d_b),
        );
        Gradients {
            w: array([I, O], d_w),
            b: array([O], d_b),
        }
    }
    /// The entry check alone: whether the shapes are those that the network declares.
    pub fn check<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        params: &Params,
    ) -> Result<(), ShapeError> {
        let x: ArrayView2<'a, f32> = x.into();
        sizes(x, params).map(|_| ())
    }
    /// The sizes behind the names of dimensions.
    struct Sizes {
        N: usize,
        I: usize,
        O: usize,
    }
    #[inline]
    fn sizes<'a>(x: ArrayView2<'a, f32>, params: &Params) -> Result<Sizes, ShapeError> {
        let N = x.shape()[0];
        let I = x.shape()[1];
        let O = params.w.shape()[1];
        expect_shape(
            "dense",
            "x",
            x.shape(),
            &[N, I],
            "[N, I]",
            &[("N", N, "x"), ("I", I, "x"), ("O", O, "w")],
        )?;
        expect_shape(
            "dense",
            "w",
            params.w.shape(),
            &[I, O],
            "[I, O]",
            &[("N", N, "x"), ("I", I, "x"), ("O", O, "w")],
        )?;
        expect_shape(
            "dense",
            "b",
            params.b.shape(),
            &[O],
            "[O]",
            &[("N", N, "x"), ("I", I, "x"), ("O", O, "w")],
        )?;
        Ok(Sizes { N, I, O })
    }
    /// The inference of `dense`, over slices.
    #[inline(always)]
    fn infer_pass(
        I: usize,
        N: usize,
        O: usize,
        x: &[f32],
        w: &[f32],
        b: &[f32],
        output: &mut [f32],
    ) {
        let b = &b[..O];
        /// x_dot_w = x·w
        let output = matmul(output, x, w, [N, I, O]);
        share_rows(
            [N, O * 7],
            [rows_of(&mut output[..], O)],
            #[inline(always)]
            |part: ::core::ops::Range<usize>, output: &mut [f32]| {
                let b = &b[..O];
                for i in 0..part.end - part.start {
                    let output = &mut output[i * O..][..O];
                    for j in 0..O {
                        /// output = x_dot_w + b
                        let x_dot_w_plus_b_j = output[j] + b[j];
                        output[j] = x_dot_w_plus_b_j;
                    }
                }
                []
            },
        );
    }
    /// The forward pass of `dense`, over slices.
    #[inline(always)]
    fn forward_pass(
        I: usize,
        N: usize,
        O: usize,
        x: &[f32],
        w: &[f32],
        b: &[f32],
        output: &mut [f32],
    ) {
        let b = &b[..O];
        /// x_dot_w = x·w
        let output = matmul(output, x, w, [N, I, O]);
        share_rows(
            [N, O * 7],
            [rows_of(&mut output[..], O)],
            #[inline(always)]
            |part: ::core::ops::Range<usize>, output: &mut [f32]| {
                let b = &b[..O];
                for i in 0..part.end - part.start {
                    let output = &mut output[i * O..][..O];
                    for j in 0..O {
                        /// output = x_dot_w + b
                        let x_dot_w_plus_b_j = output[j] + b[j];
                        output[j] = x_dot_w_plus_b_j;
                    }
                }
                []
            },
        );
    }
    /// The backward pass of `dense`, over slices.
    #[inline(always)]
    fn backward_pass(
        I: usize,
        N: usize,
        O: usize,
        x: &[f32],
        d_output: &[f32],
        d_w: &mut [f32],
        d_b: &mut [f32],
    ) {
        let d_b = &mut d_b[..O];
        d_b.fill(0.0);
        share_rows(
            [N, O * 7],
            [sum_of(&mut d_b[..])],
            #[inline(always)]
            |part: ::core::ops::Range<usize>, d_b: &mut [f32]| {
                let d_output = &d_output[part.start * O..part.end * O];
                let d_b = &mut d_b[..O];
                for i in 0..part.end - part.start {
                    let d_output = &d_output[i * O..][..O];
                    for j in 0..O {
                        d_b[j] += d_output[j];
                    }
                }
                []
            },
        );
        /// d_w = xᵀ·d_output
        /// dot: d_b = dot(t(a), dy)
        let d_w = matmul_tn(d_w, x, d_output, [I, N, O]);
    }
}
#[doc(hidden)]
#[macro_export]
#[allow(unused_macros, non_local_definitions)]
macro_rules! __dense_a32b31fc0f7f9a5f {
    ({ $($link:tt)* } $($asked:tt)*) => {
        $($link)* ! { { $($link)* } $($asked)* { __dense_a32b31fc0f7f9a5f {} {} { fn
        dense < const I : usize, const O : usize > (x : Input < N, I >, w : Param < I, O
        >, b : Param < O >) -> Output < N, O > { x.dot(w) + b } } } }
    };
}
#[doc(hidden)]
#[allow(unused_imports)]
pub use __dense_a32b31fc0f7f9a5f as dense;
/// The error of a small network on house prices, made of two layers.
///
/// ```text
/// hidden = x·hidden_w + hidden_b
/// price = σ(hidden)·price_w + price_b
/// Σ[N, 1]((price − y)²) / N
/// ```
#[allow(dead_code)]
pub fn composed<'a>(
    x: impl ::core::convert::Into<::pullback::ndarray::ArrayView2<'a, f32>>,
    y: impl ::core::convert::Into<::pullback::ndarray::ArrayView2<'a, f32>>,
    params: &composed::Params,
) -> f32 {
    composed::infer(x, y, params)
}
/// What `#[network]` derives from [`composed`](fn@composed).
#[allow(
    dead_code,
    non_snake_case,
    unused_doc_comments,
    unused_variables,
    unused_mut,
    clippy::all
)]
pub mod composed {
    use ::pullback::emitted::*;
    /// The network's mathematics, and what was rewritten for stability; `stabilise = false` leaves all as it is written.
    pub const EXPLANATION: &str = r#"hidden = x·hidden_w + hidden_b
price = σ(hidden)·price_w + price_b
Σ[N, 1]((price − y)²) / N"#;
    /// The parameters of `composed`.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Params<T = f32> {
        /// Those of `dense`.
        pub hidden: super::dense::Params<T>,
        /// Those of `dense`.
        pub price: super::dense::Params<T>,
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
            hidden: super::dense::zeros(13, 13),
            price: super::dense::zeros(13, 1),
        }
    }
    /// As [`Params::init`], with elements of any type.
    pub fn init<T: Real>(rng: &mut impl Rng) -> Params<T> {
        Params {
            hidden: super::dense::init(rng, 13, 13),
            price: super::dense::init(rng, 13, 1),
        }
    }
    impl<T: Real> ParamSet for Params<T> {
        type Elem = T;
        fn count(&self) -> usize {
            4
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 4] = ["hidden.w", "hidden.b", "price.w", "price.b"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => self.hidden.w.view().into_dyn(),
                1 => self.hidden.b.view().into_dyn(),
                2 => self.price.w.view().into_dyn(),
                3 => self.price.b.view().into_dyn(),
                _ => no_such_array(index, 4),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => self.hidden.w.view_mut().into_dyn(),
                1 => self.hidden.b.view_mut().into_dyn(),
                2 => self.price.w.view_mut().into_dyn(),
                3 => self.price.b.view_mut().into_dyn(),
                _ => no_such_array(index, 4),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => array_elements(&self.hidden.w),
                1 => array_elements(&self.hidden.b),
                2 => array_elements(&self.price.w),
                3 => array_elements(&self.price.b),
                _ => no_such_array(index, 4),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => self.hidden.w.as_slice_mut(),
                1 => self.hidden.b.as_slice_mut(),
                2 => self.price.w.as_slice_mut(),
                3 => self.price.b.as_slice_mut(),
                _ => no_such_array(index, 4),
            }
        }
    }
    /// The gradients of `composed`: field for field as [`Params`].
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Gradients<T = f32> {
        /// Those of `dense`.
        pub hidden: super::dense::Gradients<T>,
        /// Those of `dense`.
        pub price: super::dense::Gradients<T>,
    }
    impl<T: Real> ParamSet for Gradients<T> {
        type Elem = T;
        fn count(&self) -> usize {
            4
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 4] = ["hidden.w", "hidden.b", "price.w", "price.b"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => self.hidden.w.view().into_dyn(),
                1 => self.hidden.b.view().into_dyn(),
                2 => self.price.w.view().into_dyn(),
                3 => self.price.b.view().into_dyn(),
                _ => no_such_array(index, 4),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => self.hidden.w.view_mut().into_dyn(),
                1 => self.hidden.b.view_mut().into_dyn(),
                2 => self.price.w.view_mut().into_dyn(),
                3 => self.price.b.view_mut().into_dyn(),
                _ => no_such_array(index, 4),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => array_elements(&self.hidden.w),
                1 => array_elements(&self.hidden.b),
                2 => array_elements(&self.price.w),
                3 => array_elements(&self.price.b),
                _ => no_such_array(index, 4),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => self.hidden.w.as_slice_mut(),
                1 => self.hidden.b.as_slice_mut(),
                2 => self.price.w.as_slice_mut(),
                3 => self.price.b.as_slice_mut(),
                _ => no_such_array(index, 4),
            }
        }
    }
    /// What the forward pass of `composed` keeps for the backward pass.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Saved {
        /// `[N, 13]` (saved: backward of dot needs it).
        pub sigmoid_hidden: Array2<f32>,
        /// `[N, 1]` (saved: backward of square needs it).
        pub price_minus_y: Array2<f32>,
    }
    impl Saved {
        /// The size in bytes: 4 · N · 13 + 4 · N · 1.
        pub fn bytes(&self) -> usize {
            let sizes: &[usize] = &[
                self.sigmoid_hidden.len() * ::core::mem::size_of::<f32>(),
                self.price_minus_y.len() * ::core::mem::size_of::<f32>(),
            ];
            sizes.iter().sum()
        }
    }
    /// Every buffer of a step of `composed`; grows at first use, and is used again.
    #[derive(Clone, Debug, Default)]
    pub struct Workspace {
        /// The gradients of the last step.
        pub gradients: Gradients,
        /// A scalar.
        pub over_max: Vec<f32>,
        /// `[32]`.
        pub value: Vec<f32>,
        /// `[1, 32]`.
        pub value_2: Vec<f32>,
        /// `[13, 32]`.
        pub value_3: Vec<f32>,
        /// `[13, 32]`.
        pub value_4: Vec<f32>,
        /// `[13, 32]`.
        pub x_lanes: Vec<f32>,
        /// `[1, 32]`.
        pub y_lanes: Vec<f32>,
        /// `[13, 32]`.
        pub x_dot_hidden_w: Vec<f32>,
        /// `[32]`.
        pub dot: Vec<f32>,
        /// A copy of `x`, where it does not come in standard layout.
        pub x_copy: Vec<f32>,
        /// A copy of `y`, where it does not come in standard layout.
        pub y_copy: Vec<f32>,
        /// A copy of `hidden.w`, where it does not come in standard layout.
        pub hidden_w_copy: Vec<f32>,
        /// A copy of `hidden.b`, where it does not come in standard layout.
        pub hidden_b_copy: Vec<f32>,
        /// A copy of `price.w`, where it does not come in standard layout.
        pub price_w_copy: Vec<f32>,
        /// A copy of `price.b`, where it does not come in standard layout.
        pub price_b_copy: Vec<f32>,
        /// The sums and the lanes of parts of the rows, where there are many.
        pub apart: Vec<f32>,
    }
    impl Workspace {
        /// The size in bytes, beside the gradients and the copies: 7172, and as much again for each part of many rows.
        pub fn bytes(&self) -> usize {
            let sizes: &[usize] = &[
                self.over_max.len() * ::core::mem::size_of::<f32>(),
                self.value.len() * ::core::mem::size_of::<f32>(),
                self.value_2.len() * ::core::mem::size_of::<f32>(),
                self.value_3.len() * ::core::mem::size_of::<f32>(),
                self.value_4.len() * ::core::mem::size_of::<f32>(),
                self.x_lanes.len() * ::core::mem::size_of::<f32>(),
                self.y_lanes.len() * ::core::mem::size_of::<f32>(),
                self.x_dot_hidden_w.len() * ::core::mem::size_of::<f32>(),
                self.dot.len() * ::core::mem::size_of::<f32>(),
                self.x_copy.len() * ::core::mem::size_of::<f32>(),
                self.y_copy.len() * ::core::mem::size_of::<f32>(),
                self.hidden_w_copy.len() * ::core::mem::size_of::<f32>(),
                self.hidden_b_copy.len() * ::core::mem::size_of::<f32>(),
                self.price_w_copy.len() * ::core::mem::size_of::<f32>(),
                self.price_b_copy.len() * ::core::mem::size_of::<f32>(),
                self.apart.len() * ::core::mem::size_of::<f32>(),
            ];
            sizes.iter().sum()
        }
    }
    /// The outputs, and nothing kept.
    #[track_caller]
    pub fn infer<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        y: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        params: &Params,
    ) -> f32 {
        let x: ArrayView2<'a, f32> = x.into();
        let y: ArrayView2<'a, f32> = y.into();
        let Sizes { N } = checked(sizes(x, y, params));
        let x = &flat(x);
        let y = &flat(y);
        let hidden_w = &flat(params.hidden.w.view());
        let hidden_b = &flat(params.hidden.b.view());
        let price_w = &flat(params.price.w.view());
        let price_b = &flat(params.price.b.view());
        let mut x_dot_hidden_w = vec![0.0; N * 13];
        let value_ = simd(
            #[inline(always)]
            || self::infer_pass(
                N,
                x,
                y,
                hidden_w,
                hidden_b,
                price_w,
                price_b,
                &mut x_dot_hidden_w,
            ),
        );
        value_
    }
    /// The pass that keeps what [`backward`] needs.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares; [`check`] finds the same without a panic.
    #[track_caller]
    pub fn forward<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        y: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        params: &Params,
    ) -> (f32, Saved) {
        let x: ArrayView2<'a, f32> = x.into();
        let y: ArrayView2<'a, f32> = y.into();
        let Sizes { N } = checked(sizes(x, y, params));
        let x = &flat(x);
        let y = &flat(y);
        let hidden_w = &flat(params.hidden.w.view());
        let hidden_b = &flat(params.hidden.b.view());
        let price_w = &flat(params.price.w.view());
        let price_b = &flat(params.price.b.view());
        let mut sigmoid_hidden = vec![0.0; N * 13];
        let mut price_minus_y = vec![0.0; N];
        let value_ = simd(
            #[inline(always)]
            || self::forward_pass(
                N,
                x,
                y,
                hidden_w,
                hidden_b,
                price_w,
                price_b,
                &mut sigmoid_hidden,
                &mut price_minus_y,
            ),
        );
        (
            value_,
            Saved {
                sigmoid_hidden: array([N, 13], sigmoid_hidden),
                price_minus_y: array([N, 1], price_minus_y),
            },
        )
    }
    /// The pass back: the gradients for the cotangent of the output.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares, or the cotangent has not the output's.
    #[track_caller]
    pub fn backward<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        y: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        params: &Params,
        saved: &Saved,
        d_output: f32,
    ) -> Gradients {
        let x: ArrayView2<'a, f32> = x.into();
        let y: ArrayView2<'a, f32> = y.into();
        let Sizes { N } = checked(sizes(x, y, params));
        checked(
            expect_shape(
                "composed",
                "saved.sigmoid_hidden",
                saved.sigmoid_hidden.shape(),
                &[N, 13],
                "[N, 13]",
                &[("N", N, "x")],
            ),
        );
        checked(
            expect_shape(
                "composed",
                "saved.price_minus_y",
                saved.price_minus_y.shape(),
                &[N, 1],
                "[N, 1]",
                &[("N", N, "x")],
            ),
        );
        let x = &flat(x);
        let price_w = &flat(params.price.w.view());
        let d_output = d_output;
        let sigmoid_hidden = &flat(saved.sigmoid_hidden.view());
        let price_minus_y = &flat(saved.price_minus_y.view());
        let mut d_hidden_w = vec![0.0; 169];
        let mut d_hidden_b = vec![0.0; 13];
        let mut d_price_w = vec![0.0; 13];
        let mut d_price_b = vec![0.0; 1];
        let mut d_hidden = vec![0.0; N * 13];
        simd(
            #[inline(always)]
            || self::backward_pass(
                N,
                x,
                price_w,
                d_output,
                sigmoid_hidden,
                price_minus_y,
                &mut d_hidden_w,
                &mut d_hidden_b,
                &mut d_price_w,
                &mut d_price_b,
                &mut d_hidden,
            ),
        );
        let mut gradients = Gradients::default();
        gradients.hidden.w = array([13, 13], d_hidden_w);
        gradients.hidden.b = array([13], d_hidden_b);
        gradients.price.w = array([13, 1], d_price_w);
        gradients.price.b = array([1], d_price_b);
        gradients
    }
    /// The value and the gradients of the parameters.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares.
    #[track_caller]
    pub fn value_and_grad<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        y: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        params: &Params,
    ) -> (f32, Gradients) {
        let mut workspace = Workspace::default();
        let (value_, _) = value_and_grad_into(x, y, params, &mut workspace);
        (value_, workspace.gradients)
    }
    /// The same, into memory that is kept: nothing is allocated once `workspace` has grown.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares.
    #[track_caller]
    pub fn value_and_grad_into<'a, 'w>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        y: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        params: &Params,
        workspace: &'w mut Workspace,
    ) -> (f32, &'w Gradients) {
        let x: ArrayView2<'a, f32> = x.into();
        let y: ArrayView2<'a, f32> = y.into();
        let Sizes { N } = checked(sizes(x, y, params));
        let Workspace {
            gradients,
            over_max,
            value,
            value_2,
            value_3,
            value_4,
            x_lanes,
            y_lanes,
            x_dot_hidden_w,
            dot,
            x_copy,
            y_copy,
            hidden_w_copy,
            hidden_b_copy,
            price_w_copy,
            price_b_copy,
            apart,
        } = workspace;
        fit(&mut gradients.hidden.w, [13, 13]);
        fit(&mut gradients.hidden.b, [13]);
        fit(&mut gradients.price.w, [13, 1]);
        fit(&mut gradients.price.b, [1]);
        fit_vec(over_max, 1);
        fit_vec(value, 32);
        fit_vec(value_2, 32);
        fit_vec(value_3, 416);
        fit_vec(value_4, 416);
        fit_vec(x_lanes, 416);
        fit_vec(y_lanes, 32);
        fit_vec(x_dot_hidden_w, 416);
        fit_vec(dot, 32);
        let x = flat_into(x, x_copy);
        let y = flat_into(y, y_copy);
        let hidden_w = flat_into(params.hidden.w.view(), hidden_w_copy);
        let hidden_b = flat_into(params.hidden.b.view(), hidden_b_copy);
        let price_w = flat_into(params.price.w.view(), price_w_copy);
        let price_b = flat_into(params.price.b.view(), price_b_copy);
        let d_hidden_w = slice_mut(&mut gradients.hidden.w);
        let d_hidden_b = slice_mut(&mut gradients.hidden.b);
        let d_price_w = slice_mut(&mut gradients.price.w);
        let d_price_b = slice_mut(&mut gradients.price.b);
        let value_ = simd(
            #[inline(always)]
            || self::step_pass(
                N,
                x,
                y,
                hidden_w,
                hidden_b,
                price_w,
                price_b,
                d_hidden_w,
                d_hidden_b,
                d_price_w,
                d_price_b,
                over_max,
                value,
                value_2,
                value_3,
                value_4,
                x_lanes,
                y_lanes,
                x_dot_hidden_w,
                dot,
                apart,
                Stay,
            ),
        );
        (value_, gradients)
    }
    /// The value, and a step of `optimiser`, which moves each parameter while its gradient is hot. The gradients are
    /// in `workspace` afterwards.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares.
    #[track_caller]
    pub fn train<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        y: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        params: &mut Params,
        workspace: &mut Workspace,
        optimiser: &mut impl Optimiser<f32>,
    ) -> f32 {
        let x: ArrayView2<'a, f32> = x.into();
        let y: ArrayView2<'a, f32> = y.into();
        let Sizes { N } = checked(sizes(x, y, params));
        optimiser.begin(&*params);
        let Workspace {
            gradients,
            over_max,
            value,
            value_2,
            value_3,
            value_4,
            x_lanes,
            y_lanes,
            x_dot_hidden_w,
            dot,
            x_copy,
            y_copy,
            hidden_w_copy,
            hidden_b_copy,
            price_w_copy,
            price_b_copy,
            apart,
        } = workspace;
        fit(&mut gradients.hidden.w, [13, 13]);
        fit(&mut gradients.hidden.b, [13]);
        fit(&mut gradients.price.w, [13, 1]);
        fit(&mut gradients.price.b, [1]);
        fit_vec(over_max, 1);
        fit_vec(value, 32);
        fit_vec(value_2, 32);
        fit_vec(value_3, 416);
        fit_vec(value_4, 416);
        fit_vec(x_lanes, 416);
        fit_vec(y_lanes, 32);
        fit_vec(x_dot_hidden_w, 416);
        fit_vec(dot, 32);
        let x = flat_into(x, x_copy);
        let y = flat_into(y, y_copy);
        let hidden_w = slice_mut(&mut params.hidden.w);
        let hidden_b = slice_mut(&mut params.hidden.b);
        let price_w = slice_mut(&mut params.price.w);
        let price_b = slice_mut(&mut params.price.b);
        let d_hidden_w = slice_mut(&mut gradients.hidden.w);
        let d_hidden_b = slice_mut(&mut gradients.hidden.b);
        let d_price_w = slice_mut(&mut gradients.price.w);
        let d_price_b = slice_mut(&mut gradients.price.b);
        let value_ = simd(
            #[inline(always)]
            || self::step_pass(
                N,
                x,
                y,
                hidden_w,
                hidden_b,
                price_w,
                price_b,
                d_hidden_w,
                d_hidden_b,
                d_price_w,
                d_price_b,
                over_max,
                value,
                value_2,
                value_3,
                value_4,
                x_lanes,
                y_lanes,
                x_dot_hidden_w,
                dot,
                apart,
                Move(optimiser),
            ),
        );
        value_
    }
    /// The entry check alone: whether the shapes are those that the network declares.
    pub fn check<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        y: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        params: &Params,
    ) -> Result<(), ShapeError> {
        let x: ArrayView2<'a, f32> = x.into();
        let y: ArrayView2<'a, f32> = y.into();
        sizes(x, y, params).map(|_| ())
    }
    /// The sizes behind the names of dimensions.
    struct Sizes {
        N: usize,
    }
    #[inline]
    fn sizes<'a>(
        x: ArrayView2<'a, f32>,
        y: ArrayView2<'a, f32>,
        params: &Params,
    ) -> Result<Sizes, ShapeError> {
        let N = x.shape()[0];
        expect_shape("composed", "x", x.shape(), &[N, 13], "[N, 13]", &[("N", N, "x")])?;
        expect_shape("composed", "y", y.shape(), &[N, 1], "[N, 1]", &[("N", N, "x")])?;
        expect_shape(
            "composed",
            "hidden.w",
            params.hidden.w.shape(),
            &[13, 13],
            "[13, 13]",
            &[("N", N, "x")],
        )?;
        expect_shape(
            "composed",
            "hidden.b",
            params.hidden.b.shape(),
            &[13],
            "[13]",
            &[("N", N, "x")],
        )?;
        expect_shape(
            "composed",
            "price.w",
            params.price.w.shape(),
            &[13, 1],
            "[13, 1]",
            &[("N", N, "x")],
        )?;
        expect_shape(
            "composed",
            "price.b",
            params.price.b.shape(),
            &[1],
            "[1]",
            &[("N", N, "x")],
        )?;
        Ok(Sizes { N })
    }
    /// The inference of `composed`, over slices.
    #[inline(always)]
    fn infer_pass(
        N: usize,
        x: &[f32],
        y: &[f32],
        hidden_w: &[f32],
        hidden_b: &[f32],
        price_w: &[f32],
        price_b: &[f32],
        x_dot_hidden_w: &mut [f32],
    ) -> f32 {
        let y = &y[..N];
        let hidden_b = &hidden_b[..13];
        let price_w = &price_w[..13];
        let dot_terms = &mut [0.0; 13];
        /// x_dot_hidden_w = x·hidden_w
        let x_dot_hidden_w = matmul(x_dot_hidden_w, x, hidden_w, [N, 13, 13]);
        /// total = Σ[N, 1](square_price_minus_y)
        /// mse: mean((p - y)²)
        let mut total = 0.0;
        for i in 0..N {
            let x_dot_hidden_w = &x_dot_hidden_w[i * 13..][..13];
            for j in 0..13 {
                /// hidden = x_dot_hidden_w + hidden_b
                let hidden = x_dot_hidden_w[j] + hidden_b[j];
                /// dot_terms = σ(hidden) · price_w
                let dot_terms_j = sigmoid(hidden) * price_w[j];
                dot_terms[j] = dot_terms_j;
            }
            /// dot = Σ[13](dot_terms)
            let dot = sum(dot_terms);
            /// price = dot + price_b
            let price = dot + price_b[0];
            /// square_price_minus_y = (price − y)²
            /// mse: mean((p - y)²)
            let square_price_minus_y = square(price - y[i]);
            total += square_price_minus_y;
        }
        /// mean = total / N
        /// mse: mean((p - y)²)
        let mean = total / N as f32;
        mean
    }
    /// The forward pass of `composed`, over slices.
    #[inline(always)]
    fn forward_pass(
        N: usize,
        x: &[f32],
        y: &[f32],
        hidden_w: &[f32],
        hidden_b: &[f32],
        price_w: &[f32],
        price_b: &[f32],
        sigmoid_hidden: &mut [f32],
        price_minus_y: &mut [f32],
    ) -> f32 {
        let y = &y[..N];
        let hidden_b = &hidden_b[..13];
        let price_w = &price_w[..13];
        let price_minus_y = &mut price_minus_y[..N];
        let dot_terms = &mut [0.0; 13];
        /// x_dot_hidden_w = x·hidden_w
        let sigmoid_hidden = matmul(sigmoid_hidden, x, hidden_w, [N, 13, 13]);
        /// total = Σ[N, 1](square_price_minus_y)
        /// mse: mean((p - y)²)
        let mut total = 0.0;
        for i in 0..N {
            let sigmoid_hidden = &mut sigmoid_hidden[i * 13..][..13];
            for j in 0..13 {
                /// hidden = x_dot_hidden_w + hidden_b
                let hidden = sigmoid_hidden[j] + hidden_b[j];
                /// sigmoid_hidden = σ(hidden)
                let sigmoid_hidden_j = sigmoid(hidden);
                /// dot_terms = sigmoid_hidden · price_w
                let dot_terms_j = sigmoid_hidden_j * price_w[j];
                sigmoid_hidden[j] = sigmoid_hidden_j;
                dot_terms[j] = dot_terms_j;
            }
            /// dot = Σ[13](dot_terms)
            let dot = sum(dot_terms);
            /// price = dot + price_b
            let price = dot + price_b[0];
            /// price_minus_y = price − y
            /// mse: mean((p - y)²)
            let price_minus_y_i = price - y[i];
            price_minus_y[i] = price_minus_y_i;
            /// square_price_minus_y = price_minus_y²
            /// mse: mean((p - y)²)
            let square_price_minus_y = square(price_minus_y_i);
            total += square_price_minus_y;
        }
        /// mean = total / N
        /// mse: mean((p - y)²)
        let mean = total / N as f32;
        mean
    }
    /// The backward pass of `composed`, over slices.
    #[inline(always)]
    fn backward_pass(
        N: usize,
        x: &[f32],
        price_w: &[f32],
        d_output: f32,
        sigmoid_hidden: &[f32],
        price_minus_y: &[f32],
        d_hidden_w: &mut [f32],
        d_hidden_b: &mut [f32],
        d_price_w: &mut [f32],
        d_price_b: &mut [f32],
        d_hidden: &mut [f32],
    ) {
        let price_w = &price_w[..13];
        let price_minus_y = &price_minus_y[..N];
        let d_hidden_b = &mut d_hidden_b[..13];
        let d_price_w = &mut d_price_w[..13];
        /// max_1 = max(N, 1)
        /// div: d_a = dy / b
        let max_1 = max(N as f32, 1.0);
        /// d_total = d_output / max_1
        /// div: d_a = dy / b
        let d_total = d_output / max_1;
        /// times_d_total = d_total · 2
        /// square: d_x = dy * (2 * x)
        let times_d_total = d_total * 2.0;
        /// d_price_b = Σ[N](d_price_minus_y)
        /// broadcast: d_x = sum of dy along the axes that x was spread over
        let mut d_price_b_total = 0.0;
        d_price_w.fill(0.0);
        d_hidden_b.fill(0.0);
        for i in 0..N {
            /// d_price_minus_y = times_d_total · price_minus_y
            /// square: d_x = dy * (2 * x)
            let d_price_minus_y = times_d_total * price_minus_y[i];
            d_price_b_total += d_price_minus_y;
            let sigmoid_hidden = &sigmoid_hidden[i * 13..][..13];
            let d_hidden = &mut d_hidden[i * 13..][..13];
            for j in 0..13 {
                /// d_price_w_terms = sigmoid_hidden · d_price_minus_y
                /// dot: d_b = dot(t(a), dy)
                let d_price_w_terms = sigmoid_hidden[j] * d_price_minus_y;
                /// d_hidden = d_price_minus_y · price_w · sigmoid_hidden · (1 − sigmoid_hidden)
                /// sigmoid: d_x = dy * (y * (1 - y))
                let d_hidden_j = d_price_minus_y * price_w[j]
                    * (sigmoid_hidden[j] * (1.0 - sigmoid_hidden[j]));
                d_price_w[j] += d_price_w_terms;
                d_hidden[j] = d_hidden_j;
                d_hidden_b[j] += d_hidden_j;
            }
        }
        d_price_b[0] = d_price_b_total;
        /// d_hidden_w = xᵀ·d_hidden
        /// dot: d_b = dot(t(a), dy)
        let d_hidden_w = matmul_tn(d_hidden_w, x, d_hidden, [13, N, 13]);
    }
    /// Both passes of `composed` in one, over slices; `update` hears of each final gradient.
    #[inline(always)]
    fn step_pass<'a, U: Update<f32>>(
        N: usize,
        x: &[f32],
        y: &[f32],
        hidden_w: U::Param<'a>,
        hidden_b: U::Param<'a>,
        price_w: U::Param<'a>,
        price_b: U::Param<'a>,
        d_hidden_w: &mut [f32],
        d_hidden_b: &mut [f32],
        d_price_w: &mut [f32],
        d_price_b: &mut [f32],
        over_max: &mut [f32],
        value: &mut [f32],
        value_2: &mut [f32],
        value_3: &mut [f32],
        value_4: &mut [f32],
        x_lanes: &mut [f32],
        y_lanes: &mut [f32],
        x_dot_hidden_w: &mut [f32],
        dot: &mut [f32],
        apart: &mut Vec<f32>,
        mut update: U,
    ) -> f32 {
        let d_hidden_b = &mut d_hidden_b[..13];
        let d_price_w = &mut d_price_w[..13];
        /// max_1 = max(N, 1)
        /// div: d_a = dy / b
        let max_1 = max(N as f32, 1.0);
        /// over_max = 2 / max_1
        /// square: d_x = dy * (2 * x)
        let over_max_total = 2.0 / max_1;
        over_max[0] = over_max_total;
        value.fill(0.0);
        value_2.fill(0.0);
        value_3.fill(0.0);
        value_4.fill(0.0);
        d_hidden_w.fill(0.0);
        in_parts(
            [N, 32],
            apart,
            [
                &mut value[..],
                &mut value_2[..],
                &mut value_3[..],
                &mut value_4[..],
                &mut d_hidden_w[..],
            ],
            [&mut x_lanes[..], &mut y_lanes[..], &mut x_dot_hidden_w[..], &mut dot[..]],
            |
                rows,
                [value,
                value_2,
                value_3,
                value_4,
                d_hidden_w,
                ],
                [x_lanes,
                y_lanes,
                x_dot_hidden_w,
                dot,
                ]|
            {
                simd(
                    #[inline(always)]
                    || self::step_rows(
                        rows,
                        &x[..],
                        &y[..],
                        &hidden_w[..],
                        &hidden_b[..],
                        &price_w[..],
                        &price_b[..],
                        &over_max[..],
                        value,
                        value_2,
                        value_3,
                        value_4,
                        d_hidden_w,
                        x_lanes,
                        y_lanes,
                        x_dot_hidden_w,
                        dot,
                    ),
                )
            },
        );
        update.hand(0, hidden_w, d_hidden_w);
        /// total = Σ[32](value)
        /// mse: mean((p - y)²)
        let total = sum(value);
        /// d_price_b = Σ[32](value_2)
        /// broadcast: d_x = sum of dy along the axes that x was spread over
        let d_price_b_total = sum(value_2);
        d_price_b[0] = d_price_b_total;
        update.hand(3, price_b, d_price_b);
        for i in 0..13 {
            let value_3 = &value_3[i * 32..][..32];
            /// d_price_w = Σ[32](value_3)
            /// dot: d_b = dot(t(a), dy)
            let d_price_w_i = sum(value_3);
            d_price_w[i] = d_price_w_i;
        }
        update.hand(2, price_w, d_price_w);
        for i in 0..13 {
            let value_4 = &value_4[i * 32..][..32];
            /// d_hidden_b = Σ[32](value_4)
            /// broadcast: d_x = sum of dy along the axes that x was spread over
            let d_hidden_b_i = sum(value_4);
            d_hidden_b[i] = d_hidden_b_i;
        }
        update.hand(1, hidden_b, d_hidden_b);
        /// mean = total / N
        /// mse: mean((p - y)²)
        let mean = total / N as f32;
        mean
    }
    /// A part of the N rows of `step_pass`.
    #[inline(always)]
    fn step_rows(
        rows: ::core::ops::Range<usize>,
        x: &[f32],
        y: &[f32],
        hidden_w: &[f32],
        hidden_b: &[f32],
        price_w: &[f32],
        price_b: &[f32],
        over_max: &[f32],
        value: &mut [f32],
        value_2: &mut [f32],
        value_3: &mut [f32],
        value_4: &mut [f32],
        d_hidden_w: &mut [f32],
        x_lanes: &mut [f32],
        y_lanes: &mut [f32],
        x_dot_hidden_w: &mut [f32],
        dot: &mut [f32],
    ) {
        let live = &mut [false; 32];
        for rows in rows_within(rows, 32) {
            lanes_of(x_lanes, x, &rows, [13, 32]);
            lanes_of(y_lanes, y, &rows, [1, 32]);
            live_lanes(live, &rows);
            self::step_turn(
                &x_lanes[..],
                &y_lanes[..],
                &live[..],
                &hidden_w[..],
                &hidden_b[..],
                &price_w[..],
                &price_b[..],
                over_max[0],
                &mut value[..],
                &mut value_2[..],
                &mut value_3[..],
                &mut value_4[..],
                &mut d_hidden_w[..],
                &mut x_dot_hidden_w[..],
                &mut dot[..],
            );
        }
    }
    /// One of the N turns of a loop in `step_pass`.
    #[inline(always)]
    fn step_turn(
        x_lanes: &[f32],
        y_lanes: &[f32],
        live: &[bool],
        hidden_w: &[f32],
        hidden_b: &[f32],
        price_w: &[f32],
        price_b: &[f32],
        over_max: f32,
        output: &mut [f32],
        output_2: &mut [f32],
        output_3: &mut [f32],
        output_4: &mut [f32],
        output_5: &mut [f32],
        x_dot_hidden_w: &mut [f32],
        dot: &mut [f32],
    ) {
        let y_lanes = &y_lanes[..32];
        let live = &live[..32];
        let hidden_b = &hidden_b[..13];
        let price_w = &price_w[..13];
        let output = &mut output[..32];
        let output_2 = &mut output_2[..32];
        let dot = &mut dot[..32];
        /// x_dot_hidden_w = hidden_wᵀ·x_lanes
        let x_dot_hidden_w = matmul_tn(x_dot_hidden_w, hidden_w, x_lanes, [13, 13, 32]);
        dot.fill(0.0);
        /// sigmoid_hidden is written over x_dot_hidden_w, which is not needed any more
        let sigmoid_hidden = x_dot_hidden_w;
        for i in 0..13 {
            let sigmoid_hidden = &mut sigmoid_hidden[i * 32..][..32];
            for j in 0..32 {
                /// hidden = x_dot_hidden_w + hidden_b
                let hidden = sigmoid_hidden[j] + hidden_b[i];
                /// sigmoid_hidden = σ(hidden)
                let sigmoid_hidden_j = sigmoid(hidden);
                /// dot_terms = sigmoid_hidden · price_w
                let dot_terms = sigmoid_hidden_j * price_w[i];
                sigmoid_hidden[j] = sigmoid_hidden_j;
                dot[j] += dot_terms;
            }
        }
        /// d_price_minus_y is written over dot, which is not needed any more
        let d_price_minus_y = dot;
        for i in 0..32 {
            /// price = dot + price_b
            let price = d_price_minus_y[i] + price_b[0];
            /// price_minus_y_2 = live ? (price − y_lanes) : 0
            /// mse: mean((p - y)²)
            let price_minus_y_2 = select(live[i], price - y_lanes[i], 0.0);
            /// d_price_minus_y = over_max · price_minus_y_2
            /// square: d_x = dy * (2 * x)
            let d_price_minus_y_i = over_max * price_minus_y_2;
            /// output = Σ[1](price_minus_y_2²)
            /// mse: mean((p - y)²)
            let total_i = square(price_minus_y_2);
            /// output_2 = d_price_minus_y
            /// square: d_x = dy * (2 * x)
            let d_price_minus_y_i_2 = d_price_minus_y_i;
            d_price_minus_y[i] = d_price_minus_y_i;
            output[i] += total_i;
            output_2[i] += d_price_minus_y_i_2;
        }
        /// d_hidden is written over sigmoid_hidden, which is not needed any more
        let d_hidden = sigmoid_hidden;
        for i in 0..13 {
            let d_hidden = &mut d_hidden[i * 32..][..32];
            let output_3 = &mut output_3[i * 32..][..32];
            let output_4 = &mut output_4[i * 32..][..32];
            for j in 0..32 {
                /// d_hidden = d_price_minus_y · price_w · sigmoid_hidden · (1 − sigmoid_hidden)
                /// sigmoid: d_x = dy * (y * (1 - y))
                let d_hidden_j = d_price_minus_y[j] * price_w[i]
                    * (d_hidden[j] * (1.0 - d_hidden[j]));
                /// output_3 = sigmoid_hidden · d_price_minus_y
                /// dot: d_b = dot(t(a), dy)
                let d_price_w_terms_j = d_hidden[j] * d_price_minus_y[j];
                /// output_4 = d_hidden
                /// sigmoid: d_x = dy * (y * (1 - y))
                let d_hidden_j_2 = d_hidden_j;
                d_hidden[j] = d_hidden_j;
                output_3[j] += d_price_w_terms_j;
                output_4[j] += d_hidden_j_2;
            }
        }
        /// output_5 = x_lanes·d_hiddenᵀ
        /// dot: d_b = dot(t(a), dy)
        let output_5 = matmul_nt_add(output_5, x_lanes, d_hidden, [13, 32, 13]);
    }
}
#[doc(hidden)]
#[macro_export]
#[allow(unused_macros, non_local_definitions)]
macro_rules! __composed_f87e0fdb6ffc5129 {
    ({ $($link:tt)* } $($asked:tt)*) => {
        $($link)* ! { { $($link)* } $($asked)* { __dense_a32b31fc0f7f9a5f {} {} { fn
        dense < const I : usize, const O : usize > (x : Input < N, I >, w : Param < I, O
        >, b : Param < O >) -> Output < N, O > { x.dot(w) + b } } } {
        __composed_f87e0fdb6ffc5129 { { dense } __dense_a32b31fc0f7f9a5f } {} { fn
        composed(x : Input < N, 13 >, y : Input < N, 1 >, hidden : dense < 13, 13 >,
        price : dense < 13, 1 >) -> Output { mse(price(sigmoid(hidden(x))), y) } } } }
    };
}
#[doc(hidden)]
#[allow(unused_imports)]
pub use __composed_f87e0fdb6ffc5129 as composed;

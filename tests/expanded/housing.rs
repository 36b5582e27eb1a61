// What `#[network]` makes of this model:
//
//     /// The error of a small network on house prices: a row a house, a column a feature.
//     #[network]
//     pub fn housing(
//         x: Input<N, 13>,
//         y: Input<N, 1>,
//         w1: Param<13, 13>,
//         b1: Param<13>,
//         w2: Param<13, 1>,
//         b2: Param<1>,
//     ) -> Output {
//         let hidden = sigmoid(x.dot(w1) + b1);
//         let price = hidden.dot(w2) + b2;
//         mse(price, y)
//     }

/// The error of a small network on house prices: a row a house, a column a feature.
///
/// ```text
/// hidden = σ(x·w1 + b1)
/// price = hidden·w2 + b2
/// Σ[N, 1]((price − y)²) / N
/// ```
#[allow(dead_code)]
pub fn housing<'a>(
    x: impl ::core::convert::Into<::pullback::ndarray::ArrayView2<'a, f32>>,
    y: impl ::core::convert::Into<::pullback::ndarray::ArrayView2<'a, f32>>,
    params: &housing::Params,
) -> f32 {
    housing::infer(x, y, params)
}
/// What `#[network]` derives from [`housing`](fn@housing).
#[allow(
    dead_code,
    non_snake_case,
    unused_doc_comments,
    unused_variables,
    unused_mut,
    clippy::all
)]
pub mod housing {
    use ::pullback::emitted::*;
    /// The network's mathematics, and what was rewritten for stability; `stabilise = false` leaves all as it is written.
    pub const EXPLANATION: &str = r#"hidden = σ(x·w1 + b1)
price = hidden·w2 + b2
Σ[N, 1]((price − y)²) / N"#;
    /// The parameters of `housing`.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Params<T = f32> {
        /// `[13, 13]`.
        pub w1: Array2<T>,
        /// `[13]`.
        pub b1: Array1<T>,
        /// `[13, 1]`.
        pub w2: Array2<T>,
        /// `[1]`.
        pub b2: Array1<T>,
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
            w1: array([13, 13], vec![T::ZERO; 169]),
            b1: array([13], vec![T::ZERO; 13]),
            w2: array([13, 1], vec![T::ZERO; 13]),
            b2: array([1], vec![T::ZERO; 1]),
        }
    }
    /// As [`Params::init`], with elements of any type.
    pub fn init<T: Real>(rng: &mut impl Rng) -> Params<T> {
        Params {
            w1: glorot(rng, [13, 13]),
            b1: array([13], vec![T::ZERO; 13]),
            w2: glorot(rng, [13, 1]),
            b2: array([1], vec![T::ZERO; 1]),
        }
    }
    impl<T: Real> ParamSet for Params<T> {
        type Elem = T;
        fn count(&self) -> usize {
            4
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 4] = ["w1", "b1", "w2", "b2"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => self.w1.view().into_dyn(),
                1 => self.b1.view().into_dyn(),
                2 => self.w2.view().into_dyn(),
                3 => self.b2.view().into_dyn(),
                _ => no_such_array(index, 4),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => self.w1.view_mut().into_dyn(),
                1 => self.b1.view_mut().into_dyn(),
                2 => self.w2.view_mut().into_dyn(),
                3 => self.b2.view_mut().into_dyn(),
                _ => no_such_array(index, 4),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => array_elements(&self.w1),
                1 => array_elements(&self.b1),
                2 => array_elements(&self.w2),
                3 => array_elements(&self.b2),
                _ => no_such_array(index, 4),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => self.w1.as_slice_mut(),
                1 => self.b1.as_slice_mut(),
                2 => self.w2.as_slice_mut(),
                3 => self.b2.as_slice_mut(),
                _ => no_such_array(index, 4),
            }
        }
    }
    /// The gradients of `housing`: field for field as [`Params`].
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Gradients<T = f32> {
        /// `[13, 13]`: the gradient with respect to `w1`.
        pub w1: Array2<T>,
        /// `[13]`: the gradient with respect to `b1`.
        pub b1: Array1<T>,
        /// `[13, 1]`: the gradient with respect to `w2`.
        pub w2: Array2<T>,
        /// `[1]`: the gradient with respect to `b2`.
        pub b2: Array1<T>,
    }
    impl<T: Real> ParamSet for Gradients<T> {
        type Elem = T;
        fn count(&self) -> usize {
            4
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 4] = ["w1", "b1", "w2", "b2"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => self.w1.view().into_dyn(),
                1 => self.b1.view().into_dyn(),
                2 => self.w2.view().into_dyn(),
                3 => self.b2.view().into_dyn(),
                _ => no_such_array(index, 4),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => self.w1.view_mut().into_dyn(),
                1 => self.b1.view_mut().into_dyn(),
                2 => self.w2.view_mut().into_dyn(),
                3 => self.b2.view_mut().into_dyn(),
                _ => no_such_array(index, 4),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => array_elements(&self.w1),
                1 => array_elements(&self.b1),
                2 => array_elements(&self.w2),
                3 => array_elements(&self.b2),
                _ => no_such_array(index, 4),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => self.w1.as_slice_mut(),
                1 => self.b1.as_slice_mut(),
                2 => self.w2.as_slice_mut(),
                3 => self.b2.as_slice_mut(),
                _ => no_such_array(index, 4),
            }
        }
    }
    /// What the forward pass of `housing` keeps for the backward pass.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Saved {
        /// `[N, 13]` (saved: backward of dot needs it).
        pub hidden: Array2<f32>,
        /// `[N, 1]` (saved: backward of square needs it).
        pub price_minus_y: Array2<f32>,
    }
    impl Saved {
        /// The size in bytes: 4 · N · 13 + 4 · N · 1.
        pub fn bytes(&self) -> usize {
            let sizes: &[usize] = &[
                self.hidden.len() * ::core::mem::size_of::<f32>(),
                self.price_minus_y.len() * ::core::mem::size_of::<f32>(),
            ];
            sizes.iter().sum()
        }
    }
    /// Every buffer of a step of `housing`; grows at first use, and is used again.
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
        pub x_dot_w1: Vec<f32>,
        /// `[32]`.
        pub hidden_dot_w2: Vec<f32>,
        /// A copy of `x`, where it does not come in standard layout.
        pub x_copy: Vec<f32>,
        /// A copy of `y`, where it does not come in standard layout.
        pub y_copy: Vec<f32>,
        /// A copy of `w1`, where it does not come in standard layout.
        pub w1_copy: Vec<f32>,
        /// A copy of `b1`, where it does not come in standard layout.
        pub b1_copy: Vec<f32>,
        /// A copy of `w2`, where it does not come in standard layout.
        pub w2_copy: Vec<f32>,
        /// A copy of `b2`, where it does not come in standard layout.
        pub b2_copy: Vec<f32>,
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
                self.x_dot_w1.len() * ::core::mem::size_of::<f32>(),
                self.hidden_dot_w2.len() * ::core::mem::size_of::<f32>(),
                self.x_copy.len() * ::core::mem::size_of::<f32>(),
                self.y_copy.len() * ::core::mem::size_of::<f32>(),
                self.w1_copy.len() * ::core::mem::size_of::<f32>(),
                self.b1_copy.len() * ::core::mem::size_of::<f32>(),
                self.w2_copy.len() * ::core::mem::size_of::<f32>(),
                self.b2_copy.len() * ::core::mem::size_of::<f32>(),
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
        let w1 = &flat(params.w1.view());
        let b1 = &flat(params.b1.view());
        let w2 = &flat(params.w2.view());
        let b2 = &flat(params.b2.view());
        let mut x_dot_w1 = vec![0.0; N * 13];
        let value_ = simd(
            #[inline(always)]
            || self::infer_pass(N, x, y, w1, b1, w2, b2, &mut x_dot_w1),
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
        let w1 = &flat(params.w1.view());
        let b1 = &flat(params.b1.view());
        let w2 = &flat(params.w2.view());
        let b2 = &flat(params.b2.view());
        let mut hidden = vec![0.0; N * 13];
        let mut price_minus_y = vec![0.0; N];
        let value_ = simd(
            #[inline(always)]
            || self::forward_pass(
                N,
                x,
                y,
                w1,
                b1,
                w2,
                b2,
                &mut hidden,
                &mut price_minus_y,
            ),
        );
        (
            value_,
            Saved {
                hidden: array([N, 13], hidden),
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
                "housing",
                "saved.hidden",
                saved.hidden.shape(),
                &[N, 13],
                "[N, 13]",
                &[("N", N, "x")],
            ),
        );
        checked(
            expect_shape(
                "housing",
                "saved.price_minus_y",
                saved.price_minus_y.shape(),
                &[N, 1],
                "[N, 1]",
                &[("N", N, "x")],
            ),
        );
        let x = &flat(x);
        let w2 = &flat(params.w2.view());
        let d_output = d_output;
        let hidden = &flat(saved.hidden.view());
        let price_minus_y = &flat(saved.price_minus_y.view());
        let mut d_w1 = vec![0.0; 169];
        let mut d_b1 = vec![0.0; 13];
        let mut d_w2 = vec![0.0; 13];
        let mut d_b2 = vec![0.0; 1];
        let mut d_x_dot_w1_plus_b1 = vec![0.0; N * 13];
        simd(
            #[inline(always)]
            || self::backward_pass(
                N,
                x,
                w2,
                d_output,
                hidden,
                price_minus_y,
                &mut d_w1,
                &mut d_b1,
                &mut d_w2,
                &mut d_b2,
                &mut d_x_dot_w1_plus_b1,
            ),
        );
        Gradients {
            w1: array([13, 13], d_w1),
            b1: array([13], d_b1),
            w2: array([13, 1], d_w2),
            b2: array([1], d_b2),
        }
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
            x_dot_w1,
            hidden_dot_w2,
            x_copy,
            y_copy,
            w1_copy,
            b1_copy,
            w2_copy,
            b2_copy,
            apart,
        } = workspace;
        fit(&mut gradients.w1, [13, 13]);
        fit(&mut gradients.b1, [13]);
        fit(&mut gradients.w2, [13, 1]);
        fit(&mut gradients.b2, [1]);
        fit_vec(over_max, 1);
        fit_vec(value, 32);
        fit_vec(value_2, 32);
        fit_vec(value_3, 416);
        fit_vec(value_4, 416);
        fit_vec(x_lanes, 416);
        fit_vec(y_lanes, 32);
        fit_vec(x_dot_w1, 416);
        fit_vec(hidden_dot_w2, 32);
        let x = flat_into(x, x_copy);
        let y = flat_into(y, y_copy);
        let w1 = flat_into(params.w1.view(), w1_copy);
        let b1 = flat_into(params.b1.view(), b1_copy);
        let w2 = flat_into(params.w2.view(), w2_copy);
        let b2 = flat_into(params.b2.view(), b2_copy);
        let d_w1 = slice_mut(&mut gradients.w1);
        let d_b1 = slice_mut(&mut gradients.b1);
        let d_w2 = slice_mut(&mut gradients.w2);
        let d_b2 = slice_mut(&mut gradients.b2);
        let value_ = simd(
            #[inline(always)]
            || self::step_pass(
                N,
                x,
                y,
                w1,
                b1,
                w2,
                b2,
                d_w1,
                d_b1,
                d_w2,
                d_b2,
                over_max,
                value,
                value_2,
                value_3,
                value_4,
                x_lanes,
                y_lanes,
                x_dot_w1,
                hidden_dot_w2,
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
            x_dot_w1,
            hidden_dot_w2,
            x_copy,
            y_copy,
            w1_copy,
            b1_copy,
            w2_copy,
            b2_copy,
            apart,
        } = workspace;
        fit(&mut gradients.w1, [13, 13]);
        fit(&mut gradients.b1, [13]);
        fit(&mut gradients.w2, [13, 1]);
        fit(&mut gradients.b2, [1]);
        fit_vec(over_max, 1);
        fit_vec(value, 32);
        fit_vec(value_2, 32);
        fit_vec(value_3, 416);
        fit_vec(value_4, 416);
        fit_vec(x_lanes, 416);
        fit_vec(y_lanes, 32);
        fit_vec(x_dot_w1, 416);
        fit_vec(hidden_dot_w2, 32);
        let x = flat_into(x, x_copy);
        let y = flat_into(y, y_copy);
        let w1 = slice_mut(&mut params.w1);
        let b1 = slice_mut(&mut params.b1);
        let w2 = slice_mut(&mut params.w2);
        let b2 = slice_mut(&mut params.b2);
        let d_w1 = slice_mut(&mut gradients.w1);
        let d_b1 = slice_mut(&mut gradients.b1);
        let d_w2 = slice_mut(&mut gradients.w2);
        let d_b2 = slice_mut(&mut gradients.b2);
        let value_ = simd(
            #[inline(always)]
            || self::step_pass(
                N,
                x,
                y,
                w1,
                b1,
                w2,
                b2,
                d_w1,
                d_b1,
                d_w2,
                d_b2,
                over_max,
                value,
                value_2,
                value_3,
                value_4,
                x_lanes,
                y_lanes,
                x_dot_w1,
                hidden_dot_w2,
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
        expect_shape("housing", "x", x.shape(), &[N, 13], "[N, 13]", &[("N", N, "x")])?;
        expect_shape("housing", "y", y.shape(), &[N, 1], "[N, 1]", &[("N", N, "x")])?;
        expect_shape(
            "housing",
            "w1",
            params.w1.shape(),
            &[13, 13],
            "[13, 13]",
            &[("N", N, "x")],
        )?;
        expect_shape(
            "housing",
            "b1",
            params.b1.shape(),
            &[13],
            "[13]",
            &[("N", N, "x")],
        )?;
        expect_shape(
            "housing",
            "w2",
            params.w2.shape(),
            &[13, 1],
            "[13, 1]",
            &[("N", N, "x")],
        )?;
        expect_shape("housing", "b2", params.b2.shape(), &[1], "[1]", &[("N", N, "x")])?;
        Ok(Sizes { N })
    }
    /// The inference of `housing`, over slices.
    #[inline(always)]
    fn infer_pass(
        N: usize,
        x: &[f32],
        y: &[f32],
        w1: &[f32],
        b1: &[f32],
        w2: &[f32],
        b2: &[f32],
        x_dot_w1: &mut [f32],
    ) -> f32 {
        let y = &y[..N];
        let b1 = &b1[..13];
        let w2 = &w2[..13];
        let hidden_dot_w2_terms = &mut [0.0; 13];
        /// x_dot_w1 = x·w1
        let x_dot_w1 = matmul(x_dot_w1, x, w1, [N, 13, 13]);
        /// total = Σ[N, 1](square_price_minus_y)
        /// mse: mean((p - y)²)
        let mut total = 0.0;
        for i in 0..N {
            let x_dot_w1 = &x_dot_w1[i * 13..][..13];
            for j in 0..13 {
                /// hidden = σ(x_dot_w1 + b1)
                let hidden = sigmoid(x_dot_w1[j] + b1[j]);
                /// hidden_dot_w2_terms = hidden · w2
                let hidden_dot_w2_terms_j = hidden * w2[j];
                hidden_dot_w2_terms[j] = hidden_dot_w2_terms_j;
            }
            /// hidden_dot_w2 = Σ[13](hidden_dot_w2_terms)
            let hidden_dot_w2 = sum(hidden_dot_w2_terms);
            /// price = hidden_dot_w2 + b2
            let price = hidden_dot_w2 + b2[0];
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
    /// The forward pass of `housing`, over slices.
    #[inline(always)]
    fn forward_pass(
        N: usize,
        x: &[f32],
        y: &[f32],
        w1: &[f32],
        b1: &[f32],
        w2: &[f32],
        b2: &[f32],
        hidden: &mut [f32],
        price_minus_y: &mut [f32],
    ) -> f32 {
        let y = &y[..N];
        let b1 = &b1[..13];
        let w2 = &w2[..13];
        let price_minus_y = &mut price_minus_y[..N];
        let hidden_dot_w2_terms = &mut [0.0; 13];
        /// x_dot_w1 = x·w1
        let hidden = matmul(hidden, x, w1, [N, 13, 13]);
        /// total = Σ[N, 1](square_price_minus_y)
        /// mse: mean((p - y)²)
        let mut total = 0.0;
        for i in 0..N {
            let hidden = &mut hidden[i * 13..][..13];
            for j in 0..13 {
                /// hidden = σ(x_dot_w1 + b1)
                let hidden_j = sigmoid(hidden[j] + b1[j]);
                /// hidden_dot_w2_terms = hidden · w2
                let hidden_dot_w2_terms_j = hidden_j * w2[j];
                hidden[j] = hidden_j;
                hidden_dot_w2_terms[j] = hidden_dot_w2_terms_j;
            }
            /// hidden_dot_w2 = Σ[13](hidden_dot_w2_terms)
            let hidden_dot_w2 = sum(hidden_dot_w2_terms);
            /// price = hidden_dot_w2 + b2
            let price = hidden_dot_w2 + b2[0];
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
    /// The backward pass of `housing`, over slices.
    #[inline(always)]
    fn backward_pass(
        N: usize,
        x: &[f32],
        w2: &[f32],
        d_output: f32,
        hidden: &[f32],
        price_minus_y: &[f32],
        d_w1: &mut [f32],
        d_b1: &mut [f32],
        d_w2: &mut [f32],
        d_b2: &mut [f32],
        d_x_dot_w1_plus_b1: &mut [f32],
    ) {
        let w2 = &w2[..13];
        let price_minus_y = &price_minus_y[..N];
        let d_b1 = &mut d_b1[..13];
        let d_w2 = &mut d_w2[..13];
        /// max_1 = max(N, 1)
        /// div: d_a = dy / b
        let max_1 = max(N as f32, 1.0);
        /// d_total = d_output / max_1
        /// div: d_a = dy / b
        let d_total = d_output / max_1;
        /// times_d_total = d_total · 2
        /// square: d_x = dy * (2 * x)
        let times_d_total = d_total * 2.0;
        /// d_b2 = Σ[N](d_price_minus_y)
        /// broadcast: d_x = sum of dy along the axes that x was spread over
        let mut d_b2_total = 0.0;
        d_w2.fill(0.0);
        d_b1.fill(0.0);
        for i in 0..N {
            /// d_price_minus_y = times_d_total · price_minus_y
            /// square: d_x = dy * (2 * x)
            let d_price_minus_y = times_d_total * price_minus_y[i];
            d_b2_total += d_price_minus_y;
            let hidden = &hidden[i * 13..][..13];
            let d_x_dot_w1_plus_b1 = &mut d_x_dot_w1_plus_b1[i * 13..][..13];
            for j in 0..13 {
                /// d_w2_terms = hidden · d_price_minus_y
                /// dot: d_b = dot(t(a), dy)
                let d_w2_terms = hidden[j] * d_price_minus_y;
                /// d_x_dot_w1_plus_b1 = d_price_minus_y · w2 · hidden · (1 − hidden)
                /// sigmoid: d_x = dy * (y * (1 - y))
                let d_x_dot_w1_plus_b1_j = d_price_minus_y * w2[j]
                    * (hidden[j] * (1.0 - hidden[j]));
                d_w2[j] += d_w2_terms;
                d_x_dot_w1_plus_b1[j] = d_x_dot_w1_plus_b1_j;
                d_b1[j] += d_x_dot_w1_plus_b1_j;
            }
        }
        d_b2[0] = d_b2_total;
        /// d_w1 = xᵀ·d_x_dot_w1_plus_b1
        /// dot: d_b = dot(t(a), dy)
        let d_w1 = matmul_tn(d_w1, x, d_x_dot_w1_plus_b1, [13, N, 13]);
    }
    /// Both passes of `housing` in one, over slices; `update` hears of each final gradient.
    #[inline(always)]
    fn step_pass<'a, U: Update<f32>>(
        N: usize,
        x: &[f32],
        y: &[f32],
        w1: U::Param<'a>,
        b1: U::Param<'a>,
        w2: U::Param<'a>,
        b2: U::Param<'a>,
        d_w1: &mut [f32],
        d_b1: &mut [f32],
        d_w2: &mut [f32],
        d_b2: &mut [f32],
        over_max: &mut [f32],
        value: &mut [f32],
        value_2: &mut [f32],
        value_3: &mut [f32],
        value_4: &mut [f32],
        x_lanes: &mut [f32],
        y_lanes: &mut [f32],
        x_dot_w1: &mut [f32],
        hidden_dot_w2: &mut [f32],
        apart: &mut Vec<f32>,
        mut update: U,
    ) -> f32 {
        let d_b1 = &mut d_b1[..13];
        let d_w2 = &mut d_w2[..13];
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
        d_w1.fill(0.0);
        in_parts(
            [N, 32],
            apart,
            [
                &mut value[..],
                &mut value_2[..],
                &mut value_3[..],
                &mut value_4[..],
                &mut d_w1[..],
            ],
            [
                &mut x_lanes[..],
                &mut y_lanes[..],
                &mut x_dot_w1[..],
                &mut hidden_dot_w2[..],
            ],
            |
                rows,
                [value,
                value_2,
                value_3,
                value_4,
                d_w1,
                ],
                [x_lanes,
                y_lanes,
                x_dot_w1,
                hidden_dot_w2,
                ]|
            {
                simd(
                    #[inline(always)]
                    || self::step_rows(
                        rows,
                        &x[..],
                        &y[..],
                        &w1[..],
                        &b1[..],
                        &w2[..],
                        &b2[..],
                        &over_max[..],
                        value,
                        value_2,
                        value_3,
                        value_4,
                        d_w1,
                        x_lanes,
                        y_lanes,
                        x_dot_w1,
                        hidden_dot_w2,
                    ),
                )
            },
        );
        update.hand(0, w1, d_w1);
        /// total = Σ[32](value)
        /// mse: mean((p - y)²)
        let total = sum(value);
        /// d_b2 = Σ[32](value_2)
        /// broadcast: d_x = sum of dy along the axes that x was spread over
        let d_b2_total = sum(value_2);
        d_b2[0] = d_b2_total;
        update.hand(3, b2, d_b2);
        for i in 0..13 {
            let value_3 = &value_3[i * 32..][..32];
            /// d_w2 = Σ[32](value_3)
            /// dot: d_b = dot(t(a), dy)
            let d_w2_i = sum(value_3);
            d_w2[i] = d_w2_i;
        }
        update.hand(2, w2, d_w2);
        for i in 0..13 {
            let value_4 = &value_4[i * 32..][..32];
            /// d_b1 = Σ[32](value_4)
            /// broadcast: d_x = sum of dy along the axes that x was spread over
            let d_b1_i = sum(value_4);
            d_b1[i] = d_b1_i;
        }
        update.hand(1, b1, d_b1);
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
        w1: &[f32],
        b1: &[f32],
        w2: &[f32],
        b2: &[f32],
        over_max: &[f32],
        value: &mut [f32],
        value_2: &mut [f32],
        value_3: &mut [f32],
        value_4: &mut [f32],
        d_w1: &mut [f32],
        x_lanes: &mut [f32],
        y_lanes: &mut [f32],
        x_dot_w1: &mut [f32],
        hidden_dot_w2: &mut [f32],
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
                &w1[..],
                &b1[..],
                &w2[..],
                &b2[..],
                over_max[0],
                &mut value[..],
                &mut value_2[..],
                &mut value_3[..],
                &mut value_4[..],
                &mut d_w1[..],
                &mut x_dot_w1[..],
                &mut hidden_dot_w2[..],
            );
        }
    }
    /// One of the N turns of a loop in `step_pass`.
    #[inline(always)]
    fn step_turn(
        x_lanes: &[f32],
        y_lanes: &[f32],
        live: &[bool],
        w1: &[f32],
        b1: &[f32],
        w2: &[f32],
        b2: &[f32],
        over_max: f32,
        output: &mut [f32],
        output_2: &mut [f32],
        output_3: &mut [f32],
        output_4: &mut [f32],
        output_5: &mut [f32],
        x_dot_w1: &mut [f32],
        hidden_dot_w2: &mut [f32],
    ) {
        let y_lanes = &y_lanes[..32];
        let live = &live[..32];
        let b1 = &b1[..13];
        let w2 = &w2[..13];
        let output = &mut output[..32];
        let output_2 = &mut output_2[..32];
        let hidden_dot_w2 = &mut hidden_dot_w2[..32];
        /// x_dot_w1 = w1ᵀ·x_lanes
        let x_dot_w1 = matmul_tn(x_dot_w1, w1, x_lanes, [13, 13, 32]);
        hidden_dot_w2.fill(0.0);
        /// hidden is written over x_dot_w1, which is not needed any more
        let hidden = x_dot_w1;
        for i in 0..13 {
            let hidden = &mut hidden[i * 32..][..32];
            for j in 0..32 {
                /// hidden = σ(x_dot_w1 + b1)
                let hidden_j = sigmoid(hidden[j] + b1[i]);
                /// hidden_dot_w2_terms = hidden · w2
                let hidden_dot_w2_terms = hidden_j * w2[i];
                hidden[j] = hidden_j;
                hidden_dot_w2[j] += hidden_dot_w2_terms;
            }
        }
        /// d_price_minus_y is written over hidden_dot_w2, which is not needed any more
        let d_price_minus_y = hidden_dot_w2;
        for i in 0..32 {
            /// price = hidden_dot_w2 + b2
            let price = d_price_minus_y[i] + b2[0];
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
        /// d_x_dot_w1_plus_b1 is written over hidden, which is not needed any more
        let d_x_dot_w1_plus_b1 = hidden;
        for i in 0..13 {
            let d_x_dot_w1_plus_b1 = &mut d_x_dot_w1_plus_b1[i * 32..][..32];
            let output_3 = &mut output_3[i * 32..][..32];
            let output_4 = &mut output_4[i * 32..][..32];
            for j in 0..32 {
                /// d_x_dot_w1_plus_b1 = d_price_minus_y · w2 · hidden · (1 − hidden)
                /// sigmoid: d_x = dy * (y * (1 - y))
                let d_x_dot_w1_plus_b1_j = d_price_minus_y[j] * w2[i]
                    * (d_x_dot_w1_plus_b1[j] * (1.0 - d_x_dot_w1_plus_b1[j]));
                /// output_3 = hidden · d_price_minus_y
                /// dot: d_b = dot(t(a), dy)
                let d_w2_terms_j = d_x_dot_w1_plus_b1[j] * d_price_minus_y[j];
                /// output_4 = d_x_dot_w1_plus_b1
                /// sigmoid: d_x = dy * (y * (1 - y))
                let d_x_dot_w1_plus_b1_j_2 = d_x_dot_w1_plus_b1_j;
                d_x_dot_w1_plus_b1[j] = d_x_dot_w1_plus_b1_j;
                output_3[j] += d_w2_terms_j;
                output_4[j] += d_x_dot_w1_plus_b1_j_2;
            }
        }
        /// output_5 = x_lanes·d_x_dot_w1_plus_b1ᵀ
        /// dot: d_b = dot(t(a), dy)
        let output_5 = matmul_nt_add(
            output_5,
            x_lanes,
            d_x_dot_w1_plus_b1,
            [13, 32, 13],
        );
    }
}
#[doc(hidden)]
#[macro_export]
#[allow(unused_macros, non_local_definitions)]
macro_rules! __housing_8fc3cbe9d31e6a8b {
    ({ $($link:tt)* } $($asked:tt)*) => {
        $($link)* ! { { $($link)* } $($asked)* { __housing_8fc3cbe9d31e6a8b {} {} { fn
        housing(x : Input < N, 13 >, y : Input < N, 1 >, w1 : Param < 13, 13 >, b1 :
        Param < 13 >, w2 : Param < 13, 1 >, b2 : Param < 1 >,) -> Output { let hidden =
        sigmoid(x.dot(w1) + b1); let price = hidden.dot(w2) + b2; mse(price, y) } } } }
    };
}
#[doc(hidden)]
#[allow(unused_imports)]
pub use __housing_8fc3cbe9d31e6a8b as housing;

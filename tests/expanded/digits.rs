// What `#[network]` makes of this model:
//
//     /// How badly two layers tell ten digits apart.
//     #[network]
//     pub fn digits(
//         x: Input<N, 64>,
//         labels: Index<N>,
//         w1: Param<64, H>,
//         b1: Param<H>,
//         w2: Param<H, 10>,
//         b2: Param<10>,
//     ) -> Output {
//         let hidden = relu(x.dot(w1) + b1);
//         let logits = hidden.dot(w2) + b2;
//         softmax_cross_entropy(logits, labels)
//     }

/// How badly two layers tell ten digits apart.
///
/// ```text
/// hidden = relu(x·w1 + b1)
/// logits = hidden·w2 + b2
/// −Σ[N](Σ[10]((position in 10 == labels) ? log_softmax(logits) : 0)) / N
/// ```
#[allow(dead_code)]
pub fn digits<'a>(
    x: impl ::core::convert::Into<::pullback::ndarray::ArrayView2<'a, f32>>,
    labels: impl ::core::convert::Into<::pullback::ndarray::ArrayView1<'a, usize>>,
    params: &digits::Params,
) -> f32 {
    digits::infer(x, labels, params)
}
/// What `#[network]` derives from [`digits`](fn@digits).
#[allow(
    dead_code,
    non_snake_case,
    unused_doc_comments,
    unused_variables,
    unused_mut,
    clippy::all
)]
pub mod digits {
    use ::pullback::emitted::*;
    /// The network's mathematics, and what was rewritten for stability; `stabilise = false` leaves all as it is written.
    pub const EXPLANATION: &str = r#"hidden = relu(x·w1 + b1)
logits = hidden·w2 + b2
−Σ[N](Σ[10]((position in 10 == labels) ? log_softmax(logits) : 0)) / N"#;
    /// The parameters of `digits`.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Params<T = f32> {
        /// `[64, H]`.
        pub w1: Array2<T>,
        /// `[H]`.
        pub b1: Array1<T>,
        /// `[H, 10]`.
        pub w2: Array2<T>,
        /// `[10]`.
        pub b2: Array1<T>,
    }
    impl Params {
        /// Zeros everywhere.
        pub fn zeros(H: usize) -> Self {
            self::zeros(H)
        }
        /// What each parameter's `#[init(..)]` says; else matrices from Glorot's uniform distribution, and zeros for
        /// vectors and scalars.
        pub fn init(rng: &mut impl Rng, H: usize) -> Self {
            self::init(rng, H)
        }
    }
    /// As [`Params::zeros`], with elements of any type.
    pub fn zeros<T: Real>(H: usize) -> Params<T> {
        Params {
            w1: array([64, H], vec![T::ZERO; H * 64]),
            b1: array([H], vec![T::ZERO; H]),
            w2: array([H, 10], vec![T::ZERO; H * 10]),
            b2: array([10], vec![T::ZERO; 10]),
        }
    }
    /// As [`Params::init`], with elements of any type.
    pub fn init<T: Real>(rng: &mut impl Rng, H: usize) -> Params<T> {
        Params {
            w1: glorot(rng, [64, H]),
            b1: array([H], vec![T::ZERO; H]),
            w2: glorot(rng, [H, 10]),
            b2: array([10], vec![T::ZERO; 10]),
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
    /// The gradients of `digits`: field for field as [`Params`].
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Gradients<T = f32> {
        /// `[64, H]`: the gradient with respect to `w1`.
        pub w1: Array2<T>,
        /// `[H]`: the gradient with respect to `b1`.
        pub b1: Array1<T>,
        /// `[H, 10]`: the gradient with respect to `w2`.
        pub w2: Array2<T>,
        /// `[10]`: the gradient with respect to `b2`.
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
    /// What the forward pass of `digits` keeps for the backward pass.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Saved {
        /// `[N, H]` (saved: backward of dot needs it).
        pub hidden: Array2<f32>,
        /// `[N, 10]` (saved: backward of log_softmax needs it).
        pub exp_minus: Array2<f32>,
        /// `[N]` (saved: backward of log_softmax needs it).
        pub total_exp_minus: Array1<f32>,
    }
    impl Saved {
        /// The size in bytes: 4 · N · H + 4 · N · 10 + 4 · N.
        pub fn bytes(&self) -> usize {
            let sizes: &[usize] = &[
                self.hidden.len() * ::core::mem::size_of::<f32>(),
                self.exp_minus.len() * ::core::mem::size_of::<f32>(),
                self.total_exp_minus.len() * ::core::mem::size_of::<f32>(),
            ];
            sizes.iter().sum()
        }
    }
    /// Every buffer of a step of `digits`; grows at first use, and is used again.
    #[derive(Clone, Debug, Default)]
    pub struct Workspace {
        /// The gradients of the last step.
        pub gradients: Gradients,
        /// `[N, H]`.
        pub x_dot_w1: Vec<f32>,
        /// `[N, 10]`.
        pub hidden_dot_w2: Vec<f32>,
        /// `[N, 10]`.
        pub d_logits: Vec<f32>,
        /// `[N, H]`.
        pub d_hidden: Vec<f32>,
        /// A copy of `x`, where it does not come in standard layout.
        pub x_copy: Vec<f32>,
        /// A copy of `labels`, where it does not come in standard layout.
        pub labels_copy: Vec<usize>,
        /// A copy of `w1`, where it does not come in standard layout.
        pub w1_copy: Vec<f32>,
        /// A copy of `b1`, where it does not come in standard layout.
        pub b1_copy: Vec<f32>,
        /// A copy of `w2`, where it does not come in standard layout.
        pub w2_copy: Vec<f32>,
        /// A copy of `b2`, where it does not come in standard layout.
        pub b2_copy: Vec<f32>,
    }
    impl Workspace {
        /// The size in bytes, beside the gradients and the copies: 8 · H · N + 80 · N.
        pub fn bytes(&self) -> usize {
            let sizes: &[usize] = &[
                self.x_dot_w1.len() * ::core::mem::size_of::<f32>(),
                self.hidden_dot_w2.len() * ::core::mem::size_of::<f32>(),
                self.d_logits.len() * ::core::mem::size_of::<f32>(),
                self.d_hidden.len() * ::core::mem::size_of::<f32>(),
                self.x_copy.len() * ::core::mem::size_of::<f32>(),
                self.labels_copy.len() * ::core::mem::size_of::<usize>(),
                self.w1_copy.len() * ::core::mem::size_of::<f32>(),
                self.b1_copy.len() * ::core::mem::size_of::<f32>(),
                self.w2_copy.len() * ::core::mem::size_of::<f32>(),
                self.b2_copy.len() * ::core::mem::size_of::<f32>(),
            ];
            sizes.iter().sum()
        }
    }
    /// The outputs, and nothing kept.
    #[track_caller]
    pub fn infer<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        labels: impl ::core::convert::Into<ArrayView1<'a, usize>>,
        params: &Params,
    ) -> f32 {
        let x: ArrayView2<'a, f32> = x.into();
        let labels: ArrayView1<'a, usize> = labels.into();
        let Sizes { N, H } = checked(sizes(x, labels, params));
        let x = &flat(x);
        let labels = &flat(labels);
        let w1 = &flat(params.w1.view());
        let b1 = &flat(params.b1.view());
        let w2 = &flat(params.w2.view());
        let b2 = &flat(params.b2.view());
        let mut x_dot_w1 = vec![0.0; H * N];
        let mut hidden_dot_w2 = vec![0.0; N * 10];
        let value = simd(Infer {
            H,
            N,
            x,
            labels,
            w1,
            b1,
            w2,
            b2,
            x_dot_w1: &mut x_dot_w1,
            hidden_dot_w2: &mut hidden_dot_w2,
        });
        value
    }
    /// The pass that keeps what [`backward`] needs.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares; [`check`] finds the same without a panic.
    #[track_caller]
    pub fn forward<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        labels: impl ::core::convert::Into<ArrayView1<'a, usize>>,
        params: &Params,
    ) -> (f32, Saved) {
        let x: ArrayView2<'a, f32> = x.into();
        let labels: ArrayView1<'a, usize> = labels.into();
        let Sizes { N, H } = checked(sizes(x, labels, params));
        let x = &flat(x);
        let labels = &flat(labels);
        let w1 = &flat(params.w1.view());
        let b1 = &flat(params.b1.view());
        let w2 = &flat(params.w2.view());
        let b2 = &flat(params.b2.view());
        let mut hidden = vec![0.0; H * N];
        let mut exp_minus = vec![0.0; N * 10];
        let mut total_exp_minus = vec![0.0; N];
        let mut hidden_dot_w2 = vec![0.0; N * 10];
        let value = simd(Forward {
            H,
            N,
            x,
            labels,
            w1,
            b1,
            w2,
            b2,
            hidden: &mut hidden,
            exp_minus: &mut exp_minus,
            total_exp_minus: &mut total_exp_minus,
            hidden_dot_w2: &mut hidden_dot_w2,
        });
        (
            value,
            Saved {
                hidden: array([N, H], hidden),
                exp_minus: array([N, 10], exp_minus),
                total_exp_minus: array([N], total_exp_minus),
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
        labels: impl ::core::convert::Into<ArrayView1<'a, usize>>,
        params: &Params,
        saved: &Saved,
        d_output: f32,
    ) -> Gradients {
        let x: ArrayView2<'a, f32> = x.into();
        let labels: ArrayView1<'a, usize> = labels.into();
        let Sizes { N, H } = checked(sizes(x, labels, params));
        checked(
            expect_shape(
                "digits",
                "saved.hidden",
                saved.hidden.shape(),
                &[N, H],
                "[N, H]",
                &[("N", N, "x"), ("H", H, "w1")],
            ),
        );
        checked(
            expect_shape(
                "digits",
                "saved.exp_minus",
                saved.exp_minus.shape(),
                &[N, 10],
                "[N, 10]",
                &[("N", N, "x"), ("H", H, "w1")],
            ),
        );
        checked(
            expect_shape(
                "digits",
                "saved.total_exp_minus",
                saved.total_exp_minus.shape(),
                &[N],
                "[N]",
                &[("N", N, "x"), ("H", H, "w1")],
            ),
        );
        let x = &flat(x);
        let labels = &flat(labels);
        let w2 = &flat(params.w2.view());
        let d_output = d_output;
        let hidden = &flat(saved.hidden.view());
        let exp_minus = &flat(saved.exp_minus.view());
        let total_exp_minus = &flat(saved.total_exp_minus.view());
        let mut d_w1 = vec![0.0; H * 64];
        let mut d_b1 = vec![0.0; H];
        let mut d_w2 = vec![0.0; H * 10];
        let mut d_b2 = vec![0.0; 10];
        let mut d_logits = vec![0.0; N * 10];
        let mut d_hidden = vec![0.0; H * N];
        simd(Backward {
            H,
            N,
            x,
            labels,
            w2,
            d_output,
            hidden,
            exp_minus,
            total_exp_minus,
            d_w1: &mut d_w1,
            d_b1: &mut d_b1,
            d_w2: &mut d_w2,
            d_b2: &mut d_b2,
            d_logits: &mut d_logits,
            d_hidden: &mut d_hidden,
        });
        Gradients {
            w1: array([64, H], d_w1),
            b1: array([H], d_b1),
            w2: array([H, 10], d_w2),
            b2: array([10], d_b2),
        }
    }
    /// The value and the gradients of the parameters.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares.
    #[track_caller]
    pub fn value_and_grad<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        labels: impl ::core::convert::Into<ArrayView1<'a, usize>>,
        params: &Params,
    ) -> (f32, Gradients) {
        let mut workspace = Workspace::default();
        let (value, _) = value_and_grad_into(x, labels, params, &mut workspace);
        (value, workspace.gradients)
    }
    /// The same, into memory that is kept: nothing is allocated once `workspace` has grown.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares.
    #[track_caller]
    pub fn value_and_grad_into<'a, 'w>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        labels: impl ::core::convert::Into<ArrayView1<'a, usize>>,
        params: &Params,
        workspace: &'w mut Workspace,
    ) -> (f32, &'w Gradients) {
        let x: ArrayView2<'a, f32> = x.into();
        let labels: ArrayView1<'a, usize> = labels.into();
        let Sizes { N, H } = checked(sizes(x, labels, params));
        let Workspace {
            gradients,
            x_dot_w1,
            hidden_dot_w2,
            d_logits,
            d_hidden,
            x_copy,
            labels_copy,
            w1_copy,
            b1_copy,
            w2_copy,
            b2_copy,
        } = workspace;
        fit(&mut gradients.w1, [64, H]);
        fit(&mut gradients.b1, [H]);
        fit(&mut gradients.w2, [H, 10]);
        fit(&mut gradients.b2, [10]);
        fit_vec(x_dot_w1, H * N);
        fit_vec(hidden_dot_w2, N * 10);
        fit_vec(d_logits, N * 10);
        fit_vec(d_hidden, H * N);
        let x = flat_into(x, x_copy);
        let labels = flat_into(labels, labels_copy);
        let w1 = flat_into(params.w1.view(), w1_copy);
        let b1 = flat_into(params.b1.view(), b1_copy);
        let w2 = flat_into(params.w2.view(), w2_copy);
        let b2 = flat_into(params.b2.view(), b2_copy);
        let d_w1 = slice_mut(&mut gradients.w1);
        let d_b1 = slice_mut(&mut gradients.b1);
        let d_w2 = slice_mut(&mut gradients.w2);
        let d_b2 = slice_mut(&mut gradients.b2);
        let value = simd(Step {
            H,
            N,
            x,
            labels,
            w1,
            b1,
            w2,
            b2,
            d_w1,
            d_b1,
            d_w2,
            d_b2,
            x_dot_w1,
            hidden_dot_w2,
            d_logits,
            d_hidden,
            update: Stay,
        });
        (value, gradients)
    }
    /// The value, and a step of `optimiser`, which moves each parameter while its gradient is hot. The gradients are
    /// in `workspace` afterwards.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares.
    #[track_caller]
    pub fn train<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        labels: impl ::core::convert::Into<ArrayView1<'a, usize>>,
        params: &mut Params,
        workspace: &mut Workspace,
        optimiser: &mut impl Optimiser<f32>,
    ) -> f32 {
        let x: ArrayView2<'a, f32> = x.into();
        let labels: ArrayView1<'a, usize> = labels.into();
        let Sizes { N, H } = checked(sizes(x, labels, params));
        optimiser.begin(&*params);
        let Workspace {
            gradients,
            x_dot_w1,
            hidden_dot_w2,
            d_logits,
            d_hidden,
            x_copy,
            labels_copy,
            w1_copy,
            b1_copy,
            w2_copy,
            b2_copy,
        } = workspace;
        fit(&mut gradients.w1, [64, H]);
        fit(&mut gradients.b1, [H]);
        fit(&mut gradients.w2, [H, 10]);
        fit(&mut gradients.b2, [10]);
        fit_vec(x_dot_w1, H * N);
        fit_vec(hidden_dot_w2, N * 10);
        fit_vec(d_logits, N * 10);
        fit_vec(d_hidden, H * N);
        let x = flat_into(x, x_copy);
        let labels = flat_into(labels, labels_copy);
        let w1 = slice_mut(&mut params.w1);
        let b1 = slice_mut(&mut params.b1);
        let w2 = slice_mut(&mut params.w2);
        let b2 = slice_mut(&mut params.b2);
        let d_w1 = slice_mut(&mut gradients.w1);
        let d_b1 = slice_mut(&mut gradients.b1);
        let d_w2 = slice_mut(&mut gradients.w2);
        let d_b2 = slice_mut(&mut gradients.b2);
        let value = simd(Step {
            H,
            N,
            x,
            labels,
            w1,
            b1,
            w2,
            b2,
            d_w1,
            d_b1,
            d_w2,
            d_b2,
            x_dot_w1,
            hidden_dot_w2,
            d_logits,
            d_hidden,
            update: Move(optimiser),
        });
        value
    }
    /// The entry check alone: whether the shapes are those that the network declares.
    pub fn check<'a>(
        x: impl ::core::convert::Into<ArrayView2<'a, f32>>,
        labels: impl ::core::convert::Into<ArrayView1<'a, usize>>,
        params: &Params,
    ) -> Result<(), ShapeError> {
        let x: ArrayView2<'a, f32> = x.into();
        let labels: ArrayView1<'a, usize> = labels.into();
        sizes(x, labels, params).map(|_| ())
    }
    /// The sizes behind the names of dimensions.
    struct Sizes {
        N: usize,
        H: usize,
    }
    #[inline]
    fn sizes<'a>(
        x: ArrayView2<'a, f32>,
        labels: ArrayView1<'a, usize>,
        params: &Params,
    ) -> Result<Sizes, ShapeError> {
        let N = x.shape()[0];
        let H = params.w1.shape()[1];
        expect_shape(
            "digits",
            "x",
            x.shape(),
            &[N, 64],
            "[N, 64]",
            &[("N", N, "x"), ("H", H, "w1")],
        )?;
        expect_shape(
            "digits",
            "labels",
            labels.shape(),
            &[N],
            "[N]",
            &[("N", N, "x"), ("H", H, "w1")],
        )?;
        expect_shape(
            "digits",
            "w1",
            params.w1.shape(),
            &[64, H],
            "[64, H]",
            &[("N", N, "x"), ("H", H, "w1")],
        )?;
        expect_shape(
            "digits",
            "b1",
            params.b1.shape(),
            &[H],
            "[H]",
            &[("N", N, "x"), ("H", H, "w1")],
        )?;
        expect_shape(
            "digits",
            "w2",
            params.w2.shape(),
            &[H, 10],
            "[H, 10]",
            &[("N", N, "x"), ("H", H, "w1")],
        )?;
        expect_shape(
            "digits",
            "b2",
            params.b2.shape(),
            &[10],
            "[10]",
            &[("N", N, "x"), ("H", H, "w1")],
        )?;
        expect_index("digits", "labels", &flat(labels), 10)?;
        Ok(Sizes { N, H })
    }
    /// The slices of `digits`'s inference.
    struct Infer<'a> {
        H: usize,
        N: usize,
        x: &'a [f32],
        labels: &'a [usize],
        w1: &'a [f32],
        b1: &'a [f32],
        w2: &'a [f32],
        b2: &'a [f32],
        x_dot_w1: &'a mut [f32],
        hidden_dot_w2: &'a mut [f32],
    }
    impl Pass for Infer<'_> {
        type Output = f32;
        #[inline(always)]
        fn run(self) -> f32 {
            #[inline(always)]
            fn distinct<'a>(
                H: usize,
                N: usize,
                x: &'a [f32],
                labels: &'a [usize],
                w1: &'a [f32],
                b1: &'a [f32],
                w2: &'a [f32],
                b2: &'a [f32],
                x_dot_w1: &'a mut [f32],
                hidden_dot_w2: &'a mut [f32],
            ) -> f32 {
                let labels = &labels[..N];
                let b1 = &b1[..H];
                let b2 = &b2[..10];
                let logits = &mut [0.0; 10];
                let exp_minus = &mut [0.0; 10];
                let select_eq_position = &mut [0.0; 10];
                /// x_dot_w1 = x·w1
                let x_dot_w1 = matmul(x_dot_w1, x, w1, [N, 64, H]);
                /// hidden is written over x_dot_w1, which is not needed any more
                let hidden = x_dot_w1;
                share_rows(
                    [N, H * 8],
                    [rows_of(&mut hidden[..], H)],
                    #[inline(always)]
                    |part: ::core::ops::Range<usize>, hidden: &mut [f32]| {
                        let b1 = &b1[..H];
                        for i in 0..part.end - part.start {
                            let hidden = &mut hidden[i * H..][..H];
                            for j in 0..H {
                                /// hidden = relu(x_dot_w1 + b1)
                                let hidden_j = relu(hidden[j] + b1[j]);
                                hidden[j] = hidden_j;
                            }
                        }
                        []
                    },
                );
                /// hidden_dot_w2 = hidden·w2
                let hidden_dot_w2 = matmul(hidden_dot_w2, hidden, w2, [N, H, 10]);
                /// total_total = Σ[N, 10](select_eq_position)
                /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                let mut total_total = 0.0;
                for i in 0..N {
                    let hidden_dot_w2 = &hidden_dot_w2[i * 10..][..10];
                    for j in 0..10 {
                        /// logits = hidden_dot_w2 + b2
                        let logits_j = hidden_dot_w2[j] + b2[j];
                        logits[j] = logits_j;
                    }
                    /// max_logits = max[10](logits)
                    /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                    let max_logits = max_of(logits);
                    for j in 0..10 {
                        /// minus = logits − max_logits
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let minus = logits[j] - max_logits;
                        /// exp_minus = exp(minus)
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let exp_minus_j = exp(minus);
                        exp_minus[j] = exp_minus_j;
                    }
                    /// total_exp_minus = Σ[10](exp_minus)
                    /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                    let total_exp_minus = sum(exp_minus);
                    /// ln_total_exp_minus = ln(total_exp_minus)
                    /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                    let ln_total_exp_minus = ln(total_exp_minus);
                    for j in 0..10 {
                        /// minus = logits − max_logits
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let minus = logits[j] - max_logits;
                        /// select_eq_position = (position in 10 == labels) ? (minus − ln_total_exp_minus) : 0
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let select_eq_position_j = select(
                            j == labels[i],
                            minus - ln_total_exp_minus,
                            0.0,
                        );
                        select_eq_position[j] = select_eq_position_j;
                    }
                    total_total += sum(select_eq_position);
                }
                /// mean_total = total_total / N
                /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                let mean_total = total_total / N as f32;
                /// neg_mean_total = −mean_total
                /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                let neg_mean_total = -mean_total;
                neg_mean_total
            }
            let Self { H, N, x, labels, w1, b1, w2, b2, x_dot_w1, hidden_dot_w2 } = self;
            distinct(H, N, x, labels, w1, b1, w2, b2, x_dot_w1, hidden_dot_w2)
        }
    }
    /// The slices of `digits`'s forward pass.
    struct Forward<'a> {
        H: usize,
        N: usize,
        x: &'a [f32],
        labels: &'a [usize],
        w1: &'a [f32],
        b1: &'a [f32],
        w2: &'a [f32],
        b2: &'a [f32],
        hidden: &'a mut [f32],
        exp_minus: &'a mut [f32],
        total_exp_minus: &'a mut [f32],
        hidden_dot_w2: &'a mut [f32],
    }
    impl Pass for Forward<'_> {
        type Output = f32;
        #[inline(always)]
        fn run(self) -> f32 {
            #[inline(always)]
            fn distinct<'a>(
                H: usize,
                N: usize,
                x: &'a [f32],
                labels: &'a [usize],
                w1: &'a [f32],
                b1: &'a [f32],
                w2: &'a [f32],
                b2: &'a [f32],
                hidden: &'a mut [f32],
                exp_minus: &'a mut [f32],
                total_exp_minus: &'a mut [f32],
                hidden_dot_w2: &'a mut [f32],
            ) -> f32 {
                let labels = &labels[..N];
                let b1 = &b1[..H];
                let b2 = &b2[..10];
                let total_exp_minus = &mut total_exp_minus[..N];
                let logits = &mut [0.0; 10];
                let select_eq_position = &mut [0.0; 10];
                /// x_dot_w1 = x·w1
                let hidden = matmul(hidden, x, w1, [N, 64, H]);
                share_rows(
                    [N, H * 8],
                    [rows_of(&mut hidden[..], H)],
                    #[inline(always)]
                    |part: ::core::ops::Range<usize>, hidden: &mut [f32]| {
                        let b1 = &b1[..H];
                        for i in 0..part.end - part.start {
                            let hidden = &mut hidden[i * H..][..H];
                            for j in 0..H {
                                /// hidden = relu(x_dot_w1 + b1)
                                let hidden_j = relu(hidden[j] + b1[j]);
                                hidden[j] = hidden_j;
                            }
                        }
                        []
                    },
                );
                /// hidden_dot_w2 = hidden·w2
                let hidden_dot_w2 = matmul(hidden_dot_w2, hidden, w2, [N, H, 10]);
                /// total_total = Σ[N, 10](select_eq_position)
                /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                let mut total_total = 0.0;
                for i in 0..N {
                    let hidden_dot_w2 = &hidden_dot_w2[i * 10..][..10];
                    for j in 0..10 {
                        /// logits = hidden_dot_w2 + b2
                        let logits_j = hidden_dot_w2[j] + b2[j];
                        logits[j] = logits_j;
                    }
                    /// max_logits = max[10](logits)
                    /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                    let max_logits = max_of(logits);
                    let exp_minus = &mut exp_minus[i * 10..][..10];
                    for j in 0..10 {
                        /// minus = logits − max_logits
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let minus = logits[j] - max_logits;
                        /// exp_minus = exp(minus)
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let exp_minus_j = exp(minus);
                        exp_minus[j] = exp_minus_j;
                    }
                    /// total_exp_minus = Σ[10](exp_minus)
                    /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                    let total_exp_minus_i = sum(exp_minus);
                    total_exp_minus[i] = total_exp_minus_i;
                    /// ln_total_exp_minus = ln(total_exp_minus)
                    /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                    let ln_total_exp_minus = ln(total_exp_minus_i);
                    for j in 0..10 {
                        /// minus = logits − max_logits
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let minus = logits[j] - max_logits;
                        /// select_eq_position = (position in 10 == labels) ? (minus − ln_total_exp_minus) : 0
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let select_eq_position_j = select(
                            j == labels[i],
                            minus - ln_total_exp_minus,
                            0.0,
                        );
                        select_eq_position[j] = select_eq_position_j;
                    }
                    total_total += sum(select_eq_position);
                }
                /// mean_total = total_total / N
                /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                let mean_total = total_total / N as f32;
                /// neg_mean_total = −mean_total
                /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                let neg_mean_total = -mean_total;
                neg_mean_total
            }
            let Self {
                H,
                N,
                x,
                labels,
                w1,
                b1,
                w2,
                b2,
                hidden,
                exp_minus,
                total_exp_minus,
                hidden_dot_w2,
            } = self;
            distinct(
                H,
                N,
                x,
                labels,
                w1,
                b1,
                w2,
                b2,
                hidden,
                exp_minus,
                total_exp_minus,
                hidden_dot_w2,
            )
        }
    }
    /// The slices of `digits`'s backward pass.
    struct Backward<'a> {
        H: usize,
        N: usize,
        x: &'a [f32],
        labels: &'a [usize],
        w2: &'a [f32],
        d_output: f32,
        hidden: &'a [f32],
        exp_minus: &'a [f32],
        total_exp_minus: &'a [f32],
        d_w1: &'a mut [f32],
        d_b1: &'a mut [f32],
        d_w2: &'a mut [f32],
        d_b2: &'a mut [f32],
        d_logits: &'a mut [f32],
        d_hidden: &'a mut [f32],
    }
    impl Pass for Backward<'_> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            #[inline(always)]
            fn distinct<'a>(
                H: usize,
                N: usize,
                x: &'a [f32],
                labels: &'a [usize],
                w2: &'a [f32],
                d_output: f32,
                hidden: &'a [f32],
                exp_minus: &'a [f32],
                total_exp_minus: &'a [f32],
                d_w1: &'a mut [f32],
                d_b1: &'a mut [f32],
                d_w2: &'a mut [f32],
                d_b2: &'a mut [f32],
                d_logits: &'a mut [f32],
                d_hidden: &'a mut [f32],
            ) {
                let labels = &labels[..N];
                let total_exp_minus = &total_exp_minus[..N];
                let d_b1 = &mut d_b1[..H];
                let d_b2 = &mut d_b2[..10];
                /// max_1 = max(N, 1)
                /// div: d_a = dy / b
                let max_1 = max(N as f32, 1.0);
                /// d_output_over_max = d_output / max_1
                /// div: d_a = dy / b
                let d_output_over_max = d_output / max_1;
                /// d_total_total = −d_output_over_max
                /// div: d_a = dy / b
                let d_total_total = -d_output_over_max;
                d_b2.fill(0.0);
                for i in 0..N {
                    let exp_minus = &exp_minus[i * 10..][..10];
                    let d_logits = &mut d_logits[i * 10..][..10];
                    for j in 0..10 {
                        /// d_logits = ((position in 10 == labels) ? d_total_total : 0) − exp_minus / total_exp_minus · d_total_total
                        /// log_softmax: d_x = dy - softmax(x, axis = axis) * sum(dy, axis = axis, keepdims = true)
                        let d_logits_j = select(j == labels[i], d_total_total, 0.0)
                            - exp_minus[j] / total_exp_minus[i] * d_total_total;
                        d_logits[j] = d_logits_j;
                        d_b2[j] += d_logits_j;
                    }
                }
                /// d_hidden = d_logits·w2ᵀ
                /// dot: d_a = dot(dy, t(b))
                let d_hidden = matmul_nt(d_hidden, d_logits, w2, [N, 10, H]);
                /// d_w2 = hiddenᵀ·d_logits
                /// dot: d_b = dot(t(a), dy)
                let d_w2 = matmul_tn(d_w2, hidden, d_logits, [H, N, 10]);
                d_b1.fill(0.0);
                /// d_x_dot_w1_plus_b1 is written over d_hidden, which is not needed any more
                let d_x_dot_w1_plus_b1 = d_hidden;
                share_rows(
                    [N, H * 13],
                    [sum_of(&mut d_b1[..]), rows_of(&mut d_x_dot_w1_plus_b1[..], H)],
                    #[inline(always)]
                    |
                        part: ::core::ops::Range<usize>,
                        d_b1: &mut [f32],
                        d_x_dot_w1_plus_b1: &mut [f32]|
                    {
                        let hidden = &hidden[part.start * H..part.end * H];
                        let d_b1 = &mut d_b1[..H];
                        for i in 0..part.end - part.start {
                            let hidden = &hidden[i * H..][..H];
                            let d_x_dot_w1_plus_b1 = &mut d_x_dot_w1_plus_b1[i
                                * H..][..H];
                            for j in 0..H {
                                /// d_x_dot_w1_plus_b1 = (hidden > 0) ? d_hidden : 0
                                /// relu: d_x = select(y > 0, dy, 0)
                                let d_x_dot_w1_plus_b1_j = select(
                                    hidden[j] > 0.0,
                                    d_x_dot_w1_plus_b1[j],
                                    0.0,
                                );
                                d_x_dot_w1_plus_b1[j] = d_x_dot_w1_plus_b1_j;
                                d_b1[j] += d_x_dot_w1_plus_b1_j;
                            }
                        }
                        []
                    },
                );
                /// d_w1 = xᵀ·d_x_dot_w1_plus_b1
                /// dot: d_b = dot(t(a), dy)
                let d_w1 = matmul_tn(d_w1, x, d_x_dot_w1_plus_b1, [64, N, H]);
            }
            let Self {
                H,
                N,
                x,
                labels,
                w2,
                d_output,
                hidden,
                exp_minus,
                total_exp_minus,
                d_w1,
                d_b1,
                d_w2,
                d_b2,
                d_logits,
                d_hidden,
            } = self;
            distinct(
                H,
                N,
                x,
                labels,
                w2,
                d_output,
                hidden,
                exp_minus,
                total_exp_minus,
                d_w1,
                d_b1,
                d_w2,
                d_b2,
                d_logits,
                d_hidden,
            )
        }
    }
    /// The slices of both passes of `digits` in one, and who hears of each final gradient.
    struct Step<'a, U: Update<f32>> {
        H: usize,
        N: usize,
        x: &'a [f32],
        labels: &'a [usize],
        w1: U::Param<'a>,
        b1: U::Param<'a>,
        w2: U::Param<'a>,
        b2: U::Param<'a>,
        d_w1: &'a mut [f32],
        d_b1: &'a mut [f32],
        d_w2: &'a mut [f32],
        d_b2: &'a mut [f32],
        x_dot_w1: &'a mut [f32],
        hidden_dot_w2: &'a mut [f32],
        d_logits: &'a mut [f32],
        d_hidden: &'a mut [f32],
        update: U,
    }
    impl<U: Update<f32>> Pass for Step<'_, U> {
        type Output = f32;
        #[inline(always)]
        fn run(self) -> f32 {
            #[inline(always)]
            fn distinct<'a, U: Update<f32>>(
                H: usize,
                N: usize,
                x: &'a [f32],
                labels: &'a [usize],
                w1: U::Param<'a>,
                b1: U::Param<'a>,
                w2: U::Param<'a>,
                b2: U::Param<'a>,
                d_w1: &'a mut [f32],
                d_b1: &'a mut [f32],
                d_w2: &'a mut [f32],
                d_b2: &'a mut [f32],
                x_dot_w1: &'a mut [f32],
                hidden_dot_w2: &'a mut [f32],
                d_logits: &'a mut [f32],
                d_hidden: &'a mut [f32],
                mut update: U,
            ) -> f32 {
                let labels = &labels[..N];
                let b1 = U::cut(b1, H);
                let b2 = U::cut(b2, 10);
                let d_b1 = &mut d_b1[..H];
                let d_b2 = &mut d_b2[..10];
                let logits = &mut [0.0; 10];
                let exp_minus = &mut [0.0; 10];
                let select_eq_position = &mut [0.0; 10];
                /// max_1 = max(N, 1)
                /// div: d_a = dy / b
                let max_1 = max(N as f32, 1.0);
                /// d_total_total = (-1) / max_1
                /// div: d_a = dy / b
                let d_total_total = -1.0 / max_1;
                /// x_dot_w1 = x·w1
                let x_dot_w1 = matmul(x_dot_w1, x, &w1, [N, 64, H]);
                /// hidden is written over x_dot_w1, which is not needed any more
                let hidden = x_dot_w1;
                share_rows(
                    [N, H * 8],
                    [rows_of(&mut hidden[..], H)],
                    #[inline(always)]
                    |part: ::core::ops::Range<usize>, hidden: &mut [f32]| {
                        let b1 = &b1[..H];
                        for i in 0..part.end - part.start {
                            let hidden = &mut hidden[i * H..][..H];
                            for j in 0..H {
                                /// hidden = relu(x_dot_w1 + b1)
                                let hidden_j = relu(hidden[j] + b1[j]);
                                hidden[j] = hidden_j;
                            }
                        }
                        []
                    },
                );
                /// hidden_dot_w2 = hidden·w2
                let hidden_dot_w2 = matmul(hidden_dot_w2, hidden, &w2, [N, H, 10]);
                /// total_total = Σ[N, 10](select_eq_position)
                /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                let mut total_total = 0.0;
                d_b2.fill(0.0);
                for i in 0..N {
                    let hidden_dot_w2 = &hidden_dot_w2[i * 10..][..10];
                    for j in 0..10 {
                        /// logits = hidden_dot_w2 + b2
                        let logits_j = hidden_dot_w2[j] + b2[j];
                        logits[j] = logits_j;
                    }
                    /// max_logits = max[10](logits)
                    /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                    let max_logits = max_of(logits);
                    for j in 0..10 {
                        /// minus = logits − max_logits
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let minus = logits[j] - max_logits;
                        /// exp_minus = exp(minus)
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let exp_minus_j = exp(minus);
                        exp_minus[j] = exp_minus_j;
                    }
                    /// total_exp_minus = Σ[10](exp_minus)
                    /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                    let total_exp_minus = sum(exp_minus);
                    /// ln_total_exp_minus = ln(total_exp_minus)
                    /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                    let ln_total_exp_minus = ln(total_exp_minus);
                    let d_logits = &mut d_logits[i * 10..][..10];
                    for j in 0..10 {
                        /// minus = logits − max_logits
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let minus = logits[j] - max_logits;
                        /// eq_position = position in 10 == labels
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let eq_position = j == labels[i];
                        /// select_eq_position = eq_position ? (minus − ln_total_exp_minus) : 0
                        /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                        let select_eq_position_j = select(
                            eq_position,
                            minus - ln_total_exp_minus,
                            0.0,
                        );
                        /// d_logits = (eq_position ? d_total_total : 0) − exp_minus / total_exp_minus · d_total_total
                        /// log_softmax: d_x = dy - softmax(x, axis = axis) * sum(dy, axis = axis, keepdims = true)
                        let d_logits_j = select(eq_position, d_total_total, 0.0)
                            - exp_minus[j] / total_exp_minus * d_total_total;
                        select_eq_position[j] = select_eq_position_j;
                        d_logits[j] = d_logits_j;
                        d_b2[j] += d_logits_j;
                    }
                    total_total += sum(select_eq_position);
                }
                update.hand(3, b2, d_b2);
                /// mean_total = total_total / N
                /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                let mean_total = total_total / N as f32;
                /// neg_mean_total = −mean_total
                /// softmax_cross_entropy: -mean(ln softmax(z) at y)
                let neg_mean_total = -mean_total;
                /// d_hidden = d_logits·w2ᵀ
                /// dot: d_a = dot(dy, t(b))
                let d_hidden = matmul_nt(d_hidden, d_logits, &w2, [N, 10, H]);
                /// d_w2 = hiddenᵀ·d_logits
                /// dot: d_b = dot(t(a), dy)
                let d_w2 = matmul_tn(d_w2, hidden, d_logits, [H, N, 10]);
                update.hand(2, w2, d_w2);
                d_b1.fill(0.0);
                /// d_x_dot_w1_plus_b1 is written over d_hidden, which is not needed any more
                let d_x_dot_w1_plus_b1 = d_hidden;
                share_rows(
                    [N, H * 13],
                    [sum_of(&mut d_b1[..]), rows_of(&mut d_x_dot_w1_plus_b1[..], H)],
                    #[inline(always)]
                    |
                        part: ::core::ops::Range<usize>,
                        d_b1: &mut [f32],
                        d_x_dot_w1_plus_b1: &mut [f32]|
                    {
                        let d_b1 = &mut d_b1[..H];
                        let hidden = &hidden[part.start * H..part.end * H];
                        for i in 0..part.end - part.start {
                            let hidden = &hidden[i * H..][..H];
                            let d_x_dot_w1_plus_b1 = &mut d_x_dot_w1_plus_b1[i
                                * H..][..H];
                            for j in 0..H {
                                /// d_x_dot_w1_plus_b1 = (hidden > 0) ? d_hidden : 0
                                /// relu: d_x = select(y > 0, dy, 0)
                                let d_x_dot_w1_plus_b1_j = select(
                                    hidden[j] > 0.0,
                                    d_x_dot_w1_plus_b1[j],
                                    0.0,
                                );
                                d_x_dot_w1_plus_b1[j] = d_x_dot_w1_plus_b1_j;
                                d_b1[j] += d_x_dot_w1_plus_b1_j;
                            }
                        }
                        []
                    },
                );
                update.hand(1, b1, d_b1);
                /// d_w1 = xᵀ·d_x_dot_w1_plus_b1
                /// dot: d_b = dot(t(a), dy)
                let d_w1 = matmul_tn(d_w1, x, d_x_dot_w1_plus_b1, [64, N, H]);
                update.hand(0, w1, d_w1);
                neg_mean_total
            }
            let Self {
                H,
                N,
                x,
                labels,
                w1,
                b1,
                w2,
                b2,
                d_w1,
                d_b1,
                d_w2,
                d_b2,
                x_dot_w1,
                hidden_dot_w2,
                d_logits,
                d_hidden,
                update,
            } = self;
            distinct(
                H,
                N,
                x,
                labels,
                w1,
                b1,
                w2,
                b2,
                d_w1,
                d_b1,
                d_w2,
                d_b2,
                x_dot_w1,
                hidden_dot_w2,
                d_logits,
                d_hidden,
                update,
            )
        }
    }
}
#[doc(hidden)]
#[macro_export]
#[allow(unused_macros, non_local_definitions)]
macro_rules! __digits_0368bc2d69bb6e2f {
    ({ $($link:tt)* } $($asked:tt)*) => {
        $($link)* ! { { $($link)* } $($asked)* { __digits_0368bc2d69bb6e2f {} {} { fn
        digits(x : Input < N, 64 >, labels : Index < N >, w1 : Param < 64, H >, b1 :
        Param < H >, w2 : Param < H, 10 >, b2 : Param < 10 >,) -> Output { let hidden =
        relu(x.dot(w1) + b1); let logits = hidden.dot(w2) + b2;
        softmax_cross_entropy(logits, labels) } } } }
    };
}
#[doc(hidden)]
#[allow(unused_imports)]
pub use __digits_0368bc2d69bb6e2f as digits;

// What `#[network]` makes of this model:
//
//     /// Every row with mean 0 and variance 1, then scaled and shifted.
//     #[network(wrt(x))]
//     pub fn layer_norm(x: Input<N, H>, scale: Param<H>, shift: Param<H>) -> Output<N, H> {
//         let centred = x - mean(x, axis = 1, keepdims = true);
//         let variance = mean(square(centred), axis = 1, keepdims = true);
//         centred / sqrt(variance + 1e-5) * scale + shift
//     }

/// Every row with mean 0 and variance 1, then scaled and shifted.
///
/// ```text
/// centred = x − Σ[H](x) / H
/// centred / √(Σ[H](centred²) / H + 0.00001) · scale + shift
/// ```
#[allow(dead_code)]
pub fn layer_norm<'a>(
    x: impl ::core::convert::Into<::pullback::ndarray::ArrayView2<'a, f32>>,
    params: &layer_norm::Params,
) -> ::pullback::ndarray::Array2<f32> {
    layer_norm::infer(x, params)
}
/// What `#[network]` derives from [`layer_norm`](fn@layer_norm).
#[allow(
    dead_code,
    non_snake_case,
    unused_doc_comments,
    unused_variables,
    unused_mut,
    clippy::all
)]
pub mod layer_norm {
    use ::pullback::emitted::*;
    /// The network's mathematics, and what was rewritten for stability; `stabilise = false` leaves all as it is written.
    pub const EXPLANATION: &str = r#"centred = x − Σ[H](x) / H
centred / √(Σ[H](centred²) / H + 0.00001) · scale + shift"#;
    /// The parameters of `layer_norm`.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Params<T = f32> {
        /// `[H]`.
        pub scale: Array1<T>,
        /// `[H]`.
        pub shift: Array1<T>,
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
            scale: array([H], vec![T::ZERO; H]),
            shift: array([H], vec![T::ZERO; H]),
        }
    }
    /// As [`Params::init`], with elements of any type.
    pub fn init<T: Real>(rng: &mut impl Rng, H: usize) -> Params<T> {
        Params {
            scale: array([H], vec![T::ZERO; H]),
            shift: array([H], vec![T::ZERO; H]),
        }
    }
    impl<T: Real> ParamSet for Params<T> {
        type Elem = T;
        fn count(&self) -> usize {
            2
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 2] = ["scale", "shift"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => self.scale.view().into_dyn(),
                1 => self.shift.view().into_dyn(),
                _ => no_such_array(index, 2),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => self.scale.view_mut().into_dyn(),
                1 => self.shift.view_mut().into_dyn(),
                _ => no_such_array(index, 2),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => array_elements(&self.scale),
                1 => array_elements(&self.shift),
                _ => no_such_array(index, 2),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => self.scale.as_slice_mut(),
                1 => self.shift.as_slice_mut(),
                _ => no_such_array(index, 2),
            }
        }
    }
    /// The gradients of `layer_norm`: field for field as [`Params`].
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Gradients<T = f32> {
        /// `[H]`: the gradient with respect to `scale`.
        pub scale: Array1<T>,
        /// `[H]`: the gradient with respect to `shift`.
        pub shift: Array1<T>,
        /// `[N, H]`: the gradient with respect to `x`.
        pub x: Array2<T>,
    }
    impl<T: Real> ParamSet for Gradients<T> {
        type Elem = T;
        fn count(&self) -> usize {
            2
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 2] = ["scale", "shift"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => self.scale.view().into_dyn(),
                1 => self.shift.view().into_dyn(),
                _ => no_such_array(index, 2),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => self.scale.view_mut().into_dyn(),
                1 => self.shift.view_mut().into_dyn(),
                _ => no_such_array(index, 2),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => array_elements(&self.scale),
                1 => array_elements(&self.shift),
                _ => no_such_array(index, 2),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => self.scale.as_slice_mut(),
                1 => self.shift.as_slice_mut(),
                _ => no_such_array(index, 2),
            }
        }
    }
    /// What the forward pass of `layer_norm` keeps for the backward pass.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Saved {
        /// `[N]` (saved: backward of square needs it for what follows from it).
        pub total_x: Array1<f32>,
        /// `[N]` (saved: backward of broadcast needs it).
        pub sqrt_plus: Array1<f32>,
    }
    impl Saved {
        /// The size in bytes: 4 · N + 4 · N.
        pub fn bytes(&self) -> usize {
            let sizes: &[usize] = &[
                self.total_x.len() * ::core::mem::size_of::<f32>(),
                self.sqrt_plus.len() * ::core::mem::size_of::<f32>(),
            ];
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
        let Sizes { N, H } = checked(sizes(x, params));
        let x = &flat(x);
        let scale = &flat(params.scale.view());
        let shift = &flat(params.shift.view());
        let mut output = vec![0.0; H * N];
        let mut square_centred = vec![0.0; H];
        simd(Infer {
            H,
            N,
            x,
            scale,
            shift,
            output: &mut output,
            square_centred: &mut square_centred,
        });
        array([N, H], output)
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
        let Sizes { N, H } = checked(sizes(x, params));
        let x = &flat(x);
        let scale = &flat(params.scale.view());
        let shift = &flat(params.shift.view());
        let mut output = vec![0.0; H * N];
        let mut total_x = vec![0.0; N];
        let mut sqrt_plus = vec![0.0; N];
        let mut square_centred = vec![0.0; H];
        simd(Forward {
            H,
            N,
            x,
            scale,
            shift,
            output: &mut output,
            total_x: &mut total_x,
            sqrt_plus: &mut sqrt_plus,
            square_centred: &mut square_centred,
        });
        (
            array([N, H], output),
            Saved {
                total_x: array([N], total_x),
                sqrt_plus: array([N], sqrt_plus),
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
        params: &Params,
        saved: &Saved,
        d_output: impl ::core::convert::Into<ArrayView2<'a, f32>>,
    ) -> Gradients {
        let x: ArrayView2<'a, f32> = x.into();
        let Sizes { N, H } = checked(sizes(x, params));
        let d_output: ArrayView2<'a, f32> = d_output.into();
        checked(expect_cotangent("layer_norm", d_output.shape(), &[N, H]));
        checked(
            expect_shape(
                "layer_norm",
                "saved.total_x",
                saved.total_x.shape(),
                &[N],
                "[N]",
                &[("N", N, "x"), ("H", H, "x")],
            ),
        );
        checked(
            expect_shape(
                "layer_norm",
                "saved.sqrt_plus",
                saved.sqrt_plus.shape(),
                &[N],
                "[N]",
                &[("N", N, "x"), ("H", H, "x")],
            ),
        );
        let x = &flat(x);
        let scale = &flat(params.scale.view());
        let d_output = &flat(d_output);
        let total_x = &flat(saved.total_x.view());
        let sqrt_plus = &flat(saved.sqrt_plus.view());
        let mut d_scale = vec![0.0; H];
        let mut d_shift = vec![0.0; H];
        let mut d_x = vec![0.0; H * N];
        let mut d_centred = vec![0.0; H];
        let mut d_over_times_over = vec![0.0; H];
        simd(Backward {
            H,
            N,
            x,
            scale,
            d_output,
            total_x,
            sqrt_plus,
            d_scale: &mut d_scale,
            d_shift: &mut d_shift,
            d_x: &mut d_x,
            d_centred: &mut d_centred,
            d_over_times_over: &mut d_over_times_over,
        });
        Gradients {
            scale: array([H], d_scale),
            shift: array([H], d_shift),
            x: array([N, H], d_x),
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
        H: usize,
    }
    #[inline]
    fn sizes<'a>(x: ArrayView2<'a, f32>, params: &Params) -> Result<Sizes, ShapeError> {
        let N = x.shape()[0];
        let H = x.shape()[1];
        expect_shape(
            "layer_norm",
            "x",
            x.shape(),
            &[N, H],
            "[N, H]",
            &[("N", N, "x"), ("H", H, "x")],
        )?;
        expect_shape(
            "layer_norm",
            "scale",
            params.scale.shape(),
            &[H],
            "[H]",
            &[("N", N, "x"), ("H", H, "x")],
        )?;
        expect_shape(
            "layer_norm",
            "shift",
            params.shift.shape(),
            &[H],
            "[H]",
            &[("N", N, "x"), ("H", H, "x")],
        )?;
        Ok(Sizes { N, H })
    }
    /// The slices of `layer_norm`'s inference.
    struct Infer<'a> {
        H: usize,
        N: usize,
        x: &'a [f32],
        scale: &'a [f32],
        shift: &'a [f32],
        output: &'a mut [f32],
        square_centred: &'a mut [f32],
    }
    impl Pass for Infer<'_> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            #[inline(always)]
            fn distinct<'a>(
                H: usize,
                N: usize,
                x: &'a [f32],
                scale: &'a [f32],
                shift: &'a [f32],
                output: &'a mut [f32],
                square_centred: &'a mut [f32],
            ) {
                let scale = &scale[..H];
                let shift = &shift[..H];
                let square_centred = &mut square_centred[..H];
                share_rows(
                    [N, H * 24 + 28],
                    [rows_of(&mut output[..], H), own_of(&mut square_centred[..])],
                    #[inline(always)]
                    |
                        part: ::core::ops::Range<usize>,
                        output: &mut [f32],
                        square_centred: &mut [f32]|
                    {
                        let x = &x[part.start * H..part.end * H];
                        let scale = &scale[..H];
                        let shift = &shift[..H];
                        let square_centred = &mut square_centred[..H];
                        for i in 0..part.end - part.start {
                            let x = &x[i * H..][..H];
                            /// total_x = Σ[H](x)
                            let total_x = sum(x);
                            /// mean_x = total_x / H
                            let mean_x = total_x / H as f32;
                            for j in 0..H {
                                /// centred = x − mean_x
                                let centred = x[j] - mean_x;
                                /// square_centred = centred²
                                let square_centred_j = square(centred);
                                square_centred[j] = square_centred_j;
                            }
                            /// total_square_centred = Σ[H](square_centred)
                            let total_square_centred = sum(square_centred);
                            /// sqrt_plus = √(total_square_centred / H + 0.00001)
                            let sqrt_plus = sqrt(
                                total_square_centred / H as f32 + 0.00001,
                            );
                            let output = &mut output[i * H..][..H];
                            for j in 0..H {
                                /// centred = x − mean_x
                                let centred = x[j] - mean_x;
                                /// output = centred / sqrt_plus · scale + shift
                                let plus_j = centred / sqrt_plus * scale[j] + shift[j];
                                output[j] = plus_j;
                            }
                        }
                        []
                    },
                );
            }
            let Self { H, N, x, scale, shift, output, square_centred } = self;
            distinct(H, N, x, scale, shift, output, square_centred)
        }
    }
    /// The slices of `layer_norm`'s forward pass.
    struct Forward<'a> {
        H: usize,
        N: usize,
        x: &'a [f32],
        scale: &'a [f32],
        shift: &'a [f32],
        output: &'a mut [f32],
        total_x: &'a mut [f32],
        sqrt_plus: &'a mut [f32],
        square_centred: &'a mut [f32],
    }
    impl Pass for Forward<'_> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            #[inline(always)]
            fn distinct<'a>(
                H: usize,
                N: usize,
                x: &'a [f32],
                scale: &'a [f32],
                shift: &'a [f32],
                output: &'a mut [f32],
                total_x: &'a mut [f32],
                sqrt_plus: &'a mut [f32],
                square_centred: &'a mut [f32],
            ) {
                let scale = &scale[..H];
                let shift = &shift[..H];
                let total_x = &mut total_x[..N];
                let sqrt_plus = &mut sqrt_plus[..N];
                let square_centred = &mut square_centred[..H];
                share_rows(
                    [N, H * 24 + 32],
                    [
                        rows_of(&mut output[..], H),
                        rows_of(&mut total_x[..], 1),
                        rows_of(&mut sqrt_plus[..], 1),
                        own_of(&mut square_centred[..]),
                    ],
                    #[inline(always)]
                    |
                        part: ::core::ops::Range<usize>,
                        output: &mut [f32],
                        total_x: &mut [f32],
                        sqrt_plus: &mut [f32],
                        square_centred: &mut [f32]|
                    {
                        let x = &x[part.start * H..part.end * H];
                        let scale = &scale[..H];
                        let shift = &shift[..H];
                        let total_x = &mut total_x[..part.end - part.start];
                        let sqrt_plus = &mut sqrt_plus[..part.end - part.start];
                        let square_centred = &mut square_centred[..H];
                        for i in 0..part.end - part.start {
                            let x = &x[i * H..][..H];
                            /// total_x = Σ[H](x)
                            let total_x_i = sum(x);
                            total_x[i] = total_x_i;
                            /// mean_x = total_x / H
                            let mean_x = total_x_i / H as f32;
                            for j in 0..H {
                                /// centred = x − mean_x
                                let centred = x[j] - mean_x;
                                /// square_centred = centred²
                                let square_centred_j = square(centred);
                                square_centred[j] = square_centred_j;
                            }
                            /// total_square_centred = Σ[H](square_centred)
                            let total_square_centred = sum(square_centred);
                            /// sqrt_plus = √(total_square_centred / H + 0.00001)
                            let sqrt_plus_i = sqrt(
                                total_square_centred / H as f32 + 0.00001,
                            );
                            sqrt_plus[i] = sqrt_plus_i;
                            let output = &mut output[i * H..][..H];
                            for j in 0..H {
                                /// centred = x − mean_x
                                let centred = x[j] - mean_x;
                                /// output = centred / sqrt_plus · scale + shift
                                let plus_j = centred / sqrt_plus_i * scale[j] + shift[j];
                                output[j] = plus_j;
                            }
                        }
                        []
                    },
                );
            }
            let Self {
                H,
                N,
                x,
                scale,
                shift,
                output,
                total_x,
                sqrt_plus,
                square_centred,
            } = self;
            distinct(H, N, x, scale, shift, output, total_x, sqrt_plus, square_centred)
        }
    }
    /// The slices of `layer_norm`'s backward pass.
    struct Backward<'a> {
        H: usize,
        N: usize,
        x: &'a [f32],
        scale: &'a [f32],
        d_output: &'a [f32],
        total_x: &'a [f32],
        sqrt_plus: &'a [f32],
        d_scale: &'a mut [f32],
        d_shift: &'a mut [f32],
        d_x: &'a mut [f32],
        d_centred: &'a mut [f32],
        d_over_times_over: &'a mut [f32],
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
                scale: &'a [f32],
                d_output: &'a [f32],
                total_x: &'a [f32],
                sqrt_plus: &'a [f32],
                d_scale: &'a mut [f32],
                d_shift: &'a mut [f32],
                d_x: &'a mut [f32],
                d_centred: &'a mut [f32],
                d_over_times_over: &'a mut [f32],
            ) {
                let scale = &scale[..H];
                let total_x = &total_x[..N];
                let sqrt_plus = &sqrt_plus[..N];
                let d_scale = &mut d_scale[..H];
                let d_shift = &mut d_shift[..H];
                let d_centred = &mut d_centred[..H];
                let d_over_times_over = &mut d_over_times_over[..H];
                /// max_1 = max(H, 1)
                /// div: d_a = dy / b
                let max_1 = max(H as f32, 1.0);
                d_shift.fill(0.0);
                d_scale.fill(0.0);
                share_rows(
                    [N, H * 55 + 15],
                    [
                        sum_of(&mut d_scale[..]),
                        sum_of(&mut d_shift[..]),
                        rows_of(&mut d_x[..], H),
                        own_of(&mut d_centred[..]),
                        own_of(&mut d_over_times_over[..]),
                    ],
                    #[inline(always)]
                    |
                        part: ::core::ops::Range<usize>,
                        d_scale: &mut [f32],
                        d_shift: &mut [f32],
                        d_x: &mut [f32],
                        d_centred: &mut [f32],
                        d_over_times_over: &mut [f32]|
                    {
                        let x = &x[part.start * H..part.end * H];
                        let scale = &scale[..H];
                        let d_output = &d_output[part.start * H..part.end * H];
                        let total_x = &total_x[part.start..part.end];
                        let sqrt_plus = &sqrt_plus[part.start..part.end];
                        let d_scale = &mut d_scale[..H];
                        let d_shift = &mut d_shift[..H];
                        let d_centred = &mut d_centred[..H];
                        let d_over_times_over = &mut d_over_times_over[..H];
                        for i in 0..part.end - part.start {
                            /// mean_x = total_x / H
                            let mean_x = total_x[i] / H as f32;
                            let x = &x[i * H..][..H];
                            let d_output = &d_output[i * H..][..H];
                            for j in 0..H {
                                /// centred = x − mean_x
                                let centred = x[j] - mean_x;
                                /// over = centred / sqrt_plus
                                let over = centred / sqrt_plus[i];
                                /// d_over = d_output · scale
                                /// mul: d_a = dy * b
                                let d_over = d_output[j] * scale[j];
                                /// d_scale_2 = d_output · over
                                /// mul: d_b = dy * a
                                let d_scale_2 = d_output[j] * over;
                                /// d_over_times_over = d_over · over
                                /// div: d_b = -(dy * y / b)
                                let d_over_times_over_j = d_over * over;
                                d_shift[j] += d_output[j];
                                d_scale[j] += d_scale_2;
                                d_over_times_over[j] = d_over_times_over_j;
                            }
                            /// total = Σ[H](d_over_times_over)
                            /// broadcast: d_x = sum of dy along the axes that x was spread over
                            let total = sum(d_over_times_over);
                            /// times_over_max = total / sqrt_plus · 0.5 / sqrt_plus / max_1
                            /// div: d_a = dy / b
                            let times_over_max = total / sqrt_plus[i]
                                * (0.5 / sqrt_plus[i]) / max_1;
                            /// neg = −times_over_max · 2
                            /// square: d_x = dy * (2 * x)
                            let neg = -(times_over_max * 2.0);
                            for j in 0..H {
                                /// centred = x − mean_x
                                let centred = x[j] - mean_x;
                                /// d_over = d_output · scale
                                /// mul: d_a = dy * b
                                let d_over = d_output[j] * scale[j];
                                /// d_centred = d_over / sqrt_plus + neg · centred
                                /// square: d_x = dy * (2 * x)
                                let d_centred_j = d_over / sqrt_plus[i] + neg * centred;
                                d_centred[j] = d_centred_j;
                            }
                            /// total_d_centred = Σ[H](d_centred)
                            /// broadcast: d_x = sum of dy along the axes that x was spread over
                            let total_d_centred = sum(d_centred);
                            /// d_total_x = −total_d_centred / max_1
                            /// div: d_a = dy / b
                            let d_total_x = -(total_d_centred / max_1);
                            let d_x = &mut d_x[i * H..][..H];
                            for j in 0..H {
                                /// d_x = d_centred + d_total_x
                                /// sum: d_x = insert_axis(dy, axis = axis)
                                let d_x_j = d_centred[j] + d_total_x;
                                d_x[j] = d_x_j;
                            }
                        }
                        []
                    },
                );
            }
            let Self {
                H,
                N,
                x,
                scale,
                d_output,
                total_x,
                sqrt_plus,
                d_scale,
                d_shift,
                d_x,
                d_centred,
                d_over_times_over,
            } = self;
            distinct(
                H,
                N,
                x,
                scale,
                d_output,
                total_x,
                sqrt_plus,
                d_scale,
                d_shift,
                d_x,
                d_centred,
                d_over_times_over,
            )
        }
    }
}
#[doc(hidden)]
#[macro_export]
#[allow(unused_macros, non_local_definitions)]
macro_rules! __layer_norm_9318103041e339f6 {
    ({ $($link:tt)* } $($asked:tt)*) => {
        $($link)* ! { { $($link)* } $($asked)* { __layer_norm_9318103041e339f6 {} {
        wrt(x) } { fn layer_norm(x : Input < N, H >, scale : Param < H >, shift : Param <
        H >) -> Output < N, H > { let centred = x - mean(x, axis = 1, keepdims = true);
        let variance = mean(square(centred), axis = 1, keepdims = true); centred /
        sqrt(variance + 1e-5) * scale + shift } } } }
    };
}
#[doc(hidden)]
#[allow(unused_imports)]
pub use __layer_norm_9318103041e339f6 as layer_norm;

// What `#[network]` makes of this model:
//
//     /// A damped oscillation and its energy: a formula of one's own, with the way back to the input.
//     #[network(f64, wrt(time))]
//     pub fn formula(time: Input<N>, amplitude: Param, decay: Param, shift: Param) -> (Output<N>, Output) {
//         let wave = amplitude * exp(-decay * time) * tanh(time + shift);
//         (wave, sum(square(wave)))
//     }

/// A damped oscillation and its energy: a formula of one's own, with the way back to the input.
///
/// ```text
/// wave = amplitude · exp(−decay · time) · tanh(time + shift)
/// Σ[N](wave²)
/// ```
#[allow(dead_code)]
pub fn formula<'a>(
    time: impl ::core::convert::Into<::pullback::ndarray::ArrayView1<'a, f64>>,
    params: &formula::Params,
) -> (::pullback::ndarray::Array1<f64>, f64) {
    formula::infer(time, params)
}
/// What `#[network]` derives from [`formula`](fn@formula).
#[allow(
    dead_code,
    non_snake_case,
    unused_doc_comments,
    unused_variables,
    unused_mut,
    clippy::all
)]
pub mod formula {
    use ::pullback::emitted::*;
    /// The network's mathematics, and what was rewritten for stability; `stabilise = false` leaves all as it is written.
    pub const EXPLANATION: &str = r#"wave = amplitude · exp(−decay · time) · tanh(time + shift)
Σ[N](wave²)"#;
    /// The parameters of `formula`.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Params<T = f64> {
        /// A scalar.
        pub amplitude: T,
        /// A scalar.
        pub decay: T,
        /// A scalar.
        pub shift: T,
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
            amplitude: T::ZERO,
            decay: T::ZERO,
            shift: T::ZERO,
        }
    }
    /// As [`Params::init`], with elements of any type.
    pub fn init<T: Real>(rng: &mut impl Rng) -> Params<T> {
        Params {
            amplitude: T::ZERO,
            decay: T::ZERO,
            shift: T::ZERO,
        }
    }
    impl<T: Real> ParamSet for Params<T> {
        type Elem = T;
        fn count(&self) -> usize {
            3
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 3] = ["amplitude", "decay", "shift"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => scalar_view(&self.amplitude),
                1 => scalar_view(&self.decay),
                2 => scalar_view(&self.shift),
                _ => no_such_array(index, 3),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => scalar_view_mut(&mut self.amplitude),
                1 => scalar_view_mut(&mut self.decay),
                2 => scalar_view_mut(&mut self.shift),
                _ => no_such_array(index, 3),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => scalar_elements(&self.amplitude),
                1 => scalar_elements(&self.decay),
                2 => scalar_elements(&self.shift),
                _ => no_such_array(index, 3),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => scalar_elements_mut(&mut self.amplitude),
                1 => scalar_elements_mut(&mut self.decay),
                2 => scalar_elements_mut(&mut self.shift),
                _ => no_such_array(index, 3),
            }
        }
    }
    /// The gradients of `formula`: field for field as [`Params`].
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Gradients<T = f64> {
        /// A scalar: the gradient with respect to `amplitude`.
        pub amplitude: T,
        /// A scalar: the gradient with respect to `decay`.
        pub decay: T,
        /// A scalar: the gradient with respect to `shift`.
        pub shift: T,
        /// `[N]`: the gradient with respect to `time`.
        pub time: Array1<T>,
    }
    impl<T: Real> ParamSet for Gradients<T> {
        type Elem = T;
        fn count(&self) -> usize {
            3
        }
        fn path(&self, index: usize) -> String {
            let paths: [&str; 3] = ["amplitude", "decay", "shift"];
            paths[index].to_string()
        }
        fn array(&self, index: usize) -> ArrayViewD<'_, T> {
            match index {
                0 => scalar_view(&self.amplitude),
                1 => scalar_view(&self.decay),
                2 => scalar_view(&self.shift),
                _ => no_such_array(index, 3),
            }
        }
        fn array_mut(&mut self, index: usize) -> ArrayViewMutD<'_, T> {
            match index {
                0 => scalar_view_mut(&mut self.amplitude),
                1 => scalar_view_mut(&mut self.decay),
                2 => scalar_view_mut(&mut self.shift),
                _ => no_such_array(index, 3),
            }
        }
        #[inline]
        fn elements(&self, index: usize) -> Option<(&[usize], &[T])> {
            match index {
                0 => scalar_elements(&self.amplitude),
                1 => scalar_elements(&self.decay),
                2 => scalar_elements(&self.shift),
                _ => no_such_array(index, 3),
            }
        }
        #[inline]
        fn elements_mut(&mut self, index: usize) -> Option<&mut [T]> {
            match index {
                0 => scalar_elements_mut(&mut self.amplitude),
                1 => scalar_elements_mut(&mut self.decay),
                2 => scalar_elements_mut(&mut self.shift),
                _ => no_such_array(index, 3),
            }
        }
    }
    /// What the forward pass of `formula` keeps for the backward pass.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Saved {
        /// `[N]` (saved: backward of mul needs it).
        pub exp: Array1<f64>,
        /// `[N]` (saved: backward of mul needs it).
        pub tanh_time_plus_shift: Array1<f64>,
    }
    impl Saved {
        /// The size in bytes: 8 · N + 8 · N.
        pub fn bytes(&self) -> usize {
            let sizes: &[usize] = &[
                self.exp.len() * ::core::mem::size_of::<f64>(),
                self.tanh_time_plus_shift.len() * ::core::mem::size_of::<f64>(),
            ];
            sizes.iter().sum()
        }
    }
    /// The outputs, and nothing kept.
    #[track_caller]
    pub fn infer<'a>(
        time: impl ::core::convert::Into<ArrayView1<'a, f64>>,
        params: &Params,
    ) -> (Array1<f64>, f64) {
        let time: ArrayView1<'a, f64> = time.into();
        let Sizes { N } = checked(sizes(time, params));
        let time = &flat(time);
        let amplitude = params.amplitude;
        let decay = params.decay;
        let shift = params.shift;
        let mut wave = vec![0.0; N];
        let value_1 = simd(Infer {
            N,
            time,
            amplitude,
            decay,
            shift,
            wave: &mut wave,
        });
        (array([N], wave), value_1)
    }
    /// The pass that keeps what [`backward`] needs.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares; [`check`] finds the same without a panic.
    #[track_caller]
    pub fn forward<'a>(
        time: impl ::core::convert::Into<ArrayView1<'a, f64>>,
        params: &Params,
    ) -> ((Array1<f64>, f64), Saved) {
        let time: ArrayView1<'a, f64> = time.into();
        let Sizes { N } = checked(sizes(time, params));
        let time = &flat(time);
        let amplitude = params.amplitude;
        let decay = params.decay;
        let shift = params.shift;
        let mut wave = vec![0.0; N];
        let mut exp_1 = vec![0.0; N];
        let mut tanh_time_plus_shift = vec![0.0; N];
        let value_1 = simd(Forward {
            N,
            time,
            amplitude,
            decay,
            shift,
            wave: &mut wave,
            exp_1: &mut exp_1,
            tanh_time_plus_shift: &mut tanh_time_plus_shift,
        });
        (
            (array([N], wave), value_1),
            Saved {
                exp: array([N], exp_1),
                tanh_time_plus_shift: array([N], tanh_time_plus_shift),
            },
        )
    }
    /// The pass back: the gradients for the cotangent of the output.
    ///
    /// # Panics
    /// Where the shapes are not those that the network declares, or the cotangent has not the output's.
    #[track_caller]
    pub fn backward<'a>(
        time: impl ::core::convert::Into<ArrayView1<'a, f64>>,
        params: &Params,
        saved: &Saved,
        d_output: (impl ::core::convert::Into<ArrayView1<'a, f64>>, f64),
    ) -> Gradients {
        let time: ArrayView1<'a, f64> = time.into();
        let Sizes { N } = checked(sizes(time, params));
        let (d_output_0, d_output_1) = d_output;
        let d_output_0: ArrayView1<'a, f64> = d_output_0.into();
        checked(expect_cotangent("formula", d_output_0.shape(), &[N]));
        checked(
            expect_shape(
                "formula",
                "saved.exp",
                saved.exp.shape(),
                &[N],
                "[N]",
                &[("N", N, "time")],
            ),
        );
        checked(
            expect_shape(
                "formula",
                "saved.tanh_time_plus_shift",
                saved.tanh_time_plus_shift.shape(),
                &[N],
                "[N]",
                &[("N", N, "time")],
            ),
        );
        let time = &flat(time);
        let amplitude = params.amplitude;
        let decay = params.decay;
        let d_wave = &flat(d_output_0);
        let d_total_square_wave = d_output_1;
        let exp_1 = &flat(saved.exp.view());
        let tanh_time_plus_shift = &flat(saved.tanh_time_plus_shift.view());
        let mut d_time = vec![0.0; N];
        let (d_amplitude_value, d_decay_value, d_shift_value) = simd(Backward {
            N,
            time,
            amplitude,
            decay,
            d_wave,
            d_total_square_wave,
            exp_1,
            tanh_time_plus_shift,
            d_time: &mut d_time,
        });
        Gradients {
            amplitude: d_amplitude_value,
            decay: d_decay_value,
            shift: d_shift_value,
            time: array([N], d_time),
        }
    }
    /// The entry check alone: whether the shapes are those that the network declares.
    pub fn check<'a>(
        time: impl ::core::convert::Into<ArrayView1<'a, f64>>,
        params: &Params,
    ) -> Result<(), ShapeError> {
        let time: ArrayView1<'a, f64> = time.into();
        sizes(time, params).map(|_| ())
    }
    /// The sizes behind the names of dimensions.
    struct Sizes {
        N: usize,
    }
    #[inline]
    fn sizes<'a>(
        time: ArrayView1<'a, f64>,
        params: &Params,
    ) -> Result<Sizes, ShapeError> {
        let N = time.shape()[0];
        expect_shape("formula", "time", time.shape(), &[N], "[N]", &[("N", N, "time")])?;
        Ok(Sizes { N })
    }
    /// The slices of `formula`'s inference.
    struct Infer<'a> {
        N: usize,
        time: &'a [f64],
        amplitude: f64,
        decay: f64,
        shift: f64,
        wave: &'a mut [f64],
    }
    impl Pass for Infer<'_> {
        type Output = f64;
        #[inline(always)]
        fn run(self) -> f64 {
            #[inline(always)]
            fn distinct<'a>(
                N: usize,
                time: &'a [f64],
                amplitude: f64,
                decay: f64,
                shift: f64,
                wave: &'a mut [f64],
            ) -> f64 {
                /// neg_decay = −decay
                let neg_decay = -decay;
                let [total_square_wave] = share_tiles(
                    [N, 70],
                    [rows_of(&mut wave[..], 1)],
                    #[inline(always)]
                    |part: ::core::ops::Range<usize>, wave: &mut [f64]| {
                        let time = &time[part.start..part.end];
                        let square_wave = &mut [0.0; TILE];
                        /// total_square_wave = Σ[N](square_wave)
                        let mut total_square_wave = 0.0;
                        for rows in tiles(part.end - part.start) {
                            let time = &time[rows.clone()];
                            let wave = &mut wave[rows.clone()];
                            let square_wave = &mut square_wave[..rows.end - rows.start];
                            for i in 0..rows.end - rows.start {
                                /// wave = amplitude · exp(neg_decay · time) · tanh(time + shift)
                                let wave_i = amplitude * exp(neg_decay * time[i])
                                    * tanh(time[i] + shift);
                                /// square_wave = wave²
                                let square_wave_i = square(wave_i);
                                wave[i] = wave_i;
                                square_wave[i] = square_wave_i;
                            }
                            total_square_wave += sum(square_wave);
                        }
                        [total_square_wave]
                    },
                );
                total_square_wave
            }
            let Self { N, time, amplitude, decay, shift, wave } = self;
            distinct(N, time, amplitude, decay, shift, wave)
        }
    }
    /// The slices of `formula`'s forward pass.
    struct Forward<'a> {
        N: usize,
        time: &'a [f64],
        amplitude: f64,
        decay: f64,
        shift: f64,
        wave: &'a mut [f64],
        exp_1: &'a mut [f64],
        tanh_time_plus_shift: &'a mut [f64],
    }
    impl Pass for Forward<'_> {
        type Output = f64;
        #[inline(always)]
        fn run(self) -> f64 {
            #[inline(always)]
            fn distinct<'a>(
                N: usize,
                time: &'a [f64],
                amplitude: f64,
                decay: f64,
                shift: f64,
                wave: &'a mut [f64],
                exp_1: &'a mut [f64],
                tanh_time_plus_shift: &'a mut [f64],
            ) -> f64 {
                /// neg_decay = −decay
                let neg_decay = -decay;
                let [total_square_wave] = share_tiles(
                    [N, 74],
                    [
                        rows_of(&mut wave[..], 1),
                        rows_of(&mut exp_1[..], 1),
                        rows_of(&mut tanh_time_plus_shift[..], 1),
                    ],
                    #[inline(always)]
                    |
                        part: ::core::ops::Range<usize>,
                        wave: &mut [f64],
                        exp_1: &mut [f64],
                        tanh_time_plus_shift: &mut [f64]|
                    {
                        let time = &time[part.start..part.end];
                        let square_wave = &mut [0.0; TILE];
                        /// total_square_wave = Σ[N](square_wave)
                        let mut total_square_wave = 0.0;
                        for rows in tiles(part.end - part.start) {
                            let time = &time[rows.clone()];
                            let wave = &mut wave[rows.clone()];
                            let exp_1 = &mut exp_1[rows.clone()];
                            let tanh_time_plus_shift = &mut tanh_time_plus_shift[rows
                                .clone()];
                            let square_wave = &mut square_wave[..rows.end - rows.start];
                            for i in 0..rows.end - rows.start {
                                /// exp_1 = exp(neg_decay · time)
                                let exp_i = exp(neg_decay * time[i]);
                                /// tanh_time_plus_shift = tanh(time + shift)
                                let tanh_time_plus_shift_i = tanh(time[i] + shift);
                                /// wave = amplitude · exp_1 · tanh_time_plus_shift
                                let wave_i = amplitude * exp_i * tanh_time_plus_shift_i;
                                /// square_wave = wave²
                                let square_wave_i = square(wave_i);
                                exp_1[i] = exp_i;
                                tanh_time_plus_shift[i] = tanh_time_plus_shift_i;
                                wave[i] = wave_i;
                                square_wave[i] = square_wave_i;
                            }
                            total_square_wave += sum(square_wave);
                        }
                        [total_square_wave]
                    },
                );
                total_square_wave
            }
            let Self {
                N,
                time,
                amplitude,
                decay,
                shift,
                wave,
                exp_1,
                tanh_time_plus_shift,
            } = self;
            distinct(N, time, amplitude, decay, shift, wave, exp_1, tanh_time_plus_shift)
        }
    }
    /// The slices of `formula`'s backward pass.
    struct Backward<'a> {
        N: usize,
        time: &'a [f64],
        amplitude: f64,
        decay: f64,
        d_wave: &'a [f64],
        d_total_square_wave: f64,
        exp_1: &'a [f64],
        tanh_time_plus_shift: &'a [f64],
        d_time: &'a mut [f64],
    }
    impl Pass for Backward<'_> {
        type Output = (f64, f64, f64);
        #[inline(always)]
        fn run(self) -> (f64, f64, f64) {
            #[inline(always)]
            fn distinct<'a>(
                N: usize,
                time: &'a [f64],
                amplitude: f64,
                decay: f64,
                d_wave: &'a [f64],
                d_total_square_wave: f64,
                exp_1: &'a [f64],
                tanh_time_plus_shift: &'a [f64],
                d_time: &'a mut [f64],
            ) -> (f64, f64, f64) {
                /// neg_decay = −decay
                let neg_decay = -decay;
                /// times = d_total_square_wave · 2
                /// square: d_x = dy * (2 * x)
                let times = d_total_square_wave * 2.0;
                let [d_shift, d_amplitude_2, d_neg_decay_2] = share_tiles(
                    [N, 54],
                    [rows_of(&mut d_time[..], 1)],
                    #[inline(always)]
                    |part: ::core::ops::Range<usize>, d_time: &mut [f64]| {
                        let time = &time[part.start..part.end];
                        let d_wave = &d_wave[part.start..part.end];
                        let exp_1 = &exp_1[part.start..part.end];
                        let tanh_time_plus_shift = &tanh_time_plus_shift[part
                            .start..part.end];
                        let d_time_plus_shift = &mut [0.0; TILE];
                        let d_amplitude = &mut [0.0; TILE];
                        let d_neg_decay = &mut [0.0; TILE];
                        /// d_shift = Σ[N](d_time_plus_shift)
                        /// broadcast: d_x = sum of dy along the axes that x was spread over
                        let mut d_shift = 0.0;
                        /// d_amplitude_2 = Σ[N](d_amplitude)
                        /// broadcast: d_x = sum of dy along the axes that x was spread over
                        let mut d_amplitude_2 = 0.0;
                        /// d_neg_decay_2 = Σ[N](d_neg_decay)
                        /// broadcast: d_x = sum of dy along the axes that x was spread over
                        let mut d_neg_decay_2 = 0.0;
                        for rows in tiles(part.end - part.start) {
                            let time = &time[rows.clone()];
                            let d_wave = &d_wave[rows.clone()];
                            let exp_1 = &exp_1[rows.clone()];
                            let tanh_time_plus_shift = &tanh_time_plus_shift[rows
                                .clone()];
                            let d_time = &mut d_time[rows.clone()];
                            let d_time_plus_shift = &mut d_time_plus_shift[..rows.end
                                - rows.start];
                            let d_amplitude = &mut d_amplitude[..rows.end - rows.start];
                            let d_neg_decay = &mut d_neg_decay[..rows.end - rows.start];
                            for i in 0..rows.end - rows.start {
                                /// amplitude_times_exp = amplitude · exp
                                let amplitude_times_exp = amplitude * exp_1[i];
                                /// wave = amplitude_times_exp · tanh_time_plus_shift
                                let wave = amplitude_times_exp * tanh_time_plus_shift[i];
                                /// d_wave_2 = d_wave + times · wave
                                /// square: d_x = dy * (2 * x)
                                let d_wave_2 = d_wave[i] + times * wave;
                                /// d_amplitude_times_exp = d_wave_2 · tanh_time_plus_shift
                                /// mul: d_a = dy * b
                                let d_amplitude_times_exp = d_wave_2
                                    * tanh_time_plus_shift[i];
                                /// d_time_plus_shift = d_wave_2 · amplitude_times_exp · (1 − tanh_time_plus_shift · tanh_time_plus_shift)
                                /// tanh: d_x = dy * (1 - y * y)
                                let d_time_plus_shift_i = d_wave_2 * amplitude_times_exp
                                    * (1.0 - tanh_time_plus_shift[i] * tanh_time_plus_shift[i]);
                                /// d_amplitude = d_amplitude_times_exp · exp
                                /// mul: d_a = dy * b
                                let d_amplitude_i = d_amplitude_times_exp * exp_1[i];
                                /// d_neg_decay_times_time = d_amplitude_times_exp · amplitude · exp
                                /// exp: d_x = dy * (y)
                                let d_neg_decay_times_time = d_amplitude_times_exp
                                    * amplitude * exp_1[i];
                                /// d_neg_decay = d_neg_decay_times_time · time
                                /// mul: d_a = dy * b
                                let d_neg_decay_i = d_neg_decay_times_time * time[i];
                                /// d_time = d_time_plus_shift + d_neg_decay_times_time · neg_decay
                                /// mul: d_b = dy * a
                                let d_time_i = d_time_plus_shift_i
                                    + d_neg_decay_times_time * neg_decay;
                                d_time_plus_shift[i] = d_time_plus_shift_i;
                                d_amplitude[i] = d_amplitude_i;
                                d_neg_decay[i] = d_neg_decay_i;
                                d_time[i] = d_time_i;
                            }
                            d_shift += sum(d_time_plus_shift);
                            d_amplitude_2 += sum(d_amplitude);
                            d_neg_decay_2 += sum(d_neg_decay);
                        }
                        [d_shift, d_amplitude_2, d_neg_decay_2]
                    },
                );
                /// d_decay = −d_neg_decay_2
                /// neg: d_x = -dy
                let d_decay = -d_neg_decay_2;
                (d_amplitude_2, d_decay, d_shift)
            }
            let Self {
                N,
                time,
                amplitude,
                decay,
                d_wave,
                d_total_square_wave,
                exp_1,
                tanh_time_plus_shift,
                d_time,
            } = self;
            distinct(
                N,
                time,
                amplitude,
                decay,
                d_wave,
                d_total_square_wave,
                exp_1,
                tanh_time_plus_shift,
                d_time,
            )
        }
    }
}
#[doc(hidden)]
#[macro_export]
#[allow(unused_macros, non_local_definitions)]
macro_rules! __formula_23214df2c94c8f99 {
    ({ $($link:tt)* } $($asked:tt)*) => {
        $($link)* ! { { $($link)* } $($asked)* { __formula_23214df2c94c8f99 {} {
        wrt(time) } { fn formula(time : Input < N >, amplitude : Param, decay : Param,
        shift : Param) -> (Output < N >, Output) { let wave = amplitude * exp(- decay *
        time) * tanh(time + shift); (wave, sum(square(wave))) } } } }
    };
}
#[doc(hidden)]
#[allow(unused_imports)]
pub use __formula_23214df2c94c8f99 as formula;

//! Nanoseconds an element of each element-wise function and reduction, over a slice that stays in the first-level
//! cache, and beside them those of the standard library in the same loop, where it has the function or what it is made
//! of: `cargo bench -p pullback --bench elementwise`.

use pullback::emitted::*;
use std::hint::black_box;
use std::time::Instant;

const LEN: usize = 1024;

/// The fastest of many rounds, in nanoseconds a call.
fn time(mut call: impl FnMut()) -> f64 {
    let round = |call: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..200).for_each(|_| call());
        start.elapsed().as_nanos() as f64 / 200.0
    };
    (0..200).map(|_| round(&mut call)).fold(f64::INFINITY, f64::min)
}

/// Nanoseconds an element of a loop with `$call`. A generic function over `fn(T) -> T` would not be inlined: hence a macro.
macro_rules! nanoseconds {
    ($t:ident, $most:literal, $x:ident => $call:expr) => {{
        struct Map<'a>(&'a [$t], &'a mut [$t]);
        impl Pass for Map<'_> {
            type Output = ();
            #[inline(always)]
            fn run(self) {
                for (y, &$x) in self.1.iter_mut().zip(self.0) {
                    *y = $call;
                }
            }
        }
        let x: Vec<$t> = (0..LEN).map(|i| $most * (i as $t + 0.3) / LEN as $t).collect();
        let mut y = vec![0.0; LEN];
        time(|| simd(Map(black_box(&x), black_box(&mut y)))) / LEN as f64
    }};
}

macro_rules! element_wise {
    ($t:ident to $most:literal: $($name:ident)*) => {$(
        let ours = nanoseconds!($t, $most, x => $name(x));
        println!("{:10} {}  {ours:.3} ns an element", stringify!($name), stringify!($t));
    )*};
    ($t:ident to $most:literal with $second:literal: $($name:ident)*) => {$(
        let ours = nanoseconds!($t, $most, x => $name(x, $second));
        let std = nanoseconds!($t, $most, x => $t::$name(x, $second));
        println!("{:10} {}  {ours:.3} ns an element, std {std:.3}", stringify!($name), stringify!($t));
    )*};
}

/// Functions of one argument beside the method of the standard library, or what is written with its methods.
macro_rules! beside_std {
    ($t:ident to $most:literal: $($name:ident($x:ident) = $std:expr),* $(,)?) => {$(
        let ours = nanoseconds!($t, $most, x => $name(x));
        let std = nanoseconds!($t, $most, $x => $std);
        println!("{:10} {}  {ours:.3} ns an element, std {std:.3}", stringify!($name), stringify!($t));
    )*};
}

macro_rules! functions {
    ($t:ident) => {
        beside_std!($t to 10.0:
            exp(x) = $t::exp(x),
            ln(x) = $t::ln(x),
            tanh(x) = $t::tanh(x),
            sigmoid(x) = 1.0 / (1.0 + $t::exp(-x)),
            softplus(x) = $t::max(x, 0.0) + $t::ln_1p($t::exp(-$t::abs(x))),
            silu(x) = x / (1.0 + $t::exp(-x)),
        );
        element_wise!($t to 10.0: gelu gelu_tanh mish erf normal_cdf normal_pdf softsign);
        beside_std!($t to 10.0:
            exp2(x) = $t::exp2(x),
            expm1(x) = $t::exp_m1(x),
            log2(x) = $t::log2(x),
            log1p(x) = $t::ln_1p(x),
            sinh(x) = $t::sinh(x),
            cosh(x) = $t::cosh(x),
            sin(x) = $t::sin(x),
            cos(x) = $t::cos(x),
            tan(x) = $t::tan(x),
            atan(x) = $t::atan(x),
            sqrt(x) = $t::sqrt(x),
        );
        beside_std!($t to 1.0: asin(x) = $t::asin(x), acos(x) = $t::acos(x));
        element_wise!($t to 10.0: square recip relu);
        element_wise!($t to 10.0 with 2.5: atan2 hypot powf);
    };
}

macro_rules! reductions {
    ($t:ident: $($name:ident)*) => {$({
        struct Reduce<'a>(&'a [$t]);
        impl Pass for Reduce<'_> {
            type Output = $t;
            #[inline(always)]
            fn run(self) -> $t {
                $name(self.0)
            }
        }
        for len in [10, 13, 89, LEN] {
            let x: Vec<$t> = (0..len).map(|i| 1.0 + (i as $t).sin() * 1e-3).collect();
            let ns = time(|| {
                black_box(simd(Reduce(black_box(&x))));
            });
            let name = stringify!($name);
            println!("{name:10} {} {len:5}  {ns:7.2} ns a call  {:.3} ns an element", stringify!($t), ns / len as f64);
        }
    })*};
}

/// The sums of rows of a constant length, as a network with constant dimensions has them.
macro_rules! sums_of_rows {
    ($t:ident: $($len:literal)*) => {$({
        struct Rows<'a>(&'a [$t], &'a mut [$t; 8]);
        impl Pass for Rows<'_> {
            type Output = ();
            #[inline(always)]
            fn run(self) {
                for (i, sum_of) in self.1.iter_mut().enumerate() {
                    *sum_of = sum(&self.0[i * $len..][..$len]);
                }
            }
        }
        let x: Vec<$t> = (0..8 * $len).map(|i| 1.0 + (i as $t).sin() * 1e-3).collect();
        let mut sums = [0.0; 8];
        let ns = time(|| simd(Rows(black_box(&x), black_box(&mut sums)))) / 8.0;
        println!("sum of row {} {:5}  {ns:7.2} ns a row   {:.3} ns an element", stringify!($t), $len, ns / $len as f64);
    })*};
}

fn main() {
    functions!(f32);
    functions!(f64);
    reductions!(f32: sum max_of min_of prod_of);
    reductions!(f64: sum max_of);
    sums_of_rows!(f32: 10 32 62 128 512);
    sums_of_rows!(f64: 10 32 62 128 512);
}

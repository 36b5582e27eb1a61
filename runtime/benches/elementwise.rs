//! Nanoseconds an element of each element-wise function and reduction, over a slice that stays in the first-level
//! cache: `cargo bench -p pullback --bench elementwise`.

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

/// A generic function over `fn(T) -> T` would not be inlined: hence a macro.
macro_rules! measure {
    ($t:ident, $most:literal, $name:ident, $x:ident => $call:expr) => {{
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
        let ns = time(|| simd(Map(black_box(&x), black_box(&mut y))));
        println!("{:10} {}  {:.3} ns an element", stringify!($name), stringify!($t), ns / LEN as f64);
    }};
}

macro_rules! element_wise {
    ($t:ident to $most:literal: $($name:ident)*) => { $(measure!($t, $most, $name, x => $name(x));)* };
    ($t:ident to $most:literal with $second:literal: $($name:ident)*) => {
        $(measure!($t, $most, $name, x => $name(x, $second));)*
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

fn main() {
    element_wise!(f32 to 10.0: square recip sqrt relu exp exp2 expm1 ln log2 log1p tanh sigmoid softplus silu gelu);
    element_wise!(f32 to 10.0: gelu_tanh mish erf normal_cdf normal_pdf sinh cosh softsign sin cos tan atan);
    element_wise!(f32 to 1.0: asin acos);
    element_wise!(f32 to 10.0 with 2.5: atan2 hypot powf);
    element_wise!(f64 to 10.0: square recip sqrt relu exp ln tanh sigmoid softplus silu gelu erf sin cos tan atan);
    element_wise!(f64 to 1.0: asin acos);
    element_wise!(f64 to 10.0 with 2.5: atan2 hypot powf);
    reductions!(f32: sum max_of min_of prod_of);
    reductions!(f64: sum max_of);
}

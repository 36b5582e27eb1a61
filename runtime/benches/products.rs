//! Products of the sizes of small and middling layers, beside `matrixmultiply` called directly: where the threshold
//! between the two lies. `cargo bench -p pullback --bench products`.

use pullback::emitted::*;
use std::hint::black_box;
use std::time::Instant;

/// The fastest of many rounds, in nanoseconds a call.
fn time(calls: usize, mut call: impl FnMut()) -> f64 {
    let mut round = || {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().as_nanos() as f64 / calls as f64
    };
    (0..50).map(|_| round()).fold(f64::INFINITY, f64::min)
}

/// A product of constant width and depth, and of a height that is known at run time alone: a batch.
macro_rules! products {
    ($($name:ident $m:literal $k:literal $n:literal $a:expr, $b:expr;)*) => {$({
        struct Product<'a>(&'a mut [f32], &'a [f32], &'a [f32], [usize; 3]);
        impl Pass for Product<'_> {
            type Output = ();
            #[inline(always)]
            fn run(self) {
                let [m, k, n] = self.3;
                let transposed = stringify!($name).starts_with("matmul_t");
                let dims = if transposed { [$m, k, $n] } else { [m, $k, $n] };
                $name(self.0, self.1, self.2, dims);
                let _ = n;
            }
        }
        let (m, k, n): (usize, usize, usize) = ($m, $k, $n);
        let numbers = |len: usize| (0..len).map(|i| (i as f32).sin()).collect::<Vec<f32>>();
        let (a, b, mut out) = (numbers(m * k), numbers(k * n), vec![0.0; m * n]);
        let calls = (2_000_000 / (m * k * n)).clamp(1, 1000);
        let ours = time(calls, || simd(Product(black_box(&mut out), black_box(&a), black_box(&b), black_box([m, k, n]))));
        let (sa, sb): ([usize; 2], [usize; 2]) = ($a, $b);
        let theirs = time(calls, || unsafe {
            matrixmultiply::sgemm(
                m, k, n, 1.0,
                black_box(a.as_ptr()), sa[0] as isize, sa[1] as isize,
                black_box(b.as_ptr()), sb[0] as isize, sb[1] as isize,
                0.0, black_box(out.as_mut_ptr()), n as isize, 1,
            );
        });
        let rate = |ns: f64| 2.0 * (m * k * n) as f64 / ns;
        println!(
            "{:10} {m:4} x {k:4} x {n:4}  {ours:10.1} ns {:5.1} GFLOP/s   matrixmultiply {theirs:10.1} ns {:5.1} GFLOP/s",
            stringify!($name), rate(ours), rate(theirs)
        );
    })*};
}

fn main() {
    products! {
        matmul 1 3 4 [3, 1], [4, 1];
        matmul 23 13 13 [13, 1], [13, 1];
        matmul 23 13 1 [13, 1], [1, 1];
        matmul_tn 13 23 13 [1, 13], [13, 1];
        matmul_tn 13 23 1 [1, 13], [1, 1];
        matmul_nt 23 1 13 [1, 1], [1, 1];
        matmul_nt 23 13 13 [13, 1], [1, 13];
        matmul 1024 13 13 [13, 1], [13, 1];
        matmul_tn 13 1024 13 [1, 13], [13, 1];
        matmul 60 89 10 [89, 1], [10, 1];
        matmul_nt 60 10 89 [10, 1], [1, 10];
        matmul_tn 89 60 10 [1, 89], [10, 1];
        matmul 60 784 89 [784, 1], [89, 1];
        matmul_tn 784 60 89 [1, 784], [89, 1];
        matmul 32 62 128 [62, 1], [128, 1];
        matmul 32 128 512 [128, 1], [512, 1];
        matmul_nt 32 512 128 [512, 1], [1, 512];
        matmul 32 32 32 [32, 1], [32, 1];
        matmul 48 48 48 [48, 1], [48, 1];
        matmul 64 64 64 [64, 1], [64, 1];
        matmul 96 96 96 [96, 1], [96, 1];
        matmul 128 128 128 [128, 1], [128, 1];
        matmul 256 256 256 [256, 1], [256, 1];
        matmul 512 512 512 [512, 1], [512, 1];
        matmul_nt 64 64 64 [64, 1], [1, 64];
        matmul_nt 128 128 128 [128, 1], [1, 128];
        matmul_nt 256 256 256 [256, 1], [1, 256];
        matmul_tn 64 64 64 [1, 64], [64, 1];
        matmul_tn 128 128 128 [1, 128], [128, 1];
        matmul_tn 256 256 256 [1, 256], [256, 1];
        matmul 1 784 89 [784, 1], [89, 1];
        matmul 1 512 512 [512, 1], [512, 1];
        matmul_nt 1 512 512 [512, 1], [1, 512];
    }
}

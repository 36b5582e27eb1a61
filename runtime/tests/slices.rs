//! Kernels in loops: the same bits wherever an element stands, on every instruction set, and no number is flushed to 0.

use pullback::emitted::*;

/// A function in a loop that is compiled for the widest vectors.
struct Mapped<'a, F>(F, &'a [f32], &'a mut [f32]);

impl<F: Fn(f32) -> f32> Pass for Mapped<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.2.iter_mut().zip(self.1).for_each(|(y, x)| *y = (self.0)(*x));
    }
}

fn mapped(function: impl Fn(f32) -> f32, x: &[f32]) -> Vec<u32> {
    let mut y = vec![0.0; x.len()];
    simd(Mapped(function, x, &mut y));
    y.into_iter().map(f32::to_bits).collect()
}

macro_rules! for_all {
    ($check:ident: $($name:ident)*) => { $($check(stringify!($name), $name);)* };
}

#[test]
fn the_position_changes_no_bit() {
    fn check(name: &str, function: impl Fn(f32) -> f32 + Copy) {
        let x: Vec<f32> = (0..997).map(|i| (i as f32 - 500.0) * 0.0371).collect();
        let alone: Vec<u32> = x.iter().map(|&x| function(std::hint::black_box(x)).to_bits()).collect();
        for start in [0, 1, 3, 7, 15] {
            for end in [x.len(), x.len() - 1, start + 17, start + 1] {
                let same = mapped(function, &x[start..end]) == alone[start..end];
                assert!(same, "{name} of {start}..{end} differs from one element at a time");
            }
        }
    }
    for_all!(check: exp exp2 expm1 tanh sigmoid softplus silu gelu gelu_tanh mish erf sinh cosh normal_cdf normal_pdf);
    for_all!(check: ln log2 log1p sqrt recip softsign relu sin cos tan asin acos atan);
    check("atan2", |x| atan2(x, x - 0.3));
    check("powf", |x| powf(x, 2.5));
}

#[test]
fn subnormal_numbers_are_numbers() {
    let tiny = f32::from_bits(1);
    assert_eq!(mapped(|x| x + x, &[tiny; 40]), [2; 40]);
    assert_eq!(mapped(|x| exp(ln(x)), &[tiny; 40]), [1; 40]);
    assert_eq!(mapped(tanh, &[tiny; 40]), [1; 40]);
    assert!(mapped(exp, &[-100.0; 40]).iter().all(|&y| y > 0 && y < f32::MIN_POSITIVE.to_bits()));
}

//! `asin`, `acos`, `atan` and `atan2` for both types, after fdlibm (Sun Microsystems, 1993), without its branches.

use super::kernels::polynomial;

macro_rules! inverse {
    ($float:ident, $module:ident, atan: $atan:expr, asin: $asin:expr, pi: [$pi:expr, $pi_low:expr]) => {
        pub(super) mod $module {
            use super::polynomial;

            /// π as a sum, and its half.
            const PI: [$float; 2] = [$pi, $pi_low];
            const HALF_PI: [$float; 2] = [0.5 * $pi, 0.5 * $pi_low];

            /// `atan(a) - a` for `a` from 0 to 1.
            #[inline(always)]
            fn atan_rest(a: $float) -> $float {
                let z = a * a;
                a * (z * polynomial(z, $atan))
            }

            #[inline(always)]
            pub(crate) fn atan(x: $float) -> $float {
                let magnitude = x.abs();
                let steep = magnitude > 1.0;
                let a = if steep { 1.0 } else { magnitude } / if steep { magnitude } else { 1.0 };
                let rest = atan_rest(a);
                // What is large is added first: where it cancels, the sum is exact.
                let from_axis = (HALF_PI[0] - a) + (HALF_PI[1] - rest);
                (if steep { from_axis } else { a + rest }).copysign(x)
            }

            #[inline(always)]
            pub(crate) fn atan2(y: $float, x: $float) -> $float {
                let steep = y.abs() > x.abs();
                let (smaller, larger) = if steep { (x.abs(), y.abs()) } else { (y.abs(), x.abs()) };
                // Both may be infinite, or both 0.
                let a = if smaller == larger { 1.0 } else { smaller / larger };
                let a = if larger == 0.0 { 0.0 } else { a };
                let rest = atan_rest(a);
                let left = x.is_sign_negative();
                // The axis that is nearer, and on which side of it.
                let axis = if steep {
                    HALF_PI
                } else if left {
                    PI
                } else {
                    [0.0, 0.0]
                };
                let (a, rest) = if steep != left { (-a, -rest) } else { (a, rest) };
                let angle = ((axis[0] + a) + (axis[1] + rest)).copysign(y);
                if x.is_nan() | y.is_nan() { $float::NAN } else { angle }
            }

            /// `[s, asin(s) - s]` where `s` is `magnitude` up to ½, and `√((1 - magnitude)/2)` beyond: then the arc sine of
            /// `magnitude` is `π/2 - 2·asin(s)`.
            #[inline(always)]
            fn asin_parts(magnitude: $float) -> [$float; 2] {
                let beyond = 0.5 - 0.5 * magnitude;
                let near = magnitude <= 0.5;
                let z = if near { magnitude * magnitude } else { beyond };
                let s = if near { magnitude } else { beyond.sqrt() };
                [s, s * (z * polynomial(z, $asin))]
            }

            #[inline(always)]
            pub(crate) fn asin(x: $float) -> $float {
                let [s, rest] = asin_parts(x.abs());
                let far = HALF_PI[0] - 2.0 * s;
                let dropped = (HALF_PI[0] - far) - 2.0 * s;
                let far = far + (dropped + (HALF_PI[1] - 2.0 * rest));
                (if x.abs() <= 0.5 { s + rest } else { far }).copysign(x)
            }

            #[inline(always)]
            pub(crate) fn acos(x: $float) -> $float {
                let [s, rest] = asin_parts(x.abs());
                let near = (HALF_PI[0] - s.copysign(x)) + (HALF_PI[1] - rest.copysign(x));
                let obtuse = (PI[0] - 2.0 * s) + (PI[1] - 2.0 * rest);
                let far = if x < 0.0 { obtuse } else { 2.0 * (s + rest) };
                if x.abs() <= 0.5 { near } else { far }
            }
        }
    };
}

inverse! {
    f32, single,
    // (atan(√z)/√z - 1)/z for z up to 1: 2^-26.8.
    atan: [
        -3.33333e-01,
        1.9998549e-01,
        -1.4264248e-01,
        1.09522186e-01,
        -8.403551e-02,
        5.795942e-02,
        -3.1179754e-02,
        1.0915671e-02,
        -1.7938671e-03,
    ],
    // (asin(√z)/√z - 1)/z for z up to ¼: 2^-27.4.
    asin: [
        1.6666752e-01,
        7.4953005e-02,
        4.547002e-02,
        2.4181154e-02,
        4.2163674e-02,
    ],
    pi: [std::f32::consts::PI, -8.742_278e-8]
}

inverse! {
    f64, double,
    // As above: 2^-56.2.
    atan: [
        -0.3333333333333333,
        0.19999999999999638,
        -0.14285714285683615,
        0.11111111109782511,
        -0.09090909055991733,
        0.0769230707973269,
        -0.06666659035400846,
        0.05882282468917756,
        -0.05262660129150614,
        0.04759151392420779,
        -0.04335679157654003,
        0.039566361276305015,
        -0.03576931600488246,
        0.03141623454950377,
        -0.026059867148771104,
        0.019723118460334355,
        -0.01312059745186824,
        0.007381284902230183,
        -0.0033686027595798375,
        0.0011862688881155976,
        -0.0003004325010908082,
        4.846989475883429e-05,
        -3.7292439992863258e-06,
    ],
    // As above: 2^-59.3.
    asin: [
        0.1666666666666676,
        0.07499999999970812,
        0.04464285717460151,
        0.03038194270823394,
        0.022372214976086848,
        0.017351612204781056,
        0.013980818417925176,
        0.011398928537867791,
        0.010780166689264684,
        0.0037067166901634204,
        0.021706733387176734,
        -0.020998094725409845,
        0.032628040494410156,
    ],
    pi: [std::f64::consts::PI, 1.2246467991473532e-16]
}

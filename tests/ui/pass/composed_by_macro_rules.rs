//! Networks that `macro_rules!` writes are callers and callees like others: what it put in stays together.
use pullback::network;

macro_rules! networks {
    ($callee:ident, $caller:ident, $sum:expr, $kind:ty, $number:literal) => {
        #[network]
        fn $callee(x: $kind, w: Param) -> Output {
            sum(x) * $sum * w
        }

        #[network]
        fn $caller(x: $kind, scaled: $callee) -> Output {
            $sum * scaled(x) * $number
        }
    };
}

networks!(first, second, 1.0 + 2.0, Input<N>, 0.5);

macro_rules! of_path {
    ($network:path, $name:ident) => {
        #[network]
        fn $name(x: Input<N>, outer: $network) -> Output {
            outer(x)
        }
    };
}

of_path!(self::second, third);

fn main() {
    let x = pullback::ndarray::arr1(&[1.0, 3.0]);
    let scaled = first::Params { w: 2.0 };
    assert_eq!(first(&x, &scaled), 24.0);
    let outer = second::Params { scaled };
    assert_eq!(second(&x, &outer), 36.0);
    assert_eq!(third(&x, &third::Params { outer }), 36.0);
}

// Shapes say all that is needed.
use pullback::network;

#[network]
fn f<const N: usize>(x: Input<N>) -> Output<N>
where
    [(); N]: Sized,
 {
    x
}

fn main() {}

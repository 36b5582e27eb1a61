// A loop goes through sequences that are as long as it turns.
use pullback::network;

#[network]
fn f(x: Input<T, N>, y: Input<S, N>) -> Output<T, N> {
    for t in 0..T {
        x.at(t) * y.at(t)
    }
}

#[network]
fn g(x: Input<5, N>) -> Output<6, N> {
    for t in 0..6 {
        tanh(x.at(t))
    }
}

#[network]
fn cut(x: Input<5, N>, y: Input<{ T + 1 }, N>, z: Input<T>) -> Output {
    let first = for t in 0..4 {
        tanh(x.at(t))
    };
    let second = for t in 0..T {
        y.at(t) + z.at(t)
    };
    sum(first) + sum(second)
}

fn main() {}

// Sizes in expressions that a call does not decide, or not so.
use pullback::network;

#[network]
fn halved(x: Input<N, {2 * H}>) -> Output<N, H> {
    let (a, b) = split(x, axis = 1, parts = 2);
    a * b
}

#[network]
fn odd(x: Input<N, 7>) -> Output<N, 3> {
    self::halved(x)
}

#[network]
fn named(x: Input<N, K>) -> Output<N, K> {
    self::halved(x)
}

#[network]
fn by_heads<const A: usize, const K: usize>(x: Input<N, {A * K}>, scale: Param<A, K>) -> Output<N, A> {
    sum(reshape(x, [N, A, K]) * scale, axis = 2)
}

#[network]
fn of_any_number(x: Input<N, 64>, inner: by_heads) -> Output<N, 8> {
    inner(x)
}

#[network]
fn of_another_width(x: Input<N, 64>, inner: by_heads<8, 16>) -> Output<N, 8> {
    inner(x)
}

#[network]
fn upsampled(x: Input<N, {H / 2}>, y: Input<N, H>) -> Output<N, H> {
    concat(x, x, y, axis = 1).slice(1, 0, H)
}

#[network]
fn misfit(x: Input<N, 3>, y: Input<N, 8>) -> Output<N, 8> {
    self::upsampled(x, y)
}

#[network]
fn shorter(x: Input<N, {H + 4}>) -> Output<N, H> {
    slice(x, axis = 1, start = 4)
}

#[network]
fn too_short(x: Input<N, 3>) -> Output<N> {
    sum(self::shorter(x), axis = 1)
}

fn main() {}

// No name of the user's collides with one that is emitted.
#![deny(warnings)]

use pullback::network;

#[network]
fn f(
    adj_x: Param<N>,
    grad: Input<N>,
    d_x: Param<N>,
    out: Input<N>,
    __t0: Param<N>,
    tmp0: Input<N>,
    params: Param<N>,
    saved: Input<N>,
    x: Param<N>,
    dy: Input<N>,
    gradients: Param<N>,
    workspace: Input<N>,
    output: Param<N>,
    d_output: Input<N>,
) -> Output<N> {
    let infer = adj_x * grad + d_x;
    let forward = infer + out + __t0 + tmp0 - params * saved;
    let backward = forward / x + dy;
    backward * gradients - workspace + output * d_output
}

fn main() {}

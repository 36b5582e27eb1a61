//! Layers that other crates call: public ones made of private ones, re-exported, and two of one name.
#![deny(warnings)]

pub mod activations;
mod linear;

pub use linear::{dense, pair};
/// For those who depend on this crate alone.
pub use pullback;

use pullback::network;

/// Two layers, one of them of another module's own kind.
#[network]
pub fn block<const I: usize, const H: usize, const O: usize>(
    x: Input<N, I>,
    inner: dense<I, H>,
    outer: scaled::dense<H, O>,
) -> Output<N, O> {
    let h = activations::swish(inner(x));
    outer(h)
}

/// A layer that no other crate can name; its name is that of another one.
mod scaled {
    use pullback::network;

    #[network]
    pub(crate) fn dense<const I: usize, const O: usize>(
        x: Input<N, I>,
        #[init(he)] w: Param<I, O>,
        #[init(ones)] scale: Param<O>,
    ) -> Output<N, O> {
        scale * x.dot(w)
    }
}

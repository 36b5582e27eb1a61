//! Normalisation of every row by itself.

use crate::network;

/// Rows of mean 0 and variance 1, scaled and shifted: `y = (x − mean x) / √(var x + 10⁻⁵) · scale + shift`.
///
/// `scale [H]` starts as ones, `shift [H]` as zeros. The variance is the biased one.
///
/// Source: Ba, Kiros & Hinton, "Layer Normalization", 2016.
#[network]
pub fn layer_norm<const H: usize>(x: Input<N, H>, #[init(ones)] scale: Param<H>, shift: Param<H>) -> Output<N, H> {
    let centred = x - mean(x, axis = 1, keepdims = true);
    centred * rsqrt(mean(square(centred), axis = 1, keepdims = true) + 1e-5) * scale + shift
}

/// Rows of mean square 1, scaled: `y = x / √(mean x² + 10⁻⁵) · scale`; `scale [H]` starts as ones.
///
/// Source: Zhang & Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019.
#[network]
pub fn rms_norm<const H: usize>(x: Input<N, H>, #[init(ones)] scale: Param<H>) -> Output<N, H> {
    x * rsqrt(mean(square(x), axis = 1, keepdims = true) + 1e-5) * scale
}

//! Normalisation: of every row by itself, or of every column over a batch.

use crate::network;

/// Rows of mean 0 and variance 1, scaled and shifted: `y = (x − mean x) / √(var x + 10⁻⁵) · scale + shift`.
///
/// `scale [H]` starts as ones, `shift [H]` as zeros. The variance is the biased one.
///
/// Source: Ba, Kiros & Hinton, "Layer Normalization", 2016.
#[network(part)]
pub fn layer_norm<const H: usize>(x: Input<N, H>, #[init(ones)] scale: Param<H>, shift: Param<H>) -> Output<N, H> {
    let centred = x - mean(x, axis = 1, keepdims = true);
    centred * rsqrt(mean(square(centred), axis = 1, keepdims = true) + 1e-5) * scale + shift
}

/// Rows of mean square 1, scaled: `y = x / √(mean x² + 10⁻⁵) · scale`; `scale [H]` starts as ones.
///
/// Source: Zhang & Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019.
#[network(part)]
pub fn rms_norm<const H: usize>(x: Input<N, H>, #[init(ones)] scale: Param<H>) -> Output<N, H> {
    x * rsqrt(mean(square(x), axis = 1, keepdims = true) + 1e-5) * scale
}

/// Columns of mean 0 and variance 1, scaled and shifted: `y = (x − mean) / √(var + 10⁻⁵) · scale + shift`.
///
/// In training `mean [C]` and `var [C]` are those of the batch, and the state moves a tenth of the way towards them (towards
/// the unbiased variance); in inference they are the state. `scale` and the state's `var` start as ones, `shift` and `mean`
/// as zeros.
///
/// Source: Ioffe & Szegedy, "Batch Normalization", ICML 2015; the conventions are PyTorch's.
#[network(part)]
pub fn batch_norm<const C: usize>(
    x: Input<N, C>,
    #[init(ones)] scale: Param<C>,
    shift: Param<C>,
    mean: State<C>,
    #[init(ones)] var: State<C>,
) -> Output<N, C> {
    batch_norm(x, scale, shift, mean, var)
}

/// As [`batch_norm`], of the channels of images: the statistics are those of all samples and places.
#[network(part)]
pub fn batch_norm_2d<const C: usize>(
    x: Input<N, C, H, W>,
    #[init(ones)] scale: Param<C>,
    shift: Param<C>,
    mean: State<C>,
    #[init(ones)] var: State<C>,
) -> Output<N, C, H, W> {
    batch_norm(x, scale, shift, mean, var)
}

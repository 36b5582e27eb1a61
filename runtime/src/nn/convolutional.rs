//! Convolutions of images `[N, C, H, W]`, and what is made of a few of them.

use super::linear::dense;
use crate::network;

/// A convolution with filters of 3 by 3, which keeps the size of the image: `y = x ∗ w + b`, zeros beyond the edges.
///
/// `w [O, I, 3, 3]` starts as He's distribution, `b [O]`, one for each channel, as zeros.
///
/// Source: LeCun, Bottou, Bengio & Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998; small filters
/// are those of Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.
#[network(part)]
pub fn conv3x3<const I: usize, const O: usize>(
    x: Input<N, I, H, W>,
    #[init(he)] w: Param<O, I, 3, 3>,
    b: Param<O>,
) -> Output<N, O, H, W> {
    conv2d(x, w, padding = 1) + reshape(b, [O, 1, 1])
}

/// A convolution and a rectifier: `y = relu(conv(x))`, with the parameters of [`conv3x3`].
#[network(part)]
pub fn conv_block<const I: usize, const O: usize>(x: Input<N, I, H, W>, conv: conv3x3<I, O>) -> Output<N, O, H, W> {
    relu(conv(x))
}

/// A [`conv_block`], and the greatest of every 2 by 2 places of it: `y = max_pool(relu(conv(x)))`, an image of half the size.
///
/// `conv` is [`conv3x3`]: `w [O, I, 3, 3]` from He's distribution, `b [O]` zeros. Of an image whose height or width is odd,
/// the last row or column is left out, as in PyTorch.
///
/// Source: Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.
#[network(part)]
pub fn conv_pool<const I: usize, const O: usize>(
    x: Input<N, I, H, W>,
    conv: conv3x3<I, O>,
) -> Output<N, O, { H / 2 }, { W / 2 }> {
    max_pool(relu(conv(x)), size = 2)
}

/// Two convolutions beside a path that leaves `x` as it is: `y = relu(x + second(relu(first(x))))`.
///
/// Both are [`conv3x3`]. There is no normalisation between them.
///
/// Source: He, Zhang, Ren & Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, figure 2.
#[network(part)]
pub fn residual_block<const C: usize>(
    x: Input<N, C, H, W>,
    first: conv3x3<C, C>,
    second: conv3x3<C, C>,
) -> Output<N, C, H, W> {
    relu(x + second(relu(first(x))))
}

/// A score for each class, whatever the size of the image: [`dense`] of the mean over each channel.
///
/// Source: Lin, Chen & Yan, "Network In Network", ICLR 2014, section 3.2.
#[network(part)]
pub fn pooled_dense<const C: usize, const K: usize>(x: Input<N, C, H, W>, out: dense<C, K>) -> Output<N, K> {
    out(global_avg_pool(x))
}

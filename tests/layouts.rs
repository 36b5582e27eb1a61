//! The memory layout of arguments changes no bit of what a network gives back: Fortran order, negative and zero strides,
//! an offset, empty inner dimensions and single elements.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, ShapeBuilder, s};
use pullback::network;

#[network(wrt(x))]
fn layers(x: Input<N, I>, scale: Input<I>, w: Param<I, H>, b: Param<H>) -> Output<N, H> {
    softmax(tanh((x * scale).dot(w) + b), axis = 1) + mean(gelu(x), axis = 1, keepdims = true)
}

/// Output and gradients, as bits.
fn bits(x: ArrayView2<f32>, scale: ArrayView1<f32>, hidden: usize) -> Vec<Vec<u32>> {
    let inner = x.ncols();
    let params = layers::Params {
        w: Array2::from_shape_fn((inner, hidden), |(i, j)| ((3 * i + 5 * j) as f32).sin()),
        b: Array1::from_shape_fn(hidden, |j| j as f32 * 0.1),
    };
    let (output, saved) = layers::forward(x, scale, &params);
    let gradients = layers::backward(x, scale, &params, &saved, &output);
    let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect();
    let arrays = [output, gradients.x, gradients.w].map(|a| bits(a.iter().copied().collect()));
    [arrays.to_vec(), vec![bits(gradients.b.to_vec())]].concat()
}

fn wavy(rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((7 * i + 3 * j) as f32).sin())
}

#[test]
fn the_layout_changes_no_bit() {
    for (rows, inner, hidden) in [(9, 20, 5), (1, 1, 1), (4, 0, 3), (0, 3, 2), (33, 1, 17)] {
        let (x, scale) = (wavy(rows, inner), Array1::from_shape_fn(inner, |i| 1.0 + i as f32 * 0.01));
        let expected = bits(x.view(), scale.view(), hidden);
        let mut fortran = Array2::zeros((rows, inner).f());
        fortran.assign(&x);
        assert_eq!(bits(fortran.view(), scale.view(), hidden), expected);
        let mut reversed = x.slice(s![..;-1, ..;-1]).to_owned();
        reversed.invert_axis(Axis(0));
        reversed.invert_axis(Axis(1));
        assert_eq!(bits(reversed.view(), scale.view(), hidden), expected);
        let mut wide = Array2::zeros((rows + 2, 2 * inner + 1));
        wide.slice_mut(s![1..rows + 1, 1..;2]).assign(&x);
        assert_eq!(bits(wide.slice(s![1..rows + 1, 1..;2]), scale.view(), hidden), expected);
    }
}

#[test]
fn a_view_with_strides_of_zero_is_like_its_copies() {
    let (row, one) = (wavy(1, 6), Array1::from_elem(1, 0.75));
    let (rows, scales) = (row.broadcast((8, 6)).expect("one row for all"), one.broadcast(6).expect("one for all"));
    let copies = (rows.to_owned(), scales.to_owned());
    assert_eq!(bits(rows, scales, 3), bits(copies.0.view(), copies.1.view(), 3));
}

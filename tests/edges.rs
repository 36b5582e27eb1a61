//! What happens at the edges of a batch: none at all, one row, and arrays that do not fit.

use ndarray::{Array1, Array2};
use pullback::network;
use rand::SeedableRng;
use rand::rngs::StdRng;

include!("expanded/digits.in.rs");
include!("expanded/housing.in.rs");

fn params() -> housing::Params {
    housing::Params::init(&mut StdRng::seed_from_u64(3))
}

#[test]
fn the_mean_error_of_no_houses_is_nan_and_its_gradients_are_zero() {
    let (x, y) = (Array2::zeros((0, 13)), Array2::zeros((0, 1)));
    let (loss, gradients) = housing::value_and_grad(&x, &y, &params());
    assert!(loss.is_nan());
    assert_eq!(gradients, zeros());
    let (_, saved) = housing::forward(&x, &y, &params());
    assert_eq!(housing::backward(&x, &y, &params(), &saved, 1.0), zeros());
}

fn zeros() -> housing::Gradients {
    let housing::Params { w1, b1, w2, b2 } = housing::Params::zeros();
    housing::Gradients { w1, b1, w2, b2 }
}

#[test]
fn gradients_of_a_full_batch_do_not_linger_after_an_empty_one() {
    let mut workspace = housing::Workspace::default();
    let (x, y) = (Array2::ones((5, 13)), Array2::ones((5, 1)));
    let (_, full) = housing::value_and_grad_into(&x, &y, &params(), &mut workspace);
    assert_ne!(*full, zeros());
    let (x, y) = (Array2::zeros((0, 13)), Array2::zeros((0, 1)));
    let (_, empty) = housing::value_and_grad_into(&x, &y, &params(), &mut workspace);
    assert_eq!(*empty, zeros());
}

#[test]
fn arrays_that_do_not_fit_are_named_with_both_shapes() {
    let (x, y) = (Array2::ones((5, 13)), Array2::ones((4, 1)));
    let finding = housing::check(&x, &y, &params()).unwrap_err().to_string();
    assert_eq!(finding, "`housing`: `y` has shape [4, 1], expected [N, 1] with N = 5 (from `x`)");
}

#[test]
#[should_panic(expected = "`digits`: `labels` has label 10 at position 2, but there are 10 classes")]
fn labels_out_of_range_are_named() {
    let params = digits::Params::init(&mut StdRng::seed_from_u64(3), 4);
    digits(&Array2::zeros((3, 64)), &Array1::from_vec(vec![0, 9, 10]), &params);
}

#[test]
fn parameters_are_visited_by_path_in_order() {
    use pullback::ParamSet;
    let params = params();
    let paths: Vec<String> = (0..params.count()).map(|k| params.path(k)).collect();
    assert_eq!(paths, ["w1", "b1", "w2", "b2"]);
    assert_eq!(params.array(2).shape(), [13, 1]);
}

//! What becomes of convolutions and pools: the way back of a convolution is one, and pools are plain loops over rows.

use super::linking::expand;

fn emitted(model: &str) -> String {
    expand(model).to_string()
}

#[test]
fn the_way_back_of_a_convolution_is_a_convolution() {
    let network = |image: &str, weights: &str, options: &str| {
        emitted(&format!(
            "#[network(wrt(x))] fn net(x: Input<N, {image}>, w: Param<{weights}>) -> Output {{
                sum(square(conv2d(x, w, {options})))
            }}"
        ))
    };
    assert!(!network("8, 12, 12", "4, 8, 3, 3", "padding = 1").contains("overlap ("));
    assert!(!network("8, 12, 12", "4, 4, 3, 5", "dilation = 2, groups = 2").contains("overlap ("));
    // What a stride leaves out would be zeros between; of one channel, 64 would be read for what one is added to.
    assert!(network("8, 12, 12", "4, 8, 3, 3", "stride = 2").contains("overlap ("));
    assert!(network("1, 12, 12", "64, 1, 3, 3", "padding = 1").contains("overlap ("));
}

#[test]
fn a_group_of_few_neighbours_is_folded_element_by_element() {
    let text = emitted("#[network] fn net(x: Input<N, 3, 8, 12>) -> Output<N, 3, 4, 6> { max_pool(x, size = 2) }");
    assert!(text.contains("max (x [k * 2] , x [k * 2 + 1])"), "{text}");
}

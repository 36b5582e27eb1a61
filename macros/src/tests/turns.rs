//! A loop is emitted once, however often it turns: 250 steps are as many tokens as 25.

use super::count;
use super::linking::expand;

/// A long short-term memory with a group of parameters for each gate, over a sequence of `steps` steps.
fn lstm(steps: usize) -> String {
    format!(
        "#[network]
        fn gate<const I: usize, const H: usize>(
            x: Input<N, I>, h: Input<N, H>, w: Param<I, H>, u: Param<H, H>, b: Param<H>,
        ) -> Output<N, H> {{
            x.dot(w) + h.dot(u) + b
        }}

        #[network]
        fn cell<const I: usize, const H: usize>(
            x: Input<N, I>, h: Input<N, H>, c: Input<N, H>,
            input: gate<I, H>, forget: gate<I, H>, candidate: gate<I, H>, output: gate<I, H>,
        ) -> (Output<N, H>, Output<N, H>) {{
            let c = sigmoid(forget(x, h)) * c + sigmoid(input(x, h)) * tanh(candidate(x, h));
            (sigmoid(output(x, h)) * tanh(c), c)
        }}

        #[network]
        fn loss(x: Input<{steps}, N, 64>, y: Input<{steps}, N, 128>, h: Input<N, 128>, cell: cell<64, 128>) -> Output {{
            let mut h = h;
            let mut c = 0 * h;
            let states = for t in 0..{steps} {{
                (h, c) = cell(x.at(t), h, c);
                h
            }};
            mse(states, y)
        }}"
    )
}

#[test]
fn the_expansion_of_a_loop_does_not_grow_with_its_turns() {
    let [few, many] = [25, 250].map(|steps| count(&expand(&lstm(steps))));
    assert!(few > 1000);
    assert_eq!(few, many);
}

#[test]
fn a_loop_within_a_loop_takes_the_part_of_the_outer_turn_once() {
    let expanded = expand(
        "#[network]
        fn loss(x: Input<T, N, 8>, w: Param<T, 8, 8>, gates: Param<T>) -> Output {
            let out = for t in 0..T {
                let mut h = x.at(t);
                for s in 0..3 {
                    h = sin(h.dot(w.at(t))) * gates.at(t);
                }
                h
            };
            mean(out)
        }",
    );
    let code = expanded.to_string();
    assert!(!code.contains("gather ("), "each turn gets its part of `w` and `gates`");
    assert!(!code.contains("scatter ("), "and gives its part of their gradients");
}

#[test]
fn a_loop_whose_cost_is_beyond_all_numbers_is_long() {
    let expanded = expand(
        "#[network]
        fn loss(x: Input<A, B, C, D, E, F>, y: Input<A, B, C, D, E, F>) -> Output { mean(tanh(x * y)) }

        #[network]
        fn turns(x: Input<T, A, B, C, D, E>, h: Input<A, B, C, D, E>) -> Output {
            let mut h = h;
            for t in 0..T { h = tanh(h * x.at(t)); }
            mean(h)
        }",
    );
    assert!(expanded.to_string().contains("share_"));
}

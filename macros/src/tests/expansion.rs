//! A benchmark: how long the compiler itself takes, in milliseconds, for the workloads of `runtime/benches/step` and for
//! networks of ever more layers. Printed by
//!
//! ```text
//! cargo test --release -p pullback-macros -- --ignored --nocapture expansion
//! cargo test --profile as-macro -p pullback-macros -- --ignored --nocapture expansion
//! ```
//!
//! the second time compiled as cargo compiles macros for its users by default, without optimisation. What rustc then does
//! with the code is not in it, but its size is: the tokens that come out.

use super::clock::worked;
use super::count;
use super::linking::{answered, definitions, first};
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

/// How long one network is expanded again and again, at least.
const LONG: Duration = Duration::from_millis(200);

/// The networks of the workloads, behind those that they call.
const WORKLOADS: [&str; 4] = [
    include_str!("../../../runtime/src/nn/linear.rs"),
    include_str!("../../../runtime/src/nn/norm.rs"),
    include_str!("../../../runtime/src/nn/transformer.rs"),
    include_str!("../../../runtime/benches/step/networks.rs"),
];

/// Expands the networks of `files` one by one, and prints the shortest time of each.
fn expand_each(files: &[&str]) {
    let items = files.iter().flat_map(|file| syn::parse_file(file).expect("networks are functions of Rust").items);
    let functions = items.filter_map(|item| match item {
        syn::Item::Fn(function) => Some(function),
        _ => None,
    });
    let mut held: HashMap<String, TokenStream> = HashMap::new();
    for function in callees_first(functions.collect()) {
        let name = function.sig.ident.to_string();
        let run = || {
            let start = worked();
            let items = answered(first(function.clone()), &|name| held[name].clone());
            (worked() - start, items)
        };
        let (mut time, items) = run();
        let start = worked();
        while worked() - start < LONG {
            time = time.min(run().0);
        }
        held.insert(name.clone(), definitions(&items));
        println!("{name:>20} {:>9.2} ms {:>9} tokens", time.as_secs_f64() * 1e3, count(&items));
    }
}

/// The functions in an order in which each stands behind those that its arguments name.
fn callees_first(mut functions: Vec<syn::ItemFn>) -> Vec<syn::ItemFn> {
    let mut ordered = Vec::new();
    while !functions.is_empty() {
        let names: Vec<String> = functions.iter().map(|f| f.sig.ident.to_string()).collect();
        let waits = |function: &syn::ItemFn| {
            let arguments = words(function.sig.inputs.to_token_stream());
            names.iter().any(|name| function.sig.ident != name && arguments.contains(name))
        };
        let (waiting, ready): (Vec<_>, Vec<_>) = functions.into_iter().partition(waits);
        assert!(!ready.is_empty(), "networks do not call one another in circles");
        ordered.extend(ready);
        functions = waiting;
    }
    ordered
}

fn words(tokens: TokenStream) -> Vec<String> {
    let of = |tree| match tree {
        TokenTree::Group(group) => words(group.stream()),
        tree => vec![tree.to_string()],
    };
    tokens.into_iter().flat_map(of).collect()
}

/// The source of a network of layers, each with parameters of its own.
fn layers(count: usize) -> String {
    let (mut arguments, mut body) = (String::new(), String::new());
    for k in 0..count {
        _ = write!(arguments, "w{k}: Param<64, 64>, b{k}: Param<64>, ");
        _ = writeln!(body, "let h = tanh(h.dot(w{k}) + b{k});");
    }
    format!(
        "#[network] fn layers_{count}(x: Input<N, 64>, y: Input<N, 64>, {arguments}) -> Output {{ let h = x; {body} mse(h, y) }}"
    )
}

/// The same, each layer a network.
fn calls(count: usize) -> String {
    let (mut arguments, mut body) = (String::new(), String::new());
    for k in 0..count {
        _ = write!(arguments, "l{k}: layer<64, 64>, ");
        _ = writeln!(body, "let h = l{k}(h);");
    }
    format!(
        "#[network] fn calls_{count}(x: Input<N, 64>, y: Input<N, 64>, {arguments}) -> Output {{ let h = x; {body} mse(h, y) }}"
    )
}

/// The same as a stack, for which code is emitted once.
fn stack(count: usize) -> String {
    format!(
        "#[network] fn stack_{count}(x: Input<N, 64>, y: Input<N, 64>, l: [layer<64, 64>; {count}]) -> Output {{ mse(l(x), y) }}"
    )
}

const LAYER: &str = "#[network]
    fn layer<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>) -> Output<N, O> { tanh(x.dot(w) + b) }";

#[test]
#[ignore = "a benchmark"]
fn expansion() {
    let depths = [25, 50, 100, 200];
    let deep: Vec<String> = depths.iter().flat_map(|&n| [layers(n), calls(n), stack(n)]).collect();
    expand_each(&WORKLOADS);
    expand_each(&[LAYER, &deep.concat()]);
}

//! What rustc does between networks, in this process: a file of networks, callees first, is expanded as a whole. And what
//! composition promises: a composed network becomes the program of the flat one, word for word but for names.

use crate::ir::model::Model;
use crate::link::{Definition, Request, needs};
use crate::{lower, parse, pipeline};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use std::collections::HashMap;

/// The items that stand in place of all networks of `source`.
pub fn expand(source: &str) -> TokenStream {
    let file = syn::parse_file(source).expect("networks are functions of Rust");
    let mut held: HashMap<String, TokenStream> = HashMap::new();
    let mut all = TokenStream::new();
    for item in file.items {
        let syn::Item::Fn(function) = item else { panic!("only networks stand in the file") };
        let name = function.sig.ident.to_string();
        let items = answered(first(function), &|name| held[name].clone());
        held.insert(name, definitions(&items));
        all.extend(items);
    }
    all
}

/// The expansion of the attribute alone.
pub fn first(mut function: syn::ItemFn) -> TokenStream {
    let attribute =
        function.attrs.iter().position(|a| a.path().is_ident("network")).expect("a model has the attribute");
    let options = match function.attrs.remove(attribute).meta {
        syn::Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    pipeline::network(options, quote!(#function))
}

/// `items`, or what comes of them where they ask macros, which hold definitions.
pub fn answered(mut items: TokenStream, held: &dyn Fn(&str) -> TokenStream) -> TokenStream {
    while let Some(asked) = call(&items) {
        let path = asked.mac.path.segments.last().expect("a name").ident.to_string();
        if path == "compile_error" {
            break; // An error with nothing beside it asks no network.
        }
        let (request, definitions) = (asked.mac.tokens, held(&path));
        items = pipeline::link(quote!(#request #definitions));
    }
    items
}

/// A call of a macro, where that is all there is.
fn call(items: &TokenStream) -> Option<syn::ItemMacro> {
    // Most items are none, and many: to read them takes long.
    let all: Vec<TokenTree> = items.clone().into_iter().collect();
    let [.., TokenTree::Punct(bang), _] = &all[..] else { return None };
    (bang.as_char() == '!').then(|| syn::parse2(items.clone()).ok()).flatten()
}

/// What the macro among `items` holds.
pub fn definitions(items: &TokenStream) -> TokenStream {
    let file: syn::File = syn::parse2(items.clone()).expect("emitted code is Rust");
    let hidden = file.items.iter().find_map(|item| match item {
        syn::Item::Macro(hidden) => Some(hidden.mac.tokens.clone()),
        _ => None,
    });
    let own: Vec<TokenTree> = last_group(last_group(hidden.expect("a network has a macro"))).into_iter().collect();
    let from = own.iter().rposition(|t| !is_braces(t)).map_or(0, |last| last + 1);
    own[from..].iter().cloned().collect()
}

fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn last_group(tokens: TokenStream) -> TokenStream {
    let groups = tokens.into_iter().filter_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        _ => None,
    });
    groups.last().expect("a group in braces")
}

fn model(options: &str, source: &str) -> Model {
    let parsed = parse::parse(options.parse().expect("tokens"), source.parse().expect("tokens"));
    parsed.unwrap_or_else(|failure| panic!("{source}\n{:?}", failure.error.map(|e| e.to_string())))
}

/// The last of the networks in `sources`, which may call those before it by their names.
pub fn composed(options: &str, sources: &[&str]) -> Model {
    let mut known = HashMap::new();
    let mut spread = None;
    for source in sources {
        let mut model = model(options, source);
        let names = needs(&model).unwrap().iter().map(crate::ir::model::path_text).collect::<Vec<_>>();
        model.callees = names.into_iter().map(|name| (name.clone(), std::rc::Rc::clone(&known[&name]))).collect();
        spread = Some(lower::spread(&model).unwrap_or_else(|e| panic!("{source}\n{e}")));
        known.insert(model.name.to_string(), std::rc::Rc::new(lower::network(&model).unwrap()));
    }
    spread.expect("there is a network")
}

/// All programs of a model as text.
pub fn programs(model: &Model) -> Vec<String> {
    let passes = pipeline::compile(model).unwrap_or_else(|e| panic!("{model}\n{e}"));
    let all = [Some(&passes.infer), Some(&passes.forward), Some(&passes.backward), passes.step.as_ref()];
    all.into_iter().flatten().map(|compiled| compiled.program.to_string()).collect()
}

const DENSE: &str = "fn dense<const I: usize, const O: usize>(x: Input<N, I>, w: Param<I, O>, b: Param<O>)
    -> Output<N, O> { let z = x.dot(w); z + b }";
const GATED: &str = "fn gated(x: Input<N, H>) -> Output<N, H> { x * sigmoid(x) }";
const NORM: &str = "fn norm(x: Input<N, H>, scale: Param<H>) -> Output<N, H> {
    let centred = x - mean(x, axis = H, keepdims = true);
    scale * centred / sqrt(mean(square(centred), axis = H, keepdims = true) + 0.00001) }";

#[test]
fn a_composed_network_is_the_program_of_the_flat_one() {
    let pairs: &[(&[&str], &str)] = &[
        (
            &[DENSE, "fn f(x: Input<N, 13>, y: Input<N, 1>, a: dense<13, 13>, b: dense<13, 1>) -> Output {
                mse(b(sigmoid(a(x))), y) }"],
            "fn f(x: Input<N, 13>, y: Input<N, 1>, a_w: Param<13, 13>, a_b: Param<13>, b_w: Param<13, 1>, b_b: Param<1>)
                -> Output { let a_z = x.dot(a_w); let a = a_z + a_b; let b_z = sigmoid(a).dot(b_w); let b = b_z + b_b;
                mse(b, y) }",
        ),
        (
            &[DENSE, GATED, "fn f(x: Input<N, K>, a: dense<K, K>) -> Output<N, K> { gated(a(gated(a(x)))) }"],
            "fn f(x: Input<N, K>, a_w: Param<K, K>, a_b: Param<K>) -> Output<N, K> {
                let a_z = x.dot(a_w); let a = a_z + a_b; let gated = a * sigmoid(a);
                let a_z = gated.dot(a_w); let a = a_z + a_b; let gated = a * sigmoid(a); gated }",
        ),
        (
            &[NORM, "fn f(x: Input<B, 8>, n: norm) -> Output { sum(n(x)) }"],
            "fn f(x: Input<B, 8>, n_scale: Param<8>) -> Output {
                let n_centred = x - mean(x, axis = 1, keepdims = true);
                let n = n_scale * n_centred / sqrt(mean(square(n_centred), axis = 1, keepdims = true) + 0.00001);
                sum(n) }",
        ),
        (
            &[NORM, "fn f(x: Input<B, 1>, n: norm) -> Output<B, 1> { n(x) }"],
            "fn f(x: Input<B, 1>, n_scale: Param<1>) -> Output<B, 1> {
                let n_centred = x - mean(x, axis = 1, keepdims = true);
                let n = n_scale * n_centred / sqrt(mean(square(n_centred), axis = 1, keepdims = true) + 0.00001); n }",
        ),
    ];
    for (networks, flat) in pairs {
        let (composed, flat) = (programs(&composed("", networks)), programs(&model("", flat)));
        for (composed, flat) in composed.iter().zip(&flat) {
            assert_eq!(composed, flat, "{networks:#?}");
        }
    }
}

#[test]
fn groups_are_spread_in_the_order_of_the_arguments() {
    let housing = "fn housing(x: Input<N, 4>, first: dense, scale: Param, last: dense<3, 1>) -> Output<N, 1> {
        last(scale * first(x)) }";
    let narrow = housing.replace("first: dense,", "first: dense<4, 3>,");
    let whole = "fn whole(a: Param, x: Input<M, 4>, model: housing, b: Param) -> Output { a * b * sum(model(x)) }";
    let model = composed("", &[DENSE, &narrow, whole]);
    let arguments: Vec<String> = model.arguments.iter().map(|a| format!("{}: {}", a.dotted(), a)).collect();
    assert_eq!(
        arguments,
        [
            "a: a: Param []",
            "x: x: Input [M, 4]",
            "model.first.w: model_first_w: Param [4, 3]",
            "model.first.b: model_first_b: Param [3]",
            "model.scale: model_scale: Param []",
            "model.last.w: model_last_w: Param [3, 1]",
            "model.last.b: model_last_b: Param [1]",
            "b: b: Param []",
        ]
    );
    assert!(model.names().contains("model_first_z"), "{:?}", model.names());
}

#[test]
fn open_dimensions_are_named_apart() {
    let model = composed(
        "",
        &[
            DENSE,
            "fn f(x: Input<O>, y: Input<N, 2>, a: dense, b: dense) -> Output {
        sum(x) + sum(b(a(y))) }",
        ],
    );
    let sizes: Vec<&str> = model.sizes().into_iter().map(|r| r.name).collect();
    assert_eq!(sizes, ["O", "N", "a_O", "b_O"]);
}

#[test]
fn a_definition_travels_once() {
    let source = "#[network] fn leaf(x: Input<N>) -> Output<N> { tanh(x) }
        #[network] fn twice(x: Input<N>) -> Output<N> { self::leaf(self::leaf(x)) }
        #[network] fn thrice(x: Input<N>) -> Output<N> { self::leaf(self::twice(x)) }
        #[network] fn all(x: Input<N>) -> Output<N> { self::thrice(self::twice(self::leaf(x))) }";
    let text = expand(source).to_string();
    let macros: Vec<&str> = text.split("macro_rules !").collect();
    assert_eq!(macros.len(), 5);
    assert_eq!(macros[4].matches("fn leaf").count(), 1);
    assert_eq!(macros[4].matches("fn thrice").count(), 1);
}

#[test]
fn what_is_asked_comes_back_as_it_was() {
    let source = "fn f(x: Input<N>, g: a::dense) -> Output<N> { g(b::c(x)) }";
    let model = model("", source);
    let paths = needs(&model).unwrap();
    let request = Request::new(&model, quote!(f64), source.parse().unwrap(), &paths);
    let ask: syn::ItemMacro = syn::parse2(request.ask().unwrap()).unwrap();
    let (asked, own) = (ask.mac.tokens, Definition::new(&model, Vec::new(), source.parse().unwrap()));
    let back = Request::read(quote!(#asked #own));
    assert!(back.ask().unwrap().to_string().starts_with("b :: c !"));
    assert_eq!(back.definitions.len(), 1);
}

#[test]
fn a_part_has_parameters_and_no_passes_and_its_callers_are_the_same() {
    let layer = "(x: Input<N, 4>, w: Param<4, 2>) -> Output<N, 2> { tanh(x.dot(w)) }";
    let whole = "#[network] fn whole(x: Input<N, 4>, one: layer) -> Output { sum(one(x)) }";
    let [part, other] = ["(part)", ""].map(|option| {
        let items = expand(&format!("#[network{option}] fn layer{layer} {whole}")).to_string();
        let at = items.find("mod whole").expect("the module of the caller");
        (items[..at].to_string(), items[at..].to_string())
    });
    assert!(part.0.contains("struct Params") && part.0.contains("struct Gradients"));
    assert!(!part.0.contains("struct Saved") && !part.0.contains("_pass"));
    assert!(other.0.contains("struct Saved") && other.0.contains("_pass"));
    let passes = |items: &str| items[..items.find("macro_rules").expect("its hidden macro")].to_string();
    assert_eq!(passes(&part.1), passes(&other.1));
}

#[test]
fn a_mistake_in_a_part_is_reported_where_it_is() {
    let source = "#[network(part)] fn layer(x: Input<N, 4>, w: Param<3, 2>) -> Output<N, 2> { x.dot(w) }";
    let items = first(syn::parse_str(source).expect("a function of Rust"));
    assert!(items.to_string().contains("`dot` needs equal inner dimensions"));
}

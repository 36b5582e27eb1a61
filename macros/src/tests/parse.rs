//! What the fence and the parser accept, what they make of it, and where their messages point. `«..»` marks the source
//! that an error has to lie in.

use super::{Failure, Known, parse, parse_expr};
use crate::ir::dim::show;
use crate::ir::model::{Block, Expr, ExprKind, Model, Setting};
use proc_macro2::{LineColumn, TokenStream};

fn tokens(source: &str) -> TokenStream {
    source.parse().unwrap_or_else(|e| panic!("{e} in {source}"))
}

fn read(options: &str, item: &str) -> Result<Model, Failure> {
    parse(tokens(options), tokens(item))
}

fn model(item: &str) -> Model {
    read("", item).unwrap_or_else(|failure| panic!("{item}: {}", failure.error.unwrap()))
}

/// The body of `fn f(x, w: [N, N], b: [N])` in prefix notation.
fn body(source: &str) -> String {
    show_block(&model(&function(source)).body)
}

fn function(body: &str) -> String {
    format!("fn f(x: Input<N, K>, w: Param<K, H>, b: Param<H>) -> Output<N, H> {{\n    {body}\n}}")
}

fn show_block(block: &Block) -> String {
    let lets = block.lets.iter().map(|l| {
        let names: Vec<String> = l.names.iter().map(|n| n.as_ref().map_or("_".into(), ToString::to_string)).collect();
        format!("{} = {}; ", names.join(", "), show_expr(&l.value))
    });
    lets.chain([show_expr(&block.result)]).collect()
}

fn show_expr(expr: &Expr) -> String {
    let all = |list: &[Expr]| list.iter().map(show_expr).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Number(n) => n.to_string(),
        ExprKind::Tuple(values) => format!("tuple({})", all(values)),
        ExprKind::List(values) => format!("[{}]", all(values)),
        ExprKind::Block(block) => format!("{{ {} }}", show_block(block)),
        ExprKind::For(turns) => format!("for {} {{ {} }}", turns.count, show_block(&turns.body)),
        ExprKind::If(choice) => {
            format!(
                "if {} {{ {} }} else {{ {} }}",
                choice.condition,
                show_expr(&choice.then),
                show_expr(&choice.otherwise)
            )
        }
        ExprKind::Call(call) => {
            let arguments = call.arguments.iter().map(show_expr);
            let options = call.options.iter().map(|o| format!("{} = {}", o.name, show_setting(&o.value)));
            format!("{}({})", call.op, arguments.chain(options).collect::<Vec<_>>().join(", "))
        }
    }
}

fn show_setting(setting: &Setting) -> String {
    match setting {
        Setting::Text(text) => format!("{text:?}"),
        Setting::Number(n) => n.to_string(),
        Setting::Flag(flag) => flag.to_string(),
        Setting::Name(name) => name.clone(),
        Setting::Dim(dim) => format!("{{{dim}}}"),
        Setting::List(list) => format!("[{}]", list.iter().map(show_setting).collect::<Vec<_>>().join(", ")),
    }
}

/// Where the marks are, in lines and columns of the source without them.
fn unmarked(marked: &str) -> (String, LineColumn, LineColumn) {
    let at = |mark: char| {
        let before = marked.split(mark).next().unwrap().replace('«', "");
        let last = before.rsplit('\n').next().unwrap();
        LineColumn { line: before.matches('\n').count() + 1, column: last.chars().count() }
    };
    (marked.replace(['«', '»'], ""), at('«'), at('»'))
}

/// Exactly one error, within the marks, that mentions all of `mentions`.
fn expect(failure: Failure, marked: &str, mentions: &[&str]) -> Known {
    let (_, start, end) = unmarked(marked);
    let errors: Vec<syn::Error> = failure.error.into_iter().flatten().collect();
    let texts: Vec<String> = errors.iter().map(syn::Error::to_string).collect();
    let [error] = errors.as_slice() else { panic!("one error expected, found {texts:#?} in\n{marked}") };
    let (from, to) = (error.span().start(), error.span().end());
    assert!(start <= from && to <= end, "`{error}` at {from:?}..{to:?}, not {start:?}..{end:?} in\n{marked}");
    for mention in mentions {
        assert!(texts[0].contains(mention), "`{error}` does not mention `{mention}`");
    }
    failure.known
}

fn reject(marked: &str, mentions: &[&str]) -> Known {
    let source = unmarked(marked).0;
    expect(read("", &source).expect_err(&source), marked, mentions)
}

/// Rejects a body, and still knows the signature.
fn reject_body(marked: &str, mentions: &[&str]) {
    let known = reject(&function(marked), mentions);
    assert!(matches!(known, Known::Model(model) if model.arguments.len() == 3), "the signature of {marked} is lost");
}

fn reject_options(marked: &str, mentions: &[&str]) {
    let source = unmarked(marked).0;
    let failure =
        read(&source, "fn f(x: Input<N>, type_: Input<N>, w: Param<N>) -> Output<N> { x }").expect_err(&source);
    assert!(matches!(expect(failure, marked, mentions), Known::Model(_)));
}

/// A signature with the body `x`.
fn reject_signature(marked: &str, mentions: &[&str]) {
    reject(&format!("{marked} {{ x }}"), mentions);
}

#[test]
fn operators_keep_the_precedence_of_rust() {
    assert_eq!(body("x - w - x / w * x"), "sub(sub(x, w), mul(div(x, w), x))");
    assert_eq!(body("-x.powi(2)"), "neg(powi(x, 2))");
    assert_eq!(body("(x + w) * b"), "mul(add(x, w), b)");
    assert_eq!(body("2 * x + 1 / 2"), "add(mul(2, x), div(1, 2))");
    assert_eq!(body("select(x > 0, x, w == b)"), "select(gt(x, 0), x, eq(w, b))");
}

#[test]
fn numbers_have_one_type() {
    let cases = [("-2.0", "-2"), ("1e-3", "0.001"), ("2.0f32", "2"), ("3f64", "3"), ("0x10", "16"), ("1_000", "1000")];
    for (source, value) in cases {
        assert_eq!(body(source), value);
    }
    assert_eq!(body("x - 1"), "sub(x, 1)");
    assert_eq!(body("- -2.5"), "2.5");
}

#[test]
fn references_clones_and_groups_mean_nothing() {
    assert_eq!(body("x.dot(&w) + &b"), "add(dot(x, w), b)");
    assert_eq!(body("&(x.clone() + *w.view())"), "add(x, w)");
    assert_eq!(body("x.t().to_owned()"), "t(x)");
    assert_eq!(body("{ x }"), "x");
    assert_eq!(body("tanh({ let h = x; h + 1 })"), "tanh({ h = x; add(h, 1) })");
}

#[test]
fn options_are_named_or_an_axis_of_ndarray() {
    assert_eq!(body("sum(x, axis = 0, keepdims = true)"), "sum(x, axis = 0, keepdims = true)");
    assert_eq!(body("softmax(x, axis = K)"), "softmax(x, axis = K)");
    assert_eq!(body("x.sum_axis(Axis(0))"), "sum_axis(x, axis = 0)");
    assert_eq!(body("x.sum(axis = ndarray::Axis(1))"), "sum(x, axis = 1)");
    assert_eq!(body("sum(x, axis = (0, -1))"), "sum(x, axis = [0, -1])");
    assert_eq!(body("sum(x, axis = [N, 1])"), "sum(x, axis = [N, 1])");
    assert_eq!(body("pad(x, by = 2 * K + 1, to = {N})"), "pad(x, by = {2 * K + 1}, to = {N})");
}

#[test]
fn operands_that_are_named_may_be_computed() {
    assert_eq!(body("attention(x, w, b, mask = x > 0)"), "attention(x, w, b, gt(x, 0))");
    assert_eq!(body("x.attention(w, mask = &(x * w), b)"), "attention(x, w, b, mul(x, w))");
    assert_eq!(body("attention(x, w, b, mask = b)"), "attention(x, w, b, mask = b)");
    assert_eq!(body("layer_norm(x, shift = 2 * b, axis = 1)"), "layer_norm(x, 1, mul(2, b), axis = 1)");
    assert_eq!(body("layer_norm(x, shift = 2 * b, scale = b)"), "layer_norm(x, b, mul(2, b))");
    assert_eq!(body("layer_norm(x, scale = 1 + b, eps = 1e-3)"), "layer_norm(x, add(1, b), eps = 0.001)");
    reject_body("layer_norm(x, b, scale = «2 * b»)", &["`scale`", "twice"]);
    reject_body("«batch_norm»(x, b, b, var = 2 * b)", &["`batch_norm`", "`mean`"]);
    reject_body("attention(x, w, b, mask = «!»x)", &["`!`"]);
}

#[test]
fn positional_settings_stay_arguments() {
    assert_eq!(body("sum_axis(x, -1)"), "sum_axis(x, -1)");
    assert_eq!(body("reshape(x, [N, 2 * K])"), "reshape(x, [N, mul(2, K)])");
    assert_eq!(body("x.permute((1, 0))"), "permute(x, [1, 0])");
    assert_eq!(body("concat(&[x, tanh(w)], axis = 0)"), "concat([x, tanh(w)], axis = 0)");
}

#[test]
fn lets_shadow_and_may_state_a_shape() {
    let model = model(&function("let h: Output<N, H> = x.dot(w); let h = h + b; h"));
    assert_eq!(show_block(&model.body), "h = dot(x, w); h = add(h, b); h");
    assert_eq!(show(&model.body.lets[0].shape.as_ref().unwrap().0), "[N, H]");
    assert!(model.body.lets[1].shape.is_none());
}

#[test]
fn raw_and_unicode_names_are_plain_names() {
    let model = model("fn f(r#type: Input<N>, ξ: Param<N>) -> Output<N> { let r#move = r#type; tanh(r#move) + ξ }");
    assert_eq!(show_block(&model.body), "r#move = type; add(tanh(move), ξ)");
}

#[test]
fn signatures_state_shapes() {
    let model = read(
        "f64, wrt(x), crate = ::a::b",
        "/// doc\n#[inline(never)] pub fn f<const H: usize>(x: &Input<N, 13>, w: Param<13, {2 * H + 1 - 1}>, \
         labels: Index<N>, m: Mask<N, H>, s: Param) -> (Output<N, {H + H}>, Output) { (x, s) }",
    );
    let model = model.unwrap();
    assert!(model.options.double);
    assert_eq!(model.options.wrt, ["x"]);
    assert_eq!(model.attributes.len(), 2);
    let arguments: Vec<String> =
        model.arguments.iter().map(|a| format!("{}: {:?}{}", a.name, a.role, show(&a.shape))).collect();
    assert_eq!(
        arguments,
        ["x: Input[N, 13]", "w: Param[13, 2 * H]", "labels: Index[N]", "m: Mask[N, H]", "s: Param[]"]
    );
    let outputs: Vec<String> = model.result.shapes.iter().map(|(s, _)| show(s)).collect();
    assert_eq!(outputs, ["[N, 2 * H]", "[]"]);
    assert!(model.result.tuple);
    assert_eq!(show_block(&model.body), "tuple(x, s)");
}

#[test]
fn odd_but_legal_signatures() {
    model("fn f(N: Input<N>) -> Output<N> { N }");
    model("fn f() -> Output { 1 }");
    model("fn f(x: Input<0, N,>,) -> ((Output<N>)) { x }");
    assert!(model("fn f(x: Input<N>) -> (Output<N>,) { (x,) }").result.tuple);
    model("fn f(x: Input) -> (Output, Output) { let y = x; { (y, y) } }");
}

#[test]
fn the_text_of_a_rule_is_an_expression() {
    let show = |text| show_expr(&parse_expr(text).unwrap());
    assert_eq!(show("dy * (1 - y * y)"), "mul(dy, sub(1, mul(y, y)))");
    assert_eq!(show("sum(dy * y, axis = axis, keepdims = true)"), "sum(mul(dy, y), axis = axis, keepdims = true)");
    assert!(parse_expr("dy *").is_err());
    assert!(parse_expr("match x { _ => z }").is_err());
}

#[test]
fn invisible_groups_are_looked_through() {
    use proc_macro2::{Delimiter, Group, TokenTree};
    let mut sum: TokenStream = TokenTree::from(Group::new(Delimiter::None, tokens("x + w"))).into();
    sum.extend(tokens("* b"));
    let name = TokenTree::from(Group::new(Delimiter::None, tokens("N")));
    let item = quote::quote!(fn f(x: Input<#name>, w: Input<N>, b: Input<N>) -> Output<#name> { tanh(#sum) });
    let model = parse(TokenStream::new(), item).unwrap();
    assert_eq!(show_block(&model.body), "tanh(mul(add(x, w), b))");
}

#[test]
fn control_flow_is_named() {
    reject_body("let y = «if» true { x };\n    y", &["`if`", "`else`"]);
    reject_body("if «let y = x» { y } else { x }", &["`if let`", "select"]);
    reject_body("«for» _ in 0..n { tanh(x); }\n    x", &["loop"]);
    reject_body("«'a: loop» { break 'a tanh(x) }", &["loop"]);
    reject_body("«while» x > 0 { x } \n x", &["loop"]);
    reject_body("«match» x { _ => x }", &["match"]);
    reject_body("tanh(x)«?»", &["`?`"]);
    reject_body("«unsafe» { tanh(x) }", &["unsafe"]);
    reject_body("«return» x", &["return"]);
    reject_body("«return» x;", &["return"]);
    reject_body("«|y| y»", &["closures"]);
    reject_body("«async» { x }", &["async"]);
    reject_body("x.«await»", &["await"]);
    reject_body("«const» { x }", &["const"]);
    reject_body("«'a:» { x }", &["labels"]);
    reject_body("«break»", &["break"]);
}

#[test]
fn operators_without_a_meaning_are_named() {
    reject_body("x «** 2.0»", &["`**`", "powf(x, 2.0)"]);
    reject_body("tanh(x «**2»)", &["`**`"]);
    reject_body("x «%» 2.0", &["`%`"]);
    reject_body("«!»x", &["`!`"]);
    reject_body("x «^» 2", &["`^`", "powi"]);
    reject_body("select((x > 0) «&&» (w > 0), x, w)", &["`&&`", "select"]);
    reject_body("x «<<» 2", &["`<<`"]);
    reject_body("«x[0]»", &["indexing"]);
    reject_body("x«.shape»", &["fields"]);
    reject_body("x«.0»", &["fields"]);
    assert_eq!(body("x * *w"), "mul(x, w)");
}

#[test]
fn data_of_other_types_is_named() {
    reject_body("x + «\"one\"»", &["only numbers are allowed in a model"]);
    reject_body("x * «true»", &["only numbers are allowed in a model"]);
    reject_body("x * «'a'»", &["only numbers are allowed in a model"]);
    reject_body("x * («2 as f64»)", &["casts"]);
    reject_body("«[x, w]»", &["array literals"]);
    reject_body("reshape(x, «[0; 2]»)", &["array literals"]);
    reject_body("«S { x }»", &["struct literals"]);
    reject_body("x.«slice»(0..2)", &["slice", "0..2"]);
    reject_body("(«0..2»)", &["ranges"]);
    reject_body("«println!»(\"{}\", x);\n x", &["println!"]);
    reject_body("x + «vec!»[1]", &["vec!"]);
    reject_body("«_» + x", &["`_`"]);
    reject_body("&«mut» x", &["mut"]);
    reject_body("x * «2usize»", &["usize"]);
    reject_body("x * «2.0foo»", &["foo"]);
    reject_body("x * «1e999»", &["1e999"]);
    reject_body("x + «()»", &["tuple"]);
    reject_body("x + «(x, w)»", &["tuple"]);
}

#[test]
fn statements_other_than_let_are_named() {
    reject_body("let «mut» h = x.dot(w);\n    h", &["mut"]);
    reject_body("let h = x.dot(w);\n    «h = h + b»;\n    h", &["assignment", "let h = ..;"]);
    reject_body("let h = x;\n    «h += b»;\n    h", &["assignment"]);
    reject_body("let (a, c) = «(x, w)»;\n    a + c", &["tuple"]);
    reject_body("let «_» = x;\n    x", &["one plain name"]);
    reject_body("let «ref h» = x;\n    h", &["one plain name"]);
    reject_body("let h = x «else» { w };\n h", &["let .. else"]);
    reject_body("«let h;»\n x", &["no value"]);
    reject_body("«sigmoid(w)»;\n    tanh(x)", &["this value is not used"]);
    reject_body("«tanh(x)»;", &["not used", "`;`"]);
    reject_body("«let h = tanh(x);»", &["no result expression", "without `;`"]);
    reject_body("tanh(«{ let h = x; }»)", &["block has no result"]);
    reject_body("tanh(«{}»)", &["block is empty"]);
    reject_body("«fn g(v: M) -> M { tanh(v) }»\n    g(x)", &["items inside a model"]);
    reject_body("«const K: f64 = 0.5;»\n    K * x", &["items inside a model"]);
    reject_body("«use std::f64::consts::PI;»\n    PI * x", &["items inside a model"]);
    reject_body("«#[cfg(a)]» let h = x; x", &["attributes"]);
    reject_body("x + «#[a]» w", &["attributes"]);
    reject("fn f(x: Input<N>) -> Output<N> «{}»", &["the model is empty"]);
}

#[test]
fn a_semicolon_of_its_own_means_nothing() {
    assert_eq!(body("let h = x;; ; h"), "h = x; h");
    reject_body("«x»;;", &["not used"]);
}

#[test]
fn a_let_may_be_documented() {
    assert_eq!(body("/// the hidden layer\n let h = x;\n h"), "h = x; h");
}

#[test]
fn names_and_calls_are_plain() {
    reject_body("«f64::exp»(x)", &["f64::exp", "paths are not supported as operations", "exp(..)"]);
    reject_body("«std::f64::consts::PI» * x", &["std::f64::consts::PI"]);
    reject_body("sum«::<f64>»(x)", &["type arguments"]);
    reject_body("x.sum«::<f64>»()", &["type arguments"]);
    reject_body("«(tanh)»(x)", &["called"]);
    reject_body("sum(x, «axis = 0..1»)", &["axis"]);
    reject_body("sum(x, «a.b = 0»)", &["option"]);
    reject_body("sum(x, axis = 0, «axis = 1»)", &["axis", "twice"]);
    reject_body("let h: «Vec<f64>» = x; h", &["Vec"]);
    reject_body("let h: Output<«Q»> = x; h", &["`Q`"]);
}

#[test]
fn signatures_outside_the_language_are_named() {
    reject_signature("fn f(x: Input<N>, «x»: Param<N>) -> Output<N>", &["parameter `x` is bound more than once"]);
    reject_signature("fn f(x: Input<N>, «r#x»: Param<N>) -> Output<N>", &["`x` is bound more than once"]);
    reject_signature("fn f(x: «impl Into<M>») -> Output", &["impl"]);
    reject_signature("fn f(x: Input, training: «bool») -> Output", &["bool", "Input", "Param"]);
    reject_signature("fn f(x: «Imput<N>») -> Output<N>", &["Imput", "did you mean `Input`?"]);
    reject_signature("fn f(x: «Array2<f32>») -> Output", &["Array2"]);
    reject_signature("fn f(x: «Output<N>») -> Output", &["Output", "returns"]);
    reject_signature("fn f(x: «[f32; 3]») -> Output", &["Input"]);
    reject_signature("fn f(x: «&mut Input<N>») -> Output", &["Input"]);
    reject_signature("fn f(«mut» x: Input) -> Output", &["mut"]);
    reject_signature("fn f(«(x, y)»: Input) -> Output", &["one plain name"]);
    reject_signature("fn f(«_»: Input) -> Output", &["one plain name"]);
    reject_signature("fn f(«&self», x: Input) -> Output", &["self"]);
    reject_signature("fn f(x: Input, «...») -> Output", &["fixed number"]);
    reject_signature("fn f(«#[a]» x: Input) -> Output", &["attributes"]);
    reject_signature("fn f(#[init(normal(«1e999»))] w: Param<N>) -> Output<N>", &["too large"]);
    reject_signature("«const» fn f(x: Input) -> Output", &["const"]);
    reject_signature("«extern \"C\"» fn f(x: Input) -> Output", &["extern"]);
    reject_signature("«unsafe» fn f(x: Input) -> Output", &["unsafe"]);
    reject_signature("«async» fn f(x: Input) -> Output", &["async"]);
    reject_signature("«default» fn f(x: Input) -> Output", &["default"]);
    reject_signature("«safe» fn f(x: Input) -> Output", &["safe"]);
    reject_signature("«#[network]» fn f(x: Input) -> Output", &["twice"]);
}

#[test]
fn generics_are_dimensions() {
    reject_signature("fn f«<const N: usize>»(x: Input<A, B>) -> Output<A, B>", &["generic", "`N`"]);
    reject_signature("fn f<«T»>(x: Input<N>) -> Output<N>", &["generic", "`T`"]);
    reject_signature("fn f<«'a»>(x: &'a Input<N>) -> Output<N>", &["generic", "'a"]);
    reject_signature("fn f(x: Input<N>) -> Output<N> «where N: Copy»", &["where"]);
    reject_signature("fn f<«const N: u8»>(x: Input<N>) -> Output<N>", &["usize"]);
    reject_signature("fn f<const N: usize = «3»>(x: Input<N>) -> Output<N>", &["default"]);
}

#[test]
fn dimensions_can_be_read_off_arguments() {
    reject_signature("fn f(x: Input<N, {«H» / 2}>) -> Output<N>", &["`H`", "cannot be read off"]);
    reject_signature("fn f(x: Input<N, {«H» * H}>) -> Output<N>", &["`H`", "cannot be read off"]);
    reject_signature("fn f(x: Input<N>) -> Output<«M»>", &["`M`", "no argument"]);
    reject_signature("fn f(x: Input<Hidden>) -> Output<«Hiden»>", &["`Hiden`", "did you mean `Hidden`?"]);
    reject_signature("fn f(x: Input<N, «-1»>) -> Output<N>", &["negative"]);
    reject_signature("fn f(x: Input<N, «_»>) -> Output<N>", &["`_`"]);
    for word in ["self", "Self", "super", "crate"] {
        reject_signature(&format!("fn f(x: Input<N, «{word}»>) -> Output<N>"), &[word, "give it a name"]);
    }
    reject_signature("fn f(x: Input<N, «2.0»>) -> Output<N>", &["whole number"]);
    reject_signature("fn f(x: Input<N, {N «%» 2}>) -> Output<N>", &["`+`, `-`, `*` and `/`"]);
    reject_signature("fn f(x: Input<N, M, {N / «M»}>) -> Output<N>", &["a number only"]);
    reject_signature("fn f(x: Input<N, {N / «0»}>) -> Output<N>", &["divided by 0"]);
    reject_signature("fn f(x: Input<N, {«a::B»}>) -> Output<N>", &["path"]);
    reject_signature("fn f(x: «Input<A, B, C, D, E, F, G>») -> Output<A>", &["at most 6", "7"]);
    reject_signature("fn f(x: Input<«99999999999»>) -> Output", &["too large"]);
    reject_signature("fn f(x: Input<{«99999 * 99999»}>) -> Output", &["too large"]);
    reject_signature("fn f(x: «Input<99999999, 99999999>») -> Output", &["memory"]);
}

#[test]
fn results_are_outputs() {
    reject_signature("«fn f(x: Input)»", &["return type", "Output"]);
    reject_signature("fn f(x: Input) -> «()»", &["a model returns an array or a scalar"]);
    reject_signature("fn f(x: Input) -> «impl Clone»", &["impl", "written out"]);
    reject_signature("fn f(x: Input) -> «Result<Output, String>»", &["Result", "a model returns an array or a scalar"]);
    reject_signature("fn f(x: Input) -> «!»", &["a model returns an array or a scalar"]);
    reject_signature("fn f(x: Input) -> «&Output»", &["reference"]);
    reject_signature("fn f(x: Input) -> (Output, «Input»)", &["Input"]);
    reject("fn f(x: Input) -> Output { «(x, x)» }", &["one value"]);
    reject("fn f(x: Input) -> (Output, Output) { «(x, x, x)» }", &["2 values", "3"]);
}

#[test]
fn options_are_known() {
    reject_options("«fsat»", &["fsat", "`f64`", "wrt"]);
    reject_options("«f46»", &["f46", "did you mean `f64`?"]);
    reject_options("f64, «f32»", &["twice"]);
    reject_options("wrt(«w»)", &["`w`", "Param"]);
    reject_options("wrt(«y»)", &["`y`", "no argument"]);
    reject_options("wrt(x, «x»)", &["twice"]);
    reject_options("«wrt»", &["wrt(x, y)"]);
    reject_options("«wrt(1)»", &["wrt(x, y)"]);
    reject_options("crate = «3»", &["path"]);
    reject_options("crate = «Self::pullback»", &["path"]);
    reject_options("crate = «a::<f32>::pullback»", &["path"]);
    reject_options("«3»", &["options"]);
    reject_options("«f64 f32»", &["options"]);
    reject_options("«f64(2)»", &["no value"]);
}

#[test]
fn other_items_are_named() {
    assert!(matches!(reject("«mod» m {}", &["function", "module"]), Known::Item(_)));
    assert!(matches!(reject("«const» A: f64 = 1.0;", &["function", "constant"]), Known::Item(_)));
    assert!(matches!(reject("pub «struct» S;", &["function", "struct"]), Known::Item(_)));
    assert!(matches!(reject("«fn f(x: M) -> M;»", &["body"]), Known::Nothing));
}

#[test]
fn what_rustc_has_reported_is_not_reported_again() {
    let silent = |item: &str| {
        let failure = read("", item).expect_err(item);
        assert!(failure.error.is_none(), "{item}: {}", failure.error.unwrap());
        failure.known
    };
    for body in ["x.", "x +", "x + * / x", "let h = x\n h", "2 x", "x++", "a < b < c", "let in = x; x", "x @ w"] {
        assert!(matches!(silent(&function(body)), Known::Model(_)), "{body}");
    }
    for signature in [
        "fn f(x) -> M",
        "fn f(Input<N>) -> Output<N>",
        "fn f(x: Input<N, H + 1>) -> Output<N>",
        "fn f(type: Input) -> Output",
    ] {
        assert!(matches!(silent(&format!("{signature} {{ x }}")), Known::Nothing | Known::Function(_)), "{signature}");
    }
    for body in ["yield x", "(let a = x)", "for<'a> |y| y", "become f(x)"] {
        assert!(matches!(silent(&function(body)), Known::Model(_)), "{body}");
    }
    silent("struct S { x u8 }");
    silent("");
}

#[test]
fn a_report_is_never_empty_where_the_function_is_known() {
    let report = |item: &str| read("", item).unwrap_err().report().to_string();
    assert!(report(&function("x % 2")).contains("compile_error"));
    let unusual = report(&function("x.self()"));
    assert!(!unusual.contains("compile_error") && unusual.contains("must_use"));
    assert_eq!(report("struct S { x u8 }"), "");
}

#[test]
fn mistakes_of_one_phase_are_all_reported() {
    let failure = read("", &function("let mut h = x % 2;\n    (h ^ 2) as f64")).unwrap_err();
    assert_eq!(failure.error.into_iter().flatten().count(), 3);
    let failure = read("", "fn f(x: Imput<N>, y: bool, y: Input) { x }").unwrap_err();
    assert_eq!(failure.error.into_iter().flatten().count(), 4);
}

#[test]
fn a_function_that_is_no_model_is_replaced_by_one_that_takes_anything() {
    let failure = read("", "#[inline] pub const fn f(&self, x: Imput<N>, x: bool, w: Param<N>) { x }").unwrap_err();
    let Known::Function(function) = failure.known else { panic!("the function is known") };
    let any = quote::quote!(_: impl ::core::marker::Sized);
    assert_eq!(*function, syn::parse_quote!(pub fn f(#any, #any, #any) -> ! {}));
}

/// Runs `work` with the stack that rustc and rust-analyzer give to a macro.
fn on_the_stack_of_a_macro(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(8 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn deep_and_long_models_fit_on_the_stack() {
    on_the_stack_of_a_macro(|| {
        model(&function(&format!("{}x{}", "tanh(".repeat(300), ")".repeat(300))));
        model(&function(&vec!["x"; 400].join(" + ")));
        model(&function(&format!("x{}", ".tanh()".repeat(500))));
        model(&function(&format!("{} h", "let h = tanh(h); ".repeat(5000))));
    });
}

#[test]
fn too_deep_models_are_refused() {
    let nested = |open: &str, close: &str, n: usize| function(&format!("{}x{}", open.repeat(n), close.repeat(n)));
    let long = |sign: &str| function(&format!("x{}", sign.repeat(20_000)));
    let prefixed = |sign: &str| function(&format!("{}x", sign.repeat(20_000)));
    let deep = [nested("tanh(", ")", 1000), nested("{", "}", 1000), long(" + x"), prefixed("- "), prefixed("return ")];
    for source in deep {
        on_the_stack_of_a_macro(move || {
            let failure = read("", &source).unwrap_err();
            assert!(failure.error.unwrap().to_string().contains("nested too deep"));
            assert!(matches!(failure.known, Known::Model(_)));
        });
    }
    assert!(matches!(
        read("", &format!("fn f(x: {}N{}) -> Output {{ x }}", "A<".repeat(9000), ">".repeat(9000))).unwrap_err().known,
        Known::Nothing
    ));
}

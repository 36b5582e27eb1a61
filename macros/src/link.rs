//! How networks find each other. In: a model that calls networks by paths, which only rustc can resolve. Out: the
//! definition of each, once, and which path means which.
//!
//! Every `#[network] fn dense` leaves a macro `dense!` behind that holds its definition and those of the networks in it. A
//! network that uses `dense` expands to `dense! { {request} }`: the macro adds what it holds and hands all of it to
//! [`link`](crate::link), which asks the next macro, or has everything. A definition goes by an identity of its own, so that
//! networks of one name do not mix, and a path within a definition is resolved where it was written.

use crate::error::{error, is_slip, recursion};
use crate::ir::model::{Call, Model, Spelling, path_text, plain};
use crate::op;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use std::collections::HashSet;
use syn::spanned::Spanned;
use syn::{FnArg, ItemFn, Visibility};

/// Names under which a macro would get in the way of one of Rust's, or of an attribute.
const TAKEN: &str = "\
    allow asm assert assert_eq assert_matches assert_ne automatically_derived bench cfg cfg_attr cfg_select cold \
    column compile_error concat coverage dbg debug_assert debug_assert_eq debug_assert_ne debugger_visualizer \
    deny deprecated derive doc env eprint eprintln expect export_name feature file forbid format format_args \
    global_allocator global_asm ignore include include_bytes include_str inline instruction_set line link \
    link_name link_section macro_export macro_use matches module_path must_use naked network no_mangle \
    non_exhaustive optimize option_env panic path print println proc_macro proc_macro_attribute \
    proc_macro_derive recursion_limit repr should_panic stringify target_feature test thread_local todo \
    track_caller unimplemented unreachable used vec warn write writeln";

/// A network as its macro holds it.
#[derive(Clone, Debug)]
pub struct Definition {
    pub id: Ident,
    /// What the paths in it mean.
    pub callees: Vec<(String, Ident)>,
    pub options: TokenStream,
    pub item: TokenStream,
}

/// A network that is being linked.
pub struct Request {
    /// The macro that takes it back.
    link: TokenStream,
    pub options: TokenStream,
    pub item: TokenStream,
    /// What it calls, as written.
    paths: Vec<TokenStream>,
    /// The networks behind the first of `paths`.
    answers: Vec<Ident>,
    /// Callees stand before their callers.
    pub definitions: Vec<Definition>,
    /// A callee has an error, which is reported where it stands.
    pub broken: bool,
}

/// The networks that a model names, each once; or calls that can mean none.
pub fn needs(model: &Model) -> syn::Result<Vec<syn::Path>> {
    let groups = model.groups.iter().map(|g| &g.network);
    let arguments = model.arguments.iter().map(|a| plain(&a.name));
    let here: Vec<String> = arguments.chain(model.groups.iter().map(|g| plain(&g.name))).chain(model.names()).collect();
    let calls = model.calls().into_iter().filter(|call| is_network(model, &here, call));
    let mut paths: Vec<syn::Path> = Vec::new();
    let mut seen = HashSet::new();
    for path in groups.chain(calls.filter_map(|call| call.path.as_ref())) {
        check(model, path)?;
        if seen.insert(path_text(path)) {
            paths.push(path.clone());
        }
    }
    Ok(paths)
}

/// A path; or a name that nothing here has, and that is no slip for one that something has.
fn is_network(model: &Model, here: &[String], call: &Call) -> bool {
    let Some(path) = call.path.as_ref().filter(|_| call.spelling == Spelling::Function) else { return false };
    let here = here.iter().map(String::as_str);
    let known = op::callable(&call.op).is_some() || call.op == plain(&model.name) || here.clone().any(|n| n == call.op);
    path.segments.len() > 1 || !known && !is_slip(&call.op, op::names().map(|n| -> &str { n }).chain(here))
}

fn check(model: &Model, path: &syn::Path) -> syn::Result<()> {
    let text = path_text(path);
    let name = plain(&model.name);
    if text == name || text == format!("self::{name}") {
        return Err(error(path.span(), recursion(&text)));
    }
    let last = text.rsplit("::").next().unwrap_or(&text);
    match is_taken(last) {
        true => Err(error(path.span(), format!("no network can be called as `{last}`: Rust has a macro of this name"))),
        false => Ok(()),
    }
}

fn is_taken(name: &str) -> bool {
    TAKEN.split_whitespace().any(|taken| taken == name)
}

impl Request {
    pub fn new(model: &Model, options: TokenStream, item: TokenStream, paths: &[syn::Path]) -> Self {
        let runtime = &model.options.runtime;
        let paths = paths.iter().map(|path| quote!(#path)).collect();
        let (answers, definitions, broken) = Default::default();
        Request { link: quote!(#runtime::__link), options, item, paths, answers, definitions, broken }
    }

    /// The call of the next macro that is to answer, or nothing where all have.
    pub fn ask(&self) -> Option<TokenStream> {
        let next = self.paths.get(self.answers.len()).filter(|_| !self.broken)?;
        let Request { link, options, item, paths, answers, definitions, .. } = self;
        let span = next.span();
        let bang = quote_spanned!(span=> !);
        Some(quote!(#next #bang { {#link} {#options} {#item} {#({#paths})*} {#(#answers)*} #(#definitions)* }))
    }

    /// What comes back: as it was asked, with more definitions behind it, the last of which is the answer.
    pub fn read(tokens: TokenStream) -> Self {
        let mut groups = groups(tokens);
        let mut next = || groups.next().expect("a request has five parts");
        let (link, options, item, paths, answers) = (next(), next(), next(), next(), next());
        let definitions: Vec<Option<Definition>> = groups.map(Definition::read).collect();
        let broken = definitions.iter().any(Option::is_none);
        let answer = definitions.last().and_then(|last| Some(last.as_ref()?.id.clone()));
        let paths = self::groups(paths).collect();
        let answers = idents(answers).chain(answer).collect();
        let mut request = Request { link, options, item, paths, answers, definitions: Vec::new(), broken };
        definitions.into_iter().flatten().for_each(|definition| request.add(definition));
        request
    }

    fn add(&mut self, definition: Definition) {
        if self.definitions.iter().all(|known| known.id != definition.id) {
            self.definitions.push(definition);
        }
    }

    /// Which path means which network.
    pub fn callees(&self) -> Vec<(String, Ident)> {
        let paths = self.paths.iter().map(|path| path.to_string().replace(' ', ""));
        paths.zip(self.answers.iter().cloned()).collect()
    }
}

impl ToTokens for Definition {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Definition { id, callees, options, item } = self;
        let callees = callees.iter().map(|(path, id)| {
            let path: TokenStream = path.parse().expect("a path was read from tokens");
            quote!({#path} #id)
        });
        tokens.extend(quote!({ #id {#(#callees)*} {#options} {#item} }));
    }
}

impl Definition {
    /// The definition of `model`, which stands in `item`.
    pub fn new(model: &Model, callees: Vec<(String, Ident)>, item: TokenStream) -> Self {
        let wrt = &model.options.wrt;
        let wrt = (!wrt.is_empty()).then(|| quote!(wrt(#(#wrt),*)));
        let (names, values): (Vec<_>, Vec<_>) = model.options.gradient.iter().cloned().unzip();
        let gradient = (!names.is_empty()).then(|| quote!(gradient(#(#names = #values),*)));
        let options = wrt.into_iter().chain(gradient);
        let options = quote!(#(#options),*);
        let item = bare(item);
        Definition { id: identity(&model.name, &item), callees, options, item }
    }

    /// Nothing for one that has an error.
    fn read(tokens: TokenStream) -> Option<Self> {
        let mut tokens = tokens.into_iter();
        let id = idents(tokens.next()?.into()).next()?;
        let mut parts = groups(tokens.collect());
        let (callees, options, item) = (parts.next()?, parts.next()?, parts.next()?);
        let names = groups(callees.clone()).map(|path| path.to_string().replace(' ', ""));
        Some(Definition { id, callees: names.zip(idents(callees)).collect(), options, item })
    }
}

/// The macro behind a network's name: it holds `definitions`, the network's own last, or none where that has an error.
pub fn hidden_macro(
    (name, visibility, attributes): (&Ident, &Visibility, &[syn::Attribute]),
    definitions: &[Definition],
) -> TokenStream {
    if is_taken(&plain(name)) {
        return TokenStream::new();
    }
    let held = if definitions.is_empty() { quote!({}) } else { quote!(#(#definitions)*) };
    let id = definitions.last().map_or_else(|| identity(name, &TokenStream::new()), |own| own.id.clone());
    let cfg: Vec<&syn::Attribute> = attributes.iter().filter(|a| a.path().is_ident("cfg")).collect();
    let is_public = matches!(visibility, Visibility::Public(_));
    let export = is_public.then(|| quote!(#[macro_export]));
    quote! {
        #(#cfg)*
        #[doc(hidden)]
        #export
        #[allow(unused_macros, non_local_definitions)]
        macro_rules! #id {
            ({ $($link:tt)* } $($asked:tt)*) => { $($link)*! { { $($link)* } $($asked)* #held } };
        }
        #(#cfg)*
        #[doc(hidden)]
        #[allow(unused_imports)]
        #visibility use #id as #name;
    }
}

/// The function without what means nothing to a caller.
fn bare(item: TokenStream) -> TokenStream {
    let Ok(mut function) = syn::parse2::<ItemFn>(item.clone()) else { return item };
    function.attrs.clear();
    function.vis = Visibility::Inherited;
    for argument in &mut function.sig.inputs {
        if let FnArg::Typed(typed) = argument {
            typed.attrs.clear();
        }
    }
    quote!(#function)
}

/// A name that no other network has: made of the place and the text of this one.
fn identity(name: &Ident, item: &TokenStream) -> Ident {
    let file = file(name.span());
    let start = name.span().start();
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let text = format!("{package} {file} {} {} {item}", start.line, start.column);
    format_ident!("__{}_{:016x}", plain(name), hash(text.as_bytes()), span = Span::call_site())
}

/// The file of `span` within its package; empty where the source is no file.
fn file(span: Span) -> String {
    let (file, root) = (span.file(), std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    if file.starts_with('<') { String::new() } else { file.trim_start_matches(&*root).to_string() }
}

/// Fowler, Noll & Vo's hash, FNV-1a, which is the same in every build.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What stands in the braces of `tokens`.
fn groups(tokens: TokenStream) -> impl Iterator<Item = TokenStream> {
    tokens.into_iter().filter_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(Group::stream(&group)),
        _ => None,
    })
}

fn idents(tokens: TokenStream) -> impl Iterator<Item = Ident> {
    tokens.into_iter().filter_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident),
        _ => None,
    })
}

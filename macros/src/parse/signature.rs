//! In: the signature of a function behind the fence. Out: a model without its body, whose argument names are distinct
//! and every dimension of which can be read off an argument, or stands in the type of a group, which is looked into
//! when its network is known.

use super::dims::{self, Written};
use super::init;
use crate::error::{Errors, Place, error, is_slip, nearest};
use crate::ir::dim::Shape;
use crate::ir::model::{Argument, Block, Expr, ExprKind, Group, Init, Model, Options, Outputs, Role, readings};
use proc_macro2::{Ident, Span};
use std::collections::BTreeSet;
use syn::ext::IdentExt;
use syn::{FnArg, GenericParam, ItemFn, Pat, PathArguments, ReturnType, Type};

const KINDS: &str =
    "an argument is an `Input`, a `Param`, an `Index`, a `Mask`, a `State` or a `Random`, as in `x: Input<N, 13>`";
const NAMES_OF_KINDS: [&str; 6] = ["Input", "Param", "Index", "Mask", "Random", "State"];
/// Types of Rust that are written as functions are.
const PRIMITIVES: [&str; 19] = [
    "bool", "char", "f16", "f32", "f64", "f128", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16", "u32",
    "u64", "u128", "usize",
];
const RETURNS: &str = "a model returns an array or a scalar: write `-> Output<N, M>` or `-> Output`";
/// ndarray's named dimensions end here.
const MOST_AXES: usize = 6;
/// A stack is deep, not endless.
const MOST_NETWORKS: i64 = 1 << 16;
/// The most elements of an array whose sizes are all known.
const MOST_ELEMENTS: i64 = 1 << 48;

type Dims = syn::AngleBracketedGenericArguments;

/// A type of the surface: `Input<N, 13>`.
pub struct Typed {
    head: Ident,
    dims: Vec<Written>,
    pub place: Place,
}

pub fn read(options: Options, function: &ItemFn) -> syn::Result<Model> {
    let mut reader = Reader::default();
    function.sig.inputs.iter().for_each(|a| reader.argument(a));
    reader.readable();
    reader.generics(&function.sig.generics);
    let result = reader.result(&function.sig);
    let place = Place::from(function.sig.ident.span());
    let placeholder = Expr { kind: ExprKind::Tuple(Vec::new()), place };
    reader.errors.finish(Model {
        options,
        attributes: function.attrs.clone(),
        visibility: function.vis.clone(),
        name: function.sig.ident.clone(),
        generics: function.sig.generics.const_params().map(|c| c.ident.unraw().to_string()).collect(),
        arguments: reader.arguments,
        groups: reader.groups,
        result,
        body: Block { lets: Vec::new(), result: placeholder },
        given: Vec::new(),
        callees: Default::default(),
        inlined: Default::default(),
        known: Default::default(),
    })
}

/// Every name in `wrt(..)` is an input.
pub fn check_wrt(model: &Model) -> syn::Result<()> {
    let mut errors = Errors::new();
    let strange = model.options.wrt.iter().filter(|name| !is_input(model, name));
    strange.for_each(|name| errors.push(no_input(model, name, "wrt")));
    errors.finish(())
}

pub fn is_input(model: &Model, name: &Ident) -> bool {
    model.arguments.iter().any(|a| a.role == Role::Input && a.name.unraw() == name.unraw())
}

/// The name, in an option called `option`, of something else than an input.
pub fn no_input(model: &Model, name: &Ident, option: &str) -> syn::Error {
    let text = name.unraw().to_string();
    let problem = match model.arguments.iter().find(|a| a.name.unraw() == text) {
        Some(argument) => format!("of the kind `{:?}`, and `{option}` names inputs only", argument.role),
        None if model.groups.iter().any(|g| g.name.unraw() == text) => {
            "a group of parameters, whose gradients are there anyway".into()
        }
        None => "no argument of this model".into(),
    };
    let inputs = model.arguments.iter().filter(|a| a.role == Role::Input);
    let inputs: Vec<String> = inputs.map(|a| a.name.unraw().to_string()).collect();
    let hint = nearest(&text, inputs.iter().map(String::as_str));
    let hint = hint.map_or(String::new(), |near| format!(": did you mean `{near}`?"));
    error(name.span(), format!("`{text}` is {problem}{hint}"))
}

/// The annotation of a `let`.
pub fn annotation(ty: &Type) -> syn::Result<Typed> {
    let typed = typed(ty, RETURNS)?;
    match ["Output", "Input", "Param"].iter().any(|head| typed.head == head) {
        true => Ok(typed),
        false => {
            let message = format!("`{}` is no shape: write `Output<N, M>`, or leave the type out", typed.head);
            Err(error(typed.place, message))
        }
    }
}

#[derive(Default)]
struct Reader {
    errors: Errors,
    arguments: Vec<Argument>,
    groups: Vec<Group>,
    names: BTreeSet<String>,
    /// Dimension names that are the size of an axis.
    readable: BTreeSet<String>,
    /// Dimension names in expressions, which no size can be read off.
    composed: Vec<(String, Span)>,
    /// Dimension names in the types of groups: what can be read off there is not known before their networks are.
    grouped: BTreeSet<String>,
    /// An argument could not be read, so that its dimensions are not known.
    incomplete: bool,
}

impl Reader {
    fn argument(&mut self, argument: &FnArg) {
        let FnArg::Typed(pat) = argument else {
            let place = Place::of(argument, Span::call_site());
            return self.errors.push(error(place, "a model is a free function without `self`"));
        };
        let Pat::Ident(pattern) = &*pat.pat else {
            let place = Place::of(&pat.pat, Span::call_site());
            return self.errors.push(error(place, "an argument of a model is one plain name"));
        };
        let name = pattern.ident.clone();
        if !self.names.insert(name.unraw().to_string()) {
            let message = format!("parameter `{}` is bound more than once: give it another name", name.unraw());
            self.errors.push(error(name.span(), message));
        }
        let initial = init::read(&pat.attrs).map_err(|e| self.errors.push(e)).ok().flatten();
        let initial_place = initial.as_ref().map(|(_, place)| *place);
        match (stack(referenced(&pat.ty)), network_path(referenced(&pat.ty))) {
            (Some(Ok((count, path, dims))), _) => self.group(name, (path, Some(count)), dims, initial_place),
            (Some(Err(found)), _) => {
                self.incomplete = true;
                self.errors.push(found);
            }
            (None, Some((path, dims))) => self.group(name, (path, None), dims, initial_place),
            (None, None) => self.plain_argument(name, &pat.ty, initial),
        }
    }

    fn plain_argument(&mut self, name: Ident, ty: &Type, initial: Option<(Init, Place)>) {
        let read = typed(referenced(ty), KINDS).and_then(|typed| {
            let is_state = typed.head == "State";
            typed.dims.iter().for_each(|d| self.note(d, !is_state));
            Ok((role(&typed)?, typed.shape()?))
        });
        match read {
            Ok((role, shape)) => {
                let init = self.initial(role, &shape, initial);
                self.arguments.push(Argument { path: vec![name.clone()], stacks: Vec::new(), name, role, shape, init });
            }
            Err(found) => {
                self.incomplete = true;
                self.errors.push(found);
            }
        }
    }

    fn initial(&mut self, role: Role, shape: &Shape, given: Option<(Init, Place)>) -> Init {
        let Some((init, place)) = given else { return Init::Usual };
        if let Err(message) = init::fits(init, role, shape) {
            self.errors.push(error(place, message));
        }
        init
    }

    fn group(
        &mut self,
        name: Ident,
        (network, count): (syn::Path, Option<Written>),
        dims: Option<&Dims>,
        init: Option<Place>,
    ) {
        if let Some(place) = init {
            self.errors
                .push(error(place, "`#[init(..)]` stands on a `Param`: a group is initialised by its own network"));
        }
        let place = Place::of(&network, name.span());
        let place = dims.map_or(place, |d| place.to(Place::from(d.gt_token.span)));
        let dims = dims.map(|dims| dims.args.iter().map(dims::argument).collect::<syn::Result<Vec<_>>>()).transpose();
        match dims {
            Ok(dims) => {
                let names = dims.iter().flatten().flat_map(|d| &d.names).map(|(name, _)| name.clone());
                let names = names.chain(count.iter().flat_map(|c| &c.names).map(|(name, _)| name.clone()));
                self.grouped.extend(names);
                let count = count.map(|c| c.dim);
                let dims = dims.map(|dims| dims.into_iter().map(|d| d.dim).collect());
                let (before, sizes) = (self.arguments.len(), None);
                self.groups.push(Group { name, network, count, dims, place, before, sizes });
            }
            Err(found) => {
                self.incomplete = true;
                self.errors.push(found);
            }
        }
    }

    /// Notes which names a dimension makes known; `read` says that sizes are read off this argument.
    fn note(&mut self, written: &Written, read: bool) {
        match written.is_name() && read {
            true => self.readable.extend(written.names.iter().map(|(n, _)| n.clone())),
            false => self.composed.extend(written.names.clone()),
        }
    }

    fn readable(&mut self) {
        let solved: Vec<String> = readings(&self.arguments).into_iter().map(|r| r.name.to_string()).collect();
        self.readable.extend(solved);
        let mut seen = BTreeSet::new();
        for (name, span) in std::mem::take(&mut self.composed) {
            if !self.is_known(&name) && seen.insert(name.clone()) {
                let why = format!("the size `{name}` cannot be read off any argument, since it stands alone in none");
                self.errors
                    .push(error(span, format!("{why}: add an argument with `{name}` as a dimension of its own")));
            }
        }
        self.readable.extend(seen);
    }

    fn is_known(&self, dimension: &str) -> bool {
        self.incomplete || self.readable.contains(dimension) || self.grouped.contains(dimension)
    }

    fn generics(&mut self, generics: &syn::Generics) {
        let parameters = generics.params.iter().filter_map(|p| match p {
            GenericParam::Const(c) => Some(c),
            _ => None,
        });
        for parameter in parameters {
            let place = Place::of(parameter, Span::call_site());
            if !matches!(&parameter.ty, Type::Path(path) if path.path.is_ident("usize")) {
                self.errors.push(error(place, format!("a generic dimension is `const {}: usize`", parameter.ident)));
            } else if let Some((_, value)) = &parameter.default {
                let place = Place::of(value, Span::call_site());
                self.errors.push(error(place, "a generic dimension has no default: remove it"));
            } else if !self.is_known(&parameter.ident.unraw().to_string()) {
                let (name, place) = (&parameter.ident, Place::of(generics, Span::call_site()));
                let advice = "remove it, or use it as a dimension, as in";
                let message = format!("generic `{name}` occurs in no argument: {advice} `x: Input<{name}>`");
                self.errors.push(error(place, message));
            }
        }
    }

    fn result(&mut self, sig: &syn::Signature) -> Outputs {
        let mut outputs = Outputs { shapes: Vec::new(), tuple: false };
        let ReturnType::Type(_, ty) = &sig.output else {
            let place = Place { start: sig.fn_token.span, end: sig.paren_token.span.close() };
            self.errors.push(error(
                place,
                "declare the model's return type: add `-> Output<N, M>`, or `-> Output` for a scalar",
            ));
            return outputs;
        };
        match inner(ty) {
            Type::Tuple(tuple) if !tuple.elems.is_empty() => {
                outputs.tuple = true;
                tuple.elems.iter().for_each(|ty| outputs.shapes.extend(self.output(ty)));
            }
            ty => outputs.shapes.extend(self.output(ty)),
        }
        outputs
    }

    fn output(&mut self, ty: &Type) -> Option<(Shape, Place)> {
        let read = output(ty).and_then(|typed| match typed.unknown(|name| self.is_known(name)) {
            Some((name, span)) => Err(unknown_dimension(name, *span, &self.readable)),
            None => Ok((typed.shape()?, typed.place)),
        });
        read.map_err(|e| self.errors.push(e)).ok()
    }
}

/// A dimension that no argument has.
pub fn unknown_dimension(name: &str, span: Span, known: &BTreeSet<String>) -> syn::Error {
    let hint = nearest(name, known.iter().map(String::as_str));
    let hint = hint.map_or(String::new(), |near| format!(": did you mean `{near}`?"));
    error(span, format!("no argument has a dimension `{name}`{hint}"))
}

fn output(ty: &Type) -> syn::Result<Typed> {
    let place = Place::of(ty, Span::call_site());
    match inner(ty) {
        Type::ImplTrait(_) => {
            Err(error(place, "a model's return type must be written out, not `impl`: write `-> Output<N, M>`"))
        }
        Type::Reference(_) => Err(error(place, "a model returns a value, not a reference: remove the `&`")),
        ty => {
            let typed = typed(ty, RETURNS)?;
            match typed.head == "Output" {
                true => Ok(typed),
                false => Err(error(typed.place, format!("`{}` is no result of a model: {RETURNS}", typed.head))),
            }
        }
    }
}

/// The path of a network and what its generics are bound to, where a type is that of a group: its last name is written
/// as functions are, and is no near miss of a kind of argument.
fn network_path(ty: &Type) -> Option<(syn::Path, Option<&Dims>)> {
    let Type::Path(syn::TypePath { qself: None, path, .. }) = ty else { return None };
    let last = path.segments.last()?;
    let name = last.ident.unraw().to_string();
    let is_function = !name.starts_with(char::is_uppercase) && !PRIMITIVES.contains(&name.as_str());
    let kinds = NAMES_OF_KINDS.map(str::to_lowercase);
    let is_near = path.segments.len() == 1 && is_slip(&name, kinds.iter().map(String::as_str));
    let dims = match &last.arguments {
        PathArguments::None => None,
        PathArguments::AngleBracketed(dims) => Some(dims),
        PathArguments::Parenthesized(_) => return None,
    };
    let plain = path.segments.iter().rev().skip(1).all(|s| s.arguments.is_none());
    let mut path = path.clone();
    path.segments.last_mut()?.arguments = PathArguments::None;
    (is_function && !is_near && plain).then_some((path, dims))
}

/// `[block<64>; 6]`: how many networks, the path of one, and what its generics are bound to.
fn stack(ty: &Type) -> Option<syn::Result<(Written, syn::Path, Option<&Dims>)>> {
    let Type::Array(array) = ty else { return None };
    let known = network_path(referenced(&array.elem)).ok_or_else(|| {
        let place = Place::of(&array.elem, Span::call_site());
        error(place, "only networks lie in a stack, as in `blocks: [block<64>; 6]`: write `Input<6, ..>` for an array")
    });
    Some(known.and_then(|(path, dims)| Ok((count(&array.len)?, path, dims))))
}

/// How many networks are in a stack.
fn count(len: &syn::Expr) -> syn::Result<Written> {
    let count = dims::expression(len).map_err(|inner| {
        let text =
            "how many networks are in a stack is a number or a dimension, as in `[block<64>; 6]` or `[block<64>; L]`";
        error(Place::of(len, inner.span()), text)
    })?;
    match count.dim.as_number() {
        Some(number) if number < 1 => Err(error(count.place, "a stack has at least one network")),
        Some(number) if number > MOST_NETWORKS => {
            Err(error(count.place, format!("a stack has at most {MOST_NETWORKS} networks")))
        }
        _ => Ok(count),
    }
}

fn role(typed: &Typed) -> syn::Result<Role> {
    let head = typed.head.to_string();
    let hint = match head.as_str() {
        "Input" => return Ok(Role::Input),
        "Param" => return Ok(Role::Param),
        "Index" => return Ok(Role::Index),
        "Mask" => return Ok(Role::Mask),
        "Random" if !typed.dims.is_empty() => {
            return Err(error(typed.place, "a seed has no dimensions: write `seed: Random`"));
        }
        "Random" => return Ok(Role::Random),
        "State" => return Ok(Role::State),
        "Output" => "; `Output` is what a model returns".into(),
        _ => match nearest(&head, NAMES_OF_KINDS) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => String::new(),
        },
    };
    Err(error(typed.place, format!("`{head}` is no kind of argument: {KINDS}{hint}")))
}

/// Reads a type of the surface; `advice` says what may stand there.
fn typed(ty: &Type, advice: &str) -> syn::Result<Typed> {
    let place = Place::of(ty, Span::call_site());
    let refuse = || error(place, advice);
    let Type::Path(path) = inner(ty) else { return Err(refuse()) };
    let segment = path.path.segments.last().filter(|_| path.path.segments.len() == 1 && path.qself.is_none());
    let segment = segment.ok_or_else(refuse)?;
    let dims = match &segment.arguments {
        PathArguments::None => Vec::new(),
        PathArguments::AngleBracketed(_) if !is_kind(&segment.ident) => Vec::new(),
        PathArguments::AngleBracketed(dims) => dims.args.iter().map(dims::argument).collect::<syn::Result<_>>()?,
        PathArguments::Parenthesized(_) => return Err(refuse()),
    };
    Ok(Typed { head: segment.ident.clone(), dims, place })
}

fn is_kind(head: &Ident) -> bool {
    ["Input", "Param", "Index", "Mask", "Random", "State", "Output"].iter().any(|kind| head == kind)
}

impl Typed {
    /// A name among the dimensions that is not `known`.
    pub fn unknown<'a>(&'a self, known: impl Fn(&str) -> bool + 'a) -> Option<&'a (String, Span)> {
        self.dims.iter().flat_map(|d| &d.names).find(move |(name, _)| !known(name))
    }

    pub fn shape(&self) -> syn::Result<Shape> {
        if self.dims.len() > MOST_AXES {
            let message = format!("an array has at most {MOST_AXES} dimensions, and this one has {}", self.dims.len());
            return Err(error(self.place, message));
        }
        let known = self.dims.iter().filter_map(|d| d.dim.as_number());
        match known.fold(1i64, |all, n| all.saturating_mul(n)) > MOST_ELEMENTS {
            true => Err(error(self.place, "an array of this size fits into no memory")),
            false => Ok(self.dims.iter().map(|d| d.dim.clone()).collect()),
        }
    }
}

/// The type inside parentheses and invisible groups.
fn inner(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => inner(&group.elem),
        Type::Paren(paren) => inner(&paren.elem),
        other => other,
    }
}

/// The type behind `&`, which means nothing in a model.
fn referenced(ty: &Type) -> &Type {
    match inner(ty) {
        Type::Reference(reference) if reference.mutability.is_none() => referenced(&reference.elem),
        other => other,
    }
}

//! In: a function as Rust reads it. Out: one error for every construct that is no part of the language of models, at
//! the user's own tokens. Behind the fence stand only names, numbers, calls, operators and blocks of plain `let`s with
//! a value at their end.

use crate::error::{Errors, Place, error};
use crate::op::{self, Family};
use proc_macro2::{Delimiter, Ident, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, FnArg, GenericParam, ItemFn, Lit, Local, Pat, Stmt, Type, UnOp};
use turns::carried_within;

mod turns;

pub use turns::{carried, count, index, result, targets};

/// Names everything in `function`, read from `tokens`, that has no meaning in a model.
pub fn check(function: &ItemFn, tokens: &TokenStream) -> syn::Result<()> {
    let mut fence =
        Fence { errors: Errors::new(), carried: carried_within(|loops| loops.visit_block(&function.block)) };
    fence.signature(function);
    fence.block(&function.block, "model");
    fence.errors.finish(())?;
    let mut errors = Errors::new();
    double_stars(tokens.clone(), &mut errors);
    errors.finish(())
}

/// The same for an expression that stands alone.
pub fn expression(expr: &Expr) -> syn::Result<()> {
    let mut fence = Fence { errors: Errors::new(), carried: carried_within(|loops| loops.visit_expr(expr)) };
    fence.visit_expr(expr);
    double_stars(expr.to_token_stream(), &mut fence.errors);
    fence.errors.finish(())
}

/// The operand that `argument` of `op` names and the expression that it is to be, as in `mask = z > 0`; other options are
/// settings, and so are names and numbers.
pub fn computed<'a>(op: &str, argument: &'a Expr) -> Option<(&'a Ident, &'a Expr)> {
    let Expr::Assign(assign) = look_through(argument) else { return None };
    let Expr::Path(name) = look_through(&assign.left) else { return None };
    let name = name.path.get_ident()?;
    let op = op::callable(op).filter(|op| op.family == Family::Normalisation)?;
    let is_operand = op.args.iter().any(|operand| name == operand);
    let plain = match look_through(&assign.right) {
        Expr::Unary(sign) => matches!(look_through(&sign.expr), Expr::Lit(_)),
        value => matches!(value, Expr::Lit(_) | Expr::Path(_)),
    };
    (is_operand && !plain).then_some((name, &*assign.right))
}

struct Fence {
    errors: Errors,
    /// The names that loops assign to, which may be bound with `mut`.
    carried: Vec<Ident>,
}

impl Fence {
    fn refuse(&mut self, place: impl Into<Place>, message: impl std::fmt::Display) {
        self.errors.push(error(place, message));
    }

    fn signature(&mut self, function: &ItemFn) {
        let sig = &function.sig;
        let words = [
            sig.constness.map(|t| (Place::from(t.span), "const")),
            sig.asyncness.map(|t| (t.span.into(), "async")),
            qualifier(&sig.safety),
            sig.abi.as_ref().map(|abi| (Place::of(abi, Span::call_site()), "extern")),
        ];
        for (place, word) in words.into_iter().flatten() {
            self.refuse(place, format!("a model cannot be `{word}`: it is a plain `fn`"));
        }
        for attribute in function.attrs.iter().filter(|a| is_network(a)) {
            self.refuse(place(attribute), "`#[network]` stands twice on this function: remove one of them");
        }
        self.generics(&sig.generics);
        sig.inputs.iter().for_each(|argument| self.argument(argument));
        if let Some(dots) = &sig.variadic {
            self.refuse(place(dots), "a model has a fixed number of arguments: name each one");
        }
    }

    fn generics(&mut self, generics: &syn::Generics) {
        for parameter in &generics.params {
            match parameter {
                GenericParam::Const(_) => {}
                GenericParam::Lifetime(l) => {
                    self.refuse(
                        place(l),
                        format!("generic lifetimes mean nothing in a model: remove `{}`", l.lifetime),
                    );
                }
                GenericParam::Type(t) => self.refuse(
                    place(t),
                    format!(
                        "a model is not generic over types such as `{}`: only `const N: usize` may stand here",
                        t.ident
                    ),
                ),
            }
        }
        let only_const = generics.params.iter().all(|p| matches!(p, GenericParam::Const(_)));
        if let Some(clause) = generics.where_clause.as_ref().filter(|_| only_const) {
            self.refuse(place(clause), "a model has no `where` clause: shapes say all that is needed");
        }
    }

    fn argument(&mut self, argument: &FnArg) {
        let FnArg::Typed(typed) = argument else {
            return self.refuse(place(argument), "a model is a free function: `self` has no meaning in it");
        };
        let known = |a: &&syn::Attribute| ["doc", "init"].iter().any(|name| a.path().is_ident(name));
        for attribute in typed.attrs.iter().filter(|a| !known(a)) {
            self.refuse(
                place(attribute),
                "attributes on the arguments of a model are not supported, but for `#[init(..)]`",
            );
        }
        if let Type::ImplTrait(t) = &*typed.ty {
            self.refuse(place(t), "`impl Trait` arguments are not supported: write `Input<N, M>` or `Param<N, M>`");
        }
        match binding(&typed.pat) {
            Binding::Plain => {}
            Binding::Mutable(_) if self.is_carried(&typed.pat) => {}
            Binding::Mutable(word) => self.refuse(word, "arguments of a model are immutable: remove `mut`"),
            Binding::Other => {
                self.refuse(place(&typed.pat), "an argument of a model is one plain name: write `name: Input<N, M>`");
            }
        }
    }

    /// The statements of a block, each of which is a `let`, but for the value at the end.
    fn block(&mut self, block: &syn::Block, what: &str) {
        let stmts: Vec<&Stmt> = block.stmts.iter().filter(|stmt| !is_empty(stmt)).collect();
        let Some((last, firsts)) = stmts.split_last() else {
            let braces = block.brace_token.span;
            return self.refuse(
                Place { start: braces.open(), end: braces.close() },
                format!("the {what} is empty: end it with the value to return"),
            );
        };
        firsts.iter().for_each(|stmt| self.statement(stmt, false));
        self.statement(last, true);
        if let Stmt::Local(local) = last {
            let advice = "end it with the value to return, without `;`";
            self.refuse(place(local), format!("the {what} has no result expression: {advice}"));
        }
    }

    fn statement(&mut self, stmt: &Stmt, last: bool) {
        match stmt {
            Stmt::Local(local) => self.local(local),
            Stmt::Item(item) => {
                self.refuse(place(item), "items inside a model are not supported: move this one out of the function");
            }
            Stmt::Macro(m) => self.macro_call(&m.mac),
            Stmt::Expr(value, None) if last => self.visit_expr(value),
            Stmt::Expr(Expr::ForLoop(turns), _) => self.turns(turns, false),
            Stmt::Expr(value, _) => self.discarded(value, last),
        }
    }

    fn is_carried(&self, pat: &Pat) -> bool {
        matches!(pat, Pat::Ident(name) if self.carried.contains(&name.ident))
    }

    /// `for t in 0..T { h = ..; }`; `value` says that the turns' values are taken.
    fn turns(&mut self, turns: &syn::ExprForLoop, value: bool) {
        let at = labelled(&turns.label, turns.for_token.span);
        if turns.label.is_some() {
            return self.refuse(at, "labels of loops are not supported in a model: remove it");
        }
        if index(turns).is_none() {
            return self.refuse(place(&turns.pat), "a loop counts with one plain name: write `for t in 0..T`");
        }
        if count(turns).is_none() {
            let advice = "a loop in a model runs from 0 up to a number or a dimension: write `for t in 0..T`";
            return self.refuse(place(&turns.expr), advice);
        }
        let result = result(&turns.body);
        if carried(turns).is_empty() && (!value || result.is_none()) {
            let advice = "assign to what it carries, as in `h = tanh(h);`, or take a value of each turn";
            return self.refuse(at, format!("this loop has no effect: {advice}"));
        }
        if value && result.is_none() {
            return self.refuse(at, "this loop has no value: end its body with what each turn adds to the stack");
        }
        turns.body.stmts.iter().for_each(|stmt| self.within_turn(stmt, value));
    }

    /// `if condition { .. } else { .. }`, both branches with a value.
    fn choice(&mut self, choice: &syn::ExprIf) {
        choice.attrs.iter().for_each(|a| self.visit_attribute(a));
        match unparenthesised(&choice.cond) {
            Expr::Let(_) => self.refuse(place(&choice.cond), "`if let` is not supported in a model: use `select`"),
            Expr::Lit(literal) if matches!(literal.lit, Lit::Bool(_)) => {}
            condition => self.visit_expr(condition),
        }
        self.block(&choice.then_branch, "branch");
        match &choice.else_branch {
            Some((_, otherwise)) => self.visit_expr(otherwise),
            None => self.refuse(choice.if_token.span, "this `if` has no `else`: both branches give a value"),
        }
    }

    fn within_turn(&mut self, stmt: &Stmt, value: bool) {
        match stmt {
            Stmt::Expr(Expr::Assign(assign), Some(_)) => match targets(&assign.left) {
                Some(_) => self.visit_expr(&assign.right),
                None => self.refuse(place(&assign.left), "a loop assigns to plain names: `h = ..;` or `(h, c) = ..;`"),
            },
            Stmt::Expr(result, None) if !matches!(result, Expr::ForLoop(_)) => match value {
                true => self.visit_expr(result),
                false => {
                    let advice = "take it, as in `let ys = for ..`, or remove it";
                    self.refuse(place(result), format!("the value of each turn is not used: {advice}"));
                }
            },
            other => self.statement(other, false),
        }
    }

    fn discarded(&mut self, value: &Expr, last: bool) {
        let advice = match last {
            true => " and the model has no result: remove the `;` after it",
            false => ": name it, as in `let h = ..;`, or remove it",
        };
        let unused = || error(place(value), format!("this value is not used{advice}"));
        self.errors.push(offence(value).unwrap_or_else(unused));
    }

    fn local(&mut self, local: &Local) {
        local.attrs.iter().for_each(|a| self.visit_attribute(a));
        let pat = match &local.pat {
            Pat::Type(typed) => &*typed.pat,
            pat => pat,
        };
        match binding(pat) {
            Binding::Plain => {}
            Binding::Mutable(_) if self.is_carried(pat) => {}
            Binding::Mutable(word) => self.refuse(
                word,
                "bindings in a model are immutable: remove `mut`, and bind the name again with `let` where it changes",
            ),
            Binding::Other => self.pattern(pat),
        }
        match &local.init {
            None => self.refuse(place(local), "this `let` has no value: write `let name = value;`"),
            Some(init) => {
                self.visit_expr(&init.expr);
                if let Some((word, _)) = &init.diverge {
                    self.refuse(word.span, "`let .. else` is not supported in a model: a `let` always binds");
                }
            }
        }
    }

    /// `(h, c)`: names and `_`, nothing within each other.
    fn pattern(&mut self, pat: &Pat) {
        let Pat::Tuple(tuple) = pat else {
            return self.refuse(place(pat), "a `let` in a model binds one plain name, as in `let h = ..;`");
        };
        for part in &tuple.elems {
            match binding(part) {
                _ if matches!(part, Pat::Wild(_)) => {}
                Binding::Plain => {}
                Binding::Mutable(_) if self.is_carried(part) => {}
                Binding::Mutable(word) => self.refuse(word, "bindings in a model are immutable: remove `mut`"),
                Binding::Other => {
                    self.refuse(place(part), "a tuple binds plain names and `_`, as in `let (h, c) = ..;`");
                }
            }
        }
    }

    fn macro_call(&mut self, mac: &syn::Macro) {
        let name = text(&mac.path);
        let at = Place::of(&mac.path, Span::call_site()).to(mac.bang_token.span.into());
        self.refuse(
            at,
            format!("macros such as `{name}!` are not supported in a model: only operations can be called"),
        );
    }

    fn range(&mut self, op: Option<&syn::Ident>, range: &syn::ExprRange) {
        let (at, op) = match op {
            Some(op) => (op.span().into(), format!("`{op}`")),
            None => (place(range), "an operation".into()),
        };
        self.refuse(at, format!("{op} takes no range such as `{}`: {PART}", text(range)));
    }

    /// Arguments of `op`, among which an assignment is a named option, and a list is allowed.
    fn arguments<'a>(&mut self, op: Option<&syn::Ident>, arguments: impl IntoIterator<Item = &'a Expr>) {
        for argument in arguments {
            match look_through(argument) {
                Expr::Assign(_) => {
                    if let Some((_, value)) = op.and_then(|op| computed(&op.to_string(), argument)) {
                        self.visit_expr(value);
                    }
                }
                Expr::Lit(text) if matches!(text.lit, Lit::Str(_)) && op.is_some_and(|op| op == "einsum") => {}
                Expr::Array(list) => list.elems.iter().for_each(|e| self.visit_expr(e)),
                Expr::Range(range) => self.range(op, range),
                _ => self.visit_expr(argument),
            }
        }
    }
}

impl<'a> Visit<'a> for Fence {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::ForLoop(turns) = expr {
            return self.turns(turns, true);
        }
        if let Expr::If(choice) = expr {
            return self.choice(choice);
        }
        match offence(expr) {
            Some(found) => self.errors.push(found),
            None => visit::visit_expr(self, expr),
        }
    }

    fn visit_attribute(&mut self, attribute: &'a syn::Attribute) {
        if !attribute.path().is_ident("doc") {
            self.refuse(place(attribute), "attributes inside a model are not supported: remove it");
        }
    }

    fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
        call.attrs.iter().for_each(|a| self.visit_attribute(a));
        match look_through(&call.func) {
            Expr::Path(path) => {
                self.visit_expr_path(path);
                self.arguments(path.path.get_ident(), &call.args);
            }
            _ => {
                self.visit_expr(&call.func);
                self.arguments(None, &call.args);
            }
        }
    }

    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        call.attrs.iter().for_each(|a| self.visit_attribute(a));
        self.visit_expr(&call.receiver);
        if let Some(types) = &call.turbofish {
            self.refuse(place(types), format!("type arguments are not supported here: write `.{}(..)`", call.method));
        }
        self.arguments(Some(&call.method), &call.args);
    }

    fn visit_expr_path(&mut self, path: &'a syn::ExprPath) {
        path.attrs.iter().for_each(|a| self.visit_attribute(a));
        for segment in &path.path.segments {
            if !segment.arguments.is_none() {
                let advice = format!("write `{}(..)`", segment.ident);
                self.refuse(place(&segment.arguments), format!("type arguments are not supported here: {advice}"));
            }
        }
    }

    fn visit_block(&mut self, block: &'a syn::Block) {
        self.block(block, "block");
    }
}

/// The error at the expression itself, if it is no part of the language.
fn offence(expr: &Expr) -> Option<syn::Error> {
    let (place, message) = control(expr).or_else(|| datum(expr)).or_else(|| operator(expr))?;
    Some(error(place, message))
}

const PART: &str = "pass the part that is needed as an argument of the model";

type Finding = Option<(Place, String)>;

/// Control flow.
fn control(expr: &Expr) -> Finding {
    const LOOP: &str = "loops are not supported in a model: write the steps one after the other";
    let word = |span: Span, word: &str| Some((span.into(), format!("`{word}` is not supported in a model")));
    match expr {
        Expr::Match(e) => found(e.match_token.span, "`match` is not supported in a model: use `select`"),
        Expr::While(e) => found(labelled(&e.label, e.while_token.span), LOOP),
        Expr::Loop(e) => found(labelled(&e.label, e.loop_token.span), LOOP),
        Expr::Block(e) => found(place(e.label.as_ref()?), "labels are not supported in a model: remove it"),
        Expr::Return(e) => found(
            e.return_token.span,
            "`return` is not supported in a model: the last expression is its value, without `return` and `;`",
        ),
        Expr::Closure(e) => found(place(e), "closures are not supported in a model: write the operations themselves"),
        Expr::Try(e) => found(e.question_token.span, "`?` is not supported in a model: no operation can fail"),
        Expr::Unsafe(e) => word(e.unsafe_token.span, "unsafe"),
        Expr::Break(e) => word(e.break_token.span, "break"),
        Expr::Continue(e) => word(e.continue_token.span, "continue"),
        Expr::Async(e) => word(e.async_token.span, "async"),
        Expr::Await(e) => word(e.await_token.span, ".await"),
        Expr::Const(e) => word(e.const_token.span, "const"),
        Expr::TryBlock(e) => word(e.try_token.span, "try"),
        _ => None,
    }
}

/// Values of types that a model has not, and ways to take them apart.
fn datum(expr: &Expr) -> Finding {
    match expr {
        Expr::Lit(e) if !matches!(e.lit, Lit::Int(_) | Lit::Float(_)) => {
            found(place(e), format!("only numbers are allowed in a model, not `{}`", text(&e.lit)))
        }
        Expr::Array(e) => found(place(e), "array literals are not supported in a model: pass the array as an argument"),
        Expr::Repeat(e) => found(place(e), "array literals are not supported in a model: write the number itself"),
        Expr::Struct(e) => found(place(e), "struct literals are not supported in a model"),
        Expr::Range(e) => found(place(e), format!("ranges are not supported in a model: {PART}")),
        Expr::Cast(e) => {
            found(place(e), "casts are not supported in a model: whole numbers may stand among the others")
        }
        Expr::Field(e) => found(
            place(&e.dot_token).to(place(&e.member)),
            "fields are not supported in a model: only operations can be called on a value",
        ),
        Expr::Index(e) => found(
            Place { start: e.bracket_token.span.open(), end: e.bracket_token.span.close() },
            format!("indexing is not supported in a model: {PART}"),
        ),
        Expr::Macro(e) => {
            let at = place(&e.mac.path).to(e.mac.bang_token.span.into());
            let name = text(&e.mac.path);
            found(at, format!("macros such as `{name}!` are not supported in a model: only operations can be called"))
        }
        Expr::Infer(e) => found(place(e), "`_` is not a value: write a name"),
        Expr::RawAddr(e) => found(place(e), "raw pointers are not supported in a model: write the name alone"),
        Expr::Reference(e) => found(e.mutability?.span, "values in a model are immutable: remove `mut`"),
        _ => None,
    }
}

fn operator(expr: &Expr) -> Finding {
    match expr {
        Expr::Assign(e) => {
            let name = match &*e.left {
                Expr::Path(path) => text(&path.path),
                _ => "h".into(),
            };
            found(place(e), format!("assignment is not supported in a model: write `let {name} = ..;`"))
        }
        Expr::Unary(e) => match e.op {
            UnOp::Not(t) => found(t.span, "`!` is not supported in a model: exchange the branches of `select` instead"),
            _ => None,
        },
        Expr::Binary(e) => binary(e),
        _ => None,
    }
}

fn binary(e: &syn::ExprBinary) -> Finding {
    let advice = match &e.op {
        BinOp::Add(_) | BinOp::Sub(_) | BinOp::Mul(_) | BinOp::Div(_) => return None,
        BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) | BinOp::Eq(_) | BinOp::Ne(_) => return None,
        BinOp::BitXor(_) => ": for a power write `powi(x, 2)` or `powf(x, 0.5)`",
        BinOp::And(_) | BinOp::Or(_) => ": nest `select` instead",
        BinOp::Rem(_) | BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::Shl(_) | BinOp::Shr(_) => "",
        _ => return found(place(e), "assignment is not supported in a model: write `let h = ..;` with the new value"),
    };
    found(place(&e.op), format!("`{}` is not supported in a model{advice}", text(&e.op)))
}

/// `x ** 2.0` is `x * (*2.0)` to Rust: found among the tokens, since only they tell `**` from `* *`.
fn double_stars(tokens: TokenStream, errors: &mut Errors) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => double_stars(group.stream(), errors),
            _ if i > 0 && is_operand(&tokens[i - 1]) && is_double_star(&tokens[i..]) => {
                let end = tokens.get(i + 2).unwrap_or(token).span();
                let at = Place { start: token.span(), end };
                errors.push(error(at, "Rust has no `**` operator: for a power write `powf(x, 2.0)` or `powi(x, 2)`"));
            }
            _ => {}
        }
    }
}

fn is_double_star(tokens: &[TokenTree]) -> bool {
    let star = |t: &TokenTree| matches!(t, TokenTree::Punct(p) if p.as_char() == '*');
    matches!(tokens, [TokenTree::Punct(first), second, ..]
        if first.as_char() == '*' && first.spacing() == Spacing::Joint && star(second))
}

fn is_operand(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(_) | TokenTree::Literal(_) => true,
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Punct(_) => false,
    }
}

/// The expression inside invisible groups, which `macro_rules!` leaves around what it puts in, and inside `&`.
fn look_through(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => look_through(&group.expr),
        Expr::Reference(reference) if reference.mutability.is_none() => look_through(&reference.expr),
        other => other,
    }
}

fn unparenthesised(expr: &Expr) -> &Expr {
    match look_through(expr) {
        Expr::Paren(paren) => unparenthesised(&paren.expr),
        other => other,
    }
}

/// A `;` of its own.
fn is_empty(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(Expr::Verbatim(tokens), Some(_)) if tokens.is_empty())
}

fn qualifier(safety: &syn::Safety) -> Option<(Place, &'static str)> {
    match safety {
        syn::Safety::Unsafe(t) => Some((t.span.into(), "unsafe")),
        syn::Safety::Safe(t) => Some((t.span.into(), "safe")),
        syn::Safety::Default => None,
    }
}

fn is_network(attribute: &syn::Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|s| s.ident == "network")
}

enum Binding {
    /// A name and nothing else.
    Plain,
    /// `mut x`, with the place of the word.
    Mutable(Span),
    /// `ref x`, `x @ ..`, `_`, `(a, b)` and the like.
    Other,
}

fn binding(pat: &Pat) -> Binding {
    match pat {
        Pat::Ident(i) if i.by_ref.is_none() && i.subpat.is_none() => {
            i.mutability.map_or(Binding::Plain, |word| Binding::Mutable(word.span))
        }
        _ => Binding::Other,
    }
}

fn found(at: impl Into<Place>, message: impl Into<String>) -> Finding {
    Some((at.into(), message.into()))
}

fn place(tokens: &impl ToTokens) -> Place {
    Place::of(tokens, Span::call_site())
}

/// From the label of a loop, if it has one, to its keyword.
fn labelled(label: &Option<syn::Label>, word: Span) -> Place {
    Place { start: label.as_ref().map_or(word, |l| l.span()), end: word }
}

/// Source without the spaces that tokens are printed with.
fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(' ', "")
}

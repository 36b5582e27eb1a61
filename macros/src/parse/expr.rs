//! In: a body behind the fence, or an expression of a rule. Out: the expression language, in which every operator is a
//! call, `&`, `*`, `.clone()` and parentheses are gone, and every node has its place.
//!
//! Numbers are real: `1 / 2` is a half, and `x / 2` is the half of `x`.

use super::dims;
use super::signature::{self, unknown_dimension};
use crate::error::{Errors, Place, error};
use crate::fence;
use crate::ir::dim::Shape;
use crate::ir::model::{
    Block, Call, CallOption, Condition, Expr, ExprKind, For, Group, If, Let, Model, Setting, Spelling, path_text, plain,
};
use crate::op;
use proc_macro2::{Ident, Span};
use quote::ToTokens;
use std::collections::BTreeSet;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{BinOp, Lit, Pat, Stmt, Token, UnOp};

/// Reads the body of a model whose signature is known.
pub fn body(model: &Model, block: &syn::Block) -> syn::Result<Block> {
    let mut reader = Reader { errors: Errors::new(), dims: dimensions(model) };
    let body = reader.block(block, true);
    if let ExprKind::Tuple(values) = &body.result.kind {
        reader.check_outputs(model, values, body.result.place);
    }
    reader.errors.finish(body)
}

/// Reads an expression over the arguments of a model.
pub fn within(model: &Model, expr: &syn::Expr) -> syn::Result<Expr> {
    let mut reader = Reader { errors: Errors::new(), dims: dimensions(model) };
    let expr = reader.expr(expr);
    reader.errors.finish(expr)
}

fn dimensions(model: &Model) -> BTreeSet<String> {
    let arguments = model.arguments.iter().flat_map(|a| &a.shape);
    let groups = model.groups.iter().flat_map(Group::written);
    arguments.chain(groups).flat_map(|d| d.names()).map(str::to_string).collect()
}

/// Reads an expression on its own.
pub fn free(expr: &syn::Expr) -> syn::Result<Expr> {
    let mut reader = Reader { errors: Errors::new(), dims: BTreeSet::new() };
    let expr = reader.expr(expr);
    reader.errors.finish(expr)
}

struct Reader {
    errors: Errors,
    /// The dimensions of the arguments.
    dims: BTreeSet<String>,
}

impl Reader {
    /// Notes an error; a number stands in for what was there.
    fn refuse(&mut self, place: Place, message: impl std::fmt::Display) -> Expr {
        self.errors.push(error(place, message));
        Expr { kind: ExprKind::Number(0.0), place }
    }

    fn check_outputs(&mut self, model: &Model, values: &[Expr], place: Place) {
        let (declared, given) = (model.result.shapes.len(), values.len());
        match model.result.tuple {
            true if declared == given => {}
            true => drop(self.refuse(place, format!("the model returns {declared} values, and this is {given}"))),
            false => {
                let advice = "write `-> (Output<..>, Output<..>)`, or return one of them";
                self.refuse(place, format!("the model returns one value, and this is {given}: {advice}"));
            }
        }
    }

    /// A block; at the end of a model it may have several values.
    fn block(&mut self, block: &syn::Block, outermost: bool) -> Block {
        let mut lets = Vec::new();
        let mut result = None;
        for stmt in &block.stmts {
            match stmt {
                Stmt::Local(local) => lets.extend(self.local(local)),
                Stmt::Expr(syn::Expr::ForLoop(turns), _) if fence::result(block).is_some() || !is_last(block, stmt) => {
                    lets.push(self.turns(turns, None));
                }
                Stmt::Expr(value, None) => result = Some(self.value(value, outermost)),
                Stmt::Expr(syn::Expr::Verbatim(tokens), Some(_)) if tokens.is_empty() => {}
                other => drop(self.refuse(place(other), "only `let` and a value at the end may stand here")),
            }
        }
        let braces = Place { start: block.brace_token.span.open(), end: block.brace_token.span.close() };
        Block { lets, result: result.unwrap_or_else(|| self.refuse(braces, "this block has no value at its end")) }
    }

    fn value(&mut self, value: &syn::Expr, outermost: bool) -> Expr {
        match ungrouped(value) {
            syn::Expr::Tuple(tuple) if outermost && !tuple.elems.is_empty() => {
                let values = tuple.elems.iter().map(|e| self.expr(e)).collect();
                Expr { kind: ExprKind::Tuple(values), place: place(tuple) }
            }
            syn::Expr::Paren(paren) if outermost => self.value(&paren.expr, true),
            syn::Expr::Block(block) => self.block_value(block, outermost),
            other => self.expr(other),
        }
    }

    fn block_value(&mut self, expr: &syn::ExprBlock, outermost: bool) -> Expr {
        let span = expr.block.brace_token.span;
        let block = self.block(&expr.block, outermost);
        match block.lets.is_empty() {
            true => block.result,
            false => {
                Expr { kind: ExprKind::Block(Box::new(block)), place: Place { start: span.open(), end: span.close() } }
            }
        }
    }

    /// A loop binds what it carries again, and then the stack of its turns' values, if that is taken.
    fn turns(&mut self, turns: &syn::ExprForLoop, stack: Option<&Ident>) -> Let {
        let carried = fence::carried(turns);
        let (braces, at) = (turns.body.brace_token.span, place(turns));
        let braces = Place { start: braces.open(), end: braces.close() };
        let mut lets = Vec::new();
        for stmt in &turns.body.stmts {
            match stmt {
                Stmt::Local(local) => lets.extend(self.local(local)),
                Stmt::Expr(syn::Expr::ForLoop(inner), _) => lets.push(self.turns(inner, None)),
                Stmt::Expr(syn::Expr::Assign(assign), _) => lets.extend(self.assignment(assign)),
                _ => {}
            }
        }
        let name = |name: &Ident| Expr { kind: ExprKind::Name(plain(name)), place: name.span().into() };
        let value = fence::result(&turns.body).filter(|_| stack.is_some()).map(|value| self.expr(value));
        let results = carried.iter().map(name).chain(value).collect();
        let body = Block { lets, result: Expr { kind: ExprKind::Tuple(results), place: braces } };
        let count = fence::count(turns).map(dims::expression);
        let count = count.and_then(|read| read.map_err(|e| self.errors.push(e)).ok());
        if let Some((name, span)) = count.iter().flat_map(|c| &c.names).find(|(name, _)| !self.dims.contains(name)) {
            self.errors.push(unknown_dimension(name, *span, &self.dims));
        }
        let names = carried.iter().chain(stack).cloned().map(Some).collect();
        let looped = For {
            index: fence::index(turns).flatten().cloned(),
            count: count.map(|c| c.dim).unwrap_or_default(),
            carried,
            body,
            stacks: stack.is_some(),
        };
        let value = Expr { kind: ExprKind::For(Box::new(looped)), place: at };
        Let { names, tuple: true, shape: None, value }
    }

    /// Within a loop, `h = ..;` binds `h` again.
    fn assignment(&mut self, assign: &syn::ExprAssign) -> Option<Let> {
        let targets = fence::targets(&assign.left)?;
        let tuple = matches!(ungrouped(&assign.left), syn::Expr::Tuple(_));
        let names = targets.into_iter().map(|name| name.cloned()).collect();
        Some(Let { names, tuple, shape: None, value: self.expr(&assign.right) })
    }

    /// A loop as a value: the stack of its turns' values.
    fn stack(&mut self, turns: &syn::ExprForLoop) -> Expr {
        let name = Ident::new("stack", turns.for_token.span);
        let result = Expr { kind: ExprKind::Name(plain(&name)), place: place(turns) };
        let bound = self.turns(turns, Some(&name));
        Expr { kind: ExprKind::Block(Box::new(Block { lets: vec![bound], result })), place: place(turns) }
    }

    fn choice(&mut self, choice: &syn::ExprIf) -> Expr {
        let condition = self.condition(&choice.cond);
        let then = self.branch(&choice.then_branch);
        let otherwise = match choice.else_branch.as_ref().map(|(_, value)| ungrouped(value)) {
            Some(value) => self.expr(value),
            None => self.refuse(place(choice), "an `if` in a model has an `else`"),
        };
        let choice = If { condition, then, otherwise, place: place(&choice.cond) };
        let whole = choice.place.to(choice.otherwise.place);
        Expr { kind: ExprKind::If(Box::new(choice)), place: whole }
    }

    fn branch(&mut self, block: &syn::Block) -> Expr {
        let value = syn::ExprBlock { attrs: Vec::new(), label: None, block: block.clone() };
        self.block_value(&value, false)
    }

    /// Sizes that are compared, wherever all names in them are dimensions.
    fn condition(&mut self, condition: &syn::Expr) -> Condition {
        match ungrouped(condition) {
            syn::Expr::Paren(paren) => self.condition(&paren.expr),
            syn::Expr::Lit(syn::ExprLit { lit: Lit::Bool(value), .. }) => Condition::Literal(value.value),
            other => self.sizes(other).unwrap_or_else(|| Condition::Flag(self.expr(other))),
        }
    }

    fn sizes(&self, condition: &syn::Expr) -> Option<Condition> {
        let syn::Expr::Binary(binary) = condition else { return None };
        let op = comparison(&binary.op)?;
        let size = |expr| dims::expression(expr).ok().filter(|d| d.names.iter().all(|(n, _)| self.dims.contains(n)));
        Some(Condition::Sizes(op, size(&binary.left)?.dim, size(&binary.right)?.dim))
    }

    fn local(&mut self, local: &syn::Local) -> Option<Let> {
        if let (Pat::Ident(name), Some(init)) = (&local.pat, &local.init)
            && let syn::Expr::ForLoop(turns) = ungrouped(&init.expr)
        {
            return Some(self.turns(turns, Some(&name.ident)));
        }
        let (pat, ty) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pat => (pat, None),
        };
        let ty = ty.filter(|ty| !matches!(pat, Pat::Tuple(_)) || !self.refuse_annotation(ty));
        let shape = ty.and_then(|ty| self.annotation(ty));
        let names = match pat {
            Pat::Ident(name) => Some(vec![Some(name.ident.clone())]),
            Pat::Tuple(tuple) => tuple.elems.iter().map(part).collect(),
            _ => None,
        };
        let tuple = matches!(pat, Pat::Tuple(_));
        match (names, &local.init) {
            (Some(names), Some(init)) => Some(Let { names, tuple, shape, value: self.expr(&init.expr) }),
            _ => {
                self.refuse(place(local), "write `let name = value;`");
                None
            }
        }
    }

    /// A tuple has no annotation.
    fn refuse_annotation(&mut self, ty: &syn::Type) -> bool {
        self.refuse(place(ty), "the shapes of a tuple are those that its network returns: leave the type out");
        true
    }

    fn annotation(&mut self, ty: &syn::Type) -> Option<(Shape, Place)> {
        let read = signature::annotation(ty).and_then(|typed| match typed.unknown(|name| self.dims.contains(name)) {
            Some((name, span)) => Err(unknown_dimension(name, *span, &self.dims)),
            None => Ok((typed.shape()?, typed.place)),
        });
        read.map_err(|e| self.errors.push(e)).ok()
    }

    fn expr(&mut self, expr: &syn::Expr) -> Expr {
        match expr {
            syn::Expr::Group(group) => self.expr(&group.expr),
            syn::Expr::Paren(paren) => {
                let span = paren.paren_token.span;
                Expr { place: Place { start: span.open(), end: span.close() }, ..self.expr(&paren.expr) }
            }
            syn::Expr::Reference(reference) => self.prefixed(reference.and_token.span, &reference.expr),
            syn::Expr::Unary(unary) => self.unary(unary),
            syn::Expr::Binary(binary) => self.binary(binary),
            syn::Expr::Call(call) => self.call(call),
            syn::Expr::MethodCall(call) => self.method(call),
            syn::Expr::Path(path) => self.name(path),
            syn::Expr::Lit(literal) => self.literal(literal),
            syn::Expr::Block(block) => self.block_value(block, false),
            syn::Expr::ForLoop(turns) => self.stack(turns),
            syn::Expr::If(choice) => self.choice(choice),
            syn::Expr::Tuple(tuple) => {
                self.refuse(place(tuple), "a tuple can only be the result of a model: bind each value with `let`")
            }
            other => self.refuse(place(other), "this is not supported in a model"),
        }
    }

    /// `&x` and `*x` are `x`.
    fn prefixed(&mut self, sign: Span, value: &syn::Expr) -> Expr {
        let value = self.expr(value);
        Expr { place: Place { start: sign, end: value.place.end }, ..value }
    }

    fn unary(&mut self, unary: &syn::ExprUnary) -> Expr {
        let sign = place(&unary.op);
        match unary.op {
            UnOp::Deref(_) => self.prefixed(sign.start, &unary.expr),
            UnOp::Neg(_) => {
                let value = self.expr(&unary.expr);
                let place = sign.to(value.place);
                match value.kind {
                    ExprKind::Number(n) => Expr { kind: ExprKind::Number(-n), place },
                    _ => operation("neg", sign, vec![value], place),
                }
            }
            _ => self.refuse(sign, "this operator is not supported in a model"),
        }
    }

    fn binary(&mut self, binary: &syn::ExprBinary) -> Expr {
        let word = match (&binary.op, comparison(&binary.op)) {
            (_, Some(word)) => word,
            (BinOp::Add(_), _) => "add",
            (BinOp::Sub(_), _) => "sub",
            (BinOp::Mul(_), _) => "mul",
            (BinOp::Div(_), _) => "div",
            _ => return self.refuse(place(&binary.op), "this operator is not supported in a model"),
        };
        let (left, right) = (self.expr(&binary.left), self.expr(&binary.right));
        let whole = left.place.to(right.place);
        operation(word, place(&binary.op), vec![left, right], whole)
    }

    fn name(&mut self, path: &syn::ExprPath) -> Expr {
        let at = place(path);
        match path.path.get_ident() {
            Some(name) if path.qself.is_none() => Expr { kind: ExprKind::Name(name.unraw().to_string()), place: at },
            _ => {
                let text = text(path);
                self.refuse(at, format!("paths such as `{text}` are not supported as values: write the number itself"))
            }
        }
    }

    fn literal(&mut self, literal: &syn::ExprLit) -> Expr {
        let at = place(literal);
        match number(&literal.lit) {
            Ok(n) => Expr { kind: ExprKind::Number(n), place: at },
            Err(message) => self.refuse(at, message),
        }
    }

    fn call(&mut self, call: &syn::ExprCall) -> Expr {
        let op_place = place(&call.func);
        let whole = op_place.to(call.paren_token.span.close().into());
        let syn::Expr::Path(path) = ungrouped(&call.func) else {
            return self.refuse(op_place, "only an operation can be called, by its name");
        };
        if path.qself.is_some() || is_of_a_type(&path.path) {
            let (text, last) = (text(path), path.path.segments.last().map_or(String::new(), |s| s.ident.to_string()));
            let message = format!("paths are not supported as operations: write `{last}(..)` instead of `{text}(..)`");
            return self.refuse(op_place, message);
        }
        let op = match path.path.get_ident() {
            Some(name) => name.unraw().to_string(),
            None => path_text(&path.path),
        };
        let path = Some(path.path.clone());
        let function =
            Call { op, path, op_place, arguments: Vec::new(), options: Vec::new(), spelling: Spelling::Function };
        self.applied(function, &call.args, whole)
    }

    fn method(&mut self, call: &syn::ExprMethodCall) -> Expr {
        let receiver = self.expr(&call.receiver);
        let whole = receiver.place.to(call.paren_token.span.close().into());
        let same = ["clone", "to_owned", "into_owned", "view"].iter().any(|name| call.method == name);
        match same && call.args.is_empty() {
            true => Expr { place: whole, ..receiver },
            false => {
                let (op, op_place) = (call.method.unraw().to_string(), call.method.span().into());
                let (arguments, options) = (vec![receiver], Vec::new());
                let method = Call { op, path: None, op_place, arguments, options, spelling: Spelling::Method };
                self.applied(method, &call.args, whole)
            }
        }
    }

    fn applied(&mut self, mut call: Call, given: &Punctuated<syn::Expr, Token![,]>, place: Place) -> Expr {
        let mut computed = Vec::new();
        for argument in given {
            match fence::computed(&call.op, argument) {
                Some((name, value)) => computed.push((name.unraw().to_string(), self.expr(value))),
                None => self.argument(argument, &mut call),
            }
        }
        self.put_in_place(computed, &mut call);
        Expr { kind: ExprKind::Call(call), place }
    }

    /// A positional argument or an option of `call`.
    fn argument(&mut self, argument: &syn::Expr, call: &mut Call) {
        match unreferenced(argument) {
            syn::Expr::Assign(assign) => {
                if let Some(option) = self.option(assign) {
                    self.push_option(option, call);
                }
            }
            syn::Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) if call.arguments.is_empty() => {
                let value = Setting::Text(text.value());
                self.push_option(CallOption { name: "equation".into(), value, place: place(text) }, call);
            }
            syn::Expr::Array(list) => call.arguments.push(self.list(&list.elems, place(list))),
            syn::Expr::Tuple(list) => call.arguments.push(self.list(&list.elems, place(list))),
            syn::Expr::Call(axis) if is_axis(axis) => {
                let value = self.setting("axis", argument);
                self.push_option(CallOption { name: "axis".into(), value, place: place(axis) }, call);
            }
            _ => {
                let value = self.expr(argument);
                call.arguments.push(value);
            }
        }
    }

    /// Arrays that are given by name and computed there go to their places behind the other arguments.
    fn put_in_place(&mut self, mut computed: Vec<(String, Expr)>, call: &mut Call) {
        let operands = op::callable(&call.op).map_or(&[][..], |op| op.args);
        for operand in operands.iter().skip(call.arguments.len()) {
            if computed.is_empty() {
                return;
            }
            let value = match computed.iter().position(|(name, _)| name == operand) {
                Some(at) => Some(computed.remove(at).1),
                None => left_out(operand, call),
            };
            let Some(value) = value else {
                return drop(self.refuse(call.op_place, format!("`{}` needs its `{operand}` as well", call.op)));
            };
            call.arguments.push(value);
        }
        for (name, value) in computed {
            self.refuse(value.place, format!("`{name}` is given twice"));
        }
    }

    fn push_option(&mut self, option: CallOption, call: &mut Call) {
        match call.options.iter().any(|o| o.name == option.name) {
            true => drop(self.refuse(option.place, format!("option `{}` is given twice", option.name))),
            false => call.options.push(option),
        }
    }

    fn list(&mut self, elements: &Punctuated<syn::Expr, Token![,]>, place: Place) -> Expr {
        Expr { kind: ExprKind::List(elements.iter().map(|e| self.expr(e)).collect()), place }
    }

    /// `axis = 1`.
    fn option(&mut self, assign: &syn::ExprAssign) -> Option<CallOption> {
        let at = place(&assign.left).to(place(&assign.right));
        let name = match ungrouped(&assign.left) {
            syn::Expr::Path(path) => path.path.get_ident(),
            _ => None,
        };
        let Some(name) = name else {
            self.refuse(at, "an option has a plain name, as in `axis = 1`");
            return None;
        };
        let name = name.unraw().to_string();
        let value = self.setting(&name, &assign.right);
        Some(CallOption { name, value, place: at })
    }

    fn setting(&mut self, option: &str, value: &syn::Expr) -> Setting {
        match setting(value) {
            Ok(setting) => setting,
            Err(None) => {
                let accepted = "a number, a dimension, `true`, `false` or a list of these";
                self.refuse(place(value), format!("`{option}` takes {accepted}"));
                Setting::Flag(false)
            }
            Err(Some(found)) => {
                self.errors.push(found);
                Setting::Flag(false)
            }
        }
    }
}

/// An operand that is an option with a plain value, or its default, before one that is computed.
fn left_out(operand: &str, call: &mut Call) -> Option<Expr> {
    let given = call.options.iter().position(|option| option.name == operand).map(|at| call.options.remove(at));
    let default =
        || op::callable(&call.op)?.defaults.iter().find(|(name, _)| *name == operand).map(|(_, value)| *value);
    let (kind, place) = match given {
        Some(CallOption { value: Setting::Name(name), place, .. }) => (ExprKind::Name(name), place),
        Some(CallOption { value: Setting::Number(value), place, .. }) => (ExprKind::Number(value), place),
        _ => (ExprKind::Number(default()?), call.op_place),
    };
    Some(Expr { kind, place })
}

fn comparison(op: &BinOp) -> Option<&'static str> {
    match op {
        BinOp::Lt(_) => Some("lt"),
        BinOp::Le(_) => Some("le"),
        BinOp::Gt(_) => Some("gt"),
        BinOp::Ge(_) => Some("ge"),
        BinOp::Eq(_) => Some("eq"),
        BinOp::Ne(_) => Some("ne"),
        _ => None,
    }
}

/// The value of an option; `None` as the error where it is none at all.
fn setting(value: &syn::Expr) -> Result<Setting, Option<syn::Error>> {
    match unreferenced(value) {
        syn::Expr::Paren(paren) => setting(&paren.expr),
        syn::Expr::Lit(literal) => match &literal.lit {
            Lit::Bool(flag) => Ok(Setting::Flag(flag.value)),
            Lit::Int(_) | Lit::Float(_) => {
                number(&literal.lit).map(Setting::Number).map_err(|m| Some(error(place(literal), m)))
            }
            _ => Err(None),
        },
        syn::Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match setting(&unary.expr)? {
            Setting::Number(n) => Ok(Setting::Number(-n)),
            _ => Err(None),
        },
        syn::Expr::Path(path) if path.qself.is_none() => {
            path.path.get_ident().map(|name| Setting::Name(name.unraw().to_string())).ok_or(None)
        }
        syn::Expr::Call(axis) if is_axis(axis) => setting(&axis.args[0]),
        syn::Expr::Tuple(list) => list.elems.iter().map(setting).collect::<Result<_, _>>().map(Setting::List),
        syn::Expr::Array(list) => list.elems.iter().map(setting).collect::<Result<_, _>>().map(Setting::List),
        syn::Expr::Binary(_) | syn::Expr::Block(_) => {
            dims::expression(value).map(|written| Setting::Dim(written.dim)).map_err(Some)
        }
        _ => Err(None),
    }
}

/// ndarray's `Axis(0)`.
fn is_axis(call: &syn::ExprCall) -> bool {
    let path = match ungrouped(&call.func) {
        syn::Expr::Path(path) => &path.path,
        _ => return false,
    };
    let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    matches!(names.as_slice(), ["Axis"] | ["ndarray", "Axis"]) && call.args.len() == 1
}

/// The value of a literal, or what is wrong with it.
fn number(literal: &Lit) -> Result<f64, String> {
    let (digits, suffix) = match literal {
        Lit::Int(n) => (n.base10_digits(), n.suffix()),
        Lit::Float(n) => (n.base10_digits(), n.suffix()),
        other => return Err(format!("only numbers are allowed in a model, not `{}`", text(other))),
    };
    if !["", "f32", "f64"].contains(&suffix) {
        return Err(format!("numbers in a model have no type `{suffix}`: write `{digits}`"));
    }
    match digits.parse::<f64>() {
        Ok(n) if n.is_finite() => Ok(n),
        _ => Err(format!("`{}` is out of the range of numbers", text(literal))),
    }
}

fn operation(word: &str, op_place: Place, arguments: Vec<Expr>, place: Place) -> Expr {
    let options = Vec::new();
    let call = Call { op: word.into(), path: None, op_place, arguments, options, spelling: Spelling::Operator };
    Expr { kind: ExprKind::Call(call), place }
}

/// `f32::exp`, `std::cmp::max`, `Array2::dot`: a function of Rust, and no network.
fn is_of_a_type(path: &syn::Path) -> bool {
    let of_a_type = |name: &Ident| name.to_string().starts_with(char::is_uppercase) || name == "f32" || name == "f64";
    let foreign = |name: &Ident| ["std", "core", "ndarray"].iter().any(|root| name == root);
    path.segments.len() > 1 && (foreign(&path.segments[0].ident) || path.segments.iter().any(|s| of_a_type(&s.ident)))
}

/// A name in the pattern of a tuple, or `_`.
fn part(pat: &Pat) -> Option<Option<Ident>> {
    match pat {
        Pat::Ident(name) => Some(Some(name.ident.clone())),
        Pat::Wild(_) => Some(None),
        _ => None,
    }
}

fn is_last(block: &syn::Block, stmt: &Stmt) -> bool {
    block.stmts.last().is_some_and(|last| std::ptr::eq(last, stmt))
}

/// The expression inside invisible groups, which `macro_rules!` leaves around what it puts in.
fn ungrouped(expr: &syn::Expr) -> &syn::Expr {
    match expr {
        syn::Expr::Group(group) => ungrouped(&group.expr),
        other => other,
    }
}

/// The expression inside invisible groups and behind `&`.
fn unreferenced(expr: &syn::Expr) -> &syn::Expr {
    match ungrouped(expr) {
        syn::Expr::Reference(reference) => unreferenced(&reference.expr),
        other => other,
    }
}

fn place(tokens: &impl ToTokens) -> Place {
    Place::of(tokens, Span::call_site())
}

/// Source without the spaces that tokens are printed with.
fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(' ', "")
}

//! Words for messages: how many of what, and expressions as their author wrote them.

use crate::ir::model::{Call, Expr, ExprKind, Spelling};
use crate::op::{self, Emitted};

pub fn counted(arguments: usize) -> String {
    match arguments {
        0 => "no arguments".to_string(),
        1 => "1 argument".to_string(),
        n => format!("{n} arguments"),
    }
}

pub fn values(count: usize) -> String {
    if count == 1 { "1 value".to_string() } else { format!("{count} values") }
}

/// How a network of this name is called, if this can be one.
pub fn as_network(call: &Call) -> String {
    match call.spelling {
        Spelling::Function => {
            format!("\n  help: a network of this name is called by its path: `self::{}(..)`", call.op)
        }
        _ => String::new(),
    }
}

pub fn meant(near: Option<&str>) -> String {
    near.map(|name| format!("\n  help: did you mean `{name}`?")).unwrap_or_default()
}

/// An operand for a message: as it was written where that is short, else by its position.
pub fn described(operand: &Expr, position: usize, count: usize) -> String {
    match (written(operand, &mut 24), position, count) {
        (Some(text), ..) => format!("`{text}`"),
        (None, 0, 1) => "the argument".to_string(),
        (None, 0, 2) => "the left operand".to_string(),
        (None, 1, 2) => "the right operand".to_string(),
        (None, n, _) => format!("argument {}", n + 1),
    }
}

/// An expression as its author wrote it, if it takes no more than `room` characters.
pub fn written(expr: &Expr, room: &mut usize) -> Option<String> {
    let text = match &expr.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Number(value) => format!("{value}"),
        ExprKind::Call(call) => return written_call(call, room),
        ExprKind::Tuple(_) | ExprKind::List(_) | ExprKind::Block(_) | ExprKind::For(_) | ExprKind::If(_) => {
            return None;
        }
    };
    *room = room.checked_sub(text.chars().count())?;
    Some(text)
}

fn written_call(call: &Call, room: &mut usize) -> Option<String> {
    *room = room.checked_sub(call.op.len())?;
    let mut parts = Vec::new();
    for argument in &call.arguments {
        let text = written(argument, room)?;
        let operator = matches!(&argument.kind, ExprKind::Call(c) if c.spelling == Spelling::Operator);
        let tight = operator && call.spelling != Spelling::Function;
        parts.push(if tight { format!("({text})") } else { text });
    }
    let symbol = match op::find(&call.op).map(|op| op.emitted) {
        Some(Emitted::Infix(symbol) | Emitted::Prefix(symbol)) => symbol,
        _ => "",
    };
    Some(match (call.spelling, parts.as_slice()) {
        _ if !call.options.is_empty() => return None,
        (Spelling::Operator, [x]) => format!("{symbol}{x}"),
        (Spelling::Operator, [a, b]) => format!("{a} {symbol} {b}"),
        (Spelling::Method, [receiver, rest @ ..]) => format!("{receiver}.{}({})", call.op, rest.join(", ")),
        _ => format!("{}({})", call.op, parts.join(", ")),
    })
}

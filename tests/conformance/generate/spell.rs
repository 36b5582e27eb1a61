//! From the program of a case to the source of a network's body, in each of the spellings that `#[network]` accepts.
use serde_json::Value;

/// One program, three ways to write it. All of them are part of the surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// The spelling of the case's own `text`: `sum_axis_keep(x, 1)`, `softmax(x, 1)`, `powi(x, 2)`.
    Text,
    /// Named options: `sum(x, axis = 1, keepdims = true)`, `softmax(x, axis = 1)`, `elu(x, alpha = 1.0)`.
    Named,
    /// What an ndarray user writes: `x.sum_axis(Axis(1))`, `x.tanh()`, `x.powi(2)`.
    Ndarray,
}

/// How strongly an expression holds together, so that parentheses stand only where they are needed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Sum,
    Product,
    Negation,
    Call,
}

struct Expression {
    text: String,
    strength: Strength,
}

impl Expression {
    fn call(text: String) -> Self {
        Expression { text, strength: Strength::Call }
    }

    /// The text, in parentheses when it holds together less than `least`.
    fn at_least(&self, least: Strength) -> String {
        if self.strength >= least { self.text.clone() } else { format!("({})", self.text) }
    }
}

/// A sequence of lets, each a name and a node, and a result.
#[derive(Clone, Copy)]
pub struct Program<'a> {
    pub lets: &'a [Value],
    pub result: &'a Value,
}

impl<'a> Program<'a> {
    pub fn of(case: &'a Value) -> Self {
        let program = &case["program"];
        Program { lets: program["lets"].as_array().expect("a program has lets"), result: &program["ret"] }
    }

    /// The same with the lets put into their places, where the case has that: it is left out if it would be very long.
    pub fn nested(case: &'a Value) -> Option<Self> {
        case.get("nested").map(|result| Program { lets: &[], result })
    }

    pub fn nodes(self) -> impl Iterator<Item = &'a Value> {
        self.lets.iter().map(|binding| &binding[1]).chain([self.result])
    }

    /// The lines of a body: one `let` a line, the result last.
    pub fn text(self, spelling: Spelling) -> String {
        let bound = |binding: &Value| format!("let {} = {};", text_of(&binding[0]), spell(&binding[1], spelling).text);
        self.lets.iter().map(bound).chain([spell(self.result, spelling).text]).collect::<Vec<_>>().join("\n")
    }
}

pub fn operation(node: &Value) -> &str {
    text_of(&node["op"])
}

pub fn arguments(node: &Value) -> &[Value] {
    node["args"].as_array().expect("a node has arguments")
}

pub fn text_of(value: &Value) -> &str {
    value.as_str().expect("a string in a case")
}

fn spell(node: &Value, spelling: Spelling) -> Expression {
    let args: Vec<Expression> = arguments(node).iter().map(|argument| spell(argument, spelling)).collect();
    let attrs = &node["attrs"];
    match operation(node) {
        "var" => Expression::call(text_of(&attrs["name"]).to_string()),
        "const" => constant(&attrs["value"]),
        "neg" => {
            Expression { text: format!("-{}", args[0].at_least(Strength::Negation)), strength: Strength::Negation }
        }
        "add" => infix("+", Strength::Sum, &args),
        "sub" => infix("-", Strength::Sum, &args),
        "mul" => infix("*", Strength::Product, &args),
        "div" => infix("/", Strength::Product, &args),
        op => Expression::call(call(op, &args, attrs, spelling)),
    }
}

/// A literal that reads back as the same number. A negative one is in need of parentheses wherever it is an operand.
fn constant(value: &Value) -> Expression {
    let value = value.as_f64().expect("a constant is a number");
    let strength = if value.is_sign_negative() { Strength::Sum } else { Strength::Call };
    Expression { text: format!("{value:?}"), strength }
}

/// A binary operator, which is left associative. The README of the cases writes `x * (-3.0)` and `-x - y`.
fn infix(symbol: &str, strength: Strength, args: &[Expression]) -> Expression {
    let tighter = if strength == Strength::Sum { Strength::Product } else { Strength::Negation };
    let left = args[0].at_least(strength);
    let right = match args[1].strength {
        Strength::Negation => format!("({})", args[1].text),
        _ => args[1].at_least(tighter),
    };
    Expression { text: format!("{left} {symbol} {right}"), strength }
}

fn call(op: &str, args: &[Expression], attrs: &Value, spelling: Spelling) -> String {
    let texts: Vec<&str> = args.iter().map(|argument| argument.text.as_str()).collect();
    let all = texts.join(", ");
    match op {
        "dot" => format!("{}.dot({})", receiver(args), texts[1]),
        "t" => format!("{}.t()", receiver(args)),
        "sum" | "mean" | "reduce_max" | "reduce_min" | "logsumexp" => reduction(op, args, attrs, spelling),
        "softmax" | "log_softmax" => with_options(op, &all, &[("axis", &attrs["axis"])], spelling),
        "powi" if spelling == Spelling::Ndarray => format!("{}.powi({})", receiver(args), number(&attrs["n"])),
        "powf" if spelling == Spelling::Ndarray => format!("{}.powf({})", receiver(args), number(&attrs["p"])),
        "powi" => format!("powi({all}, {})", number(&attrs["n"])),
        "powf" => format!("powf({all}, {})", number(&attrs["p"])),
        "elu" => with_options(op, &all, &[("alpha", &attrs["alpha"])], spelling),
        "leaky_relu" => with_options(op, &all, &[("slope", &attrs["slope"])], spelling),
        "clamp" => with_options(op, &all, &[("lo", &attrs["lo"]), ("hi", &attrs["hi"])], spelling),
        "reshape" => format!("reshape({all}, {})", numbers(&attrs["shape"])),
        "permute" => format!("permute({all}, {})", numbers(&attrs["axes"])),
        "concat" => format!("concat({all}, axis = {})", number(&attrs["axis"])),
        "slice" => slice(&all, attrs),
        "select" => select(&texts, spelling),
        "exp" | "ln" | "sqrt" | "abs" | "tanh" if spelling == Spelling::Ndarray => format!("{}.{op}()", receiver(args)),
        _ => format!("{op}({all})"),
    }
}

fn receiver(args: &[Expression]) -> String {
    args[0].at_least(Strength::Call)
}

/// `sum(x)`, `sum_axis(x, 0)` and `sum_axis_keep(x, 0)`, or what the other spellings have in their place.
fn reduction(op: &str, args: &[Expression], attrs: &Value, spelling: Spelling) -> String {
    let (x, short) = (&args[0].text, op.trim_start_matches("reduce_"));
    let like_ndarray = spelling == Spelling::Ndarray && matches!(op, "sum" | "mean");
    let keep = attrs["keepdims"] == true;
    match (attrs["axis"].as_i64(), keep) {
        (None, _) if like_ndarray => format!("{}.{op}()", receiver(args)),
        (None, _) if spelling == Spelling::Named => format!("{short}({x})"),
        (None, _) => format!("{op}({x})"),
        (Some(axis), false) if like_ndarray => format!("{}.{op}_axis(Axis({axis}))", receiver(args)),
        (Some(axis), false) if spelling == Spelling::Named => format!("{short}({x}, axis = {axis})"),
        (Some(axis), true) if spelling == Spelling::Named => format!("{short}({x}, axis = {axis}, keepdims = true)"),
        (Some(axis), false) => format!("{short}_axis({x}, {axis})"),
        (Some(axis), true) => format!("{short}_axis_keep({x}, {axis})"),
    }
}

fn with_options(op: &str, arguments: &str, options: &[(&str, &Value)], spelling: Spelling) -> String {
    let options = options.iter().map(|(name, value)| match spelling {
        Spelling::Named => format!(", {name} = {}", number(value)),
        Spelling::Text | Spelling::Ndarray => format!(", {}", number(value)),
    });
    format!("{op}({arguments}{})", options.collect::<String>())
}

fn slice(x: &str, attrs: &Value) -> String {
    let [axis, start, end] = ["axis", "start", "end"].map(|name| number(&attrs[name]));
    format!("slice({x}, axis = {axis}, start = {start}, end = {end})")
}

/// The mask of a case is a number that counts as true when it isn't zero, so it has to be compared.
fn select(args: &[&str], spelling: Spelling) -> String {
    match spelling {
        Spelling::Text => format!("select({})", args.join(", ")),
        Spelling::Named | Spelling::Ndarray => format!("select({} != 0, {}, {})", args[0], args[1], args[2]),
    }
}

fn number(value: &Value) -> String {
    match value.as_i64() {
        Some(integer) => integer.to_string(),
        None => format!("{:?}", value.as_f64().expect("an option is a number")),
    }
}

fn numbers(values: &Value) -> String {
    let values: Vec<String> = values.as_array().expect("an option is a list").iter().map(number).collect();
    format!("[{}]", values.join(", "))
}

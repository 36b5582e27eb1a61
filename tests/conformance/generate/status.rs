//! What the compiler can do today: the operations that are switched on, and the cases that are known not to pass.
//! Widening the suite is an edit of this file; no case leaves the suite without a line here.

/// The operations that `#[network]` understands. A case with any other is shown as `ignored, not yet (operation)`.
pub const ENABLED: &[&str] = &[
    "abs",
    "add",
    "clamp",
    "const",
    "cos",
    "div",
    "dot",
    "elu",
    "erf",
    "exp",
    "expm1",
    "gelu",
    "gelu_tanh",
    "leaky_relu",
    "ln",
    "log1p",
    "log_softmax",
    "logsumexp",
    "max",
    "mean",
    "min",
    "mul",
    "neg",
    "pow",
    "powf",
    "powi",
    "recip",
    "reduce_max",
    "reduce_min",
    "relu",
    "select",
    "sigmoid",
    "silu",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "sub",
    "sum",
    "t",
    "tanh",
    "var",
];

/// Cases that compile and give a wrong answer: case, element type, what is wrong. Their tests must panic, so the suite
/// says so when one is mended.
pub const FAILING: &[(&str, &str, &str)] = &[];

/// Cases that `#[network]` refuses, so that they can't be compiled with the others: case, what it says.
pub const REFUSED: &[(&str, &str)] = &[];

//! Losses: a mean over all elements, or over rows of a sum along the last axis. None broadcasts.

use super::Derivative::Inner;
use super::apply::{At, Mismatch, Settings};
use super::rule::{self, Bindings};
use super::{DEFAULT, Family, Meaning, Op};
use crate::ir::dim::show;
use crate::ir::graph::{Dtype, Graph, Id};

const LOSS: Op = Op { family: Family::Composite, derivative: Inner, domain: &[(-2.0, 2.0), (-2.0, 2.0)], ..DEFAULT };

/// With `c` the bounded difference: half a square within the bound, `delta * (|d| - delta / 2)` beyond.
const HUBER: &str = "{
    let d = p - y;
    let c = clamp(d, -delta, delta);
    mean(c * (d - 0.5 * c))
}";

/// What has no weight adds nothing, be its logarithm infinite.
const BINARY_CROSS_ENTROPY: &str = "-mean(select(y == 0, 0, y * ln(p)) + select(y == 1, 0, (1 - y) * log1p(-p)))";

/// Two terms of one sign: `softplus(z) - y * z` would lose the digits of a large, rightly guessed `z`.
const BINARY_CROSS_ENTROPY_WITH_LOGITS: &str = "mean(y * softplus(-z) + (1 - y) * softplus(z))";

const KL_DIVERGENCE: &str = "mean(sum(select(q == 0, 0, q * (ln(q) - logp)), axis = -1))";

/// A row of zeros has no direction: its similarity to any other is 0.
const COSINE: &str = "{
    let n = norm(p, axis = -1) * norm(y, axis = -1);
    mean(1 - select(n == 0, 0, sum(p * y, axis = -1) / n))
}";

/// The element of each row at its label.
const AT_LABELS: &str = "-mean(sum(select(position == label, logp, 0), axis = -1))";
/// A share `s` of the weight is spread over all classes.
const SMOOTHED: &str = "(1 - s) * loss - s * mean(logp)";
const EXPECTED: &str = "-mean(sum(y * logp, axis = -1))";
/// As above, where a logarithm without weight may be infinite.
const EXPECTED_OF_ANY: &str = "-mean(sum(select(y == 0, 0, y * logp), axis = -1))";

pub const OPS: &[Op] = &[
    Op {
        name: "mse",
        args: &["p", "y"],
        meaning: Meaning::Built(|graph, args, _| elementwise(graph, "mse", "mean(square(p - y))", args)),
        math: "mean(({p} - {y})²)",
        doc: "Mean squared error of two arrays of one shape.",
        ..LOSS
    },
    Op {
        name: "mae",
        args: &["p", "y"],
        meaning: Meaning::Built(|graph, args, _| elementwise(graph, "mae", "mean(abs(p - y))", args)),
        math: "mean(|{p} - {y}|)",
        doc: "Mean absolute error of two arrays of one shape; its derivative where both are equal is 0.",
        ..LOSS
    },
    Op {
        name: "huber",
        args: &["p", "y", "delta"],
        defaults: &[("delta", 1.0)],
        meaning: Meaning::Built(|graph, args, _| elementwise(graph, "huber", HUBER, args)),
        math: "mean(huber({p} - {y}))",
        domain: &[(-2.0, 2.0), (-2.0, 2.0), (0.5, 1.5)],
        doc: "Half the mean squared error up to a difference of delta, from there on linear in it.",
        ..LOSS
    },
    Op {
        name: "hinge",
        args: &["z", "y"],
        meaning: Meaning::Built(|graph, args, _| elementwise(graph, "hinge", "mean(relu(1 - y * z))", args)),
        math: "mean(relu(1 - {y} · {z}))",
        doc: "Hinge loss of scores, for labels -1 and 1; its derivative at the margin is 0.",
        ..LOSS
    },
    Op {
        name: "binary_cross_entropy",
        aliases: &["bce"],
        args: &["p", "y"],
        meaning: Meaning::Built(|graph, args, _| {
            elementwise(graph, "binary_cross_entropy", BINARY_CROSS_ENTROPY, args)
        }),
        math: "-mean({y} · ln {p} + (1 - {y}) · ln(1 - {p}))",
        domain: &[(0.1, 0.9), (0.1, 0.9)],
        doc: "Mean of -y * ln(p) - (1 - y) * ln(1 - p); a term without weight is 0, even where p is 0 or 1.",
        ..LOSS
    },
    Op {
        name: "binary_cross_entropy_with_logits",
        aliases: &["bce_with_logits"],
        args: &["z", "y"],
        meaning: Meaning::Built(|graph, args, _| {
            elementwise(graph, "binary_cross_entropy_with_logits", BINARY_CROSS_ENTROPY_WITH_LOGITS, args)
        }),
        math: "mean({y} · softplus(-{z}) + (1 - {y}) · softplus({z}))",
        doc: "Binary cross entropy of sigmoid(z), without overflow and with all digits for any z.",
        ..LOSS
    },
    Op {
        name: "softmax_cross_entropy",
        aliases: &["cross_entropy"],
        args: &["z", "y"],
        options: &["smoothing"],
        meaning: Meaning::Built(softmax_cross_entropy),
        math: "-mean(ln softmax({z}) at {y})",
        doc: "Mean of -ln softmax(z) along the last axis, at class labels or weighted by a distribution of z's shape; with `smoothing = s`, classes share s of the weight evenly, and y has the rest (Szegedy et al., 2016).",
        ..LOSS
    },
    Op {
        name: "nll",
        args: &["logp", "y"],
        meaning: Meaning::Built(|graph, args, _| {
            labels_fit(graph, "nll", args)?;
            Ok(likelihood(graph, args[0], args[1], EXPECTED_OF_ANY))
        }),
        math: "-mean({logp} at {y})",
        doc: "Mean of -logp along the last axis, at class labels or weighted by a distribution of logp's shape.",
        ..LOSS
    },
    Op {
        name: "kl_divergence",
        args: &["logp", "q"],
        meaning: Meaning::Built(|graph, args, _| {
            rows("kl_divergence", graph, args[0])?;
            elementwise(graph, "kl_divergence", KL_DIVERGENCE, args)
        }),
        math: "mean(Σ {q} · (ln {q} - {logp}))",
        domain: &[(-2.0, -0.1), (0.1, 0.9)],
        doc: "Divergence of the distribution q from exp(logp): a sum along the last axis, a mean over rows; 0 where q is 0.",
        ..LOSS
    },
    Op {
        name: "cosine",
        args: &["p", "y"],
        meaning: Meaning::Built(|graph, args, _| {
            rows("cosine", graph, args[0])?;
            elementwise(graph, "cosine", COSINE, args)
        }),
        math: "mean(1 - cos({p}, {y}))",
        doc: "One minus the cosine of the angle between rows along the last axis; a row of zeros counts as orthogonal.",
        ..LOSS
    },
];

/// A loss of two arrays of one shape, and single numbers.
fn elementwise(graph: &mut Graph, name: &str, text: &'static str, args: &[Id]) -> Result<Id, Mismatch> {
    numbers(name, graph, args)?;
    equal_shapes(name, graph, args)?;
    if let Some(k) = (2..args.len()).find(|&k| !graph.shape(args[k]).is_empty()) {
        let shape = show(graph.shape(args[k]));
        return Err(Mismatch::new(format!("`{name}` takes a single number here, but {{{k}}} is {shape}")));
    }
    Ok(rule::write(graph, text, &Bindings::new(super::known(name).args, args)))
}

fn softmax_cross_entropy(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    labels_fit(graph, "softmax_cross_entropy", args)?;
    let smoothing = settings.number("smoothing").unwrap_or(0.0);
    if !(0.0..=1.0).contains(&smoothing) {
        let text = "`smoothing` is the share of the weight that all classes have in common: a number from 0 to 1";
        return Err(Mismatch::new(text).at(At::Option("smoothing")));
    }
    let logp = rule::write(graph, "log_softmax(z)", &Bindings::new(&["z"], args));
    let loss = likelihood(graph, logp, args[1], EXPECTED);
    if smoothing == 0.0 {
        return Ok(loss);
    }
    let smoothing = graph.constant(smoothing);
    Ok(rule::write(graph, SMOOTHED, &Bindings::new(&["loss", "logp", "s"], &[loss, logp, smoothing])))
}

/// The negative mean of `logp` at the labels `y`, or, by the other text, weighted by `y`.
fn likelihood(graph: &mut Graph, logp: Id, y: Id, weighted: &'static str) -> Id {
    if graph.node(y).dtype != Dtype::Index {
        return rule::write(graph, weighted, &Bindings::new(&["logp", "y"], &[logp, y]));
    }
    let shape = graph.shape(logp).clone();
    let last = shape.len() - 1;
    let position = graph.iota(last, shape.clone());
    let label = graph.spread(y, &shape, &[last]);
    rule::write(graph, AT_LABELS, &Bindings::new(&["logp", "position", "label"], &[logp, position, label]))
}

/// A label for each row, or weights of the same shape.
fn labels_fit(graph: &Graph, name: &str, args: &[Id]) -> Result<(), Mismatch> {
    numbers(name, graph, &args[..1])?;
    rows(name, graph, args[0])?;
    if graph.node(args[1]).dtype != Dtype::Index {
        numbers(name, graph, args)?;
        return equal_shapes(name, graph, args);
    }
    let shape = graph.shape(args[0]);
    let rows = &shape[..shape.len() - 1];
    if graph.shape(args[1]) == rows {
        return Ok(());
    }
    let (z, labels) = (show(shape), show(graph.shape(args[1])));
    let text = format!("`{name}` needs one label for each row: {{0}} is {z} but {{1}} is {labels}");
    Err(Mismatch::new(text).hint(format!("labels for scores {z} are {}", show(rows))))
}

fn rows(name: &str, graph: &Graph, scores: Id) -> Result<(), Mismatch> {
    match graph.shape(scores).is_empty() {
        true => Err(Mismatch::new(format!("`{name}` takes rows of scores, but {{0}} is a single number"))),
        false => Ok(()),
    }
}

fn numbers(name: &str, graph: &Graph, args: &[Id]) -> Result<(), Mismatch> {
    match args.iter().position(|&a| graph.node(a).dtype != Dtype::Real) {
        Some(at) => Err(Mismatch::dtype(name, graph, args, at)),
        None => Ok(()),
    }
}

/// A loss never broadcasts: `[N, 1]` against `[N]` would silently compare everything with everything.
fn equal_shapes(name: &str, graph: &Graph, args: &[Id]) -> Result<(), Mismatch> {
    let (a, b) = (graph.shape(args[0]), graph.shape(args[1]));
    if a == b {
        return Ok(());
    }
    let text = format!("`{name}` needs equal shapes: {{0}} is {} but {{1}} is {}", show(a), show(b));
    let differs = a.iter().zip(b).find(|(x, y)| x != y).filter(|_| a.len() == b.len());
    let mismatch = Mismatch::new(text);
    Err(match differs {
        Some((x, y)) => mismatch.rigid(x, y),
        None => mismatch.hint("a loss does not broadcast"),
    })
}

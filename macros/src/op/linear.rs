//! Products of matrices, vectors and arrays of them.

use super::apply::{At, Mismatch, Settings, broadcast_shape};
use super::{DEFAULT, Derivative, Family, Meaning, Op};
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Fold, Graph, Id, Letters};
use crate::ir::model::Setting;

const LINEAR: Op =
    Op { family: Family::Linear, args: &["a", "b"], derivative: Derivative::Inner, positional: &[], ..DEFAULT };

pub const OPS: &[Op] = &[
    Op {
        name: "dot",
        meaning: Meaning::Built(dot),
        math: "{a} · {b}",
        // For people: matrices and vectors alike are contractions, whose letters the compiler swaps.
        derivative: Derivative::Pullback(&["dot(dy, t(b))", "dot(t(a), dy)"]),
        doc: "Product with a matrix or a vector: sums over the last axis of the first and the first axis of the second.",
        ..LINEAR
    },
    Op {
        name: "matmul",
        aliases: &["bmm"],
        meaning: Meaning::Built(matmul),
        math: "{a} · {b}",
        doc: "Product of the matrices in the last two axes, for each of a batch; the axes before them broadcast.",
        ..LINEAR
    },
    Op {
        name: "outer",
        meaning: Meaning::Built(outer),
        math: "{a} ⊗ {b}",
        doc: "Every element of the first times every element of the second; the axes of both, one after another.",
        ..LINEAR
    },
    Op {
        name: "einsum",
        args: &["x"],
        repeats: true,
        options: &["equation"],
        meaning: Meaning::Built(einsum),
        math: "einsum({x})",
        doc: "Products summed as the letters say, in NumPy's notation: `einsum(\"bij,bjk->bik\", a, b)`.",
        ..LINEAR
    },
];

/// The first letters of the alphabet, so many.
fn letters(from: u8, count: usize) -> Vec<u8> {
    (0..count as u8).map(|k| from + k).collect()
}

fn dot(graph: &mut Graph, args: &[Id], _: &Settings) -> Result<Id, Mismatch> {
    let shapes = [graph.shape(args[0]).clone(), graph.shape(args[1]).clone()];
    let [rank_a, rank_b] = [shapes[0].len(), shapes[1].len()];
    if rank_a == 0 || !(1..=2).contains(&rank_b) {
        return Err(wrong_rank([rank_a, rank_b], &shapes));
    }
    if shapes[0].last() != shapes[1].first() {
        return Err(unequal(&shapes));
    }
    let mut a = letters(b'a', rank_a - 1);
    let columns = letters(b'y', rank_b - 1);
    let out = [a.clone(), columns.clone()].concat();
    a.push(b'x');
    let b = [vec![b'x'], columns].concat();
    Ok(graph.contract(args[0], args[1], Letters { a, b, out }))
}

fn wrong_rank(ranks: [usize; 2], shapes: &[Shape; 2]) -> Mismatch {
    let wrong = usize::from(ranks[0] != 0);
    let wanted = if ranks[wrong] == 0 { "matrices and vectors" } else { "a matrix or a vector here" };
    let text = format!("`dot` takes {wanted}, but {{{wrong}}} is {}", show(&shapes[wrong]));
    let mismatch = Mismatch::new(text).at(At::Operand(wrong));
    match ranks[wrong] {
        0 => mismatch.hint("write `*` to multiply by a single number"),
        _ => mismatch.hint("for a product of matrices for each of a batch, write `matmul`"),
    }
}

fn unequal([a, b]: &[Shape; 2]) -> Mismatch {
    let text = format!("`dot` needs equal inner dimensions: {{0}} is {} but {{1}} is {}", show(a), show(b));
    let mismatch = Mismatch::new(text);
    let (inner, outer) = (&a[a.len() - 1], &b[0]);
    if b.len() == 2 && *inner == b[1] {
        mismatch.hint("the transposed right operand fits: write `.t()` after it")
    } else if a.len() == 2 && a[0] == *outer {
        mismatch.hint("the transposed left operand fits: write `.t()` after it")
    } else {
        mismatch.rigid(inner, outer)
    }
}

/// NumPy's `matmul`: vectors are rows on the left and columns on the right.
fn matmul(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let shapes = [graph.shape(args[0]).clone(), graph.shape(args[1]).clone()];
    let [rank_a, rank_b] = [shapes[0].len(), shapes[1].len()];
    if rank_a == 0 || rank_b <= 2 {
        return dot(graph, args, settings).map_err(|m| Mismatch { text: m.text.replace("`dot`", "`matmul`"), ..m });
    }
    let [a, b] = &shapes;
    if a[rank_a - 1] != b[rank_b - 2] {
        let text = format!("`matmul` needs equal inner dimensions: {{0}} is {} but {{1}} is {}", show(a), show(b));
        return Err(Mismatch::new(text).rigid(&a[rank_a - 1], &b[rank_b - 2]));
    }
    let [batch_a, batch_b] = [&a[..rank_a.saturating_sub(2)], &b[..rank_b - 2]];
    let Some(batch) = broadcast_shape(batch_a, batch_b) else {
        let text = "`matmul` broadcasts the axes before the last two";
        let shapes = format!("those of {{0}} {} and {{1}} {} differ", show(a), show(b));
        return Err(Mismatch::new(format!("{text}, but {shapes}")));
    };
    let names = letters(b'a', batch.len());
    let rows: &[u8] = if rank_a > 1 { b"x" } else { b"" };
    let (first, la) = long_batch(graph, args[0], batch_a.len(), &names);
    let (second, lb) = long_batch(graph, args[1], batch_b.len(), &names);
    let out: Vec<u8> = names.iter().copied().filter(|l| la.contains(l) || lb.contains(l)).collect();
    let letters =
        Letters { a: [&la, rows, b"k"].concat(), b: [&lb[..], b"ky"].concat(), out: [&out, rows, b"y"].concat() };
    let product = graph.contract(first, second, letters);
    // Axes of size 1 in both stand in the result again.
    let shape = [&batch[..], &a[rank_a.saturating_sub(2)..rank_a - 1], &b[rank_b - 1..]].concat();
    Ok(graph.reshape(product, &shape))
}

/// An operand without those of its first `count` axes that have size 1, and the letters of the others of these.
fn long_batch(graph: &mut Graph, id: Id, count: usize, names: &[u8]) -> (Id, Vec<u8>) {
    let shape = graph.shape(id).clone();
    let own = &names[names.len() - count..];
    let long: Vec<usize> = (0..count).filter(|&k| !shape[k].is_one()).collect();
    let kept: Shape = long.iter().map(|&k| shape[k].clone()).chain(shape[count..].iter().cloned()).collect();
    (graph.reshape(id, &kept), long.iter().map(|&k| own[k]).collect())
}

fn outer(graph: &mut Graph, args: &[Id], _: &Settings) -> Result<Id, Mismatch> {
    let [a, b] = [args[0], args[1]].map(|id| graph.shape(id).len());
    if a + b > 6 {
        return Err(Mismatch::new(format!("`outer` would give {} axes: an array has at most 6", a + b)));
    }
    let (a, b) = (letters(b'a', a), letters(b'n', b));
    Ok(graph.contract(args[0], args[1], Letters { out: [a.clone(), b.clone()].concat(), a, b }))
}

/// From left to right: two operands at a time become one, with the letters that are still needed.
fn einsum(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let Some(Setting::Text(text)) = settings.get("equation") else {
        return Err(Mismatch::new("`einsum` starts with its letters: `einsum(\"ij,jk->ik\", a, b)`"));
    };
    let (operands, out) = equation(text, args.len())?;
    check_letters(graph, args, &operands, &out)?;
    let mut left: Vec<(Id, Vec<u8>)> = Vec::new();
    for (k, (&id, own)) in args.iter().zip(&operands).enumerate() {
        let elsewhere = |l: &u8| out.contains(l) || operands.iter().enumerate().any(|(j, o)| j != k && o.contains(l));
        left.push(summed(graph, id, own, elsewhere));
    }
    let mut rest = left.into_iter();
    let mut first = rest.next().expect("an equation has an operand");
    while let Some((id, own)) = rest.next() {
        let needed = |l: &u8| out.contains(l) || rest.as_slice().iter().any(|(_, o)| o.contains(l));
        let mut kept: Vec<u8> = first.1.iter().chain(own.iter().filter(|l| !first.1.contains(l))).copied().collect();
        kept.retain(|l| needed(l));
        if rest.as_slice().is_empty() {
            kept = out.clone();
        }
        first = (graph.contract(first.0, id, Letters { a: first.1, b: own, out: kept.clone() }), kept);
    }
    let order = out.iter().map(|l| first.1.iter().position(|k| k == l).expect("checked above")).collect();
    Ok(graph.permute(first.0, order))
}

/// Sums an operand over the letters that nothing else has.
fn summed(graph: &mut Graph, id: Id, letters: &[u8], elsewhere: impl Fn(&u8) -> bool) -> (Id, Vec<u8>) {
    let lonely = (0..letters.len()).filter(|&k| !elsewhere(&letters[k])).collect();
    let sum = graph.reduce(Fold::Sum, id, lonely);
    (sum, letters.iter().copied().filter(|l| elsewhere(l)).collect())
}

/// `"ij,jk->ik"` as the letters of each operand and of the result.
fn equation(text: &str, count: usize) -> Result<(Vec<Vec<u8>>, Vec<u8>), Mismatch> {
    let fail = |what: String| Err(Mismatch::new(what).at(At::Option("equation")));
    let text: String = text.split_whitespace().collect();
    let Some((operands, out)) = text.split_once("->") else {
        return fail(format!("`einsum` needs the letters of the result: `\"{text}->..\"`"));
    };
    let all: Vec<Vec<u8>> = operands.split(',').map(|o| o.bytes().collect()).collect();
    let plain = |letters: &[u8]| letters.iter().all(u8::is_ascii_lowercase);
    let once = |letters: &[u8]| (1..letters.len()).all(|k| !letters[..k].contains(&letters[k]));
    let out: Vec<u8> = out.bytes().collect();
    if !all.iter().chain([&out]).all(|l| plain(l)) {
        return fail("`einsum` takes lower-case letters, one for each axis".into());
    }
    if let Some(twice) = all.iter().chain([&out]).find(|l| !once(l)) {
        return fail(format!(
            "a letter stands twice in `{}`: a diagonal is not supported",
            String::from_utf8_lossy(twice)
        ));
    }
    if all.len() != count {
        return fail(format!("`einsum` has the letters of {} operands, but {count} are given", all.len()));
    }
    match out.iter().find(|l| !all.iter().any(|o| o.contains(l))) {
        Some(l) => fail(format!("the result's letter `{}` is none of an operand", *l as char)),
        None => Ok((all, out)),
    }
}

/// A letter for each axis, and one size for each letter.
fn check_letters(graph: &Graph, args: &[Id], operands: &[Vec<u8>], out: &[u8]) -> Result<(), Mismatch> {
    let mut sizes: Vec<(u8, Dim, usize)> = Vec::new();
    for (k, (&id, own)) in args.iter().zip(operands).enumerate() {
        let shape = graph.shape(id);
        if shape.len() != own.len() {
            let text =
                format!("{{{k}}} is {}, but `{}` has {} letters", show(shape), String::from_utf8_lossy(own), own.len());
            return Err(Mismatch::new(text).at(At::Operand(k)));
        }
        for (letter, size) in own.iter().zip(shape) {
            match sizes.iter().find(|(l, ..)| l == letter) {
                Some((_, known, first)) if known != size => {
                    let text = format!("`{}` is {known} in {{{first}}}, but {size} in {{{k}}}", *letter as char);
                    return Err(Mismatch::new(text).at(At::Operand(k)).rigid(known, size));
                }
                Some(_) => {}
                None => sizes.push((*letter, size.clone(), k)),
            }
        }
    }
    match out.len() > 6 {
        true => Err(Mismatch::new("an array has at most 6 axes").at(At::Option("equation"))),
        false => Ok(()),
    }
}

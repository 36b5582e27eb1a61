//! The most general dimensions of a program: every size that may be a name is one, and two are the same name only where
//! the program makes them equal. `[5, 3].dot([3, 2]) + [2]` becomes `[N, M].dot([M, K]) + [K]`.
use super::spell::{Program, arguments, operation, text_of};
use serde_json::Value;
use std::collections::BTreeMap;

const NAMES: [&str; 16] = ["N", "M", "K", "H", "O", "D", "E", "F", "G", "I", "P", "Q", "R", "S", "U", "V"];

/// Dimensions as they are written in a signature, and those of the result.
pub struct Signature {
    pub vars: Vec<Vec<String>>,
    pub output: Vec<String>,
}

/// The signature in names, for vars given as name and shape; `None` where an operation's shape rule isn't known here.
pub fn general(vars: &[(String, Vec<usize>)], program: Program<'_>) -> Option<Signature> {
    let mut classes = Classes::default();
    let shapes: Vec<Vec<usize>> =
        vars.iter().map(|(_, shape)| shape.iter().map(|&size| classes.fresh(size)).collect()).collect();
    let mut scope: BTreeMap<String, Vec<usize>> =
        vars.iter().map(|(name, _)| name.clone()).zip(shapes.clone()).collect();
    for binding in program.lets {
        let shape = classes.infer(&binding[1], &scope)?;
        scope.insert(text_of(&binding[0]).to_string(), shape);
    }
    let output = classes.infer(program.result, &scope)?;
    let mut names = BTreeMap::new();
    let mut written = |shape: &Vec<usize>| shape.iter().map(|&axis| classes.written(axis, &mut names)).collect();
    Some(Signature { vars: shapes.iter().map(&mut written).collect(), output: written(&output) })
}

/// Axes that the program makes equal form a class (union-find). A class is fixed if it has to be a number.
#[derive(Default)]
struct Classes {
    parents: Vec<usize>,
    sizes: Vec<usize>,
    fixed: Vec<bool>,
}

impl Classes {
    fn fresh(&mut self, size: usize) -> usize {
        self.parents.push(self.parents.len());
        self.sizes.push(size);
        self.fixed.push(false);
        self.parents.len() - 1
    }

    fn one(&mut self) -> usize {
        let axis = self.fresh(1);
        self.fixed[axis] = true;
        axis
    }

    fn root(&self, axis: usize) -> usize {
        if self.parents[axis] == axis { axis } else { self.root(self.parents[axis]) }
    }

    fn unify(&mut self, a: usize, b: usize) -> usize {
        let (a, b) = (self.root(a), self.root(b));
        assert_eq!(self.sizes[a], self.sizes[b], "a program makes axes of different sizes equal");
        self.fixed[a] |= self.fixed[b];
        self.parents[b] = a;
        a
    }

    fn written(&self, axis: usize, names: &mut BTreeMap<usize, String>) -> String {
        let root = self.root(axis);
        if self.fixed[root] {
            return self.sizes[root].to_string();
        }
        let next = names.len();
        let fresh = || NAMES.get(next).map_or(format!("D{next}"), |name| name.to_string());
        names.entry(root).or_insert_with(fresh).clone()
    }

    fn infer(&mut self, node: &Value, scope: &BTreeMap<String, Vec<usize>>) -> Option<Vec<usize>> {
        let mut args = Vec::new();
        for argument in arguments(node) {
            args.push(self.infer(argument, scope)?);
        }
        let attrs = &node["attrs"];
        match operation(node) {
            "var" => scope.get(text_of(&attrs["name"])).cloned(),
            "const" => Some(Vec::new()),
            "dot" => Some(self.dot(&args[0], &args[1])),
            "t" => Some(args[0].iter().rev().copied().collect()),
            "sum" | "mean" | "reduce_max" | "reduce_min" | "logsumexp" => Some(self.reduce(&args[0], attrs)),
            "reshape" | "permute" | "concat" | "slice" | "conv2d" => None,
            _ => Some(args.iter().fold(Vec::new(), |shape, argument| self.broadcast(&shape, argument))),
        }
    }

    fn dot(&mut self, a: &[usize], b: &[usize]) -> Vec<usize> {
        let (&inner, outer) = a.split_last().expect("dot takes no scalar");
        self.unify(inner, b[0]);
        [outer, &b[1..]].concat()
    }

    fn reduce(&mut self, shape: &[usize], attrs: &Value) -> Vec<usize> {
        let Some(axis) = attrs["axis"].as_u64() else { return Vec::new() };
        let mut shape = shape.to_vec();
        if attrs["keepdims"] == true {
            shape[axis as usize] = self.one();
        } else {
            shape.remove(axis as usize);
        }
        shape
    }

    fn broadcast(&mut self, a: &[usize], b: &[usize]) -> Vec<usize> {
        let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
        let (front, back) = long.split_at(long.len() - short.len());
        let joined = back.iter().zip(short).map(|(&a, &b)| self.stretch(a, b));
        front.iter().copied().chain(joined).collect()
    }

    /// Equal sizes are one class; else one of the two is 1, and that has to be known from its type.
    fn stretch(&mut self, a: usize, b: usize) -> usize {
        let (a, b) = (self.root(a), self.root(b));
        match (self.sizes[a], self.sizes[b]) {
            (a_size, b_size) if a_size == b_size => self.unify(a, b),
            (1, _) => {
                self.fixed[a] = true;
                b
            }
            _ => {
                self.fixed[b] = true;
                a
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(op: &str, args: &[Value], attrs: Value) -> Value {
        json!({"op": op, "args": args, "attrs": attrs})
    }

    fn var(name: &str) -> Value {
        node("var", &[], json!({"name": name}))
    }

    fn names(vars: &[(&str, &[usize])], result: &Value) -> (Vec<Vec<String>>, Vec<String>) {
        let vars: Vec<_> = vars.iter().map(|(name, shape)| (name.to_string(), shape.to_vec())).collect();
        let signature = general(&vars, Program { lets: &[], result }).expect("a shape rule for each operation");
        (signature.vars, signature.output)
    }

    #[test]
    fn a_dense_layer_has_three_names() {
        let dense = node("add", &[node("dot", &[var("x"), var("w")], json!({})), var("b")], json!({}));
        let (vars, output) = names(&[("x", &[5, 3]), ("w", &[3, 2]), ("b", &[2])], &dense);
        assert_eq!(vars, [vec!["N", "M"], vec!["M", "K"], vec!["K"]]);
        assert_eq!(output, ["N", "K"]);
    }

    #[test]
    fn what_is_stretched_is_a_number() {
        let sum = node("add", &[var("x"), var("y")], json!({}));
        let (vars, output) = names(&[("x", &[3, 1]), ("y", &[1, 4])], &sum);
        assert_eq!(vars, [vec!["N", "1"], vec!["1", "M"]]);
        assert_eq!(output, ["N", "M"]);
    }

    #[test]
    fn equal_sizes_that_never_meet_keep_names_of_their_own() {
        let mean = node("mean", &[var("x")], json!({"axis": 1, "keepdims": true}));
        let (vars, output) = names(&[("x", &[3, 3]), ("unused", &[3])], &mean);
        assert_eq!(vars, [vec!["N", "M"], vec!["K"]]);
        assert_eq!(output, ["N", "1"]);
    }
}

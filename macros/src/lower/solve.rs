//! What a callee's names of dimensions are in its caller: solved from what is equal to what.

use crate::ir::dim::{Dim, Shape};
pub use crate::ir::resize::{Sizes, dim, shape};

/// Adds to `sizes` every name that an equation of a declared and a given dimension decides.
pub fn solve(sizes: &mut Sizes, equations: &[(&Shape, &Shape)]) {
    let equations = || equations.iter().flat_map(|(declared, given)| declared.iter().zip(given.iter()));
    while let Some((name, dim)) = equations().find_map(|(declared, given)| decided(sizes, declared, given)) {
        sizes.insert(name, dim);
    }
}

/// The one unknown name in `declared`, and what it must be.
fn decided(sizes: &Sizes, declared: &Dim, given: &Dim) -> Option<(String, Dim)> {
    let unknown: Vec<&str> = declared.names().into_iter().filter(|name| !sizes.contains_key(*name)).collect();
    let [name] = unknown.as_slice() else { return None };
    // The caller may have a dimension of the same name, which is another one.
    let marked = format!("?{name}");
    let open = declared.substitute(&|n| if n == *name { Dim::name(&*marked) } else { sizes[n].clone() });
    let size = open.solve(&marked, given).filter(|size| !size.is_negative())?;
    Some((name.to_string(), size))
}

/// Why no sizes make `declared` what is `given`, for people; nothing where `sizes` say all about it.
pub fn unsolved(sizes: &Sizes, declared: &Dim, given: &Dim) -> Option<String> {
    let unknown: Vec<&str> = declared.names().into_iter().filter(|name| !sizes.contains_key(*name)).collect();
    let names = unknown.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
    match unknown[..] {
        [] => None,
        [name] if declared.linear_in(name).is_some() => {
            let known = declared.names().into_iter().filter_map(|n| Some(format!("`{n}` is {}", sizes.get(n)?)));
            let known = known.collect::<Vec<_>>().join(" and ");
            let where_ = if known.is_empty() { String::new() } else { format!(", where {known}") };
            Some(format!("no size {names} makes `{declared}` be {given}{where_}"))
        }
        _ => Some(format!("`{declared}` is {given} here, which does not decide {names}")),
    }
}

//! The error bounds that the documentation of `pullback::math` publishes, read from its table.

#[derive(Clone, Copy)]
pub enum Type {
    F32,
    F64,
}

/// The bound in units in the last place.
pub fn published(function: &str, t: Type) -> f64 {
    let docs = include_str!("../../src/math.rs");
    let row = docs.lines().find(|line| line.starts_with("//! |") && line.contains(&format!("[`{function}`]")));
    let row = row.unwrap_or_else(|| panic!("no bound of `{function}` is published"));
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    cells[2 + t as usize].parse().unwrap_or_else(|_| panic!("the bound of `{function}` is a number: {row}"))
}

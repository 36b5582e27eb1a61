//! Writes the conformance suite: out of the cases in `tests/conformance/cases` comes one Rust module a case.
#[path = "tests/conformance/generate/mod.rs"]
mod generate;

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=tests/conformance/generate");
    println!("cargo:rerun-if-changed=tests/conformance/cases");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let out = env::var("OUT_DIR").expect("cargo says where output goes");
    let suite = generate::suite(&generate::read_cases(Path::new(&root)));
    fs::write(Path::new(&out).join("conformance.rs"), suite).expect("OUT_DIR can be written to");
}

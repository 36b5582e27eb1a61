//! Golden files: for every model `tests/expanded/*.in.rs`, the emitted code stands beside it, word for word. They change
//! only by an explicit `PULLBACK_BLESS=1 cargo test -p pullback-macros golden`. That they compile and run, and give the
//! same bits as the macro, is tested by `tests/expanded.rs` at the root.

use super::linking::expand;
use std::path::{Path, PathBuf};

/// The formatted expansion of the networks in `source`, callees first, under a header that shows them.
fn expanded(source: &str) -> String {
    let file = syn::parse2(expand(source)).expect("emitted code is Rust");
    let model: String = source.lines().map(|line| format!("//     {line}").trim_end().to_string() + "\n").collect();
    format!("// What `#[network]` makes of this model:\n//\n{model}\n{}", prettyplease::unparse(&file))
}

fn models() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/expanded");
    let entries = std::fs::read_dir(folder).expect("the golden files are there");
    let mut models: Vec<PathBuf> = entries.map(|e| e.expect("a readable folder").path()).collect();
    models.retain(|path| path.to_string_lossy().ends_with(".in.rs"));
    models.sort();
    models
}

#[test]
fn emitted_code_is_the_golden_code() {
    let models = models();
    assert!(models.len() >= 5);
    for model in models {
        let golden = PathBuf::from(model.to_string_lossy().replace(".in.rs", ".rs"));
        let now = expanded(&std::fs::read_to_string(&model).expect("a readable model"));
        if std::env::var_os("PULLBACK_BLESS").is_some() {
            std::fs::write(&golden, &now).expect("a writable golden file");
        }
        let kept = std::fs::read_to_string(&golden).unwrap_or_default();
        assert!(now == kept, "{} has changed; read the difference, then bless it:\n{now}", golden.display());
    }
}

/// The blocks of the README that say which file they are from, with that file.
fn quoted(readme: &str) -> Vec<(&str, &str)> {
    let marked = readme.split("<!-- ").skip(1);
    let parts = marked.map(|part| {
        let (file, rest) = part.split_once(" -->\n```rust\n").expect("a mark stands before a block of Rust");
        (file, rest.split_once("\n```").expect("a block ends").0)
    });
    parts.collect()
}

#[test]
fn the_readme_quotes_files_word_for_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a readable README");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted = quoted(&readme);
    assert_eq!(quoted.len(), 4);
    for (file, block) in quoted {
        let source = std::fs::read_to_string(root.join(file)).expect("a readable file");
        assert!(words(&source).contains(&words(block)), "the README quotes {file} as it is no more:\n{block}");
    }
}

//! What a user sees: every rejected model gets one message at the user's own tokens, every accepted oddity compiles
//! without a warning. `TRYBUILD=overwrite cargo test --test ui` writes the messages anew.

#[test]
fn mistakes_get_one_message_each() {
    let cases = trybuild::TestCases::new();
    for phase in [
        "syntax",
        "signature",
        "dimensions",
        "options",
        "placement",
        "names",
        "arity",
        "shapes",
        "callers",
        "calls",
        "choices",
    ] {
        cases.compile_fail(format!("tests/ui/{phase}/*.rs"));
    }
}

#[test]
fn oddities_compile() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
}

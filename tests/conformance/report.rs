//! What a run found wrong, gathered so that one failure shows all of it, and rendered for a person.
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// More differences than this of one case tell no more.
const SHOWN: usize = 16;

#[derive(Default)]
pub struct Report {
    /// Where the run is: network and memory layout.
    pub at: String,
    wrong: Vec<Finding>,
    notes: Vec<Finding>,
}

/// One line, and every place that it was found at.
#[derive(Default)]
struct Finding {
    line: String,
    places: Vec<String>,
}

impl Report {
    /// Something that fails the case.
    pub fn add(&mut self, line: String) {
        gather(&mut self.wrong, line, &self.at);
    }

    /// Something that is shown and fails nothing.
    pub fn note(&mut self, line: String) {
        gather(&mut self.notes, line, &self.at);
    }

    /// Panics if anything was wrong.
    pub fn finish(&self, title: &str) {
        if !self.notes.is_empty() {
            show(&rendered(&format!("stretch: {title}"), &self.notes));
        }
        assert!(self.wrong.is_empty(), "\n{}", rendered(title, &self.wrong));
    }
}

fn gather(findings: &mut Vec<Finding>, line: String, at: &str) {
    match findings.iter_mut().find(|finding| finding.line == line) {
        Some(finding) => finding.places.push(at.to_string()),
        None => findings.push(Finding { line, places: vec![at.to_string()] }),
    }
}

fn rendered(title: &str, findings: &[Finding]) -> String {
    let mut text = format!("{title}: {} differences", findings.len());
    for Finding { line, places } in findings.iter().take(SHOWN) {
        let others = places.len() - 1;
        let others = if others == 0 { String::new() } else { format!(" and {others} other runs") };
        write!(text, "\n    {line}\n        in {}{others}", places[0]).expect("a string can be written to");
    }
    if findings.len() > SHOWN {
        write!(text, "\n    and {} more", findings.len() - SHOWN).expect("a string can be written to");
    }
    text
}

/// Prints past the test harness, which keeps the output of a passing test to itself.
pub fn show(text: &str) {
    io::stderr().write_all(format!("\n{text}\n").as_bytes()).expect("stderr can be written to");
}

#[test]
fn a_report_says_where_and_what() {
    let mut report = Report { at: "written_f64, Fortran order".to_string(), ..Report::default() };
    report.add("plain call: output[0]: got 1.0, want 2.0".to_string());
    let text = rendered("op_x f64", &report.wrong);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let line = "plain call: output[0]: got 1.0, want 2.0";
    assert_eq!(lines, ["op_x f64: 1 differences", line, "in written_f64, Fortran order"]);
}

#[test]
fn what_is_wrong_in_every_layout_is_one_line() {
    let mut report = Report::default();
    for at in ["standard layout", "Fortran order", "negative strides"] {
        report.at = at.to_string();
        report.add("plain call".to_string());
    }
    assert!(rendered("op_x f64", &report.wrong).ends_with("plain call\n        in standard layout and 2 other runs"));
}

#[test]
#[should_panic(expected = "plain call: wrong")]
fn anything_wrong_fails_the_case() {
    let mut report = Report::default();
    report.add("plain call: wrong".to_string());
    report.finish("op_x f64");
}

//! Does the suite notice a wrong rule? Every rule is broken in every way that is tried here, one at a time, and the in-process
//! suite is run on it: texts in [`texts`] (a sign, a missing term, a wrong operand, another operator), and what rules in Rust
//! make of a graph in [`built`].
//!
//! ```text
//! cargo test --release -p pullback-macros mutations -- --ignored --nocapture --test-threads 1
//! ```
//!
//! prints what survives and the scores; `PULLBACK_STEP=10` takes every tenth, `PULLBACK_RULE=tanh` those of one rule. What
//! gives the same bits as the rule wherever it is tried means the same, is printed as such, and counts for nothing.

mod built;
mod suite;
mod texts;

use crate::ir::graph::{Graph, Id};
use std::cell::Cell;
use std::fmt::Display;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

pub use texts::current;

/// What stands in place of what a rule has made of a graph that had `before` nodes.
pub fn applied(rule: &str, graph: &mut Graph, before: usize, made: Id) -> Id {
    count_application();
    texts::note(rule);
    built::applied(rule, graph, before, made)
}

/// How many random models call each operation, where all rules are broken.
const CALLS: usize = 20;

// --- trying ---

/// More rules than any test applies; a broken one may be applied to its own result for ever.
const MOST_APPLICATIONS: usize = 1_000_000;

thread_local! {
    /// How many rules may still be applied, if a rule is broken.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

fn count_application() {
    if let Some(left) = LEFT.get() {
        assert!(left > 0, "this does not end");
        LEFT.set(Some(left - 1));
    }
}

/// Whether `test` fails, or does not end; a panic is not printed.
fn fails(test: &dyn Fn()) -> bool {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if LEFT.get().is_none() {
                others(info);
            }
        }));
    });
    LEFT.set(Some(MOST_APPLICATIONS));
    let failed = catch_unwind(AssertUnwindSafe(test)).is_err();
    LEFT.set(None);
    failed
}

// --- counting ---

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Noticed,
    /// The same bits wherever it is tried.
    Same,
    Survives,
}

#[derive(Default)]
struct Score {
    noticed: usize,
    same: usize,
    survivors: usize,
}

impl Score {
    fn add(&mut self, outcome: Outcome, what: impl Display) {
        match outcome {
            Outcome::Noticed => self.noticed += 1,
            Outcome::Same => {
                println!("means the same: {what}");
                self.same += 1;
            }
            Outcome::Survives => {
                println!("survives: {what}");
                self.survivors += 1;
            }
        }
    }

    /// The least share that must be noticed is in hundredths.
    fn finish(self, what: &str, least: usize) {
        let Score { noticed, same, survivors } = self;
        let count = noticed + survivors;
        let share = 100.0 * noticed as f64 / count as f64;
        println!("{noticed} of {count} {what} are noticed, {share:.1} %; {same} more mean the same");
        assert!(100 * noticed >= least * count, "too many survive");
    }
}

/// Whether the environment asks for this rule.
fn is_asked_for(rule: &str) -> bool {
    std::env::var("PULLBACK_RULE").map_or(true, |asked| asked == rule)
}

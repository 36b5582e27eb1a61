//! `cargo bench -p pullback --bench step [-- --csv] [-- --seconds 3] [-- W2 W4]`: a training step of each workload (forward,
//! loss, backward, update) as the macro derives it, and as one writes it by hand to be as fast as possible.
//!
//! Both run turn by turn on one thread in one process, on the same data, and must compute the same losses. With `--csv`
//! the columns are: who, workload, threads, median, 10th and 90th percentile (us), allocations a step, peak memory
//! (bytes on the heap, data included), loss of the first and of the tenth step.

mod by_hand;
mod data;
mod derived;
mod meter;
mod networks;

use derived::Step;
use meter::Figures;
use std::time::Duration;

/// One workload in two ways; each makes its data anew.
struct Workload {
    name: &'static str,
    derived: fn() -> Step,
    by_hand: fn() -> Step,
}

const WORKLOADS: [Workload; 7] = [
    Workload { name: "W1", derived: derived::w1, by_hand: by_hand::tiny::w1 },
    Workload { name: "W2", derived: derived::w2, by_hand: by_hand::lanes::w2 },
    Workload { name: "W3", derived: derived::w3, by_hand: by_hand::layers::w3 },
    Workload { name: "W4", derived: derived::w4, by_hand: by_hand::layers::w4 },
    Workload { name: "W5", derived: derived::w5, by_hand: by_hand::chain::w5 },
    Workload { name: "W6", derived: derived::w6, by_hand: by_hand::layers::w6 },
    Workload { name: "W9", derived: derived::w9, by_hand: by_hand::lanes::w9 },
];

/// What the command line asks for.
struct Wishes {
    csv: bool,
    budget: Duration,
    names: Vec<String>,
}

impl Wishes {
    fn read() -> Self {
        let mut wishes = Self { csv: false, budget: Duration::from_secs(1), names: Vec::new() };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--csv" => wishes.csv = true,
                "--seconds" => {
                    let seconds = arguments.next().and_then(|s| s.parse().ok());
                    wishes.budget = Duration::from_secs_f64(seconds.expect("--seconds wants a number"));
                }
                // What cargo itself says to every benchmark.
                "--bench" => {}
                _ => wishes.names.push(argument),
            }
        }
        wishes
    }

    fn want(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|n| n == name)
    }
}

fn row(who: &str, name: &str, f: &Figures) {
    let Figures { median, p10, p90, allocations, peak, losses: [first, tenth] } = f;
    println!("{who},{name},1,{median:.3},{p10:.3},{p90:.3},{allocations},{peak},{first:.6},{tenth:.6}");
}

fn line(name: &str, derived: &Figures, by_hand: &Figures) {
    println!(
        "{name}  {:>12.3} us  ({:.3} to {:.3})  {:>3} allocations  {:>9.1} KiB   {:>12.3} us by hand   {:>5.2} of it   loss {:.6}, {:.6}",
        derived.median,
        derived.p10,
        derived.p90,
        derived.allocations,
        derived.peak as f64 / 1024.0,
        by_hand.median,
        derived.median / by_hand.median,
        derived.losses[0],
        derived.losses[1],
    );
}

/// Whether two programs train alike: the order of sums differs, over a million rows in the fourth digit.
fn agree(a: &Figures, b: &Figures, name: &str) -> bool {
    let tolerance = if name == "W9" { 5e-4 } else { 2e-5 };
    a.losses.iter().zip(b.losses).all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(1.0))
}

fn main() {
    let wishes = Wishes::read();
    if wishes.csv {
        println!("who,workload,threads,median_us,p10_us,p90_us,allocations,peak_bytes,loss_1,loss_10");
    }
    for Workload { name, derived, by_hand } in WORKLOADS.iter().filter(|w| wishes.want(w.name)) {
        let [derived, by_hand] = meter::both([*derived, *by_hand], wishes.budget);
        if wishes.csv {
            row("pullback", name, &derived);
            row("by-hand", name, &by_hand);
        } else {
            line(name, &derived, &by_hand);
        }
        let losses = [derived.losses, by_hand.losses];
        assert!(agree(&derived, &by_hand, name), "{name}: both train alike: {losses:?}");
    }
}

//! `cargo bench -p pullback --bench step [-- --csv] [-- --seconds 3] [-- W2 W4]`: a training step of each workload (forward,
//! loss, backward, update) as the macro derives it, and as one writes it by hand to be as fast as possible.
//!
//! Both run turn by turn in one process, on the same data, and must compute the same losses. With `--csv` the columns
//! are: who, workload, threads, median, 10th and 90th percentile (us), allocations a step, peak memory (bytes on the
//! heap, data included), loss of the first and of the tenth step.
//!
//! They run on one thread; with `--features threads`, `-- --threads 2` allows more, and measures the time on the wall.

mod by_hand;
mod data;
mod derived;
mod meter;
mod networks;

use derived::Step;
use meter::Figures;
use pullback::threads::{at_most, available};
use std::time::Duration;

/// One workload, derived and where there is one by hand; each makes its data anew.
struct Workload {
    name: &'static str,
    derived: fn() -> Step,
    by_hand: Option<fn() -> Step>,
}

const WORKLOADS: [Workload; 15] = [
    Workload { name: "W1", derived: derived::w1, by_hand: Some(by_hand::tiny::w1) },
    Workload { name: "W2", derived: derived::w2, by_hand: Some(by_hand::lanes::w2) },
    Workload { name: "W3", derived: derived::w3, by_hand: Some(by_hand::layers::w3) },
    Workload { name: "W4", derived: derived::w4, by_hand: Some(by_hand::layers::w4) },
    Workload { name: "W5", derived: derived::w5, by_hand: Some(by_hand::chain::w5) },
    Workload { name: "W6", derived: derived::w6, by_hand: Some(by_hand::layers::w6) },
    Workload { name: "W7", derived: derived::w7, by_hand: Some(by_hand::convolution::w7) },
    Workload { name: "W8", derived: derived::w8, by_hand: Some(by_hand::recurrent::w8) },
    Workload { name: "W9", derived: derived::w9, by_hand: Some(by_hand::lanes::w9) },
    Workload { name: "W10", derived: derived::w10, by_hand: None },
    Workload { name: "W11", derived: derived::w11, by_hand: None },
    Workload { name: "W12", derived: derived::w12, by_hand: None },
    Workload { name: "W13", derived: derived::w13, by_hand: None },
    Workload { name: "W14", derived: derived::w14, by_hand: None },
    Workload { name: "W15", derived: derived::w15, by_hand: None },
];

/// What the command line asks for.
struct Wishes {
    csv: bool,
    budget: Duration,
    threads: usize,
    names: Vec<String>,
}

impl Wishes {
    fn read() -> Self {
        let mut wishes = Self { csv: false, budget: Duration::from_secs(1), threads: 1, names: Vec::new() };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--csv" => wishes.csv = true,
                "--seconds" => {
                    let seconds = arguments.next().and_then(|s| s.parse().ok());
                    wishes.budget = Duration::from_secs_f64(seconds.expect("--seconds wants a number"));
                }
                "--threads" => {
                    let threads = arguments.next().and_then(|s| s.parse().ok());
                    wishes.threads = threads.expect("--threads wants a number");
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

fn row(who: &str, (name, threads): (&str, usize), f: &Figures) {
    let Figures { median, p10, p90, allocations, peak, losses: [first, tenth] } = f;
    println!("{who},{name},{threads},{median:.3},{p10:.3},{p90:.3},{allocations},{peak},{first:.6},{tenth:.6}");
}

fn line(name: &str, derived: &Figures, by_hand: Option<&Figures>) {
    let beside = by_hand.map_or(String::new(), |by_hand| {
        format!("   {:>12.3} us by hand   {:>5.2} of it", by_hand.median, derived.median / by_hand.median)
    });
    println!(
        "{name}  {:>12.3} us  ({:.3} to {:.3})  {:>3} allocations  {:>9.1} KiB{beside}   loss {:.6}, {:.6}",
        derived.median,
        derived.p10,
        derived.p90,
        derived.allocations,
        derived.peak as f64 / 1024.0,
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
    let there = available();
    assert!(
        wishes.threads <= there,
        "there are {there} threads: more need `--features threads`, and as many processors"
    );
    at_most(wishes.threads, || measure(&wishes));
}

fn measure(wishes: &Wishes) {
    if wishes.csv {
        println!("who,workload,threads,median_us,p10_us,p90_us,allocations,peak_bytes,loss_1,loss_10");
    }
    for Workload { name, derived, by_hand } in WORKLOADS.iter().filter(|w| wishes.want(w.name)) {
        let makes: Vec<fn() -> Step> = [*derived].into_iter().chain(*by_hand).collect();
        let figures = meter::turn_by_turn(&makes, wishes.budget, meter::clock(wishes.threads));
        let (derived, by_hand) = (&figures[0], figures.get(1));
        if wishes.csv {
            row("pullback", (name, wishes.threads), derived);
            by_hand.iter().for_each(|by_hand| row("by-hand", (name, wishes.threads), by_hand));
        } else {
            line(name, derived, by_hand);
        }
        if let Some(by_hand) = by_hand {
            let losses = [derived.losses, by_hand.losses];
            assert!(agree(derived, by_hand, name), "{name}: both train alike: {losses:?}");
        }
    }
}

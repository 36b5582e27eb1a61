//! Medians, allocations, memory and losses of steps that run turn by turn, so that both meet the same machine.

use crate::derived::Step;
use std::time::Duration;

/// What tells the time.
pub type Clock = fn() -> Duration;

/// With one thread the time that this process has computed, so that other work on the machine doesn't count; the peers
/// measure it too. With more the time on the wall.
pub fn clock(threads: usize) -> Clock {
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    if threads == 1 {
        return computed;
    }
    _ = threads;
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    || START.elapsed()
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn computed() -> Duration {
    const PROCESS: i32 = 2;
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
    }
    let mut time = [0; 2];
    // SAFETY: on 64-bit Linux a `timespec` is two numbers of 64 bits, and `time` is to be written.
    unsafe { clock_gettime(PROCESS, &mut time) };
    Duration::new(time[0] as u64, time[1] as u32)
}

/// How long a sample at least takes, so that the clock's own time doesn't count.
const SAMPLE: Duration = Duration::from_micros(100);

/// The fewest samples, however long they take.
const FEWEST: usize = 7;

/// What is known about a step.
pub struct Figures {
    /// Microseconds: the median, and the tenth and ninetieth percentile.
    pub median: f64,
    pub p10: f64,
    pub p90: f64,
    /// Of one step in steady state.
    pub allocations: u64,
    /// The most bytes that were allocated at once, data and parameters included.
    pub peak: u64,
    /// Of the first and the tenth step.
    pub losses: [f32; 2],
}

/// A step in the making, and its samples so far.
struct Meter {
    step: Step,
    now: Clock,
    calls: u32,
    samples: Vec<f64>,
    figures: Figures,
}

impl Meter {
    fn new(make: fn() -> Step, now: Clock) -> Self {
        let (mut step, mut losses) = (None, [0.0; 2]);
        let start = allocation_counter::measure(|| {
            let mut made = make();
            losses[0] = made();
            (0..8).for_each(|_| _ = made());
            losses[1] = made();
            step = Some(made);
        });
        let mut step = step.expect("it was made");
        let allocations = allocation_counter::measure(|| _ = step()).count_total;
        let figures = Figures { median: 0.0, p10: 0.0, p90: 0.0, allocations, peak: start.bytes_max, losses };
        let mut meter = Self { step, now, calls: 1, samples: Vec::new(), figures };
        while meter.elapsed() < SAMPLE {
            meter.calls *= 2;
        }
        meter
    }

    fn elapsed(&mut self) -> Duration {
        let start = (self.now)();
        for _ in 0..self.calls {
            std::hint::black_box((self.step)());
        }
        (self.now)() - start
    }

    fn sample(&mut self) {
        let micros = self.elapsed().as_secs_f64() * 1e6 / f64::from(self.calls);
        self.samples.push(micros);
    }

    fn figures(mut self) -> Figures {
        self.samples.sort_by(f64::total_cmp);
        let quantile = |q: f64| self.samples[((self.samples.len() - 1) as f64 * q) as usize];
        Figures { median: quantile(0.5), p10: quantile(0.1), p90: quantile(0.9), ..self.figures }
    }
}

/// Measures steps turn by turn, for about `budget`.
pub fn turn_by_turn(makes: &[fn() -> Step], budget: Duration, now: Clock) -> Vec<Figures> {
    let mut meters: Vec<Meter> = makes.iter().map(|make| Meter::new(*make, now)).collect();
    let start = now();
    while meters[0].samples.len() < FEWEST || now() - start < budget {
        meters.iter_mut().for_each(Meter::sample);
    }
    meters.into_iter().map(Meter::figures).collect()
}

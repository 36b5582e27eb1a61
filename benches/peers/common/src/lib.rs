//! What every Rust peer shares: the data from its fixed seeds, the clock, and the count of allocations.
//!
//! With one thread the clock is the time of the process, so that other work on the machine doesn't count.
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;
extern "C" {
    fn clock_gettime(id: i32, ts: *mut [i64; 2]) -> i32;
}
/// seconds; process CPU time with THREADS=1 (immune to preemption by other work), wall time otherwise
pub fn now() -> f64 {
    let mut t = [0i64; 2];
    unsafe {
        clock_gettime(if threads_cached() > 1 { 1 } else { 2 }, &mut t);
    }
    t[0] as f64 + t[1] as f64 * 1e-9
}
fn threads_cached() -> usize {
    static T: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *T.get_or_init(|| std::env::var("THREADS").ok().and_then(|s| s.parse().ok()).unwrap_or(1))
}

pub struct Counting;
pub static ALLOCS: AtomicU64 = AtomicU64::new(0);
pub static BYTES: AtomicU64 = AtomicU64::new(0);
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        ALLOCS.fetch_add(1, Relaxed);
        BYTES.fetch_add(l.size() as u64, Relaxed);
        System.alloc(l)
    }
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        System.dealloc(p, l)
    }
    unsafe fn alloc_zeroed(&self, l: Layout) -> *mut u8 {
        ALLOCS.fetch_add(1, Relaxed);
        BYTES.fetch_add(l.size() as u64, Relaxed);
        System.alloc_zeroed(l)
    }
    unsafe fn realloc(&self, p: *mut u8, l: Layout, n: usize) -> *mut u8 {
        ALLOCS.fetch_add(1, Relaxed);
        BYTES.fetch_add(n as u64, Relaxed);
        System.realloc(p, l, n)
    }
}

pub fn splitmix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
    z ^ (z >> 31)
}
/// uniform in [-scale, scale)
pub fn fill(seed: u64, n: usize, scale: f32) -> Vec<f32> {
    (0..n as u64)
        .map(|i| {
            let u = (splitmix((seed << 32) + i) >> 40) as f32 / (1u64 << 24) as f32;
            scale * (2.0 * u - 1.0)
        })
        .collect()
}
pub fn labels(seed: u64, n: usize, k: u64) -> Vec<u32> {
    (0..n as u64).map(|i| ((splitmix((seed << 32) + i) >> 33) % k) as u32).collect()
}
/// weight scale for a fan-in
pub fn ws(fan_in: usize) -> f32 {
    1.0 / (fan_in as f32).sqrt()
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Act {
    Sigmoid,
    Tanh,
    Relu,
    Gelu,
}
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Loss {
    Mse,
    Ce,
}
pub struct MlpSpec {
    pub name: &'static str,
    pub seed: u64,
    pub dims: &'static [usize],
    pub batch: usize,
    pub act: Act,
    pub loss: Loss,
}
/// act after every layer but the last. tensors: x = seed*100, y = seed*100+1, W_l = seed*100+10+2l, b_l = seed*100+11+2l
pub const MLPS: &[MlpSpec] = &[
    MlpSpec { name: "W1", seed: 1, dims: &[3, 4, 1], batch: 1, act: Act::Sigmoid, loss: Loss::Mse },
    MlpSpec { name: "W2", seed: 2, dims: &[13, 13, 1], batch: 23, act: Act::Sigmoid, loss: Loss::Mse },
    MlpSpec { name: "W3", seed: 3, dims: &[784, 89, 10], batch: 60, act: Act::Tanh, loss: Loss::Ce },
    MlpSpec { name: "W4", seed: 4, dims: &[784, 512, 512, 10], batch: 128, act: Act::Relu, loss: Loss::Ce },
    MlpSpec { name: "W6", seed: 6, dims: &[1024, 2048, 2048, 1024], batch: 512, act: Act::Gelu, loss: Loss::Mse },
    MlpSpec { name: "W11", seed: 11, dims: &[3, 20, 20, 20, 20, 20, 20, 20, 20, 1], batch: 1024, act: Act::Tanh, loss: Loss::Mse },
];
pub const LR: f32 = 0.01;
pub struct MlpData {
    pub x: Vec<f32>,
    pub y: Vec<f32>,
    pub lab: Vec<u32>,
    pub w: Vec<Vec<f32>>,
    pub b: Vec<Vec<f32>>,
}
pub fn mlp_data(s: &MlpSpec) -> MlpData {
    let q = s.seed * 100;
    let d = s.dims;
    let l = d.len() - 1;
    MlpData {
        x: fill(q, s.batch * d[0], 1.0),
        y: if s.loss == Loss::Mse { fill(q + 1, s.batch * d[l], 1.0) } else { vec![] },
        lab: if s.loss == Loss::Ce { labels(q + 1, s.batch, d[l] as u64) } else { vec![] },
        w: (0..l).map(|i| fill(q + 10 + 2 * i as u64, d[i] * d[i + 1], ws(d[i]))).collect(),
        b: (0..l).map(|i| fill(q + 11 + 2 * i as u64, d[i + 1], ws(d[i]))).collect(),
    }
}
/// W5: a,b,c [1024,1024] seeds 500..503, LR5
pub const N5: usize = 1024;
pub const LR5: f32 = 100.0;
/// W7: x [32,1,28,28] 700, labels 701, conv w [16,1,5,5] 710, conv b 711, dense w [12544,10] 712, b 713
/// W8: x [25,32,62] 800, labels [25,32] 801 of 62, Wx [62,512] 810, Wh [128,512] 811, b [512] 812, Wy [128,62] 813, by 814; gates i,f,g,o
pub const T8: usize = 25;
pub const B8: usize = 32;
pub const F8: usize = 62;
pub const H8: usize = 128;

fn status(k: &str) -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|s| s.lines().find(|l| l.starts_with(k)).and_then(|l| l.split_whitespace().nth(1)?.parse().ok()))
        .unwrap_or(0)
}
pub fn budget() -> f64 {
    std::env::var("BENCH_SECS").ok().and_then(|s| s.parse().ok()).unwrap_or(1.5)
}
pub fn threads() -> usize {
    threads_cached()
}
pub fn want(name: &str) -> bool {
    let a: Vec<String> = std::env::args().skip(1).collect();
    a.is_empty() || a.iter().any(|x| x == name)
}

/// step(read_loss) -> loss (only meaningful when read_loss)
pub fn bench(peer: &str, name: &str, mut step: impl FnMut(bool) -> f32) {
    if !want(name) {
        return;
    }
    let l0 = step(true);
    for _ in 0..8 {
        step(false);
    }
    let l9 = step(true);
    // warm-up 0.2 s, calibrate inner count so a sample is >= 100 us
    let t = Instant::now();
    let mut n = 0u64;
    while n < 3 || t.elapsed().as_secs_f64() < 0.2 {
        step(false);
        n += 1;
    }
    let per = t.elapsed().as_secs_f64() / n as f64;
    let inner = ((100e-6 / per).ceil() as u64).max(1);
    let mut samples = Vec::with_capacity(1 << 16);
    let total = Instant::now();
    let budget = budget();
    let a0 = ALLOCS.load(Relaxed);
    let mut steps = 0u64;
    while samples.len() < 7 || (total.elapsed().as_secs_f64() < budget && samples.len() < 65000) {
        let t = now();
        for _ in 0..inner {
            step(false);
        }
        samples.push((now() - t) * 1e6 / inner as f64);
        steps += inner;
    }
    let a1 = ALLOCS.load(Relaxed);
    samples.sort_by(|a, b| a.total_cmp(b));
    let q = |p: f64| samples[((samples.len() - 1) as f64 * p) as usize];
    println!(
        "{peer},{name},{},{:.3},{:.3},{:.3},{:.0},{},{l0:.6},{l9:.6}",
        threads(),
        q(0.5),
        q(0.1),
        q(0.9),
        (a1 - a0) as f64 / steps as f64,
        1024 * status("VmHWM:")
    );
}

//! Threads that share large products, updates and long loops. They change no bit: work is cut by its sizes, and
//! no sum is shared.
//!
//! A network takes turns between work that is worth sharing and work that isn't, every few microseconds. So threads that
//! have just worked wait for more without sleeping, for a tenth of a millisecond, and whoever shares work begins at once: it is
//! never slower than alone by more than a call that wakes the others. Only one thread at a time shares its work; the work of
//! others, and work within shared work, is done where it is called.
//!
//! There are as many threads as the process may use processors, or as `PULLBACK_THREADS` says; [`at_most`] allows fewer.
//! They start with the first work that is worth it. Without the feature `threads` there are none.

#[cfg(feature = "threads")]
use std::{
    cell::{Cell, UnsafeCell},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// How long a thread waits for more work before it sleeps.
#[cfg(feature = "threads")]
const LINGER: Duration = Duration::from_micros(100);

/// How often a thread looks for something before it lets others run.
#[cfg(feature = "threads")]
const PATIENCE: usize = 256;

#[cfg(feature = "threads")]
thread_local! {
    /// What [`at_most`] says here.
    static MOST: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Runs `work`, which may have at most so many threads, this one among them; 0 is as 1.
///
/// ```
/// let result = pullback::threads::at_most(1, || "computed by this thread alone");
/// # assert!(result.ends_with("alone"));
/// ```
pub fn at_most<R>(threads: usize, work: impl FnOnce() -> R) -> R {
    #[cfg(feature = "threads")]
    let _before = {
        struct Before(usize);
        impl Drop for Before {
            fn drop(&mut self) {
                MOST.set(self.0);
            }
        }
        Before(MOST.replace(threads.max(1)))
    };
    #[cfg(not(feature = "threads"))]
    let _ = threads;
    work()
}

/// How many threads may share the work of this one.
pub fn available() -> usize {
    shares(usize::MAX)
}

/// How many threads may do work that is worth `most` of them. The others are not started for what is worth one alone, or may
/// have no more.
pub(crate) fn shares(most: usize) -> usize {
    #[cfg(feature = "threads")]
    return match most.min(MOST.get()) {
        few @ (0 | 1) => few,
        most => most.min(TEAM.get_or_init(Team::of_the_process).workers.len() + 1),
    };
    #[cfg(not(feature = "threads"))]
    return most.min(1);
}

/// Calls `work` with each number below `parts` once, on up to so many threads, and returns when all have returned.
///
/// Each thread begins with numbers of its own, the same ones each time, so that it finds what it has made in its own
/// caches; it takes those of others when it has done them.
///
/// # Panics
/// Where `work` does.
pub(crate) fn each(parts: usize, work: impl Fn(usize) + Sync) {
    each_of(parts, shares(parts), Worth::Waking, work);
}

/// Whether work is long enough for threads that sleep to be woken: that takes some 5 us, and they come some 40 us later.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Worth {
    /// Those that still wait for more take part.
    Sharing,
    Waking,
}

/// As [`each`], on so many threads, which [`shares`] has counted, of work that is worth so much.
pub(crate) fn each_of(parts: usize, threads: usize, worth: Worth, work: impl Fn(usize) + Sync) {
    #[cfg(feature = "threads")]
    match threads {
        0 | 1 => {}
        threads => {
            let heaps = threads.min(HEAPS);
            let end = |heap: usize| parts * (heap + 1) / heaps;
            let next: [_; HEAPS] = std::array::from_fn(|heap| AtomicUsize::new(parts * heap / heaps));
            let some = |thread: usize| {
                for heap in (thread..thread + heaps).map(|heap| heap % heaps) {
                    let take = || Some(next[heap].fetch_add(1, Ordering::Relaxed)).filter(|part| *part < end(heap));
                    while let Some(part) = take() {
                        work(part);
                    }
                }
            };
            return TEAM.get_or_init(Team::of_the_process).share(threads, worth, &some);
        }
    }
    #[cfg(not(feature = "threads"))]
    let _ = (threads, worth);
    (0..parts).for_each(work);
}

/// The most heaps that parts are laid on, each for a thread, or several.
#[cfg(feature = "threads")]
const HEAPS: usize = 16;

#[cfg(feature = "threads")]
static TEAM: OnceLock<Team> = OnceLock::new();

/// Work that is shared, for as long as it takes.
#[cfg(feature = "threads")]
type Work = *const (dyn Fn(usize) + Sync);

#[cfg(feature = "threads")]
struct Team {
    workers: Vec<Thread>,
    /// Those of them that sleep, or are about to.
    asleep: Vec<AtomicBool>,
    /// Whether some thread shares its work.
    taken: AtomicBool,
    work: UnsafeCell<Option<Work>>,
    /// The number of the work, times [`SHARES`], and how many of its shares nobody has begun.
    open: AtomicU64,
    /// The shares that have not ended.
    left: AtomicUsize,
    panicked: AtomicBool,
}

/// More than there are shares of any work.
#[cfg(feature = "threads")]
const SHARES: u64 = 1 << 16;

// SAFETY: `work` is written by the one thread that has set `taken`, while `left` is 0, and read by those alone that have
// taken a share from `open` after that, and not yet from `left`. What it points to is `Sync`, and outlives its shares.
#[cfg(feature = "threads")]
unsafe impl Sync for Team {}
#[cfg(feature = "threads")]
unsafe impl Send for Team {}

#[cfg(feature = "threads")]
impl Team {
    fn of_the_process() -> Self {
        let asked = std::env::var("PULLBACK_THREADS").ok().and_then(|threads| threads.parse().ok());
        let threads = asked.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        // Each waits until the team is there.
        let start =
            |index: usize| thread::Builder::new().name("pullback".into()).spawn(move || TEAM.wait().serve(index));
        let workers: Vec<Thread> =
            (1..threads.min(SHARES as usize - 1)).map_while(|k| Some(start(k - 1).ok()?.thread().clone())).collect();
        Self {
            asleep: workers.iter().map(|_| AtomicBool::new(false)).collect(),
            workers,
            taken: AtomicBool::new(false),
            work: UnsafeCell::new(None),
            open: AtomicU64::new(0),
            left: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
        }
    }

    /// Calls `work` so many times, as often on another thread as one is there in time, with the number of the thread: 0 is
    /// this one.
    fn share(&self, shares: usize, worth: Worth, work: &(dyn Fn(usize) + Sync)) {
        if self.taken.swap(true, Ordering::Acquire) {
            return work(0);
        }
        // SAFETY: this thread has `taken` the team, so that nobody reads this or writes to it. The pointer is read by those
        // who have a share, and this function does not return before all shares have ended, even by a panic.
        unsafe {
            *self.work.get() = Some(std::mem::transmute::<&(dyn Fn(usize) + Sync), Work>(work));
        }
        self.left.store(shares, Ordering::Relaxed);
        let number = self.open.load(Ordering::Relaxed) / SHARES + 1;
        self.open.store(number * SHARES + shares as u64, Ordering::SeqCst);
        if worth == Worth::Waking {
            let sleepers = self.asleep.iter().zip(&self.workers);
            let sleepers = sleepers.filter(|(asleep, _)| asleep.swap(false, Ordering::SeqCst));
            sleepers.take(shares - 1).for_each(|(_, worker)| worker.unpark());
        }
        while self.take_a_share(0) {}
        let mut looked = 0;
        while self.left.load(Ordering::Acquire) > 0 {
            wait(&mut looked);
        }
        let panicked = self.panicked.swap(false, Ordering::Relaxed);
        self.taken.store(false, Ordering::Release);
        assert!(!panicked, "a thread that shares the work has panicked");
    }

    /// Does one share of what there is, if nobody else has begun it, on the thread of this number.
    fn take_a_share(&self, thread: usize) -> bool {
        let less = |open: u64| (!open.is_multiple_of(SHARES)).then(|| open - 1);
        if self.open.fetch_update(Ordering::Acquire, Ordering::Acquire, less).is_err() {
            return false;
        }
        // SAFETY: this share has not ended, so that the work has not.
        let work = unsafe { &*(*self.work.get()).expect("there is work where there are shares") };
        let result = catch_unwind(AssertUnwindSafe(|| work(thread)));
        self.panicked.fetch_or(result.is_err(), Ordering::Relaxed);
        self.left.fetch_sub(1, Ordering::Release);
        true
    }

    /// What a thread of the team does all its life.
    fn serve(&self, index: usize) {
        let (mut since, mut looked) = (Instant::now(), 0);
        loop {
            if self.take_a_share(index + 1) {
                since = Instant::now();
            } else if since.elapsed() < LINGER {
                wait(&mut looked);
            } else {
                self.asleep[index].store(true, Ordering::SeqCst);
                // Whoever opens work after this sees that the thread sleeps.
                if self.open.load(Ordering::SeqCst).is_multiple_of(SHARES) {
                    thread::park();
                }
                self.asleep[index].store(false, Ordering::SeqCst);
                since = Instant::now();
            }
        }
    }
}

#[cfg(feature = "threads")]
fn wait(looked: &mut usize) {
    *looked += 1;
    match *looked % PATIENCE {
        0 => thread::yield_now(),
        _ => std::hint::spin_loop(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn every_part_is_done_once() {
        for parts in [0, 1, 2, 3, 40] {
            for threads in [1, 2, 8] {
                let done: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                at_most(threads, || each(parts, |part| _ = done[part].fetch_add(1, Ordering::Relaxed)));
                assert!(
                    done.iter().all(|times| times.load(Ordering::Relaxed) == 1),
                    "{parts} parts, {threads} threads"
                );
            }
        }
    }

    #[test]
    fn many_threads_may_share_work_at_a_time_and_within_shared_work() {
        let count = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        each(3, |_| each(2, |_| _ = count.fetch_add(1, Ordering::Relaxed)));
                    }
                });
            }
        });
        assert_eq!(count.into_inner(), 4 * 500 * 6);
    }

    #[test]
    fn a_panic_comes_back_when_all_others_have_ended() {
        for bad in 0..3 {
            let ended = AtomicUsize::new(0);
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                each(3, |part| {
                    assert!(part != bad, "on purpose");
                    ended.fetch_add(1, Ordering::Relaxed);
                });
            }));
            assert!(result.is_err() && ended.into_inner() <= 2);
            each(2, |_| {});
        }
    }

    #[test]
    fn a_limit_ends_with_its_work() {
        let all = available();
        assert_eq!(at_most(0, || at_most(1, available)), 1);
        assert!(all >= 1 && available() == all);
    }
}

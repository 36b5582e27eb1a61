//! What tells how long the compiler works, where other work on the machine would delay a clock on the wall.

use std::time::Duration;

/// The time that this thread has computed; where the system does not tell, the time on the wall.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub fn worked() -> Duration {
    const THREAD: i32 = 3;
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
    }
    let mut time = [0; 2];
    // SAFETY: on 64-bit Linux a `timespec` is two numbers of 64 bits, and `time` is to be written.
    unsafe { clock_gettime(THREAD, &mut time) };
    Duration::new(time[0] as u64, time[1] as u32)
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub fn worked() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

//! Memory for packed operands: each thread's grows at first use, and is used again.

use crate::math::Real;
use std::cell::Cell;

macro_rules! scratch {
    ($($t:ident)*) => {$(
        /// Lends the thread's memory to `work`, within which only new memory could be lent.
        pub(super) fn $t<R>(work: impl FnOnce(&mut Scratch<$t>) -> R) -> R {
            thread_local! {
                static SCRATCH: Cell<Scratch<$t>> = const { Cell::new(Scratch::new()) };
            }
            let mut scratch = SCRATCH.take();
            let result = work(&mut scratch);
            SCRATCH.set(scratch);
            result
        }
    )*};
}
scratch!(f32 f64);

/// The elements of a cache line, of the narrowest type.
const LINE: usize = 16;

/// Elements that begin with a cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line<T>([T; LINE]);

pub(super) struct Scratch<T> {
    lines: Vec<Line<T>>,
    result: Vec<T>,
    common: Common<T>,
}

/// Memory that several threads read, and that begins with a cache line.
pub struct Common<T>(Vec<Line<T>>);

impl<T: Real> Common<T> {
    /// Room for so many elements. What they hold is unspecified.
    pub fn room(&mut self, len: usize) -> *mut T {
        room(&mut self.0, len)
    }
}

fn room<T: Real>(lines: &mut Vec<Line<T>>, len: usize) -> *mut T {
    if lines.len() < len.div_ceil(LINE) {
        lines.resize(len.div_ceil(LINE), Line([T::ZERO; LINE]));
    }
    lines.as_mut_ptr().cast()
}

impl<T> Scratch<T> {
    pub const fn new() -> Self {
        Self { lines: Vec::new(), result: Vec::new(), common: Common(Vec::new()) }
    }
}

impl<T> Default for Scratch<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Real> Scratch<T> {
    /// Room for so many elements, and so many more: each begins with a cache line. What they hold is unspecified.
    pub fn split(&mut self, [first, second]: [usize; 2]) -> [*mut T; 2] {
        let first = first.next_multiple_of(LINE);
        let start = room(&mut self.lines, first + second);
        [start, start.wrapping_add(first)]
    }

    /// Memory for a product of `len` elements, to be [put back](Self::put_back).
    pub fn take_out(&mut self, len: usize) -> Vec<T> {
        let mut result = std::mem::take(&mut self.result);
        result.resize(len, T::ZERO);
        result
    }

    pub fn put_back(&mut self, result: Vec<T>) {
        self.result = result;
    }

    /// Memory for what threads read together, to be [put back](Self::put_back_common).
    pub fn take_common(&mut self) -> Common<T> {
        std::mem::replace(&mut self.common, Common(Vec::new()))
    }

    pub fn put_back_common(&mut self, common: Common<T>) {
        self.common = common;
    }

    /// The transpose of `x`, whose rows and columns are so many.
    pub fn transposed(&mut self, x: &[T], [rows, columns]: [usize; 2]) -> &[T] {
        let [start, _] = self.split([x.len(), 0]);
        // SAFETY: `split` has made room for as many elements, which are initialised from the start.
        let out = unsafe { std::slice::from_raw_parts_mut(start, x.len()) };
        for (i, row) in x.chunks_exact(columns).enumerate() {
            for (j, &x) in row.iter().enumerate() {
                out[j * rows + i] = x;
            }
        }
        out
    }
}

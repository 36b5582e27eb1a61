//! Long loops in pieces, which threads share. Each piece has the rows of its own of what the loop writes, and sums of its
//! own, and the sums of all pieces are added in their order: the bits depend on the sizes, and not on the threads.

use crate::emitted::TILE;
use crate::math::Real;
use crate::simd::simd;
use crate::threads::each;
use crate::update::Update;
use std::any::Any;
use std::array::from_fn;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Mutex;

/// The least cost of a piece: some 30 us, without which no thread is worth waking.
pub(crate) const WORTH: usize = 1 << 20;

/// What a piece has to cost at least for each sum of its own, which is memory to fill, and to add to the others.
const SUM: usize = 32;

/// The most pieces, so that memory for sums doesn't grow with the rows.
pub(crate) const MOST: usize = 16;

/// The most slices that a loop may write to.
const SLICES: usize = 12;

/// The elements of two cache lines, which is what processors fetch: no two pieces write to the same.
pub(crate) const APART: usize = 32;

/// Memory that a loop writes to.
pub enum Memory<'a, T> {
    /// So many elements belong to each row.
    Rows(&'a mut [T], usize),
    /// These are sums over all rows.
    Sum(&'a mut [T]),
    /// Each piece uses so many elements for itself.
    Own(&'a mut [T]),
}

/// So many elements of `memory` belong to each row.
#[inline(always)]
pub fn rows_of<T>(memory: &mut [T], width: usize) -> Memory<'_, T> {
    Memory::Rows(memory, width)
}

/// `memory` has sums over all rows.
#[inline(always)]
pub fn sum_of<T>(memory: &mut [T]) -> Memory<'_, T> {
    Memory::Sum(memory)
}

/// A piece uses as many elements as `memory` has for itself.
#[inline(always)]
pub fn own_of<T>(memory: &mut [T]) -> Memory<'_, T> {
    Memory::Own(memory)
}

/// Work on a piece `P` and on `K` slices, which gives `S` sums.
///
/// Each slice is an argument of its own: of arguments, LLVM knows that they do not overlap.
pub trait Work<T, P, const K: usize, const S: usize>: Sync {
    /// Does the work.
    fn on(&self, piece: P, slices: [&mut [T]; K]) -> [T; S];
}

macro_rules! work {
    ($($k:literal: $($slice:ident)*;)*) => {$(
        impl<T, P, F, const S: usize> Work<T, P, $k, S> for F
        where
            F: Fn(P, $(work!(@ $slice T)),*) -> [T; S] + Sync,
        {
            #[inline(always)]
            fn on(&self, piece: P, [$($slice),*]: [&mut [T]; $k]) -> [T; S] {
                self(piece, $($slice),*)
            }
        }
    )*};
    (@ $slice:ident $t:ident) => { &mut [$t] };
}
work! {
    0: ;
    1: a;
    2: a b;
    3: a b c;
    4: a b c d;
    5: a b c d e;
    6: a b c d e f;
    7: a b c d e f g;
    8: a b c d e f g h;
    9: a b c d e f g h i;
    10: a b c d e f g h i j;
    11: a b c d e f g h i j k;
    12: a b c d e f g h i j k l;
}

/// Runs `work` on a number of rows, of which each costs so many operations, and returns its sums over all of them.
///
/// It is given the numbers of some rows, and, of `memory`, these rows and the sums to add to.
pub fn share_rows<T: Real, const K: usize, const S: usize>(
    [rows, cost]: [usize; 2],
    memory: [Memory<'_, T>; K],
    work: impl Work<T, Range<usize>, K, S>,
) -> [T; S] {
    share(
        Pieces::of([rows, cost], sums_in(&memory), 1),
        memory,
        #[inline(always)]
        |_, rows, slices| work.on(rows, slices),
    )
}

/// The same for single elements, a multiple of [`TILE`] at a time.
pub fn share_tiles<T: Real, const K: usize, const S: usize>(
    [elements, cost]: [usize; 2],
    memory: [Memory<'_, T>; K],
    work: impl Work<T, Range<usize>, K, S>,
) -> [T; S] {
    share(
        Pieces::of([elements, cost], sums_in(&memory), TILE),
        memory,
        #[inline(always)]
        |_, elements, slices| work.on(elements, slices),
    )
}

/// The same where `params` are moved meanwhile: `work` is given those of its elements.
pub fn share_moving<'a, T: Real, U: Update<T>, const H: usize, const K: usize, const S: usize>(
    _: &Together<U>,
    [elements, cost]: [usize; 2],
    mut params: [U::Param<'a>; H],
    memory: [Memory<'_, T>; K],
    work: impl Work<T, (Range<usize>, [U::Param<'a>; H]), K, S>,
) -> [T; S] {
    let pieces = Pieces::of([elements, cost], sums_in(&memory), TILE);
    let parts: [_; MOST] = from_fn(|k| Some(params.each_mut().map(|param| U::split_off(param, pieces.range(k).len()))));
    let parts = Mutex::new(parts);
    share(
        pieces,
        memory,
        #[inline(always)]
        |k, elements, slices| {
            let params = parts.lock().expect("nobody panics with it")[k].take();
            work.on((elements, params.expect("each piece is done once")), slices)
        },
    )
}

/// An update that threads tell of gradients, one at a time.
pub struct Together<U>(Mutex<U>);

/// Lets threads share `update`.
pub fn together<U>(update: U) -> Together<U> {
    Together(Mutex::new(update))
}

impl<U> Together<U> {
    /// As [`Update::hand`].
    #[inline(always)]
    pub fn hand<T: Sync + 'static>(&self, index: usize, param: U::Param<'_>, gradient: &[T])
    where
        U: Update<T>,
    {
        self.0.lock().expect("no optimiser has panicked").hand(index, param, gradient);
    }

    /// As [`Update::hand_rows`].
    #[inline(always)]
    pub fn hand_rows<T: Sync + 'static>(&self, index: usize, rows: &Range<usize>, param: U::Param<'_>, gradient: &[T])
    where
        U: Update<T>,
    {
        if U::MOVES {
            self.0.lock().expect("no optimiser has panicked").hand_rows(index, rows, param, gradient);
        }
    }
}

/// Where `rows`, counted from the start of `piece`, are among all.
#[inline(always)]
pub fn within(piece: &Range<usize>, rows: &Range<usize>) -> Range<usize> {
    piece.start + rows.start..piece.start + rows.end
}

/// How rows are cut.
#[derive(Clone, Copy)]
pub(crate) struct Pieces {
    rows: usize,
    /// The rows of each piece but for the last.
    height: usize,
}

impl Pieces {
    /// Of `rows` that cost so much each, and add to so many sums, in multiples of `unit`.
    pub(crate) fn of([rows, cost]: [usize; 2], sums: usize, unit: usize) -> Self {
        let worth = (rows.saturating_mul(cost) / WORTH.max(SUM * sums)).clamp(1, MOST);
        Self { rows, height: rows.div_ceil(worth).next_multiple_of(unit).max(1) }
    }

    pub(crate) fn count(self) -> usize {
        self.rows.div_ceil(self.height).max(1)
    }

    pub(crate) fn range(self, piece: usize) -> Range<usize> {
        (piece * self.height).min(self.rows)..((piece + 1) * self.height).min(self.rows)
    }
}

#[inline(always)]
fn share<T: Real, const K: usize, const S: usize>(
    pieces: Pieces,
    mut memory: [Memory<'_, T>; K],
    work: impl Fn(usize, Range<usize>, [&mut [T]; K]) -> [T; S] + Sync,
) -> [T; S] {
    let sums = Mutex::new([[T::ZERO; S]; MOST]);
    each_piece(pieces, &mut memory, &|k, rows, slices| {
        let mut slices = slices.into_iter();
        let slices = from_fn(|_| slices.next().expect("one for each memory"));
        let own = simd(
            #[inline(always)]
            || work(k, rows, slices),
        );
        sums.lock().expect("nobody panics with it")[k] = own;
    });
    let sums = sums.into_inner().expect("nobody panics with it");
    let add = |all: [T; S], more: &[T; S]| from_fn(|s| all[s] + more[s]);
    sums[1..pieces.count()].iter().fold(sums[0], add)
}

/// What is done with a piece: its number, its rows, and its slices, of which those beyond the memory of the loop are empty.
type OnPiece<'w, T> = &'w (dyn Fn(usize, Range<usize>, [&mut [T]; SLICES]) + Sync);

#[inline(never)]
fn each_piece<T: Real>(pieces: Pieces, memory: &mut [Memory<'_, T>], work: OnPiece<'_, T>) {
    if pieces.count() == 1 {
        let mut all = memory.iter_mut();
        return work(0, 0..pieces.rows, from_fn(|_| all.next().map_or(Default::default(), Memory::all)));
    }
    let [sums, own] = [sums_in(memory), memory.iter().map(Memory::own).sum()];
    lend(pieces.count() * sums.next_multiple_of(APART), |apart| {
        apart.fill(T::ZERO);
        let mut all = memory.iter_mut();
        let rest = from_fn(|_| all.next().map_or((Share::Own(0), Default::default()), Memory::share));
        let next = Mutex::new(Rest { piece: 0, rest, apart: &mut *apart });
        each(pieces.count(), |_| {
            lend(own, |own| {
                let (k, slices) = next.lock().expect("nobody panics with it").split_off(pieces, own);
                work(k, pieces.range(k), slices);
            });
        });
        add_up(memory, apart);
    });
}

/// What a piece has of some memory.
#[derive(Clone, Copy)]
enum Share {
    /// So many elements for each of its rows.
    Rows(usize),
    /// So many elements apart, which start as zeros.
    Sum(usize),
    /// So many elements of its thread's memory, which hold anything.
    Own(usize),
}

impl<T> Memory<'_, T> {
    fn all(&mut self) -> &mut [T] {
        let (Memory::Rows(all, _) | Memory::Sum(all) | Memory::Own(all)) = self;
        all
    }

    /// The elements that each piece has apart.
    fn sums(&self) -> usize {
        if let Memory::Sum(sums) = self { sums.len() } else { 0 }
    }

    /// Those that it uses for itself.
    fn own(&self) -> usize {
        if let Memory::Own(own) = self { own.len() } else { 0 }
    }

    /// What each piece has of it, and what there is to be shared.
    fn share(&mut self) -> (Share, &mut [T]) {
        match self {
            Memory::Rows(all, width) => (Share::Rows(*width), all),
            Memory::Sum(sums) => (Share::Sum(sums.len()), Default::default()),
            Memory::Own(own) => (Share::Own(own.len()), Default::default()),
        }
    }
}

/// Whether so many rows, of which each costs so much, are more than one piece.
#[inline(always)]
pub(crate) fn is_worth(rows: usize, cost: usize) -> bool {
    cfg!(feature = "threads") && rows.saturating_mul(cost) >= 2 * WORTH
}

fn sums_in<T>(memory: &[Memory<'_, T>]) -> usize {
    memory.iter().map(Memory::sums).sum()
}

/// What the pieces have that nobody has begun.
struct Rest<'a, T> {
    /// The first of them.
    piece: usize,
    rest: [(Share, &'a mut [T]); SLICES],
    apart: &'a mut [T],
}

impl<'a, T> Rest<'a, T> {
    /// The number of the next piece, and its slices, of which some are in its `own` memory.
    fn split_off<'s>(&mut self, pieces: Pieces, mut own: &'s mut [T]) -> (usize, [&'s mut [T]; SLICES])
    where
        'a: 's,
    {
        let (k, rows) = (self.piece, pieces.range(self.piece).len());
        let sums = self.apart.len() / (pieces.count() - k);
        let mut apart = self.apart.split_off_mut(..sums).expect("each piece has as much");
        let slices = self.rest.each_mut().map(|(share, rest)| match share {
            Share::Rows(width) => rest.split_off_mut(..rows * *width).expect("there are elements for all rows"),
            Share::Sum(len) => apart.split_off_mut(..*len).expect("there is memory for each piece"),
            Share::Own(len) => own.split_off_mut(..*len).expect("there is memory for each thread"),
        });
        self.piece += 1;
        (k, slices)
    }
}

/// Adds what each piece has `apart` to the sums, piece by piece.
fn add_up<T: Real>(memory: &mut [Memory<'_, T>], apart: &[T]) {
    let sums = sums_in(memory).next_multiple_of(APART);
    for mut own in apart.chunks_exact(sums.max(1)) {
        for memory in &mut *memory {
            if let Memory::Sum(sums) = memory {
                let more = own.split_off(..sums.len()).expect("each piece has memory for all");
                sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += *more);
            }
        }
    }
}

/// Memory of this thread, which grows at first use: `work` gets so many elements, which hold anything.
fn lend<T: Real>(len: usize, work: impl FnOnce(&mut [T])) {
    thread_local! {
        /// A vector for each type.
        static KEPT: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
    }
    let kept = KEPT.with_borrow_mut(|kept| {
        let own = kept.iter().position(|memory| memory.is::<Vec<T>>());
        own.map(|k| kept.swap_remove(k))
    });
    let mut memory: Box<Vec<T>> = kept.and_then(|memory| memory.downcast().ok()).unwrap_or_default();
    if memory.len() < len {
        memory.resize(len, T::ZERO);
    }
    work(&mut memory[..len]);
    KEPT.with_borrow_mut(|kept| kept.push(memory));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::at_most;
    use crate::update::{Move, Stay};

    /// The rows of a loop, its sums of two kinds, and how often each row was done.
    fn loop_over(rows: usize, cost: usize) -> (Vec<f64>, [f64; 2], [f64; 1], Vec<f64>) {
        let (mut squares, mut sums, mut times) = (vec![0.0; 2 * rows], [1.0, 0.0], vec![0.0; rows]);
        let mut own = [0.0; 3];
        let memory = [rows_of(&mut squares, 2), own_of(&mut own), sum_of(&mut sums), rows_of(&mut times, 1)];
        let work = |part: Range<usize>, squares: &mut [f64], own: &mut [f64], sums: &mut [f64], times: &mut [f64]| {
            own.fill(7.0);
            let mut total = 0.0;
            for (i, row) in part.enumerate() {
                let x = (row as f64).sin();
                squares[2 * i + 1] = x * x;
                sums[row % 2] += x;
                times[i] += 1.0;
                total += x * x;
            }
            [total]
        };
        let total = share_rows([rows, cost], memory, work);
        (squares, sums, total, times)
    }

    #[test]
    fn pieces_cover_all_rows_once() {
        for rows in [0, 1, 2, 7, 100, 1003] {
            for cost in [1, WORTH / 100, WORTH, 3 * WORTH] {
                let (squares, sums, [total], times) = loop_over(rows, cost);
                let expected = |row: usize| (row as f64).sin();
                assert!(times.iter().all(|times| *times == 1.0), "{rows} rows, {cost}");
                assert!((0..rows).all(|row| squares[2 * row + 1] == expected(row).powi(2)));
                let all: f64 = (0..rows).map(expected).sum();
                assert!((sums[0] + sums[1] - all - 1.0).abs() < 1e-9, "what there was is kept");
                assert!((total - squares.iter().sum::<f64>()).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        for rows in [3, 500, 1003] {
            let results = [1, 2, 3, 8].map(|threads| at_most(threads, || loop_over(rows, WORTH)));
            assert!(results.iter().all(|result| *result == results[0]), "{rows} rows");
        }
    }

    #[test]
    fn pieces_are_whole_tiles_and_no_more_than_pay() {
        for n in [0, 1, TILE, 100 * TILE + 3, 1_000_000] {
            for cost in [1, 300, WORTH] {
                let pieces = Pieces::of([n, cost], 0, TILE);
                let all: Vec<Range<usize>> = (0..pieces.count()).map(|k| pieces.range(k)).collect();
                assert!(all.iter().flat_map(|range| range.clone()).eq(0..n));
                assert!(all.len() <= MOST && all.iter().all(|range| range.start % TILE == 0));
                assert!(all.len() == 1 || all.len() * WORTH <= n * cost);
            }
        }
    }

    /// What moves every element by its gradient, and counts that.
    struct Count(Vec<usize>);

    impl crate::optim::Optimiser<f32> for Count {
        fn begin(&mut self, _: &impl crate::params::ParamSet<Elem = f32>) {}

        fn update(&mut self, index: usize, start: usize, parameters: &mut [f32], gradients: &[f32]) {
            assert_eq!(index, 4);
            self.0[start..][..parameters.len()].iter_mut().for_each(|times| *times += 1);
            parameters.iter_mut().zip(gradients).for_each(|(parameter, gradient)| *parameter -= gradient);
        }
    }

    fn halved<U: Update<f32>>(update: U, param: U::Param<'_>, gradient: &mut [f32]) -> f32 {
        let (update, n) = (&together(update), gradient.len());
        let work = |(part, [mut param]): (Range<usize>, [U::Param<'_>; 1]), gradient: &mut [f32]| {
            let mut total = 0.0;
            for rows in crate::emitted::tiles(part.len()) {
                let (param, gradient) = (U::rows(&mut param, rows.clone()), &mut gradient[rows.clone()]);
                param.iter().zip(&mut *gradient).for_each(|(param, gradient)| *gradient = param / 2.0);
                total += gradient.iter().sum::<f32>();
                update.hand_rows(4, &within(&part, &rows), param, gradient);
            }
            [total]
        };
        let [total] = share_moving(update, [n, WORTH / 600], [param], [rows_of(gradient, 1)], work);
        total
    }

    #[test]
    fn each_parameter_moves_once_on_any_number_of_threads() {
        let n = 5 * TILE + 7;
        let start: Vec<f32> = (0..n).map(|i| (i as f32).cos()).collect();
        let half: Vec<f32> = start.iter().map(|x| x / 2.0).collect();
        let totals = [1, 2, 3, 8].map(|threads| {
            let (mut params, mut gradient, mut count) = (start.clone(), vec![0.0; n], Count(vec![0; n]));
            let total = at_most(threads, || halved(Move(&mut count), &mut params, &mut gradient));
            assert_eq!((&params, &gradient), (&half, &half));
            assert!(count.0.iter().all(|times| *times == 1));
            assert_eq!(total, halved(Stay, &start, &mut gradient));
            total
        });
        assert!(totals.iter().all(|total| *total == totals[0]));
    }
}

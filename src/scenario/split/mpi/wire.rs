//! What goes from rank to rank, in the numbers of 64 bits that MPI knows.

use crate::system::clock::{Span, Usage};
use std::time::Duration;

/// How many numbers a total is cut into.
pub(super) const LIMBS: usize = 4;
/// How many bits of the total are in each.
const BITS: u32 = 32;

/// Cuts a total into numbers that MPI can add: it has none of 128 bits. Half of each is left free for what the others
/// add to it, which is enough for 2^32 ranks.
pub(super) fn cut(total: u128) -> [u64; LIMBS] {
    let mut rest = total;
    [(); LIMBS].map(|()| {
        let limb = rest & u128::from(u32::MAX);
        rest >>= BITS;
        u64::try_from(limb).unwrap_or(u64::MAX)
    })
}

/// Puts the sums of such numbers together, with what is carried from each to the next.
pub(super) fn put_together(limbs: [u64; LIMBS]) -> u128 {
    let shifted = limbs.into_iter().zip((0..).step_by(BITS as usize));
    shifted.fold(0, |total, (limb, shift)| total + (u128::from(limb) << shift))
}

/// What rank 0 has the others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// To add their parts of the numbers from the first to the one before the second.
    Sum(u64, u64),
    /// To leave the job.
    End,
}

/// How many numbers tell a task.
pub(super) const TASK: usize = 3;

impl Task {
    pub(super) const fn numbers(self) -> [u64; TASK] {
        match self {
            Self::Sum(from, end) => [1, from, end],
            Self::End => [0, 0, 0],
        }
    }

    pub(super) const fn of(numbers: [u64; TASK]) -> Self {
        match numbers {
            [0, ..] => Self::End,
            [_, from, end] => Self::Sum(from, end),
        }
    }
}

/// How many numbers tell when a rank was at work and what that cost.
pub(super) const FIGURES: usize = 8;

/// A time that is not known.
const UNKNOWN: u64 = u64::MAX;

/// When a rank was at work by its host's clock, and what the kernel counted, in nanoseconds.
pub(super) fn figures(span: Span, usage: Usage) -> [u64; FIGURES] {
    let time = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let Usage { cpu, user, system, voluntary, involuntary, waited } = usage;
    let waited = waited.map_or(UNKNOWN, time);
    [span.start, span.end, time(cpu), time(user), time(system), voluntary, involuntary, waited]
}

/// The same, read.
pub(super) fn read_figures(figures: [u64; FIGURES]) -> (Span, Usage) {
    let [start, end, cpu, user, system, voluntary, involuntary, waited] = figures;
    let [cpu, user, system] = [cpu, user, system].map(Duration::from_nanos);
    let waited = (waited != UNKNOWN).then(|| Duration::from_nanos(waited));
    (Span { start, end }, Usage { cpu, user, system, voluntary, involuntary, waited })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What MPI does with the numbers of all ranks.
    fn reduce(all: &[[u64; LIMBS]]) -> [u64; LIMBS] {
        all.iter().fold([0; LIMBS], |sums, limbs| std::array::from_fn(|at| sums[at] + limbs[at]))
    }

    proptest! {
        #[test]
        fn the_reduced_total_is_the_sum_of_the_totals(
            totals in prop::collection::vec(0..=u128::MAX >> 8, 1..200),
        ) {
            let cut: Vec<_> = totals.iter().copied().map(cut).collect();
            prop_assert_eq!(put_together(reduce(&cut)), totals.iter().sum::<u128>());
        }
    }

    #[test]
    fn nothing_is_lost_at_the_edges_of_a_limb() {
        for total in [0, 1, u128::from(u32::MAX), 1 << 32, u128::from(u64::MAX), 1 << 64, u128::MAX >> 1] {
            assert_eq!(put_together(cut(total)), total);
            assert_eq!(put_together(reduce(&[cut(total), cut(total)])), 2 * total);
        }
        assert_eq!(put_together(cut(u128::MAX)), u128::MAX);
    }

    #[test]
    fn tasks_and_figures_come_out_as_they_went_in() {
        for task in [Task::End, Task::Sum(0, 0), Task::Sum(3, u64::MAX)] {
            assert_eq!(Task::of(task.numbers()), task);
        }
        let span = Span { start: 1, end: 2 };
        let [cpu, user, system] = [3, 4, 5].map(Duration::from_nanos);
        for waited in [None, Some(Duration::from_nanos(8))] {
            let usage = Usage { cpu, user, system, voluntary: 6, involuntary: 7, waited };
            assert_eq!(read_figures(figures(span, usage)), (span, usage));
        }
    }
}

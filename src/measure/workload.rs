//! What is to be done: how much of which work, by how many workers, under which conditions.

use crate::choice::Choice;
use crate::count;
use crate::system::cpus::Cpus;
use serde::Serialize;
use std::num::{NonZeroU64, NonZeroUsize};
use std::ops::Range;
use std::time::Duration;

/// What is to be done, and under which conditions.
#[derive(Debug, Clone)]
pub struct Workload {
    /// How many workers share it.
    pub workers: NonZeroUsize,
    /// Counter: the updates of each worker. Sum: the end of the range, which is not part of it. References: how often each
    /// worker takes one and gives it back.
    pub iterations: u64,
    /// Sum: the start of the range. Counters have none.
    pub from: u64,
    /// Counter: what each worker adds.
    pub pattern: Pattern,
    /// What there is to run on.
    pub cpus: Cpus,
    /// The CPU that each worker is kept on; empty to leave it to the kernel.
    pub pins: Vec<usize>,
    /// References: whether the workers share one object.
    pub objects: Objects,
    /// Race, references: a worker yields its CPU between load and store once in so many updates.
    pub widen: Option<NonZeroU64>,
    /// GIL: how long a waiter waits before it asks the holder to drop the lock.
    pub switch_interval: Duration,
    /// Whether each time that a lock is held is to be recorded.
    pub record: bool,
}

impl Workload {
    /// What this worker adds at each update.
    #[must_use]
    pub fn delta(&self, worker: usize) -> i64 {
        self.pattern.delta(worker)
    }

    /// The options that ask for it, words and values in turn.
    #[must_use]
    pub fn options(&self, group: Group) -> Vec<String> {
        let mut options = Vec::new();
        let mut add = |option: &str, value: String| options.extend([option.to_owned(), value]);
        match group {
            Group::Counter => {
                add("--threads", self.workers.to_string());
                add("--iters", count::short(self.iterations));
                if self.pattern == Pattern::Plus {
                    add("--pattern", self.pattern.name().to_owned());
                }
            }
            Group::Sum => {
                add("--workers", self.workers.to_string());
                if self.from > 0 {
                    add("--from", count::short(self.from));
                }
                add("--iters", count::short(self.iterations));
            }
            Group::References => {
                add("--objects", self.objects.name().to_owned());
                add("--threads", self.workers.to_string());
                add("--iters", count::short(self.iterations));
            }
        }
        options
    }

    /// The options that ask for it, as they stand on a command line.
    #[must_use]
    pub fn arguments(&self, group: Group) -> String {
        self.options(group).join(" ")
    }

    /// The pairs of values that two different workers add: what a verdict on two workers has to be asked about.
    #[must_use]
    pub fn pairs(&self) -> Vec<[i64; 2]> {
        match (self.pattern, self.workers.get()) {
            (_, 1) => Vec::new(),
            (Pattern::Plus, _) => vec![[1, 1]],
            (Pattern::PlusMinus, 2) => vec![[1, -1]],
            (Pattern::PlusMinus, 3) => vec![[1, -1], [1, 1]],
            (Pattern::PlusMinus, _) => vec![[1, -1], [1, 1], [-1, -1]],
        }
    }

    /// How many objects there are to take references to.
    #[must_use]
    pub const fn object_count(&self) -> usize {
        match self.objects {
            Objects::Shared => 1,
            Objects::Own => self.workers.get(),
        }
    }

    /// The numbers to sum.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.from..self.iterations.max(self.from)
    }

    /// The same with so much more to do that luck is less likely; nothing when there is a lot to do already.
    #[must_use]
    pub fn longer(&self) -> Option<Self> {
        /// Some minutes.
        const LONG: u64 = 10_000_000_000;
        let length = self.range().end - self.from;
        let iterations = self.from.checked_add(length.max(1).saturating_mul(10).min(LONG))?;
        (length < LONG).then(|| Self { iterations, ..self.clone() })
    }

    /// The same with at least two workers, neither of which is kept on a CPU.
    #[must_use]
    pub fn shared(&self) -> Self {
        let two = NonZeroUsize::MIN.saturating_add(1);
        Self { workers: self.workers.max(two), ..self.clone() }
    }

    /// The same with one worker.
    #[must_use]
    pub fn alone(&self) -> Self {
        let pins = self.pins.first().copied().into_iter().collect();
        Self { workers: NonZeroUsize::MIN, pins, ..self.clone() }
    }

    /// The same conditions with less to do.
    #[must_use]
    pub fn shortened(&self, group: Group, most: u64) -> Self {
        let iterations = match group {
            Group::Counter | Group::References => self.iterations.min(most),
            Group::Sum => self.range().end.min(self.from.saturating_add(most)),
        };
        Self { iterations, ..self.clone() }
    }

    #[cfg(test)]
    pub(crate) fn for_tests(workers: usize, iterations: u64) -> Self {
        Self {
            workers: NonZeroUsize::new(workers).unwrap(),
            iterations,
            from: 0,
            pattern: Pattern::PlusMinus,
            cpus: Cpus { usable: 1, pinnable: Vec::new() },
            pins: Vec::new(),
            objects: Objects::Shared,
            widen: None,
            record: false,
            switch_interval: Duration::from_millis(5),
        }
    }
}

/// What kind of work a scenario does; only scenarios of one group can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// All workers update one counter.
    Counter,
    /// Each worker sums its own part of a range.
    Sum,
    /// All workers take and give back references to objects.
    References,
}

impl Group {
    /// As in the JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Sum => "sum",
            Self::References => "references",
        }
    }

    /// The right result of a workload.
    #[must_use]
    pub fn expected(self, load: &Workload) -> i128 {
        match self {
            Self::Counter => {
                (0..load.workers.get()).map(|worker| i128::from(load.delta(worker))).sum::<i128>()
                    * i128::from(load.iterations)
            }
            // Whoever made an object holds one reference to it all the time.
            Self::References => load.object_count() as i128,
            Self::Sum => {
                // The closed formula that the workers are not allowed to use. It is below 2^127 for any range.
                let Range { start, end } = load.range();
                let (start, end) = (i128::from(start), i128::from(end));
                let (ends, length) = (start + end - 1, (end - start).max(0));
                // One of the two is even; halving it first keeps the product within 128 bits.
                if length % 2 == 0 { ends * (length / 2) } else { ends / 2 * length }
            }
        }
    }

    /// The updates of the first worker alone, whose progress stands for all.
    #[must_use]
    pub fn first_share(self, load: &Workload) -> u64 {
        match self {
            Self::Counter | Self::References => load.iterations,
            Self::Sum => {
                let range = part(&load.range(), load.workers, 0);
                range.end - range.start
            }
        }
    }

    /// How many single updates, additions, or pairs of taking and giving back, a workload is.
    #[must_use]
    pub fn updates(self, load: &Workload) -> u128 {
        match self {
            Self::Counter | Self::References => u128::from(load.iterations) * load.workers.get() as u128,
            Self::Sum => u128::from(load.iterations.saturating_sub(load.from)),
        }
    }
}

/// What each worker adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// Workers alternate between +1 and -1, so with an even number of them the result is 0.
    PlusMinus,
    /// Every worker adds 1.
    Plus,
}

impl Pattern {
    /// What the worker of that number, from 0, adds at each update: 1 or -1.
    #[must_use]
    pub const fn delta(self, worker: usize) -> i64 {
        match self {
            Self::PlusMinus if worker % 2 == 1 => -1,
            Self::PlusMinus | Self::Plus => 1,
        }
    }
}

impl Choice for Pattern {
    const ALL: &'static [Self] = &[Self::PlusMinus, Self::Plus];

    fn name(self) -> &'static str {
        match self {
            Self::PlusMinus => "plus-minus",
            Self::Plus => "plus",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::PlusMinus => {
                "workers add 1 and take 1 away in turn: expected 0 with an even number of them"
            }
            Self::Plus => "every worker adds 1: expected N x T",
        }
    }
}

/// Which objects the workers take references to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Objects {
    /// All to one object.
    Shared,
    /// Each to an object that no other worker knows.
    Own,
}

impl Choice for Objects {
    const ALL: &'static [Self] = &[Self::Shared, Self::Own];

    fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Own => "own",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Shared => "all workers take references to one object",
            Self::Own => "each worker has an object of its own, so that none is in another's way",
        }
    }
}

/// The part of a range that one of `parts` workers sums: all parts differ by one number at most, follow each
/// other without a gap, and may be empty.
///
/// # Panics
///
/// When `part` is not below `parts`.
#[must_use]
pub fn part(range: &Range<u64>, parts: NonZeroUsize, part: usize) -> Range<u64> {
    assert!(part < parts.get(), "part {part} of {parts}");
    let length = u128::from(range.end.saturating_sub(range.start));
    let edge = |index: usize| {
        let offset = length * index as u128 / parts.get() as u128;
        range.start + u64::try_from(offset).unwrap_or(u64::MAX)
    };
    edge(part)..edge(part + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_expected_counter_follows_the_pattern() {
        let expected = |workers, pattern| {
            Group::Counter.expected(&Workload { pattern, ..Workload::for_tests(workers, 10) })
        };
        assert_eq!(expected(2, Pattern::PlusMinus), 0);
        assert_eq!(expected(3, Pattern::PlusMinus), 10);
        assert_eq!(expected(1, Pattern::PlusMinus), 10);
        assert_eq!(expected(3, Pattern::Plus), 30);
        let most = Workload { pattern: Pattern::Plus, ..Workload::for_tests(1000, u64::MAX) };
        assert_eq!(Group::Counter.expected(&most), 1000 * i128::from(u64::MAX));
    }

    #[test]
    fn the_expected_sum_is_exact_to_the_64_bit_edge() {
        let expected =
            |from, iterations| Group::Sum.expected(&Workload { from, ..Workload::for_tests(2, iterations) });
        assert_eq!(expected(0, 100_000_000), 4_999_999_950_000_000);
        assert_eq!(expected(0, 0), 0);
        assert_eq!(expected(5, 5), 0);
        assert_eq!(expected(u64::MAX - 1, u64::MAX), i128::from(u64::MAX) - 1);
        assert_eq!(
            expected(0, u64::MAX),
            (i128::from(u64::MAX) - 1) * (i128::from(u64::MAX) / 2) + (i128::from(u64::MAX) - 1) / 2
        );
    }

    proptest! {
        #[test]
        fn the_expected_sum_is_what_adding_gives(from in 0_u64..2000, length in 0_u64..2000) {
            let load = Workload { from, ..Workload::for_tests(1, from + length) };
            let added: i128 = load.range().map(i128::from).sum();
            prop_assert_eq!(Group::Sum.expected(&load), added);
        }

        #[test]
        fn parts_cover_the_range_once_and_evenly(start: u64, length: u64, parts in 1_usize..200) {
            let range = start..start.saturating_add(length);
            let parts = NonZeroUsize::new(parts).unwrap();
            let mut at = range.start;
            let (mut least, mut most) = (u64::MAX, 0);
            for index in 0..parts.get() {
                let part = part(&range, parts, index);
                prop_assert_eq!(part.start, at);
                prop_assert!(part.end >= part.start);
                least = least.min(part.end - part.start);
                most = most.max(part.end - part.start);
                at = part.end;
            }
            prop_assert_eq!(at, range.end);
            prop_assert!(most - least <= 1);
        }
    }
}

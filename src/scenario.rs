//! The lessons: each scenario has workers do one workload to a shared state in one particular way.

pub mod atomic;
pub mod gil;
pub mod mutex;
pub mod python;
pub mod race;
pub mod sharded;
pub mod split;

use crate::choice::Choice;
use crate::clock::{Span, Usage};
use crate::control::Control;
use crate::count;
use crate::cpus::Cpus;
use crate::error::Result;
use crate::start_line::{Finish, Heat};
use crate::stats::Summary;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::num::{NonZeroU64, NonZeroUsize};
use std::ops::Range;
use std::sync::LazyLock;
use std::time::Duration;

/// One lesson: some workers do a workload to a shared state in one particular way.
pub trait Scenario: Send + Sync {
    /// The command that runs it.
    fn name(&self) -> &'static str;

    /// Which of the command's ways of doing it this is, if there are several: the option and its value.
    fn variant(&self) -> Option<Variant> {
        None
    }

    /// What kind of work it does.
    fn group(&self) -> Group {
        Group::Counter
    }

    /// Whether the result must be right.
    fn promise(&self) -> Promise {
        Promise::Exact
    }

    /// What it shows, in one line.
    fn lesson(&self) -> &'static str;

    /// The options that ask its command for this workload, words and values in turn.
    fn options(&self, load: &Workload) -> Vec<String> {
        let chosen =
            self.variant().map(|variant| [format!("--{}", variant.option), variant.value.to_owned()]);
        chosen.into_iter().flatten().chain(load.options(self.group())).collect()
    }

    /// The switch interval, if there is a lock for which it counts.
    fn switch_interval(&self, _: &Workload) -> Option<Duration> {
        None
    }

    /// Whether the GIL is on, where a real interpreter does the work.
    fn gil_enabled(&self) -> Option<bool> {
        None
    }

    /// The loop body in Python's terms, if it is one.
    fn body(&self) -> Option<&str> {
        None
    }

    /// The right result of a workload.
    ///
    /// # Errors
    ///
    /// When it cannot be found out, or the search was stopped.
    fn expected(&self, load: &Workload, _: &Control) -> Result<i128> {
        Ok(self.group().expected(load))
    }

    /// Does the workload once.
    ///
    /// # Errors
    ///
    /// When workers cannot be started or do not come home; never because a result is wrong.
    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation>;

    /// Why it came out as it did, in one sentence for a newcomer, and the arguments of the command to try next.
    fn explain(&self, load: &Workload, summary: &Summary) -> Explanation;

    /// Whether this is its group's yardstick: one worker doing everything, however many were asked for.
    fn is_sequential(&self) -> bool {
        false
    }

    /// `mutex`, or `mutex:fair` where the command has several ways.
    fn label(&self) -> String {
        self.variant()
            .map_or_else(|| self.name().to_owned(), |variant| format!("{}:{}", self.name(), variant.value))
    }
}

/// Every scenario, in the order in which they teach. A new one is a file and a line here.
pub static ALL: LazyLock<Vec<&'static dyn Scenario>> = LazyLock::new(|| {
    vec![
        &race::Race,
        &mutex::Mutex(mutex::Lock::ParkingLot),
        &mutex::Mutex(mutex::Lock::Std),
        &mutex::Mutex(mutex::Lock::Fair),
        &mutex::Mutex(mutex::Lock::Spin),
        &atomic::Atomic,
        &sharded::Sharded,
        &*gil::DEFAULT,
        const { &split::Split::by(split::By::Sequential) },
        const { &split::Split::by(split::By::Thread) },
        const { &split::Split::by(split::By::Rayon) },
        const { &split::Split::by(split::By::Gil) },
        const { &split::Split::by(split::By::Process) },
    ]
});

/// One of several ways in which a command can do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// The option that chooses it, without the dashes.
    pub option: &'static str,
    /// Its value.
    pub value: &'static str,
    /// Whether the command does this one when the option is not given.
    pub is_default: bool,
}

/// What kind of work a scenario does; only scenarios of one group can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// All workers update one counter.
    Counter,
    /// Each worker sums its own part of a range.
    Sum,
}

impl Group {
    /// The right result of a workload.
    #[must_use]
    pub fn expected(self, load: &Workload) -> i128 {
        match self {
            Self::Counter => {
                (0..load.workers.get()).map(|worker| i128::from(load.delta(worker))).sum::<i128>()
                    * i128::from(load.iterations)
            }
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
            Self::Counter => load.iterations,
            Self::Sum => {
                let range = split::part(&load.range(), load.workers, 0);
                range.end - range.start
            }
        }
    }

    /// How many single updates, or additions, a workload is.
    #[must_use]
    pub fn updates(self, load: &Workload) -> u128 {
        match self {
            Self::Counter => u128::from(load.iterations) * load.workers.get() as u128,
            Self::Sum => u128::from(load.iterations.saturating_sub(load.from)),
        }
    }
}

/// What a scenario promises of its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// It is always right.
    Exact,
    /// Updates may be lost.
    MayLose,
}

/// What each worker adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// Workers alternate between +1 and -1, so with an even number of them the result is 0.
    PlusMinus,
    /// Every worker adds 1.
    Plus,
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

/// What is to be done, and under which conditions.
#[derive(Debug, Clone)]
pub struct Workload {
    /// How many workers share it.
    pub workers: NonZeroUsize,
    /// Counter: the updates of each worker. Sum: the end of the range, which is not part of it.
    pub iterations: u64,
    /// Sum: the start of the range. Counters have none.
    pub from: u64,
    /// Counter: what each worker adds.
    pub pattern: Pattern,
    /// What there is to run on.
    pub cpus: Cpus,
    /// The CPU that each worker is kept on; empty to leave it to the kernel.
    pub pins: Vec<usize>,
    /// Race: a worker yields its CPU between load and store once in so many updates.
    pub widen: Option<NonZeroU64>,
    /// GIL: how long a waiter waits before it asks the holder to drop the lock.
    pub switch_interval: Duration,
}

impl Workload {
    /// What this worker adds at each update.
    #[must_use]
    pub fn delta(&self, worker: usize) -> i64 {
        match self.pattern {
            Pattern::PlusMinus if worker % 2 == 1 => -1,
            _ => 1,
        }
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
        }
        options
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

    /// The numbers to sum.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.from..self.iterations.max(self.from)
    }

    /// The same work as this scenario does it.
    #[must_use]
    pub fn of(&self, scenario: &dyn Scenario) -> Self {
        let workers = if scenario.is_sequential() { NonZeroUsize::MIN } else { self.workers };
        let pins = if self.pins.is_empty() { Vec::new() } else { self.pins[..workers.get()].to_vec() };
        Self { workers, pins, ..self.clone() }
    }

    /// The same conditions with less to do.
    #[must_use]
    pub fn shortened(&self, group: Group, most: u64) -> Self {
        let iterations = match group {
            Group::Counter => self.iterations.min(most),
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
            widen: None,
            switch_interval: Duration::from_millis(5),
        }
    }
}

/// What came of doing a workload once.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The result.
    pub actual: i128,
    /// When each worker was at work. Workers that found nothing left to do are not in it.
    pub spans: Vec<Span>,
    /// From asking for the first worker to the first worker's start.
    pub startup: Duration,
    /// What the kernel counted for all workers, where that is known.
    pub usage: Option<Usage>,
    /// Race: how often a worker loaded a value other than the one that it had stored last.
    pub foreign_values: Option<u64>,
    /// GIL: what happened to the lock.
    pub lock: Option<LockUse>,
}

impl Observation {
    /// What a heat's workers brought home.
    #[must_use]
    pub fn of<T>(actual: i128, heat: &Heat<T>) -> Self {
        Self {
            actual,
            spans: heat.finishes.iter().map(|finish| finish.span).collect(),
            startup: heat.startup,
            usage: Some(heat.finishes.iter().map(|finish: &Finish<T>| finish.usage).sum()),
            foreign_values: None,
            lock: None,
        }
    }

    /// The run's time by the workers' own clocks: latest end less earliest start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Span::around(self.spans.iter().copied()).map_or(Duration::ZERO, Span::duration)
    }
}

/// What happened to a global lock in one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LockUse {
    /// How often a worker took it.
    pub takes: u64,
    /// How often it went from one worker to another.
    pub switches: u64,
    /// How often a waiter asked the holder to drop it.
    pub requests: u64,
    /// How often a holder that dropped it then waited for another to take it (forced switch).
    pub forced: u64,
    /// The share of the run, from 0 to 1, in which each worker held it.
    pub held: Vec<f64>,
    /// How long it was held at a time.
    pub holds: Distribution,
    /// How long a worker that found it taken waited.
    pub waits: Distribution,
}

/// A distribution of times, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    /// How many times there were.
    pub count: u64,
    /// Their median.
    pub median: f64,
    /// The time that 99 of 100 do not exceed.
    pub p99: f64,
    /// The longest.
    pub max: f64,
    /// Pairs of a time and how many were at most that long, but longer than the time before it. Times double.
    pub histogram: Vec<(f64, u64)>,
}

impl Distribution {
    /// Of times in nanoseconds.
    #[must_use]
    pub fn of(times: &Histogram<u64>) -> Self {
        let seconds = |nanoseconds: u64| Duration::from_nanos(nanoseconds).as_secs_f64();
        let histogram = times
            .iter_log(1000, 2.0)
            .filter(|step| step.count_since_last_iteration() > 0)
            .map(|step| (seconds(step.value_iterated_to()), step.count_since_last_iteration()))
            .collect();
        Self {
            count: times.len(),
            median: seconds(times.value_at_quantile(0.5)),
            p99: seconds(times.value_at_quantile(0.99)),
            max: seconds(times.max()),
            histogram,
        }
    }
}

/// Why a scenario came out as it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// One sentence in plain words.
    pub why: String,
    /// The arguments of the command to try next.
    pub next: String,
}

/// The options that ask a counter for this workload, as they stand on a command line.
fn arguments(load: &Workload) -> String {
    load.options(Group::Counter).join(" ")
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

    #[test]
    fn each_scenario_has_a_label_of_its_own_and_each_command_one_default() {
        let labels: std::collections::BTreeSet<String> =
            ALL.iter().map(|scenario| scenario.label()).collect();
        assert_eq!(labels.len(), ALL.len());
        for scenario in ALL.iter() {
            let defaults = ALL
                .iter()
                .filter(|other| other.name() == scenario.name())
                .filter(|other| other.variant().is_none_or(|variant| variant.is_default))
                .count();
            assert_eq!(defaults, 1, "{}", scenario.name());
        }
    }

    proptest! {
        #[test]
        fn the_expected_sum_is_what_adding_gives(from in 0_u64..2000, length in 0_u64..2000) {
            let load = Workload { from, ..Workload::for_tests(1, from + length) };
            let added: i128 = load.range().map(i128::from).sum();
            prop_assert_eq!(Group::Sum.expected(&load), added);
        }
    }
}

//! From what was observed to what is said of it. Pure: nothing here looks at a clock or a terminal.

use crate::measure::observation::{self, LockUse, Misuse, Observation, Promise};
use crate::system::clock::{Span, Usage};
use serde::Serialize;
use statrs::statistics::{Data, Distribution, Median, Min, OrderStatistics};
use std::time::Duration;

/// How a result stands to its scenario's promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every run was right, as promised.
    Exact,
    /// Every run was right, though nothing promised it.
    Lucky,
    /// Updates were lost in at least one run; nothing promised otherwise.
    Lost,
    /// Updates were lost in at least one run of a scenario that promised not to.
    Broken,
    /// It could not run.
    Failed,
    /// It was stopped before its turn came.
    #[serde(rename = "not-run")]
    NotRun,
}

impl Verdict {
    /// Holds the number of wrong runs against the promise.
    #[must_use]
    pub const fn of(promise: Promise, runs: usize, lost_runs: usize) -> Self {
        match (promise, lost_runs) {
            _ if runs == 0 => Self::NotRun,
            (Promise::Exact, 0) => Self::Exact,
            (Promise::MayLose, 0) => Self::Lucky,
            (Promise::MayLose, _) => Self::Lost,
            (Promise::Exact, _) => Self::Broken,
        }
    }

    /// Whether every run was right.
    #[must_use]
    pub const fn is_right(self) -> bool {
        matches!(self, Self::Exact | Self::Lucky)
    }
}

/// Less CPU time than this tells nothing, in seconds: as much goes into its measurement.
const SHORTEST_CPU_TIME: f64 = 10e-6;

/// Times of several runs, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Timing {
    /// The mean of the times; null where there was no run.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub mean: f64,
    /// The standard deviation of the times; null for fewer than two runs.
    pub stddev: Option<f64>,
    /// The median of the times; null where there was no run.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub median: f64,
    /// The median absolute deviation of the times: half of them are this close to the median. It suits times, among
    /// which a few are far too long, better than the standard deviation. Null for fewer than two runs.
    pub mad: Option<f64>,
    /// The least of the times; null where there was no run.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub min: f64,
    /// The greatest of the times; null where there was no run.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub max: f64,
    /// The time of each run, in their order: latest end less earliest start, by the workers' own clocks.
    pub times: Vec<f64>,
}

impl Timing {
    /// Summarises times in seconds. Where there are none, every figure is NaN, which JSON writes as null.
    #[must_use]
    pub fn of(times: Vec<f64>) -> Self {
        if times.is_empty() {
            let none = f64::NAN;
            return Self { mean: none, stddev: None, median: none, mad: None, min: none, max: none, times };
        }
        let data = Data::new(times.clone());
        let middle = data.median();
        Self {
            mean: data.mean().unwrap_or(0.0),
            stddev: (times.len() > 1).then(|| data.std_dev()).flatten(),
            median: middle,
            mad: (times.len() > 1).then(|| median(times.iter().map(|time| (time - middle).abs()))),
            min: data.min(),
            max: statrs::statistics::Max::max(&data),
            times,
        }
    }
}

/// The median of some values; 0 when there are none.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    percentile(values, 50)
}

/// The value below which so many per cent of the values lie; 0 when there are none.
#[must_use]
pub fn percentile(values: impl IntoIterator<Item = f64>, percent: usize) -> f64 {
    let values: Vec<f64> = values.into_iter().collect();
    if values.is_empty() { 0.0 } else { Data::new(values).percentile(percent) }
}

/// What is said of one scenario after some runs of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Summary {
    /// The right result; null where it could not be found out, which is so of a body that raises or outgrows 128 bits.
    pub expected: Option<i128>,
    /// The result of the run that was furthest from `expected`; null where there was no run.
    pub actual: Option<i128>,
    /// How the results stand to the promise.
    pub verdict: Verdict,
    /// How many runs there were.
    pub runs: usize,
    /// In how many runs the result was wrong.
    pub lost_runs: usize,
    /// The runs' times by the workers' own clocks: latest end less earliest start.
    #[serde(flatten)]
    pub timing: Timing,
    /// CPU time of all workers by their CPU clocks, in seconds (mean of the runs), where it is known. Below 10 us much of it is
    /// that of reading the clocks, and tables say that it is too short to tell.
    pub cpu: Option<f64>,
    /// How many CPUs that is, at most in a run: CPU time over the time that the run took.
    #[serde(skip)]
    pub most_cpus: Option<f64>,
    /// CPU time in the program itself, of all workers, in seconds (mean of the runs); null where a run was too short for
    /// clock ticks to tell.
    pub user: Option<f64>,
    /// CPU time in the kernel, of all workers, in seconds (mean of the runs); null where a run was too short for clock ticks
    /// to tell.
    pub system: Option<f64>,
    /// From asking for the first worker until all were at the start line, in seconds (median of the runs); null where there was no run, or it is not
    /// known: a real interpreter starts its threads itself. 0 for a sequential sum, which starts nothing.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub startup: f64,
    /// Start-up and time of a run together, in seconds (median of the runs); null where `startup` is.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub time_with_startup: f64,
    /// The median absolute deviation of those, in seconds: half of them are this close to their median. Null for fewer
    /// than two runs.
    pub mad_with_startup: Option<f64>,
    /// The quartiles of those, in seconds: a quarter of them are less than the first, a quarter greater than the second. Null for
    /// fewer than two runs.
    pub quartiles_with_startup: Option<[f64; 2]>,
    /// Ranks of an MPI job: from the end of the longest work until rank 0 had the sum, in seconds (median of the runs); only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "f64"))]
    pub communication: Option<f64>,
    /// How many context switches there were because a worker waited (median of the runs).
    pub voluntary_switches: Option<f64>,
    /// How many context switches there were because the kernel gave the CPU to somebody else: preemption, and what a worker
    /// yields itself, where there is a `widen`, and in `mutex:spin` (median of the runs).
    pub involuntary_switches: Option<f64>,
    /// The share of the time, from 0 to 1, in which at least two workers were between their start and their end: at work, or
    /// waiting for a lock or a CPU (median of the runs), where that is known.
    pub overlap: Option<f64>,
    /// The share of the CPU time that the workers could have had, from 0 to 1, that other programs had at least (median of the runs), where
    /// that is known.
    pub taken_by_others: Option<f64>,
    /// The share of the start-up, from 0 to 1, in which a worker could run and had no CPU, that of the worker that waited longest (median
    /// of the runs), where that is known.
    pub startup_cpu_wait: Option<f64>,
    /// Race: how often a worker loaded a value that another had stored (median of the runs).
    pub foreign_values: Option<f64>,
    /// GIL: what happened to the lock (mean of the runs); null where there is none.
    pub lock: Option<MeanLockUse>,
    /// References: what wrong counts led to (mean of the runs).
    #[serde(flatten)]
    pub misuse: MeanMisuse,
}

/// What wrong reference counts led to, over several runs; nothing where no references were counted.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MeanMisuse {
    /// References: by how much objects' counts ended above what was held; these objects are never freed (mean of the runs).
    pub leaked: Option<f64>,
    /// References: how often a count reached zero, which frees the object, while a reference was held (mean of the runs).
    pub premature_frees: Option<f64>,
    /// References: how often a reference was taken or given back whose object had a count of zero or less (mean of the runs).
    pub uses_after_free: Option<f64>,
}

/// What happened to a global lock, over several runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MeanLockUse {
    /// How often a worker took it, for each run.
    pub takes: f64,
    /// How often it went from one worker to another, for each run.
    pub switches: f64,
    /// How often a waiter asked the holder to drop it, for each run.
    pub requests: f64,
    /// How often a holder that dropped it then waited for another to take it (forced switch), for each run.
    pub forced: f64,
    /// The share of the time, from 0 to 1, in which each worker held it.
    pub held: Vec<f64>,
    /// How long it was held at a time, in seconds: the median of the runs' medians, of their 99th percentiles, and the longest.
    pub holds: [f64; 3],
    /// How long a worker that found it taken waited, in seconds: the median of the runs' medians, of their 99th percentiles, and
    /// the longest, of the runs in which one waited.
    pub waits: [f64; 3],
    /// In how many runs a worker waited for it at all.
    pub runs_with_waits: usize,
}

impl Summary {
    /// Whether in no run all workers together had much more CPU time than one CPU gives, where that can be told.
    #[must_use]
    pub fn had_one_cpu(&self) -> bool {
        !self.is_too_short_to_tell() && self.most_cpus.is_some_and(|most| most <= 1.1)
    }

    /// Whether the CPU time is so short that much of it is that of reading the clocks.
    #[must_use]
    pub fn is_too_short_to_tell(&self) -> bool {
        self.cpu.is_some_and(|cpu| cpu < SHORTEST_CPU_TIME)
    }

    /// Summarises the runs of one scenario.
    #[must_use]
    pub fn of(promise: Promise, expected: impl Into<Option<i128>>, runs: &[Observation]) -> Self {
        let expected = expected.into();
        // Without a right result nothing was run.
        let right = expected.unwrap_or_default();
        let furthest = runs.iter().map(|run| run.actual).max_by_key(|actual| actual.abs_diff(right));
        let lost_runs = runs.iter().filter(|run| !run.is_right(right)).count();
        let each = |value: fn(&Observation) -> f64| runs.iter().map(value);
        let usages: Option<Vec<Usage>> =
            runs.iter().map(|run| run.usage).collect::<Option<_>>().filter(|all: &Vec<_>| !all.is_empty());
        let parts: Option<Vec<(Duration, Duration)>> =
            usages.as_ref().and_then(|all| all.iter().map(|usage| usage.parts()).collect());
        let seconds = |part: fn(&(Duration, Duration)) -> Duration| {
            parts.as_ref().map(|all| mean(all.iter().map(|parts| part(parts).as_secs_f64())))
        };
        let foreign: Option<Vec<f64>> = runs.iter().map(|run| run.foreign_values.map(as_f64)).collect();
        // Where it is not known of a run, it is not known at all.
        let known = |value: fn(&Observation) -> Option<Duration>| {
            let all: Option<Vec<f64>> =
                runs.iter().map(|run| value(run).map(|it| it.as_secs_f64())).collect();
            Timing::of(all.unwrap_or_default())
        };
        let (startups, with_startup) = (known(|run| run.startup), known(Observation::with_startup));
        let communication: Option<Vec<f64>> =
            runs.iter().map(|run| Some(run.communication?.as_secs_f64())).collect();
        let locks: Option<Vec<&LockUse>> = runs.iter().map(|run| run.lock.as_ref()).collect();
        Self {
            expected,
            actual: furthest,
            verdict: Verdict::of(promise, runs.len(), lost_runs),
            runs: runs.len(),
            lost_runs,
            timing: Timing::of(each(|run| run.elapsed().as_secs_f64()).collect()),
            cpu: usages.as_ref().map(|all| mean(all.iter().map(|usage| usage.cpu.as_secs_f64()))),
            most_cpus: usages.as_ref().map(|all| {
                let cpus = all.iter().zip(runs).map(|(usage, run)| {
                    usage.cpu.as_secs_f64() / run.elapsed().as_secs_f64().max(f64::MIN_POSITIVE)
                });
                cpus.fold(0.0, f64::max)
            }),
            user: seconds(|&(user, _)| user),
            system: seconds(|&(_, system)| system),
            startup: startups.median,
            time_with_startup: with_startup.median,
            mad_with_startup: with_startup.mad,
            quartiles_with_startup: (with_startup.times.len() > 1)
                .then(|| [25, 75].map(|part| percentile(with_startup.times.iter().copied(), part))),
            communication: communication.filter(|times| !times.is_empty()).map(median),
            voluntary_switches: usages
                .as_ref()
                .map(|all| median(all.iter().map(|usage| as_f64(usage.voluntary)))),
            involuntary_switches: usages
                .as_ref()
                .map(|all| median(all.iter().map(|usage| as_f64(usage.involuntary)))),
            overlap: usages.as_ref().map(|_| median(each(|run| Span::overlap(&run.spans)))),
            taken_by_others: median_of_all(runs, Observation::taken_by_others),
            startup_cpu_wait: median_of_all(runs, Observation::startup_cpu_wait),
            foreign_values: foreign.filter(|values| !values.is_empty()).map(median),
            lock: locks.filter(|locks| !locks.is_empty()).map(|locks| MeanLockUse::of(&locks)),
            misuse: MeanMisuse::of(runs),
        }
    }

    /// The time for one update, or addition, in nanoseconds: the median time over the updates of all workers.
    #[must_use]
    pub fn ns_per_update(&self, updates: u128) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let updates = updates as f64;
        if updates > 0.0 { self.timing.median * 1e9 / updates } else { 0.0 }
    }
}

impl MeanMisuse {
    fn of(runs: &[Observation]) -> Self {
        let all: Option<Vec<Misuse>> = runs.iter().map(|run| run.misuse).collect();
        let all = all.filter(|all| !all.is_empty());
        let each = |value: fn(&Misuse) -> u64| {
            all.as_ref().map(|all| mean(all.iter().map(|misuse| as_f64(value(misuse)))))
        };
        Self {
            leaked: each(|misuse| misuse.leaked),
            premature_frees: each(|misuse| misuse.premature_frees),
            uses_after_free: each(|misuse| misuse.uses_after_free),
        }
    }
}

impl MeanLockUse {
    fn of(locks: &[&LockUse]) -> Self {
        let workers = locks.iter().map(|lock| lock.held.len()).max().unwrap_or(0);
        let each = |value: fn(&LockUse) -> u64| mean(locks.iter().map(|lock| as_f64(value(lock))));
        let times = |of: fn(&LockUse) -> &observation::Distribution| {
            let all = || locks.iter().map(|lock| of(lock)).filter(|times| times.count > 0);
            [
                median(all().map(|times| times.median)),
                median(all().map(|times| times.p99)),
                all().map(|times| times.max).fold(0.0, f64::max),
            ]
        };
        Self {
            takes: each(|lock| lock.takes),
            switches: each(|lock| lock.switches),
            requests: each(|lock| lock.requests),
            forced: each(|lock| lock.forced),
            held: (0..workers)
                .map(|worker| mean(locks.iter().filter_map(|lock| lock.held.get(worker).copied())))
                .collect(),
            holds: times(|lock| &lock.holds),
            waits: times(|lock| &lock.waits),
            runs_with_waits: locks.iter().filter(|lock| lock.waits.count > 0).count(),
        }
    }
}

/// The median of what is known of every run; nothing where it is not, or where there is none.
fn median_of_all(runs: &[Observation], value: fn(&Observation) -> Option<f64>) -> Option<f64> {
    let all: Vec<f64> = runs.iter().map(value).collect::<Option<_>>()?;
    (!all.is_empty()).then(|| median(all))
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    Timing::of(values.into_iter().collect()).mean
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people; counts stay far below 2^53")]
const fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(actual: i128, nanoseconds: u64) -> Observation {
        Observation {
            actual,
            spans: vec![Span { start: 100, end: 100 + nanoseconds }],
            startup: Some(Duration::from_nanos(7)),
            usage: Some(Usage {
                cpu: Duration::from_secs(2),
                user: Duration::from_secs(2),
                ..Usage::default()
            }),
            foreign_values: Some(4),
            ..Observation::default()
        }
    }

    #[test]
    fn the_verdict_holds_results_against_the_promise() {
        assert_eq!(Verdict::of(Promise::Exact, 3, 0), Verdict::Exact);
        assert_eq!(Verdict::of(Promise::Exact, 3, 1), Verdict::Broken);
        assert_eq!(Verdict::of(Promise::MayLose, 3, 0), Verdict::Lucky);
        assert_eq!(Verdict::of(Promise::MayLose, 3, 3), Verdict::Lost);
        assert_eq!(Verdict::of(Promise::Exact, 0, 0), Verdict::NotRun);
    }

    #[test]
    fn the_run_that_is_furthest_off_is_shown_and_every_wrong_one_counted() {
        let runs = [run(0, 10), run(-30, 20), run(12, 30)];
        let summary = Summary::of(Promise::MayLose, 0, &runs);
        assert_eq!((summary.actual, summary.lost_runs, summary.runs), (Some(-30), 2, 3));
        assert_eq!(summary.verdict, Verdict::Lost);
        assert!((summary.timing.median - 20e-9).abs() < 1e-15);
        assert!((summary.timing.min - 10e-9).abs() < 1e-15);
        assert!((summary.timing.max - 30e-9).abs() < 1e-15);
        assert!((summary.timing.stddev.unwrap() - 10e-9).abs() < 1e-15);
        assert!((summary.timing.mad.unwrap() - 10e-9).abs() < 1e-15);
        assert!((summary.cpu.unwrap() - 2.0).abs() < 1e-12);
        assert!((summary.user.unwrap() - 2.0).abs() < 1e-12);
        assert!((summary.time_with_startup - 27e-9).abs() < 1e-15);
        assert_eq!(summary.foreign_values, Some(4.0));
        assert!((summary.ns_per_update(10) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn one_run_has_no_deviation_and_none_has_no_time() {
        let one = Summary::of(Promise::Exact, 5, &[run(5, 10)]);
        assert_eq!((one.timing.stddev, one.timing.mad), (None, None));
        let none = Summary::of(Promise::Exact, 5, &[]);
        assert_eq!((none.actual, none.verdict, none.foreign_values), (None, Verdict::NotRun, None));
        assert_eq!((none.cpu, none.overlap), (None, None));
        assert!([none.timing.median, none.startup, none.time_with_startup].iter().all(|it| it.is_nan()));
        assert!(none.ns_per_update(0).abs() < 1e-12);
    }

    #[test]
    fn one_run_that_is_far_too_long_does_not_widen_the_spread() {
        let timing = Timing::of(vec![10.0, 11.0, 9.0, 10.0, 500.0]);
        assert!((timing.mad.unwrap() - 1.0).abs() < 1e-12);
        assert!(timing.stddev.unwrap() > 200.0);
    }

    #[test]
    fn what_ticks_cannot_tell_is_not_told_as_nothing() {
        let short = |cpu| Observation {
            usage: Some(Usage { cpu: Duration::from_micros(cpu), ..Usage::default() }),
            ..run(0, 10)
        };
        let summary = Summary::of(Promise::MayLose, 0, &[short(599), short(601)]);
        assert!((summary.cpu.unwrap() - 600e-6).abs() < 1e-12);
        assert_eq!((summary.user, summary.system), (None, None));
        // One run that was too short is enough.
        let summary = Summary::of(Promise::MayLose, 0, &[run(0, 10), short(601)]);
        assert_eq!((summary.user, summary.system), (None, None));
    }
}

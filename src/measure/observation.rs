//! What came of a workload: the result, the clocks of the workers, what the kernel and the lock counted.

use crate::measure::pace::Pace;
use crate::measure::start_line::{Completed, WorkerResult};
use crate::system::clock::{Span, Usage};
use crate::system::holds::Holds;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// What a scenario promises of its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// It is always right.
    Exact,
    /// Updates may be lost.
    MayLose,
}

/// What came of doing a workload once. By default nothing is known of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observation {
    /// The result.
    pub actual: i128,
    /// When each worker was at work. Workers that found nothing left to do are not in it.
    pub spans: Vec<Span>,
    /// From asking for the first worker to the first worker's start, where that is known.
    pub startup: Option<Duration>,
    /// How long of that a worker could run and had no CPU, that of the one that waited longest, where it is known.
    pub startup_waited: Option<Duration>,
    /// How many CPUs the workers could use, each its own or all of them a single one; 0 where that is not known.
    pub cpus: usize,
    /// What the kernel counted for all workers, where that is known.
    pub usage: Option<Usage>,
    /// Race: how often a worker loaded a value that another had stored.
    pub foreign_values: Option<u64>,
    /// GIL: what happened to the lock.
    pub lock: Option<LockUse>,
    /// References: what a wrong count led to.
    pub misuse: Option<Misuse>,
    /// Each time that a lock was held, if that was recorded.
    pub holds: Option<Holds>,
    /// Ranks of an MPI job: from the end of the longest work to the sum at rank 0.
    pub communication: Option<Duration>,
    /// What each host did, within an MPI job; empty elsewhere.
    pub hosts: Vec<HostShare>,
    /// How fast the machine was just before the run or just after it, the slower of both, if that was measured.
    pub pace: Option<Pace>,
}

impl Observation {
    /// A result, and what the workers of its run did.
    #[must_use]
    pub fn of<T>(actual: i128, run: &Completed<T>) -> Self {
        Self {
            actual,
            spans: run.workers.iter().map(|worker| worker.span).collect(),
            startup: Some(run.startup),
            startup_waited: run.startup_waited,
            usage: Some(run.workers.iter().map(|worker: &WorkerResult<T>| worker.usage).sum()),
            ..Self::default()
        }
    }

    /// Whether the result is the expected one, and nothing was freed on the way that was still in use.
    #[must_use]
    pub fn is_right(&self, expected: i128) -> bool {
        self.actual == expected && self.misuse.is_none_or(|misuse| misuse.premature_frees == 0)
    }

    /// The run's time by the workers' own clocks: latest end less earliest start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Span::around(self.spans.iter().copied()).map_or(Duration::ZERO, Span::duration)
    }

    /// The share of the CPU time that the workers could have had, from 0 to 1, that other programs had at least, where that is known: what they
    /// waited beyond what they take from each other, and beyond what it takes to wake them.
    #[must_use]
    pub fn taken_by_others(&self) -> Option<f64> {
        let usage = self.usage?;
        let under_way: Duration = self.spans.iter().map(|span| span.duration()).sum();
        let room = Span::room(&self.spans, self.cpus);
        let waking = WAKE_UP.saturating_mul(u32::try_from(usage.voluntary).unwrap_or(u32::MAX));
        let waited = usage.waited?.min(under_way.saturating_sub(usage.cpu));
        let beyond = waited.saturating_sub(under_way.saturating_sub(room)).saturating_sub(waking);
        // On a single CPU one of them can always go on, whoever sleeps.
        let unused = if self.cpus == 1 { room.saturating_sub(usage.cpu) } else { Duration::ZERO };
        share(beyond.max(unused), room)
    }

    /// The share of the start-up, from 0 to 1, in which a worker could run and had no CPU, where that is known.
    #[must_use]
    pub fn startup_cpu_wait(&self) -> Option<f64> {
        share(self.startup_waited?, self.startup?)
    }

    /// The same with the start-up before it, where that is known.
    #[must_use]
    pub fn with_startup(&self) -> Option<Duration> {
        Some(self.startup?.saturating_add(self.elapsed()))
    }
}

/// How long an idle CPU may take to take up a worker that was woken. The kernel counts that as a wait for a CPU, too.
const WAKE_UP: Duration = Duration::from_micros(50);

/// How much of a time another one is, from 0 to 1; nothing of no time.
fn share(part: Duration, whole: Duration) -> Option<f64> {
    (!whole.is_zero()).then(|| (part.as_secs_f64() / whole.as_secs_f64()).min(1.0))
}

/// What one host did in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostShare {
    /// Its name.
    pub host: String,
    /// The numbers of the workers that were on it, from 0: of an MPI job, its ranks.
    pub workers: Vec<usize>,
    /// How many updates or additions these did.
    pub updates: u64,
    /// From its first worker's start to its last one's end, by its own clock.
    pub time: Duration,
}

/// What wrong reference counts led to in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Misuse {
    /// By how much objects' counts ended above what was held: these objects are never freed.
    pub leaked: u64,
    /// How often a count reached zero, which frees the object, while a reference to it was held.
    pub premature_frees: u64,
    /// How often a reference was taken or given back whose object had a count of zero or less.
    pub uses_after_free: u64,
}

/// What happened to a global lock in one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// How long it was held at a time, in seconds.
    pub holds: Distribution,
    /// How long a worker that found it taken waited, in seconds.
    pub waits: Distribution,
}

/// A distribution of times, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Distribution {
    /// How many times there were.
    pub count: u64,
    /// The median of the times, of two in the middle the lesser; as the others, up to 1 % less than it was.
    pub median: f64,
    /// The time that 99 of 100 do not exceed.
    pub p99: f64,
    /// The longest time.
    pub max: f64,
    /// Pairs of a time and how many were at most that long, but longer than the time before it. Times double.
    pub histogram: Vec<(f64, u64)>,
}

impl Distribution {
    /// Of times in nanoseconds.
    #[must_use]
    pub fn of(times: &Histogram<u64>) -> Self {
        let seconds = |nanoseconds: u64| Duration::from_nanos(nanoseconds).as_secs_f64();
        // Of times that count as one the least, so that none is longer than the run that it lies in.
        let least = |time: u64| seconds(times.lowest_equivalent(time));
        let histogram = times
            .iter_log(1000, 2.0)
            .filter(|step| step.count_since_last_iteration() > 0)
            .map(|step| (seconds(step.value_iterated_to()), step.count_since_last_iteration()))
            .collect();
        Self {
            count: times.len(),
            median: least(times.value_at_quantile(0.5)),
            p99: least(times.value_at_quantile(0.99)),
            max: least(times.max()),
            histogram,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What others had of so many CPUs, where workers were under way from and to these milliseconds, had so many of CPU time, and waited for so
    /// many.
    fn taken(cpus: usize, spans: &[(u64, u64)], [cpu, waited, sleeps]: [u64; 3]) -> Option<f64> {
        let spans = spans.iter().map(|&(start, end)| Span { start: start * 1_000_000, end: end * 1_000_000 });
        let usage = Usage {
            cpu: Duration::from_millis(cpu),
            waited: Some(Duration::from_millis(waited)),
            voluntary: sleeps,
            ..Usage::default()
        };
        Observation { cpus, spans: spans.collect(), usage: Some(usage), ..Observation::default() }
            .taken_by_others()
    }

    #[test]
    fn others_had_what_workers_waited_for_beyond_what_they_take_from_each_other() {
        let half = |share: Option<f64>| share.is_some_and(|share| (share - 0.5).abs() < 1e-9);
        let none = |share: Option<f64>| share.is_some_and(|share| share < 1e-9);
        let at_once = |workers| vec![(0, 100); workers];
        // Each with a CPU of its own.
        assert!(half(taken(2, &at_once(2), [100, 100, 0])) && none(taken(2, &at_once(2), [200, 0, 0])));
        // One after the other there is nothing to wait for, whenever it was waited.
        assert!(none(taken(1, &[(0, 50), (50, 100)], [100, 50, 0])));
        // Whoever sleeps, on one CPU somebody can go on.
        assert!(half(taken(1, &at_once(4), [50, 0, 0])) && none(taken(1, &at_once(4), [100, 0, 0])));
        assert!(none(taken(1, &at_once(4), [100, 300, 0])) && half(taken(1, &at_once(4), [50, 350, 0])));
        // To be woken takes a moment.
        assert!(none(taken(2, &at_once(2), [100, 100, 2000])));
        assert_eq!(taken(0, &at_once(2), [100, 100, 0]), None);
    }
}

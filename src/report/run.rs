//! One run as it was observed, in plain fields.

use crate::measure::{LockUse, Misuse, Observation, Pace};
use crate::system::clock::{Span, Usage};
use serde::Serialize;
use std::time::Duration;

/// One run's raw values. Times are in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Run {
    /// The result.
    pub actual: i128,
    /// The run's time by the workers' own clocks: latest end less earliest start.
    pub time: f64,
    /// From asking for the first worker to its start, in seconds; null where it is not known.
    pub startup: Option<f64>,
    /// CPU time of all workers by their CPU clocks, in seconds; null where it is not known.
    pub cpu: Option<f64>,
    /// CPU time in the program itself, of all workers, in seconds; null where the run was too short for clock ticks to tell.
    pub user: Option<f64>,
    /// CPU time in the kernel, of all workers, in seconds; null where the run was too short for clock ticks to tell.
    pub system: Option<f64>,
    /// How many context switches there were because a worker waited.
    pub voluntary_switches: Option<u64>,
    /// How many context switches there were because the kernel gave the CPU to somebody else (preemption).
    pub involuntary_switches: Option<u64>,
    /// The share of the time, from 0 to 1, in which at least two workers were between their start and their end.
    pub overlap: Option<f64>,
    /// Each worker's start and end, in seconds from the earliest start on. Workers that found nothing left to do are not in it.
    pub spans: Vec<[f64; 2]>,
    /// Race: how often a worker loaded a value that another had stored.
    pub foreign_values: Option<u64>,
    /// GIL: what happened to the lock; null where there is none.
    pub lock: Option<LockUse>,
    /// References: what wrong counts led to; null for other work.
    pub misuse: Option<Misuse>,
    /// How fast the machine was just before the run or just after it, the slower of both, if that was measured.
    pub pace: Option<Pace>,
}

impl Run {
    pub(super) fn of(observation: &Observation) -> Self {
        let origin = observation.spans.iter().map(|span| span.start).min().unwrap_or(0);
        let usage = observation.usage;
        let parts = usage.and_then(Usage::parts);
        // A worker process may tell any times, an end before all starts included.
        let from_origin = |time: u64| Duration::from_nanos(time.saturating_sub(origin)).as_secs_f64();
        Self {
            actual: observation.actual,
            time: observation.elapsed().as_secs_f64(),
            startup: observation.startup.map(|startup| startup.as_secs_f64()),
            cpu: usage.map(|usage| usage.cpu.as_secs_f64()),
            user: parts.map(|(user, _)| user.as_secs_f64()),
            system: parts.map(|(_, system)| system.as_secs_f64()),
            voluntary_switches: usage.map(|usage| usage.voluntary),
            involuntary_switches: usage.map(|usage| usage.involuntary),
            overlap: usage.map(|_| Span::overlap(&observation.spans)),
            spans: observation
                .spans
                .iter()
                .map(|span| [from_origin(span.start), from_origin(span.end)])
                .collect(),
            foreign_values: observation.foreign_values,
            lock: observation.lock.clone(),
            misuse: observation.misuse,
            pace: observation.pace,
        }
    }
}

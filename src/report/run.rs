//! One run as it was observed, in plain fields.

use crate::measure::stats::median;
use crate::measure::{HostShare, LockUse, Misuse, Observation, Pace};
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
    /// Ranks of an MPI job: from the end of the longest work until rank 0 had the sum, in seconds; only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "f64"))]
    pub communication: Option<f64>,
    /// CPU time of all workers by their CPU clocks, in seconds; null where it is not known.
    pub cpu: Option<f64>,
    /// CPU time in the program itself, of all workers, in seconds; null where the run was too short for clock ticks to tell.
    pub user: Option<f64>,
    /// CPU time in the kernel, of all workers, in seconds; null where the run was too short for clock ticks to tell.
    pub system: Option<f64>,
    /// How many context switches there were because a worker waited.
    pub voluntary_switches: Option<u64>,
    /// How many context switches there were because the kernel gave the CPU to somebody else: preemption, and what a worker
    /// yields itself (where there is a `widen`, and in `mutex:spin`).
    pub involuntary_switches: Option<u64>,
    /// The share of the time, from 0 to 1, in which at least two workers were between their start and their end.
    pub overlap: Option<f64>,
    /// The share of the CPU time that the workers could have had, from 0 to 1, that other programs had at least; null where it is not known.
    pub taken_by_others: Option<f64>,
    /// The share of the start-up, from 0 to 1, in which a worker could run and had no CPU, that of the worker that waited longest; null
    /// where it is not known.
    pub startup_cpu_wait: Option<f64>,
    /// Each worker's start and end, in seconds from the earliest start on; of an MPI job, from that on its own host. Workers that found nothing left to do are not in it.
    pub spans: Vec<[f64; 2]>,
    /// What each host did; only within an MPI job.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<Host>,
    /// Race: how often a worker loaded a value that another had stored.
    pub foreign_values: Option<u64>,
    /// GIL: what happened to the lock; null where there is none.
    pub lock: Option<LockUse>,
    /// References: what wrong counts led to; null for other work.
    pub misuse: Option<Misuse>,
    /// How fast the machine was just before the run or just after it, the slower of both, if that was measured.
    pub pace: Option<Pace>,
}

/// What one host did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Host {
    /// Its name.
    pub host: String,
    /// The numbers of the workers that were on it, from 0: of an MPI job, its ranks.
    pub workers: Vec<usize>,
    /// How many updates or additions these did.
    pub updates: u64,
    /// From its first worker's start to its last one's end, by its own clock, in seconds.
    pub time: f64,
}

impl Host {
    fn of(share: &HostShare) -> Self {
        let HostShare { host, workers, updates, time } = share.clone();
        Self { host, workers, updates, time: time.as_secs_f64() }
    }

    /// What each did in several runs: its time is the median.
    pub(super) fn of_runs(runs: &[Run]) -> Vec<Self> {
        let Some(first) = runs.first() else { return Vec::new() };
        let of_all = |(at, host): (usize, &Self)| {
            let time = median(runs.iter().filter_map(|run| Some(run.hosts.get(at)?.time)));
            Self { time, ..host.clone() }
        };
        first.hosts.iter().enumerate().map(of_all).collect()
    }
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
            communication: observation.communication.map(|time| time.as_secs_f64()),
            cpu: usage.map(|usage| usage.cpu.as_secs_f64()),
            user: parts.map(|(user, _)| user.as_secs_f64()),
            system: parts.map(|(_, system)| system.as_secs_f64()),
            voluntary_switches: usage.map(|usage| usage.voluntary),
            involuntary_switches: usage.map(|usage| usage.involuntary),
            overlap: usage.map(|_| Span::overlap(&observation.spans)),
            taken_by_others: observation.taken_by_others(),
            startup_cpu_wait: observation.startup_cpu_wait(),
            spans: observation
                .spans
                .iter()
                .map(|span| [from_origin(span.start), from_origin(span.end)])
                .collect(),
            hosts: observation.hosts.iter().map(Host::of).collect(),
            foreign_values: observation.foreign_values,
            lock: observation.lock.clone(),
            misuse: observation.misuse,
            pace: observation.pace,
        }
    }
}

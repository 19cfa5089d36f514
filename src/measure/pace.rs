//! How fast the machine is just now: fixed pieces of work, done by as many workers as a case has.
//!
//! Two runs of the same work can only be held against each other where the machine was as fast in both. It may be slower for
//! a while: the frequency falls, two CPUs of a virtual machine share a core, or a cache line has a longer way from one
//! to the other. None of these is seen in a worker's CPU time.

use super::start_line;
use super::workload::Workload;
use crate::system::clock::Span;
use crate::system::control::Control;
use crossbeam_utils::CachePadded;
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often each worker goes through its chains: about a quarter of a millisecond.
const STEPS: u64 = 150_000;
/// Chains of an addition, an exclusive or and a rotation that do not wait for each other. So many keep all of a core's arithmetic units
/// at work, so that whoever shares the core is felt; multiplications, of which a core begins one at a time, are felt little.
const CHAINS: usize = 6;
/// How often each worker counts in memory, where one count waits for the one before: about a fifth of a millisecond. Whoever shares the core
/// is felt most here.
const COUNTS: u64 = 600_000;
/// How often each worker adds to one atomic counter: some tenths of a millisecond.
const ADDITIONS: u64 = 10_000;

/// What the fixed pieces of work took, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Pace {
    /// Arithmetic and counting of each worker by itself, until the slowest was through.
    pub arithmetic: f64,
    /// Additions to one atomic counter, whose cache line goes from worker to worker; null for one worker.
    pub transfer: Option<f64>,
}

impl Pace {
    /// What they take for the workers of a case, on the CPUs that these have; no more workers than can run at once. `None` where
    /// they cannot be started, or a stop was asked for.
    #[must_use]
    pub fn now(load: &Workload, control: &Control) -> Option<Self> {
        let workers = load.workers.get().min(load.cpus.usable);
        // Each on a CPU of its own, wherever the case's are kept: two on one CPU would wait long for each other at the start line.
        let pins = if load.pins.is_empty() { load.cpus.apart(workers) } else { load.pins.clone() };
        let load = Workload { workers: NonZeroUsize::new(workers)?, pins, ..load.clone() };
        let arithmetic = slowest(&load, control, |worker| {
            arithmetic(worker as u64);
        })?;
        let counter = CachePadded::new(AtomicU64::new(0));
        let transfer = slowest(&load, control, |_| {
            for _ in 0..ADDITIONS {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        })?;
        Some(Self { arithmetic, transfer: (workers > 1).then_some(transfer) })
    }

    /// The longer of each.
    #[must_use]
    pub fn slower(self, other: Self) -> Self {
        let transfer = self.transfer.zip(other.transfer).map(|(one, other)| one.max(other));
        Self { arithmetic: self.arithmetic.max(other.arithmetic), transfer }
    }
}

/// How long the slowest worker takes, in seconds.
fn slowest(load: &Workload, control: &Control, work: impl Fn(usize) + Sync) -> Option<f64> {
    let run = start_line::run(load, control, work).ok()?;
    let longest = run.workers.iter().map(|worker| worker.span).map(Span::duration).max();
    longest.as_ref().map(Duration::as_secs_f64)
}

fn arithmetic(seed: u64) -> u64 {
    let mut chains: [u64; CHAINS] = std::array::from_fn(|chain| seed + chain as u64);
    for step in 0..STEPS {
        // Not to be worked out beforehand.
        let step = black_box(step);
        for chain in &mut chains {
            *chain = (chain.wrapping_add(step) ^ 0x9e37).rotate_left(7);
        }
    }
    let mut count = chains.iter().fold(0, |sum, &chain| sum ^ chain);
    for _ in 0..COUNTS {
        count = black_box(count.wrapping_add(1));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_measured_with_any_number_of_workers_and_not_after_a_stop() {
        for workers in [1, 2, 64] {
            assert!(
                Pace::now(&Workload::for_tests(workers, 1), &Control::default()).unwrap().arithmetic > 0.0
            );
        }
        let stopped = Control::default();
        stopped.stop();
        assert_eq!(Pace::now(&Workload::for_tests(2, 1), &stopped), None);
    }
}

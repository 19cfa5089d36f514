//! The workload that options ask for, and how much is refused before any work is done.

use super::refusal::UsageError;
use crate::measure::{Group, Objects, Pattern, Workload};
use crate::scenario::split::By;
use crate::system::cpus::Cpus;
use std::num::NonZeroUsize;
use std::time::Duration;

/// A process is dearer than a thread.
const MOST_PROCESSES: usize = 1_000;
/// Each idle worker of a rayon pool looks for work at all others, so its cost grows with the square of their
/// number: 1,000 of them on 2 CPUs need 4 s to start. A machine with more CPUs may have as many workers.
const MOST_IN_POOL: usize = 256;

/// So much work by so many workers, each kept on one of the `pins` if there are any.
pub(super) fn workload(
    workers: NonZeroUsize,
    iterations: u64,
    pattern: Pattern,
    pins: Vec<usize>,
    cpus: Cpus,
) -> Workload {
    Workload {
        workers,
        iterations,
        from: 0,
        pattern,
        cpus,
        pins,
        objects: Objects::Shared,
        widen: None,
        record: false,
        switch_interval: Duration::ZERO,
    }
}

/// Refuses what would not fit a counter of 64 bits.
pub(super) fn check_counter(load: &Workload) -> Result<(), UsageError> {
    // With both signs the counter may stray as far as one sign's updates go.
    if Group::Counter.updates(load) > i64::MAX as u128 {
        return Err(UsageError::new(format!(
            "{} updates by each of {} workers would not fit the counter's 64 bits; use fewer of either",
            load.iterations, load.workers
        )));
    }
    Ok(())
}

/// Refuses more workers than a way to split is made for.
pub(super) fn check_split(by: By, load: &Workload) -> Result<(), UsageError> {
    let (most, what) = match by {
        By::Process => (MOST_PROCESSES, "processes"),
        By::Rayon => (MOST_IN_POOL.max(load.cpus.usable), "workers of a rayon pool"),
        By::Thread | By::Gil | By::Sequential | By::Mpi => return Ok(()),
    };
    if load.workers.get() > most {
        return Err(UsageError::new(format!(
            "{} {what} are too many; use at most {most}, or split by thread",
            load.workers
        )));
    }
    Ok(())
}

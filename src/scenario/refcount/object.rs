//! An object whose references are counted, and a run of workers that take them and give them back.
//!
//! Nothing is ever really freed: a count that reaches zero is noted, and counting goes on. So a wrong count has no
//! undefined behaviour here. Whoever made the object holds one reference to it all the time; each worker holds one more
//! while it is between taking and giving back. So a count may never reach zero during a run, and must end at 1.

use crate::measure::start_line::{self, Completed};
use crate::measure::{Misuse, Observation, Result, Workload};
use crate::system::control::Control;
use crossbeam_utils::CachePadded;

/// What a worker notes of its own references. It is the worker's alone, so that noting does not disturb a race.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How often it gave back what the count said was the last reference. The maker's was still held.
    pub premature_frees: u64,
    /// How often it used an object whose count said that it was freed.
    pub uses_after_free: u64,
}

/// An object, in one way of counting.
///
/// Its users are numbered from 0; user 0 is the owner, where that makes a difference.
pub trait Object: Sync + Sized {
    /// A new object for so many users. Its maker has one reference, which is never given back.
    fn new(users: usize) -> Self;

    /// The measured loop: so often takes a reference (`Py_INCREF`) and gives it back (`Py_DECREF`).
    fn pairs(&self, user: usize, pairs: u64, tally: &mut Tally);

    /// What a user does that is done with the object.
    fn leave(&self, _user: usize, _tally: &mut Tally) {}

    /// How many references it counts once all users are done.
    fn count(self) -> i64;
}

/// The objects of a workload, each on cache lines of its own.
pub(super) struct Objects<O>(Vec<CachePadded<O>>);

impl<O: Object> Objects<O> {
    /// One for all workers, or one for each.
    pub(super) fn of(load: &Workload) -> Self {
        let users = load.workers.get() / load.object_count();
        Self((0..load.object_count()).map(|_| CachePadded::new(O::new(users))).collect())
    }

    /// The object of a worker, and which of its users the worker is.
    pub(super) fn of_worker(&self, worker: usize) -> (&O, usize) {
        match self.0.as_slice() {
            [shared] => (shared, worker),
            own => (&own[worker], 0),
        }
    }

    /// What a run has come to.
    pub(super) fn observed(self, run: &Completed<Tally>) -> Observation {
        let counts: Vec<i64> = self.0.into_iter().map(|object| object.into_inner().count()).collect();
        observed(&counts, run.workers.iter().map(|worker| worker.value), run)
    }
}

/// What a run has come to that left these counts and tallies.
pub(super) fn observed<T>(
    counts: &[i64],
    tallies: impl Iterator<Item = Tally>,
    run: &Completed<T>,
) -> Observation {
    let leaked = counts.iter().map(|&count| count.saturating_sub(1).max(0).unsigned_abs()).sum();
    let misuse = tallies.fold(Misuse { leaked, ..Misuse::default() }, |misuse, tally| Misuse {
        premature_frees: misuse.premature_frees + tally.premature_frees,
        uses_after_free: misuse.uses_after_free + tally.uses_after_free,
        ..misuse
    });
    let total = counts.iter().map(|&count| i128::from(count)).sum();
    Observation { misuse: Some(misuse), ..Observation::of(total, run) }
}

/// Has the workers of a load do their pairs, and looks for a stop after each block of them.
pub(super) fn run<O: Object>(load: &Workload, control: &Control, block: u64) -> Result<Observation> {
    let objects = Objects::<O>::of(load);
    let run = start_line::run(load, control, |worker| {
        let (object, user) = objects.of_worker(worker);
        let mut tally = Tally::default();
        for block in control.blocks(worker, load.iterations, block) {
            object.pairs(user, block, &mut tally);
        }
        object.leave(user, &mut tally);
        tally
    })?;
    Ok(objects.observed(&run))
}

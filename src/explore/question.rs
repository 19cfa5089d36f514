//! What is to be explored: a program, its workers, and where they may be switched.

use super::error::ExploreError;
use super::limits::MOST_WORKERS;
use super::schedule::StepKind;
use super::step::{Stepper, Switching};
use crate::measure::Pattern;
use crate::python::program::{Program, WorkerState};

/// What is to be explored.
#[derive(Debug, Clone, Copy)]
pub struct Question<'p> {
    /// What each worker does.
    pub program: &'p Program,
    /// Where they may be switched.
    pub switching: Switching,
    /// How many workers: 1 to [`MOST_WORKERS`].
    pub workers: usize,
    /// How often each does the body.
    pub iterations: u64,
    /// What each worker's `d` is.
    pub pattern: Pattern,
}

impl<'p> Question<'p> {
    /// Each worker's `d`.
    #[must_use]
    pub fn delta(&self, worker: usize) -> i64 {
        self.pattern.delta(worker)
    }

    /// The kind of a worker, 0 or 1: workers with the same `d` are of one kind, and interchangeable.
    pub(super) fn worker_kind(&self, worker: usize) -> u8 {
        u8::from(self.delta(worker) < 0)
    }

    pub(super) fn stepper(&self) -> Stepper<'p> {
        Stepper { program: self.program, switching: self.switching }
    }

    /// Which kind of steps its schedules count.
    #[must_use]
    pub const fn step_kind(&self) -> StepKind {
        match self.switching {
            Switching::Machine => StepKind::Machine,
            Switching::Gil => StepKind::Version(self.program.version()),
        }
    }

    /// Each worker before its first step.
    pub(super) fn start(&self) -> Result<Vec<WorkerState>, ExploreError> {
        if !(1..=MOST_WORKERS).contains(&self.workers) {
            return Err(ExploreError::Workers(self.workers));
        }
        (0..self.workers).map(|worker| self.stepper().start(self.delta(worker), self.iterations)).collect()
    }
}

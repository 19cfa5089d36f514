//! Why a question has no answer.

use super::limits::{LONGEST_STEP, MOST_REPLAYED, MOST_WORKERS};
use super::schedule::ScheduleError;
use crate::error::{Classified, Kind};
use crate::python::check::LoopError;
use crate::python::program::Fault;

/// Why a question cannot be answered, or a schedule not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExploreError {
    /// More workers than can be explored, or none.
    #[error("{0} workers cannot be explored: use 1 to {MOST_WORKERS}")]
    Workers(usize),
    /// Some schedule raises an exception, or does what the model does not cover.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The same of a body over shared objects.
    #[error("{0}")]
    Loop(LoopError),
    /// Real threads cannot carry out a schedule.
    #[error(
        "real threads carry out schedules of the one counter x and locks only; --schedule without --replay shows this one"
    )]
    NoReplay,
    /// A step does not end, or one whole iteration does not.
    #[error(
        "a step or an iteration of the body takes {LONGEST_STEP} instructions or more: make its loops shorter"
    )]
    LongStep,
    /// A schedule need not end.
    #[error("some schedules never end, because a worker loops until another changes x: give its loop an end")]
    Endless,
    /// The states were too many to tell whether every schedule ends.
    #[error(
        "the states are too many to tell whether every schedule ends: use fewer iterations or workers, or no loop that waits until another worker changes x"
    )]
    TerminationUnknown,
    /// The states did not fit the memory allowed.
    #[error(
        "out of memory at layer {layer} of {layers}, with {states} states so far: they need more than the {limit} bytes of --max-memory; raise it (and ulimit -v, where that is lower){}",
        if *fits > 0 { format!(", or use fewer iterations: --iters {fits} fits for certain") } else { String::new() }
    )]
    Memory {
        /// The layer that did not fit.
        layer: usize,
        /// Layers in all.
        layers: usize,
        /// States that were reached before.
        states: u64,
        /// Bytes that were allowed.
        limit: u64,
        /// Iterations whose layers all fit; 0 when none do.
        fits: u64,
    },
    /// The memory allowed is used up. An exploration turns this into [`ExploreError::Memory`], which says how far it came.
    #[error("out of memory: raise --max-memory, or use fewer iterations")]
    MemoryUsedUp,
    /// The states do not fit their numbers, or the schedules their counters.
    #[error("the schedules are too long to be counted: use fewer iterations or workers")]
    TooLarge,
    /// A stop was asked for.
    #[error(
        "stopped before all schedules were counted, so there is no result; with fewer --iters or --threads there are fewer"
    )]
    Interrupted,
    /// A schedule is too long to be replayed.
    #[error(
        "the schedule does more than {MOST_REPLAYED} steps, or a hundred times as many instructions: shorten it, or give the body's loops an end"
    )]
    ReplayTooLong,
    /// The outcome asked for does not exist.
    #[error("no schedule ends with {0}: choose an outcome of the table")]
    NoSuchOutcome(String),
    /// The search for a schedule failed: a fault in gilsim.
    #[error(
        "no way back was found to a state that was reached, which is a fault in gilsim; please report it"
    )]
    WitnessNotFound,
    /// [`Limits::witnesses`](super::limits::Limits::witnesses) was not set.
    #[error("the exploration outlines nothing to make a schedule from: ask for witnesses")]
    NoWitnesses,
    /// A thread for a worker could not be made, for the reason that [`crate::system::Error::StartWorker`] gives.
    #[error("{0}")]
    Thread(String),
    /// A schedule does not fit the program.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
}

impl Classified for ExploreError {
    fn kind(&self) -> Kind {
        match self {
            // What the command line asked for and cannot be had is a mistake in the command line.
            Self::Loop(LoopError::Limit(_)) => Kind::Failure,
            Self::NoSuchOutcome(_)
            | Self::Schedule(_)
            | Self::Workers(_)
            | Self::NoReplay
            | Self::Fault(_)
            | Self::LongStep
            | Self::Endless
            | Self::Loop(_) => Kind::Usage,
            Self::Interrupted => Kind::Interrupted,
            _ => Kind::Failure,
        }
    }
}

impl From<LoopError> for ExploreError {
    fn from(error: LoopError) -> Self {
        match error {
            LoopError::Stopped => Self::Interrupted,
            other => Self::Loop(other),
        }
    }
}

//! What the machine can refuse.

use crate::error::{Classified, Interrupted, Kind};
use std::io;

/// Why the machine did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thread that does the work could not be made.
    #[error(
        "could not start: {0}; raise the limit on processes (ulimit -u), open files (ulimit -n) or memory (ulimit -v)"
    )]
    Start(io::Error),

    /// A thread or process for a worker could not be made.
    #[error(
        "could not start worker {} of {workers}: {source}; ask for fewer workers, or raise the limit on processes (ulimit -u), open files (ulimit -n) or memory (ulimit -v)",
        worker + 1
    )]
    StartWorker {
        /// Its number, from 0.
        worker: usize,
        /// How many were asked for.
        workers: usize,
        /// What the system said.
        source: io::Error,
    },

    /// There are not so many threads to be had.
    #[error("could not start {workers} workers: {reason}")]
    NoRoom {
        /// How many were asked for.
        workers: usize,
        /// How many there is room for.
        fit: usize,
        /// Why there is no more, and what to do.
        reason: String,
    },

    /// The rayon pool could not be made.
    #[error(
        "could not start a pool of {workers} workers: {reason}; ask for fewer workers, or raise the limit on processes (ulimit -u) or memory (ulimit -v)"
    )]
    Pool {
        /// How many were asked for.
        workers: usize,
        /// What rayon said.
        reason: String,
    },

    /// This program's own file could not be found, so it cannot be started again as a worker.
    #[error("could not find gilsim's own executable: {0}; start it by its full path")]
    OwnExecutable(io::Error),

    /// A stop was asked for.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Classified for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Interrupted(_) => Kind::Interrupted,
            _ => Kind::Failure,
        }
    }
}

/// What every fallible call of this room returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

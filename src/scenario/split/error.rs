//! What can go wrong with worker processes.

use crate::error::{Classified, Kind};
use crate::measure;
use crate::system::process::Ended;
use std::fmt;
use std::io;
use std::time::Duration;

/// Why the worker processes brought no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A worker process did not do what it should.
    #[error("worker process {} of {workers} (pid {pid}) {fate}, so there is no result; run it again", worker + 1)]
    WorkerProcess {
        /// Its number, from 0.
        worker: usize,
        /// How many there were.
        workers: usize,
        /// Its process number.
        pid: u32,
        /// What became of it.
        fate: Fate,
    },

    /// The pipes between the worker processes and their parent failed.
    #[error("the pipes to the worker processes failed: {0}; run it again")]
    Pipe(io::Error),
}

impl Classified for Error {
    fn kind(&self) -> Kind {
        Kind::Failure
    }
}

impl From<Error> for measure::Error {
    fn from(error: Error) -> Self {
        Self::scenario(error)
    }
}

/// What became of a worker process that did not do as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It ended by itself, or was killed, before its subtotal or with a failure.
    Ended(Ended),
    /// It sent something that is no message, or not one that was due.
    Rubbish(String),
    /// It did not come to the start line in this time.
    HungAtStart(Duration),
    /// It came no further in its work for this time.
    HungAtWork(Duration),
    /// It did not end in this time after its subtotal.
    HungAtEnd(Duration),
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(ended @ Ended::Status(0)) => write!(f, "{ended} but without a subtotal"),
            Self::Ended(ended) => write!(f, "{ended}"),
            Self::Rubbish(text) => write!(f, "sent something that is not what was due: {text:?}"),
            Self::HungAtStart(time) => {
                write!(f, "hangs: it did not come to the start line within {} s", time.as_secs_f64())
            }
            Self::HungAtWork(time) => {
                write!(f, "hangs: it came no further in its part for {} s", time.as_secs_f64())
            }
            Self::HungAtEnd(time) => {
                write!(f, "hangs: it did not end within {} s of its subtotal", time.as_secs_f64())
            }
        }
    }
}

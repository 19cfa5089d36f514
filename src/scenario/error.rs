//! What the scenarios meet with beside what the machine refuses.

use crate::error::{Classified, Kind};
use crate::measure;
use std::io;

/// Why a scenario could not do its workload.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A loop body that is not Python, is not covered, or fails.
    #[error("{0}")]
    Body(String),

    /// The workload is more than a real interpreter's loop can count.
    #[error("a range for python ends at 2^63 - 1; give a smaller end")]
    Range,

    /// A real interpreter that is missing, broken or hangs.
    #[error("{0}")]
    Interpreter(String),

    /// The echo process cannot be started or does not answer.
    #[error("the echo process failed: {0}; run it again")]
    Echo(io::Error),
}

impl Classified for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Body(_) | Self::Range => Kind::Usage,
            Self::Interpreter(_) => Kind::External,
            Self::Echo(_) => Kind::Failure,
        }
    }
}

impl From<Error> for measure::Error {
    fn from(error: Error) -> Self {
        Self::scenario(error)
    }
}

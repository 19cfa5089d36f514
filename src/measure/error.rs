//! Why a workload could not be done.

use crate::error::{Classified, Interrupted, Kind};
use crate::system;

/// Why a workload could not be done; never that its result is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machine refused something.
    #[error(transparent)]
    System(#[from] system::Error),

    /// A worker thread panicked: a fault in gilsim itself.
    #[error("worker {} stopped in the middle of its work, which is a fault in gilsim; please report it", worker + 1)]
    WorkerPanicked {
        /// Its number, from 0.
        worker: usize,
    },

    /// What the scenario met with.
    #[error("{0}")]
    Scenario(Box<dyn Classified>),

    /// A stop was asked for.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Error {
    /// What a scenario met with.
    pub fn scenario(error: impl Classified) -> Self {
        Self::Scenario(Box::new(error))
    }
}

impl Classified for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::System(error) => error.kind(),
            Self::WorkerPanicked { .. } => Kind::Failure,
            Self::Scenario(error) => error.kind(),
            Self::Interrupted(_) => Kind::Interrupted,
        }
    }
}

/// What every fallible call of this room returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

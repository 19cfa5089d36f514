//! What can go wrong with the ranks.

use crate::error::{Classified, Kind};
use crate::measure;

/// Why the ranks cannot do anything together.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are no ranks.
    #[error("{0}")]
    NoJob(&'static str),

    /// The MPI here does not let another thread than the first one call it.
    #[error("this MPI allows calls from its first thread alone; use an Open MPI with MPI_THREAD_SERIALIZED")]
    Threads,

    /// MPI does not tell the name of a rank's host, or what a rank says of itself is garbled.
    #[error("rank {rank} of the MPI job did not introduce itself as it should: {reason}")]
    Introduction {
        /// The rank.
        rank: usize,
        /// What is wrong.
        reason: String,
    },

    /// Two ranks are not of one gilsim.
    #[error(
        "rank {rank} on {host} is gilsim {theirs}, and rank 0 is gilsim {ours}; install the same on every host"
    )]
    OtherVersion {
        /// The rank that differs.
        rank: usize,
        /// Its host.
        host: String,
        /// Its version.
        theirs: String,
        /// That of rank 0.
        ours: &'static str,
    },
}

impl Classified for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoJob(_) => Kind::Usage,
            Self::Threads | Self::Introduction { .. } | Self::OtherVersion { .. } => Kind::Failure,
        }
    }
}

impl From<Error> for measure::Error {
    fn from(error: Error) -> Self {
        Self::scenario(error)
    }
}

/// What to do where this build has no MPI.
pub(super) const NO_FEATURE: &str = "--by mpi needs a gilsim with MPI: build it with --features mpi (cargo install --path . --features mpi, with \
     openmpi-bin, libopenmpi-dev and libclang-dev installed), then mpirun -n 4 gilsim split --by mpi";
/// What to do where no MPI job has started this process.
pub(super) const NO_JOB: &str =
    "--by mpi sums by the ranks of an MPI job: start it by mpirun, such as mpirun -n 4 gilsim split --by mpi";
